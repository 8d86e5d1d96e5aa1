/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checking and handing on what the guest says. */
#include "vm/wire.h"

#include <errno.h>

#define NOTE_MAX 4096

static char *clean_text(const uint8_t *p, size_t n)
{
	struct str s = { 0 };

	str_add_printable(&s, (const char *)p, MIN(n, (size_t)NOTE_MAX));
	return str_take(&s);
}

static const char *on_hello(struct vm_wire *w, const struct kp_frame *f)
{
	auto_free char *release = NULL;

	if (w->greeted)
		return "a second hello";
	if (f->len < 8 || kp_get32(f->payload) != KP_MAGIC)
		return "no hello of kiln's guest program";
	if (kp_get32(f->payload + 4) != KP_VERSION)
		return "a hello in another version of the protocol";
	w->greeted = true;
	release = clean_text(f->payload + 8, f->len - 8);
	w->ops->hello(w->ctx, release);
	return NULL;
}

static const char *on_data(struct vm_wire *w, const struct kp_frame *f)
{
	if (f->stream == 0)
		return "data for stdin";
	if (w->stage < KP_STAGE_RUN)
		return "data before the command";
	if (f->len > KP_WINDOW - w->unacked[f->stream])
		return "more data than its window allows";
	w->unacked[f->stream] += f->len;
	w->ops->data(w->ctx, f->stream, f->payload, f->len);
	return NULL;
}

static const char *on_window(struct vm_wire *w, const struct kp_frame *f)
{
	uint32_t n;

	if (f->stream != 0 || f->len != 4)
		return "a window of no stream";
	n = kp_get32(f->payload);
	if (n > KP_WINDOW)
		return "a window that is too large";
	w->ops->window(w->ctx, n);
	return NULL;
}

static const char *on_fail(struct vm_wire *w, const struct kp_frame *f)
{
	auto_free char *text = NULL;

	if (f->len < 5)
		return "a failure without its reason";
	text = clean_text(f->payload + 5, f->len - 5);
	w->done = true;
	w->ops->fail(w->ctx, f->payload[0], text);
	return NULL;
}

static const char *on_exit_frame(struct vm_wire *w, const struct kp_frame *f)
{
	uint32_t value;

	if (f->len != 5 || f->payload[0] > KP_SIGNALED)
		return "a malformed exit";
	if (w->stage < KP_STAGE_RUN)
		return "an exit before the command";
	value = kp_get32(f->payload + 1);
	w->done = true;
	w->ops->exit(w->ctx,
		     (int)(f->payload[0] == KP_SIGNALED ? 128 + (value & 0x7f) : value & 0xff));
	return NULL;
}

static const char *on_stage(struct vm_wire *w, const struct kp_frame *f)
{
	if (f->len != 1 || f->payload[0] < KP_STAGE_INIT || f->payload[0] > KP_STAGE_END)
		return "an unknown stage";
	if (f->payload[0] < w->stage)
		return "a stage that is over";
	w->stage = f->payload[0];
	w->ops->stage(w->ctx, (enum kp_stage)f->payload[0]);
	return NULL;
}

static const char *on_note(struct vm_wire *w, const struct kp_frame *f)
{
	auto_free char *text = clean_text(f->payload, f->len);

	w->ops->note(w->ctx, text);
	return NULL;
}

static const char *on_tasks(struct vm_wire *w, const struct kp_frame *f)
{
	auto_free char *text = NULL;

	if (w->stage < KP_STAGE_RUN)
		return "tasks before the command";
	text = clean_text(f->payload, f->len);
	w->ops->tasks(w->ctx, text);
	return NULL;
}

/* NULL, or what is wrong with the frame. */
static const char *on_frame(struct vm_wire *w, const struct kp_frame *f)
{
	if (!w->greeted && f->type != KP_HELLO)
		return "something before the hello";
	switch (f->type) {
	case KP_HELLO:
		return on_hello(w, f);
	case KP_STAGE:
		return on_stage(w, f);
	case KP_DATA:
		return on_data(w, f);
	case KP_EOF:
		/* The end of an output stream shows by the exit; only that of stdin matters. */
		if (f->stream == 0)
			w->ops->unread(w->ctx);
		return NULL;
	case KP_WINDOW_ADD:
		return on_window(w, f);
	case KP_NOTE:
		return on_note(w, f);
	case KP_TASKS:
		return on_tasks(w, f);
	case KP_FAIL:
		return on_fail(w, f);
	case KP_EXIT:
		return on_exit_frame(w, f);
	}
	return "a frame only kiln may send";
}

static int take_frames(struct vm_wire *w)
{
	enum kp_result got = KP_MORE;
	struct kp_frame f;
	size_t used = 0;

	while (!w->wrong && !w->done &&
	       (got = kp_next(w->in + used, w->in_n - used, &f)) == KP_FRAME) {
		w->wrong = on_frame(w, &f);
		used += KP_HEADER + f.len;
	}
	if (got == KP_BAD && !w->wrong)
		w->wrong = "something that is no frame";
	memmove(w->in, w->in + used, w->in_n - used);
	w->in_n -= used;
	return w->wrong ? -EPROTO : 0;
}

int vm_wire_feed(struct vm_wire *w, const uint8_t *data, size_t n)
{
	int r = w->wrong ? -EPROTO : 0;

	/* A buffer full of an incomplete frame cannot be: a frame is never larger than the buffer.
	 */
	while (n && r == 0 && !w->done) {
		size_t take = MIN(n, sizeof(w->in) - w->in_n);

		memcpy(w->in + w->in_n, data, take);
		w->in_n += take;
		data += take;
		n -= take;
		r = take_frames(w);
	}
	return r;
}

void vm_wire_credit(struct vm_wire *w, unsigned stream, uint32_t n)
{
	w->unacked[stream] -= MIN(n, w->unacked[stream]);
}
