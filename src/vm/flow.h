/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The user's side of the streams: kiln's own stdin, stdout and stderr on an event loop, none of
 * which may block it.
 *
 * O_NONBLOCK is never set on a descriptor that other programs share (it would be set for them as
 * well). Pipes and terminals are opened anew through /proc/self/fd for it; sockets are asked with
 * MSG_DONTWAIT; regular files do not block.
 */
#pragma once

#include "base/str.h"
#include "guest/proto.h"

#include <systemd/sd-event.h>

/* Output: what the guest sent and the user has not taken yet. */
struct vm_sink {
	int fd; /* -1: closed, everything is dropped */
	bool own_fd, is_socket, polled;
	struct str queue;
	size_t at;	 /* of queue, already written */
	uint32_t credit; /* written, not yet given back to the guest */
	bool broken;	 /* the reader has gone (EPIPE) or the device is full; errno in error */
	bool reported;	 /* the owner has told the guest of it */
	int error;
	sd_event_source *source;
	void (*progress)(void *ctx,
			 struct vm_sink *s); /* something was written, or the sink broke */
	void *ctx;
};

int vm_sink_init(struct vm_sink *s, sd_event *loop, int fd);
/* Queues n bytes and writes what can be written at once. */
void vm_sink_write(struct vm_sink *s, const void *data, size_t n);
bool vm_sink_empty(const struct vm_sink *s);
void vm_sink_release(struct vm_sink *s);

/* Input: read while there is window. */
struct vm_well {
	int fd;
	bool own_fd, is_socket, is_tty;
	uint32_t window;
	bool eof;
	sd_event_source *source, *retry;
	/* n bytes, 0: end of file. */
	void (*data)(void *ctx, const uint8_t *data, size_t n);
	void *ctx;
};

int vm_well_init(struct vm_well *w, sd_event *loop, int fd);
void vm_well_allow(struct vm_well *w, uint32_t n); /* more window */
void vm_well_stop(struct vm_well *w);
void vm_well_release(struct vm_well *w);
