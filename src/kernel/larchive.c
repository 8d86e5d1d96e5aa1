/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libarchive, opened on first use (base/dl.h says why). Input is always a range of a file read with
 * pread(), so that one descriptor can serve several readers and keeps its offset.
 */
#include "kernel/larchive.h"

#include "base/dl.h"

#include <errno.h>

int la_load(const struct la **ret, struct err *err)
{
	static struct la la;
	static void *lib;
	static const struct dl_sym syms[] = {
#define LA_SYM(f) { #f, (void **)&la.f },
		LA_FUNCS(LA_SYM)
#undef LA_SYM
	};
	int r = dl_open(&lib, "libarchive.so.13", syms, countof(syms), err);

	if (r == 0)
		*ret = &la;
	return r;
}

static la_ssize_t range_read(struct archive *a, void *ctx, const void **ret)
{
	struct la_range *r = ctx;
	size_t want = MIN((uint64_t)sizeof(r->buf), r->end - r->pos);
	ssize_t n;

	do {
		n = pread(r->fd, r->buf, want, (off_t)r->pos);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	r->pos += (uint64_t)n;
	if (r->progress)
		r->progress->report(r->progress->ctx, r->what, r->pos - r->begin,
				    r->end - r->begin);
	*ret = r->buf;
	return n;
}

int la_open_range(const struct la *la, struct archive *a, struct la_range *r)
{
	r->pos = r->begin;
	return la->archive_read_open(a, r, NULL, range_read, NULL);
}

const char *la_error(const struct la *la, struct archive *a)
{
	const char *s = la->archive_error_string(a);

	return s ? s : "unknown error";
}
