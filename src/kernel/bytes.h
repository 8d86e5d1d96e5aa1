/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading fields of untrusted binary headers: out of bounds reads as zero, never as a crash. */
#pragma once

#include "base/util.h"

#include <endian.h>
#include <string.h>
#include <sys/types.h>

struct bytes {
	const uint8_t *p;
	size_t n;
	bool big; /* fields are big-endian */
};

static inline bool bytes_has(const struct bytes *b, uint64_t off, uint64_t n)
{
	return off <= b->n && n <= b->n - off;
}

static inline bool bytes_eq(const struct bytes *b, uint64_t off, const void *magic, size_t n)
{
	return bytes_has(b, off, n) && memcmp(b->p + off, magic, n) == 0;
}

static inline uint8_t bytes_u8(const struct bytes *b, uint64_t off)
{
	return bytes_has(b, off, 1) ? b->p[off] : 0;
}

static inline uint16_t bytes_u16(const struct bytes *b, uint64_t off)
{
	uint16_t v = 0;

	if (bytes_has(b, off, sizeof(v)))
		memcpy(&v, b->p + off, sizeof(v));
	return b->big ? be16toh(v) : le16toh(v);
}

static inline uint32_t bytes_u32(const struct bytes *b, uint64_t off)
{
	uint32_t v = 0;

	if (bytes_has(b, off, sizeof(v)))
		memcpy(&v, b->p + off, sizeof(v));
	return b->big ? be32toh(v) : le32toh(v);
}

static inline uint64_t bytes_u64(const struct bytes *b, uint64_t off)
{
	uint64_t v = 0;

	if (bytes_has(b, off, sizeof(v)))
		memcpy(&v, b->p + off, sizeof(v));
	return b->big ? be64toh(v) : le64toh(v);
}

/* Reads up to n bytes at off; returns how many there were (0 on errors). */
size_t bytes_pread(int fd, void *buf, size_t n, uint64_t off);
