/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Libraries opened on first use. libarchive, OpenSSL, kmod and smartcols together cost 6 ms of
 * start-up (2 to 4 ms each, measured by linking an empty main), and most calls of kiln need none
 * of them.
 *
 *	DL_FUNC(archive_read_new);			// static pointer dl_archive_read_new
 *	static const struct dl_sym syms[] = { DL_SYM(archive_read_new), ... };
 *	static void *lib;
 *	r = dl_open(&lib, "libarchive.so.13", syms, countof(syms), err);
 *	... dl_archive_read_new() ...
 */
#pragma once

#include "base/err.h"

#define DL_FUNC(f) static __typeof__(f) *dl_##f
/* clang-format off */
#define DL_SYM(f) { #f, (void **)&dl_##f }
/* clang-format on */

struct dl_sym {
	const char *name;
	void **ptr;
};

/* Opens soname once (*lib remembers) and fills in all symbols. The library is never closed. */
int dl_open(void **lib, const char *soname, const struct dl_sym *syms, size_t n, struct err *err);
