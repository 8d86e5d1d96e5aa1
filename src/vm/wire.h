/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kiln's end of the guest protocol: bytes in, calls out. The guest is not trusted: whatever it
 * sends ends in one of these calls with checked arguments, or in -EPROTO.
 */
#pragma once

#include "base/str.h"
#include "guest/proto.h"

struct vm_wire_ops {
	void (*hello)(void *ctx, const char *release);
	void (*stage)(void *ctx, enum kp_stage stage);
	void (*data)(void *ctx, unsigned stream, const uint8_t *data, size_t n); /* 1 or 2 */
	void (*unread)(void *ctx);	       /* nobody reads stdin any more */
	void (*window)(void *ctx, uint32_t n); /* so much more of stdin */
	void (*note)(void *ctx, const char *text);
	void (*tasks)(void *ctx, const char *text); /* what the guest's processes do */
	void (*fail)(void *ctx, unsigned stage, const char *text);
	void (*exit)(void *ctx, int status); /* 0 to 255; 128 + n for a signal */
};

struct vm_wire {
	const struct vm_wire_ops *ops;
	void *ctx;
	uint8_t in[KP_HEADER + KP_PAYLOAD_MAX];
	size_t in_n;
	bool greeted;	     /* the guest has said hello */
	uint8_t stage;	     /* the last it has announced */
	bool done;	     /* it has said fail or exit: what follows is not looked at */
	uint32_t unacked[3]; /* what the guest has sent beyond what kiln gave back */
	const char *wrong;   /* what was wrong, after -EPROTO */
};

/* Takes any number of bytes. 0, or -EPROTO: the guest broke the protocol and nothing more will be
 * read. */
int vm_wire_feed(struct vm_wire *w, const uint8_t *data, size_t n);
/* The owner gives n bytes of this stream back to the guest. */
void vm_wire_credit(struct vm_wire *w, unsigned stream, uint32_t n);
