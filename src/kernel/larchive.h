/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libarchive, opened on first use: reading from a part of a file, and writing. */
#pragma once

#include "kernel/resolve.h"

#include <archive.h>
#include <archive_entry.h>

/* clang-format off */
#define LA_FUNCS(X)                             \
	X(archive_read_new)                     \
	X(archive_read_free)                    \
	X(archive_read_open)                    \
	X(archive_read_next_header)             \
	X(archive_read_data_block)              \
	X(archive_read_data)                    \
	X(archive_read_support_format_raw)      \
	X(archive_read_support_format_ar)       \
	X(archive_read_support_format_tar)      \
	X(archive_read_support_format_cpio)     \
	X(archive_read_support_filter_gzip)     \
	X(archive_read_support_filter_bzip2)    \
	X(archive_read_support_filter_lzma)     \
	X(archive_read_support_filter_xz)       \
	X(archive_read_support_filter_lz4)      \
	X(archive_read_support_filter_zstd)     \
	X(archive_read_support_filter_rpm)      \
	X(archive_filter_code)                  \
	X(archive_error_string)                 \
	X(archive_entry_pathname)               \
	X(archive_entry_hardlink)               \
	X(archive_entry_symlink)                \
	X(archive_entry_filetype)               \
	X(archive_entry_size)                   \
	X(archive_entry_perm)                   \
	X(archive_write_new)                    \
	X(archive_write_free)                   \
	X(archive_write_close)                  \
	X(archive_write_set_bytes_in_last_block) \
	X(archive_write_open)                   \
	X(archive_write_set_format_pax_restricted) \
	X(archive_write_add_filter_zstd)        \
	X(archive_write_header)                 \
	X(archive_write_data)                   \
	X(archive_entry_new)                    \
	X(archive_entry_free)                   \
	X(archive_entry_set_pathname)           \
	X(archive_entry_set_symlink)            \
	X(archive_entry_set_filetype)           \
	X(archive_entry_set_perm)               \
	X(archive_entry_set_size)               \
	X(archive_entry_set_mtime)
/* clang-format on */

struct la {
#define LA_FIELD(f) __typeof__(f) *f;
	LA_FUNCS(LA_FIELD)
#undef LA_FIELD
};

/* -ENOENT or -ENOSYS if the library is not there or too old. */
int la_load(const struct la **ret, struct err *err);

/* What reading from a file needs; kept by the caller while the archive is open. */
struct la_range {
	int fd;
	uint64_t pos, begin, end;
	const struct krn_progress *progress; /* may be NULL */
	const char *what;		     /* for progress */
	uint8_t buf[64 * 1024];
};

/* Opens a with the bytes [begin, end) of r->fd as its input. Returns libarchive's status. */
int la_open_range(const struct la *la, struct archive *a, struct la_range *r);

/* The library's words for what went wrong, never NULL. */
const char *la_error(const struct la *la, struct archive *a);

/* The filters of archives (not of kernels): gzip, xz, bzip2, zstd, lzma. */
void la_add_filters(const struct la *la, struct archive *a);
/*
 * Opens a tar, packed by any of these filters, and calls fn for each entry, until one is not 0. -EBADMSG: what it is cannot be
 * read.
 */
typedef int la_entry_fn(void *ctx, struct archive_entry *e, struct err *err);
int la_each_of_tar(const struct la *la, struct archive *a, struct la_range *r, la_entry_fn *fn,
		   void *ctx, struct err *err);
/*
 * Writes an entry's data to fd. declared: what its header says is its size, and what was counted; more than that, as the
 * map of a sparse file may hold, is -EFBIG.
 */
int la_copy_data(const struct la *la, struct archive *a, int fd, uint64_t declared,
		 struct err *err);
/* -EPERM, with words, for devices, pipes and sockets. */
int la_refuse_special(unsigned int filetype, const char *path, struct err *err);

/* An archive freed with its scope. */
struct la_auto {
	const struct la *la;
	struct archive *a;
};
static inline void la_auto_free(struct la_auto *x)
{
	if (x->a)
		x->la->archive_read_free(x->a);
}
#define auto_la cleanup(la_auto_free)
