/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest protocol: what kiln and its PID 1 say to each other over one virtio-serial port.
 * doc/design/guest-protocol.md explains it; this header is all that both programs share.
 *
 * A frame is an 8-byte header and a payload. All numbers are little-endian.
 *
 *	offset 0  u8   type    enum kp_type
 *	       1  u8   stream  0 stdin, 1 stdout, 2 stderr; 0 where the type has none
 *	       2  u16  zero    must be 0
 *	       4  u32  length  of the payload, at most KP_PAYLOAD_MAX
 *
 * Whoever reads something that is not a frame, or a type it does not know, gives up: there is no
 * resynchronising, since the channel neither loses nor reorders bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define KP_PORT	       "kiln"	   /* name of the virtio-serial port */
#define KP_MAGIC       0x4e4c494bu /* "KILN" */
#define KP_VERSION     4u
#define KP_HEADER      8u
#define KP_PAYLOAD_MAX 32768u
/* Unacknowledged bytes that may be under way in one stream; the receiver gives them back by
 * WINDOW_ADD.
 */
#define KP_WINDOW (256u * 1024)
/* "kiln: GAVE_UP: reason" on the console is a FAIL that had no port to go through. */
#define KP_GAVE_UP "guest gave up"
/* The reason of one whose kernel has no working timer: booted again it may have. */
#define KP_NO_TICK "the kernel's timer does not tick"
/* The request in all; the kernel itself limits arguments and environment to a quarter of the stack,
 * 2 MiB. */
#define KP_REQUEST_MAX (4u * 1024 * 1024)

enum kp_type {
	/* guest to kiln */
	KP_HELLO = 1, /* u32 magic, u32 version, then the kernel release (text) */
	KP_STAGE,     /* u8 enum kp_stage: this stage begins */
	KP_FAIL,      /* u8 enum kp_stage, i32 errno, then text: the guest gives up */
	KP_EXIT,      /* u8 enum kp_exit, u32 status or signal; nothing follows */
	KP_NOTE,      /* text for the user, one line */
	KP_TASKS,     /* text, the answer to ASK: what each process of the guest does */
	/* kiln to guest */
	KP_REQUEST, /* a piece of the request: records, see below */
	KP_START,   /* the request is complete */
	KP_SIGNAL,  /* u32 signal number (Linux, generic numbering) for the command's process group
		     */
	KP_WINCH,   /* u16 rows, u16 columns */
	KP_ASK,	    /* while the command runs: what is the guest doing? */
	/* both ways */
	KP_DATA,       /* bytes of a stream */
	KP_EOF,	       /* the stream ends; to its sender: nobody reads it any more */
	KP_WINDOW_ADD, /* u32: so many more bytes of this stream may be sent */
	KP_TYPE_END,
};

/* How far the guest has come; what a user is told if it goes no further. */
enum kp_stage {
	KP_STAGE_INIT = 1, /* PID 1 runs */
	KP_STAGE_ROOT,	   /* mounting the shares and the root */
	KP_STAGE_SETUP,	   /* the rest of the mounts, network, clock */
	KP_STAGE_RUN,	   /* the command was started */
	KP_STAGE_END,	   /* it has ended; writing back */
};

enum kp_exit { KP_EXITED = 0, KP_SIGNALED = 1 };

/*
 * The request is a sequence of records: u16 tag, u32 length, bytes. Text has no NUL at its end;
 * fields of one record are separated by NUL. A record may be split over REQUEST frames.
 */
enum kp_tag {
	KP_ARG = 1, /* one word of the command; none at all: the user's login shell */
	KP_ENV,	    /* NAME=VALUE */
	KP_CWD,	    /* where the command starts; where that is missing, "/" with a note */
	KP_USER,    /* run as this user of the guest's /etc/passwd, or a number */
	KP_MOUNT,   /* kind, source, target, mode, options: see struct mount_spec in guest/request.h
		     */
	KP_MODULES, /* path in the guest's root that /lib/modules/RELEASE leads to */
	KP_LISTS, /* path in the guest's root of what depmod writes, for modules that are already in
		       /lib/modules/RELEASE */
	KP_HOSTNAME,
	KP_TTY,	     /* u16 rows, u16 columns: stdin and stdout are one pseudo terminal */
	KP_STDIO,    /* u8 bits: 1 stdin, 2 stdout, 4 stderr come over streams; others are /dev/null
		     (or the tty) */
	KP_CLOCK,    /* u64 seconds, u32 nanoseconds since 1970 */
	KP_DEVNAMES, /* text of modules.devname: nodes whose module is loaded when opened */
	KP_PROGRAM,  /* path at which the command is found along its PATH, where that is known */
	KP_NET,	     /* address, prefix length, gateway, name server: of the only network card */
	KP_TAG_END,
};

static inline uint16_t kp_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t kp_get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t kp_get64(const uint8_t *p)
{
	return kp_get32(p) | (uint64_t)kp_get32(p + 4) << 32;
}

static inline void kp_put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void kp_put32(uint8_t *p, uint32_t v)
{
	kp_put16(p, (uint16_t)v);
	kp_put16(p + 2, (uint16_t)(v >> 16));
}

static inline void kp_put64(uint8_t *p, uint64_t v)
{
	kp_put32(p, (uint32_t)v);
	kp_put32(p + 4, (uint32_t)(v >> 32));
}

static inline void kp_put_header(uint8_t *p, uint8_t type, uint8_t stream, uint32_t len)
{
	p[0] = type;
	p[1] = stream;
	kp_put16(p + 2, 0);
	kp_put32(p + 4, len);
}

struct kp_frame {
	uint8_t type;
	uint8_t stream;
	uint32_t len;
	const uint8_t *payload; /* points into the buffer given to kp_next() */
};

enum kp_result { KP_MORE, KP_FRAME, KP_BAD };

/*
 * Takes the frame at the front of buf[0..n). KP_MORE: it is not complete yet. KP_BAD: this is no
 * frame. On KP_FRAME the caller drops KP_HEADER + ret->len bytes when done with it.
 */
static inline enum kp_result kp_next(const uint8_t *buf, size_t n, struct kp_frame *ret)
{
	uint32_t len;

	if (n < KP_HEADER)
		return KP_MORE;
	len = kp_get32(buf + 4);
	if (buf[0] == 0 || buf[0] >= KP_TYPE_END || buf[1] > 2 || kp_get16(buf + 2) != 0 ||
	    len > KP_PAYLOAD_MAX)
		return KP_BAD;
	if (n < KP_HEADER + len)
		return KP_MORE;
	*ret = (struct kp_frame){
		.type = buf[0], .stream = buf[1], .len = len, .payload = buf + KP_HEADER
	};
	return KP_FRAME;
}
