/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guest was asked to do: the request's records, decoded. The strings point into the raw
 * bytes. */
#pragma once

#include "guest/proto.h"

#define REQ_WORDS_MAX  131072
#define REQ_MOUNTS_MAX 64

/* A KP_MOUNT record: five fields separated by NUL. */
struct mount_spec {
	const char *kind;    /* "9p" or "virtiofs" */
	const char *source;  /* the device's mount tag */
	const char *target;  /* absolute path in the guest's root; "/" is the root itself */
	const char *mode;    /* "ro", "rw" or "cow" (read-only below a tmpfs overlay) */
	const char *options; /* mount options, may be empty */
};

struct request {
	char *raw; /* what the strings below point into */
	size_t raw_n, raw_cap;

	char **argv, **env; /* NULL terminated */
	size_t argc, envc;
	struct mount_spec mounts[REQ_MOUNTS_MAX];
	size_t n_mounts;
	/* NULL where absent */
	const char *cwd, *user, *program, *modules, *lists, *devnames, *hostname;
	const char *net_addr, *net_prefix, *net_gateway, *net_dns;
	bool tty;
	uint16_t rows, cols;
	uint8_t stdio;
	uint64_t clock_sec; /* 0: not given */
	uint32_t clock_nsec;
};

/* Adds a piece of the request. -1 if it grows beyond KP_REQUEST_MAX (or memory is gone). */
int request_add(struct request *r, const void *data, size_t n);
/* Decodes all records. Returns NULL, or what is wrong with them. */
const char *request_decode(struct request *r);
void request_release(struct request *r);
