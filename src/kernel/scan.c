/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One piece of the file is held; pieces overlap by a mark less one byte, so that none is cut. */
#include "kernel/scan.h"

#include "base/mem.h"

#include <string.h>

void krn_scan_release(struct krn_scan *s)
{
	free(take_ptr(s->buf));
	s->n = 0;
}

struct bytes krn_scan_at(struct krn_scan *s, uint64_t off, size_t n)
{
	if (!s->buf)
		s->buf = xmalloc(KRN_SCAN_PIECE);
	if (off < s->base || off + n > s->base + s->n) {
		s->n = bytes_pread(s->fd, s->buf, KRN_SCAN_PIECE, off);
		s->base = off;
	}
	return (struct bytes){ s->buf + (off - s->base), MIN(n, s->n - (size_t)(off - s->base)),
			       false };
}

uint64_t krn_scan_find(struct krn_scan *s, uint64_t from, const void *mark, size_t n)
{
	while (krn_scan_at(s, from, n).n == n) {
		const uint8_t *begin = s->buf + (from - s->base), *end = s->buf + s->n;
		const uint8_t *found = memmem(begin, (size_t)(end - begin), mark, n);

		if (found)
			return s->base + (uint64_t)(found - s->buf);
		from = s->base + s->n - (n - 1);
	}
	return KRN_SCAN_NONE;
}
