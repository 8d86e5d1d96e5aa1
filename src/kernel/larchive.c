/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libarchive, opened on first use (base/dl.h says why). Input is always a range of a file read with
 * pread(), so that one descriptor can serve several readers and keeps its offset.
 */
#include "kernel/larchive.h"

#include "base/dl.h"
#include "base/file.h"

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

void la_add_filters(const struct la *la, struct archive *a)
{
	la->archive_read_support_filter_gzip(a);
	la->archive_read_support_filter_xz(a);
	la->archive_read_support_filter_lzma(a);
	la->archive_read_support_filter_bzip2(a);
	la->archive_read_support_filter_zstd(a);
}

int la_each_of_tar(const struct la *la, struct archive *a, struct la_range *range, la_entry_fn *fn,
		   void *ctx, struct err *err)
{
	la_add_filters(la, a);
	la->archive_read_support_format_tar(a);
	if (la_open_range(la, a, range) != ARCHIVE_OK)
		return err_set(err, -EBADMSG, "%s", la_error(la, a));
	for (;;) {
		struct archive_entry *e;
		int r = la->archive_read_next_header(a, &e);

		if (r == ARCHIVE_EOF)
			return 0;
		/* ARCHIVE_WARN: an entry that can be used, such as one with a name not in UTF-8. */
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return err_set(err, -EBADMSG, "%s", la_error(la, a));
		r = fn(ctx, e, err);
		if (r)
			return r;
	}
}

int la_copy_data(const struct la *la, struct archive *a, int fd, uint64_t declared, struct err *err)
{
	uint64_t at = 0, written = 0;

	for (;;) {
		const void *data;
		size_t n;
		la_int64_t offset;
		int r = la->archive_read_data_block(a, &data, &n, &offset);

		if (r == ARCHIVE_EOF)
			return 0;
		if (r != ARCHIVE_OK)
			return err_set(err, -EBADMSG, "%s",
				       la->archive_error_string(a) ?: "damaged");
		written += n;
		if (offset < 0 || (uint64_t)offset + n > declared || written > declared)
			return err_set(err, -EFBIG, "it is larger than its header says");
		if ((uint64_t)offset != at && lseek(fd, offset, SEEK_SET) < 0)
			return err_sys(err, "cannot write");
		r = write_all(fd, data, n);
		if (r < 0)
			return err_code(err, r, "cannot write");
		at = (uint64_t)offset + n;
	}
}

int la_refuse_special(unsigned int filetype, const char *path, struct err *err)
{
	if (filetype != AE_IFCHR && filetype != AE_IFBLK && filetype != AE_IFIFO &&
	    filetype != AE_IFSOCK)
		return 0;
	err_set(err, -EPERM, "entry '%s' is a device, pipe or socket", path);
	return err_hint(err, -EPERM,
			"the archive is damaged or made to do harm; nothing of it is used");
}
