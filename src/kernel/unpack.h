/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decompressing a part of a file. */
#pragma once

#include "kernel/image.h"

/* The compression that begins with these bytes; KRN_COMP_NONE if it is none of those known. */
enum krn_comp krn_comp_of(const uint8_t *p, size_t n);

/*
 * Where the output goes. Returning a negative errno ends the work with that; KRN_SINK_ENOUGH ends
 * it well.
 */
struct krn_sink {
	int (*write)(void *ctx, const void *data, size_t n);
	void *ctx;
};
#define KRN_SINK_ENOUGH 1

/* What is fed and how much may come of it. */
struct krn_packed {
	int fd;
	uint64_t offset, size; /* bytes of fd */
	enum krn_comp comp;
	uint64_t max; /* bytes of output; more is -EFBIG */
};

int krn_unpack(const struct krn_packed *in, const struct krn_sink *sink, struct err *err);
/* Into memory. */
int krn_unpack_str(const struct krn_packed *in, struct str *ret, struct err *err);
/*
 * The first bytes of the output, at most n; what is behind them need not be sound. Where nothing
 * came: 0 if nothing is in it, else a negative errno, -EBADMSG for damage.
 */
ssize_t krn_unpack_head(const struct krn_packed *in, void *buf, size_t n);
/*
 * Where in fd the compressed kernel of an image lies (without the size the kernel's build puts
 * behind it).
 */
struct krn_packed krn_image_packed(int fd, const struct krn_image *image, uint64_t max);
