/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Searching a file for marks, piece by piece. A mapping would be shorter, but whoever truncates a
 * mapped file ends its reader by SIGBUS, and kernels are rebuilt while kiln looks at them.
 */
#pragma once

#include "kernel/bytes.h"

#define KRN_SCAN_PIECE ((size_t)256 * 1024)
#define KRN_SCAN_NONE  UINT64_MAX

/* Begin with { .fd = fd }. */
struct krn_scan {
	int fd;
	uint8_t *buf;  /* n bytes at base */
	uint64_t base; /* offset in the file */
	size_t n;
};
void krn_scan_release(struct krn_scan *s);
#define auto_scan cleanup(krn_scan_release)

/* Where the mark (n bytes) first begins at or behind `from`, or KRN_SCAN_NONE. */
uint64_t krn_scan_find(struct krn_scan *s, uint64_t from, const void *mark, size_t n);
/* The bytes at off, n of them or what the file has; valid until the next call. */
struct bytes krn_scan_at(struct krn_scan *s, uint64_t off, size_t n);
