/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The writing side of the guest protocol. */
#include "vm/request.h"

#include <stdarg.h>

void vm_req_bytes(struct str *req, enum kp_tag tag, const void *data, size_t n)
{
	uint8_t h[6];

	kp_put16(h, (uint16_t)tag);
	kp_put32(h + 2, (uint32_t)n);
	str_add(req, h, sizeof(h));
	str_add(req, data, n);
}

void vm_req_text(struct str *req, enum kp_tag tag, const char *text)
{
	vm_req_bytes(req, tag, text, strlen(text));
}

void vm_req_fields(struct str *req, enum kp_tag tag, ...)
{
	auto_str struct str all = { 0 };
	const char *f;
	va_list ap;

	va_start(ap, tag);
	/* The first field may be empty, so the separator goes by count, not by length. */
	for (size_t i = 0; (f = va_arg(ap, const char *)); i++) {
		if (i)
			str_addc(&all, 0);
		str_adds(&all, f);
	}
	va_end(ap);
	vm_req_bytes(req, tag, all.s, all.n);
}

void vm_frame(struct str *out, enum kp_type type, unsigned stream, const void *payload, size_t n)
{
	uint8_t h[KP_HEADER];

	kp_put_header(h, (uint8_t)type, (uint8_t)stream, (uint32_t)n);
	str_add(out, h, sizeof(h));
	str_add(out, payload, n);
}

void vm_frame32(struct str *out, enum kp_type type, unsigned stream, uint32_t value)
{
	uint8_t b[4];

	kp_put32(b, value);
	vm_frame(out, type, stream, b, sizeof(b));
}

void vm_frame_request(struct str *out, const struct str *req)
{
	for (size_t at = 0; at < req->n; at += KP_PAYLOAD_MAX)
		vm_frame(out, KP_REQUEST, 0, req->s + at, MIN(req->n - at, (size_t)KP_PAYLOAD_MAX));
	vm_frame(out, KP_START, 0, "", 0);
}
