/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decoding the request. The bytes come from kiln, but a guest must not trust even that: each length
 * is held against what is left, each count against its maximum. Strings stay where they are: each
 * is moved over its own record's header, which makes room for its NUL.
 */
#include "guest/request.h"

#include <stdlib.h>

#define RECORD_HEADER 6

int request_add(struct request *r, const void *data, size_t n)
{
	if (n > KP_REQUEST_MAX - r->raw_n)
		return -1;
	if (r->raw_n + n + 1 > r->raw_cap) {
		size_t cap = (r->raw_n + n + 1) * 2;
		char *raw = realloc(r->raw, cap);

		if (!raw)
			return -1;
		r->raw = raw;
		r->raw_cap = cap;
	}
	memcpy(r->raw + r->raw_n, data, n);
	r->raw_n += n;
	return 0;
}

static int add_word(char ***v, size_t *n, char *word)
{
	/* Room grows in powers of two; one more for the NULL at the end. */
	if ((*n & (*n + 1)) == 0) {
		char **bigger = realloc(*v, (*n + 1) * 2 * sizeof(**v));

		if (!bigger)
			return -1;
		*v = bigger;
	}
	(*v)[(*n)++] = word;
	(*v)[*n] = NULL;
	return 0;
}

/* Splits a record at its NULs into exactly n fields. */
static bool fields(char *text, size_t len, const char **ret, size_t n)
{
	char *end = text + len;

	for (size_t i = 0; i < n; i++) {
		char *nul = memchr(text, 0, (size_t)(end - text));

		ret[i] = text;
		if ((nul == NULL) != (i == n - 1))
			return false;
		if (nul)
			text = nul + 1;
	}
	return true;
}

static const char *decode_mount(struct request *r, char *text, size_t len)
{
	const char *f[5];

	if (r->n_mounts == REQ_MOUNTS_MAX)
		return "too many mounts";
	if (!fields(text, len, f, 5))
		return "a mount without its five fields";
	if (f[2][0] != '/')
		return "a mount point that is not absolute";
	r->mounts[r->n_mounts++] = (struct mount_spec){ f[0], f[1], f[2], f[3], f[4] };
	return NULL;
}

static const char *decode_net(struct request *r, char *text, size_t len)
{
	const char *f[4];

	if (!fields(text, len, f, 4))
		return "a network without its four fields";
	r->net_addr = f[0];
	r->net_prefix = f[1];
	r->net_gateway = f[2];
	r->net_dns = f[3];
	return NULL;
}

/* Records whose payload is not text; false if the length is not the right one. */
static bool decode_binary(struct request *r, unsigned tag, const uint8_t *p, size_t len)
{
	if (tag == KP_TTY && len == 4) {
		r->tty = true;
		r->rows = kp_get16(p);
		r->cols = kp_get16(p + 2);
	} else if (tag == KP_STDIO && len == 1) {
		r->stdio = p[0];
	} else if (tag == KP_CLOCK && len == 12) {
		r->clock_sec = kp_get64(p);
		r->clock_nsec = kp_get32(p + 8);
	} else {
		return false;
	}
	return true;
}

static const char *decode_record(struct request *r, unsigned tag, char *text, size_t len)
{
	bool ok = true;

	switch (tag) {
	case KP_TTY:
	case KP_STDIO:
	case KP_CLOCK:
		ok = decode_binary(r, tag, (const uint8_t *)text, len);
		return ok ? NULL : "a record of the wrong length";
	case KP_MOUNT:
		return decode_mount(r, text, len);
	case KP_NET:
		return decode_net(r, text, len);
	}
	if (memchr(text, 0, len))
		return "text with a NUL inside";
	switch (tag) {
	case KP_ARG:
		ok = r->argc < REQ_WORDS_MAX && add_word(&r->argv, &r->argc, text) == 0;
		break;
	case KP_ENV:
		ok = r->envc < REQ_WORDS_MAX && add_word(&r->env, &r->envc, text) == 0;
		break;
	case KP_CWD:
		r->cwd = text;
		break;
	case KP_USER:
		r->user = text;
		break;
	case KP_PROGRAM:
		r->program = text;
		break;
	case KP_MODULES:
		r->modules = text;
		break;
	case KP_LISTS:
		r->lists = text;
		break;
	case KP_DEVNAMES:
		r->devnames = text;
		break;
	case KP_HOSTNAME:
		r->hostname = text;
		break;
	default:
		return "a record of an unknown kind";
	}
	return ok ? NULL : "too many words";
}

const char *request_decode(struct request *r)
{
	size_t at = 0;

	if (!r->raw && request_add(r, "", 0) < 0)
		return "no memory";
	while (at < r->raw_n) {
		const uint8_t *h = (const uint8_t *)r->raw + at;
		unsigned tag;
		size_t len;
		char *text;
		const char *wrong;

		if (r->raw_n - at < RECORD_HEADER)
			return "a truncated record";
		tag = kp_get16(h);
		len = kp_get32(h + 2);
		if (len > r->raw_n - at - RECORD_HEADER)
			return "a record longer than the request";
		text = r->raw + at;
		memmove(text, text + RECORD_HEADER, len);
		text[len] = 0;
		wrong = decode_record(r, tag, text, len);
		if (wrong)
			return wrong;
		at += RECORD_HEADER + len;
	}
	return NULL;
}

void request_release(struct request *r)
{
	free(r->raw);
	free(r->argv);
	free(r->env);
	*r = (struct request){ 0 };
}
