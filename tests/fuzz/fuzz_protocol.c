/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest protocol at both ends. The first byte chooses: 0 feeds kiln's end, 1 the guest's, 2 sends words through
 * the writer of one and the reader of the other and compares them.
 */
#include "fuzz.h"

#include "guest/request.h"
#include "vm/request.h"
#include "vm/wire.h"

/* What kiln's end promises to its owner. */
static struct {
	struct vm_wire wire;
	unsigned hellos, ends;
	size_t unacked[3];
} host;

static void check_text(const char *text)
{
	for (; *text; text++)
		fuzz_need(*text == '\t' || ((unsigned char)*text >= ' ' && *text != 0x7f));
}

static void on_hello(void *ctx, const char *release)
{
	check_text(release);
	fuzz_need(++host.hellos == 1);
}

static void on_stage(void *ctx, enum kp_stage stage)
{
	fuzz_need(host.hellos && stage >= KP_STAGE_INIT && stage <= KP_STAGE_END);
}

static void on_data(void *ctx, unsigned stream, const uint8_t *data, size_t n)
{
	fuzz_need(host.hellos && !host.ends && (stream == 1 || stream == 2));
	host.unacked[stream] += n;
	fuzz_need(host.unacked[stream] <= KP_WINDOW);
	/* Every other piece is given back at once. */
	if (n & 1) {
		vm_wire_credit(&host.wire, stream, (uint32_t)n);
		host.unacked[stream] -= n;
	}
}

static void on_unread(void *ctx)
{
	fuzz_need(host.hellos && !host.ends);
}

static void on_window(void *ctx, uint32_t n)
{
	fuzz_need(host.hellos && n <= KP_WINDOW);
}

static void on_note(void *ctx, const char *text)
{
	fuzz_need(host.hellos);
	check_text(text);
}

static void on_tasks(void *ctx, const char *text)
{
	fuzz_need(host.hellos && !host.ends);
	check_text(text);
}

static void on_fail(void *ctx, unsigned stage, const char *text)
{
	check_text(text);
	fuzz_need(++host.ends == 1);
}

static void on_exit_status(void *ctx, int status)
{
	fuzz_need(status >= 0 && status <= 255);
	fuzz_need(++host.ends == 1);
}

static void feed_host(const uint8_t *data, size_t n)
{
	static const struct vm_wire_ops ops = { on_hello,  on_stage,  on_data,
						on_unread, on_window, on_note,
						on_tasks,  on_fail,   on_exit_status };
	size_t step = n ? 1 + data[0] * 37u : 1;

	memset(&host, 0, sizeof(host));
	host.wire.ops = &ops;
	for (size_t at = 0; at < n; at += step)
		if (vm_wire_feed(&host.wire, data + at, MIN(step, n - at)) < 0)
			fuzz_need(host.wire.wrong);
}

/* All that the guest later uses must be whole strings inside the request. */
static size_t walk_words(char **v, size_t n)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += strlen(v[i]);
	fuzz_need(!v || !v[n]);
	return total;
}

static void walk_request(const struct request *r)
{
	size_t total = walk_words(r->argv, r->argc) + walk_words(r->env, r->envc);

	for (size_t i = 0; i < r->n_mounts; i++) {
		const struct mount_spec *m = &r->mounts[i];

		total += strlen(m->kind) + strlen(m->source) + strlen(m->target) + strlen(m->mode) +
			 strlen(m->options);
		fuzz_need(m->target[0] == '/');
	}
	if (r->net_addr)
		total += strlen(r->net_addr) + strlen(r->net_prefix) + strlen(r->net_gateway) +
			 strlen(r->net_dns);
	fuzz_need(total <= r->raw_n);
}

static void feed_guest(const uint8_t *data, size_t n)
{
	struct request r = { 0 };
	struct kp_frame f;

	while (kp_next(data, n, &f) == KP_FRAME && f.type == KP_REQUEST) {
		if (request_add(&r, f.payload, f.len) < 0)
			break;
		data += KP_HEADER + f.len;
		n -= KP_HEADER + f.len;
	}
	/* What is no frame is tried as bare records, so that the decoder is reached more often. */
	if (!r.raw_n)
		(void)request_add(&r, data, MIN(n, (size_t)KP_REQUEST_MAX));
	if (!request_decode(&r))
		walk_request(&r);
	request_release(&r);
}

static void round_trip(const uint8_t *data, size_t n)
{
	auto_strv struct strv words = { 0 };
	auto_str struct str req = { 0 }, out = { 0 };
	struct request r = { 0 };
	struct kp_frame f;
	size_t at = 0;

	for (const uint8_t *end = data + n; data < end;
	     data += strnlen((const char *)data, (size_t)(end - data)) + 1) {
		char *word = xstrndup((const char *)data, (size_t)(end - data));

		vm_req_text(&req, KP_ARG, word);
		strv_take(&words, word);
	}
	vm_frame_request(&out, &req);
	while (kp_next((uint8_t *)out.s + at, out.n - at, &f) == KP_FRAME && f.type == KP_REQUEST) {
		fuzz_need(request_add(&r, f.payload, f.len) == 0);
		at += KP_HEADER + f.len;
	}
	fuzz_need(f.type == KP_START && at + KP_HEADER == out.n);
	fuzz_need(request_decode(&r) == NULL && r.argc == words.n);
	for (size_t i = 0; i < words.n; i++)
		fuzz_need(str_eq(words.v[i], r.argv[i]));
	request_release(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (!n)
		return 0;
	switch (data[0] % 3) {
	case 0:
		feed_host(data + 1, n - 1);
		break;
	case 1:
		feed_guest(data + 1, n - 1);
		break;
	case 2:
		round_trip(data + 1, n - 1);
		break;
	}
	return 0;
}
