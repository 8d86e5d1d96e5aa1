/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decompressing by libarchive's raw format with exactly one filter, so that neither a second layer
 * nor an external program (its answer to a library that was not built in) is ever used.
 *
 * A bzImage's payload is followed by its uncompressed size as four bytes, but for gzip, which has
 * that in its own trailer (scripts/Makefile.lib, size_append). These four are cut off, since
 * decoders take them for a damaged second stream. An EFI zboot's header has its payload's size
 * without them (zboot-header.S, ZBOOT_SIZE_LEN).
 */
#include "kernel/unpack.h"

#include "base/file.h"
#include "kernel/bytes.h"
#include "kernel/larchive.h"

#include <errno.h>

#define UNPACKED_MAX (UINT64_C(1) << 30)

static const struct comp {
	enum krn_comp comp;
	const char *name;
	uint8_t magic[6];
	uint8_t n;
	int filter;
} comps[] = {
	/* clang-format off */
	{ KRN_GZIP,  "gzip",  { 0x1f, 0x8b, 0x08 },                   3, ARCHIVE_FILTER_GZIP },
	{ KRN_XZ,    "xz",    { 0xfd, '7', 'z', 'X', 'Z', 0x00 },     6, ARCHIVE_FILTER_XZ },
	{ KRN_LZMA,  "lzma",  { 0x5d, 0x00, 0x00 },                   3, ARCHIVE_FILTER_LZMA },
	{ KRN_BZIP2, "bzip2", { 'B', 'Z', 'h' },                      3, ARCHIVE_FILTER_BZIP2 },
	{ KRN_LZO,   "lzo",   { 0x89, 'L', 'Z', 'O', 0x00, 0x0d },    6, ARCHIVE_FILTER_LZOP },
	{ KRN_LZ4,   "lz4",   { 0x02, 0x21, 0x4c, 0x18 },             4, ARCHIVE_FILTER_LZ4 },
	{ KRN_ZSTD,  "zstd",  { 0x28, 0xb5, 0x2f, 0xfd },             4, ARCHIVE_FILTER_ZSTD },
	/* clang-format on */
};

static const struct comp *comp_find(enum krn_comp c)
{
	for (size_t i = 0; i < countof(comps); i++)
		if (comps[i].comp == c)
			return &comps[i];
	return NULL;
}

const char *krn_comp_name(enum krn_comp c)
{
	const struct comp *f = comp_find(c);

	return f ? f->name : c == KRN_COMP_NONE ? "none" : "unknown";
}

enum krn_comp krn_comp_of(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < countof(comps); i++)
		if (n >= comps[i].n && memcmp(p, comps[i].magic, comps[i].n) == 0)
			return comps[i].comp;
	return KRN_COMP_NONE;
}

static int add_filter(const struct la *la, struct archive *a, enum krn_comp comp)
{
	switch (comp) {
	case KRN_GZIP:
		return la->archive_read_support_filter_gzip(a);
	case KRN_XZ:
		return la->archive_read_support_filter_xz(a);
	case KRN_LZMA:
		return la->archive_read_support_filter_lzma(a);
	case KRN_BZIP2:
		return la->archive_read_support_filter_bzip2(a);
	case KRN_LZ4:
		return la->archive_read_support_filter_lz4(a);
	case KRN_ZSTD:
		return la->archive_read_support_filter_zstd(a);
	default:
		return ARCHIVE_FATAL;
	}
}

static int unsupported(enum krn_comp comp, struct err *err)
{
	err_set(err, -EOPNOTSUPP, "cannot unpack a kernel compressed with %s", krn_comp_name(comp));
	return err_hint(err, -EOPNOTSUPP,
			"give the vmlinux of that build, or build with CONFIG_KERNEL_ZSTD=y");
}

static int open_raw(const struct la *la, struct archive *a, struct la_range *r, enum krn_comp comp,
		    struct err *err)
{
	struct archive_entry *entry;

	if (add_filter(la, a, comp) != ARCHIVE_OK)
		return unsupported(comp, err);
	la->archive_read_support_format_raw(a);
	if (la_open_range(la, a, r) != ARCHIVE_OK ||
	    la->archive_read_next_header(a, &entry) != ARCHIVE_OK)
		return err_set(err, -EBADMSG, "damaged %s data: %s", krn_comp_name(comp),
			       la_error(la, a));
	/* A header that the filter does not know is passed through as if it were plain. */
	if (la->archive_filter_code(a, 0) != comp_find(comp)->filter)
		return err_set(err, -EBADMSG, "damaged %s data: bad header", krn_comp_name(comp));
	return 0;
}

static int pump(const struct la *la, struct archive *a, const struct krn_packed *in,
		const struct krn_sink *sink, struct err *err)
{
	uint64_t total = 0;

	for (;;) {
		const void *data;
		size_t n;
		la_int64_t offset;
		int r = la->archive_read_data_block(a, &data, &n, &offset);

		if (r == ARCHIVE_EOF)
			return 0;
		if (r != ARCHIVE_OK)
			return err_set(err, -EBADMSG, "damaged %s data: %s",
				       krn_comp_name(in->comp), la_error(la, a));
		total += n;
		if (total > in->max)
			return err_set(err, -EFBIG, "unpacks to more than %llu bytes",
				       (unsigned long long)in->max);
		r = sink->write(sink->ctx, data, n);
		if (r == KRN_SINK_ENOUGH)
			return 0;
		if (r < 0)
			return err_code(err, r, "cannot write the unpacked data");
	}
}

int krn_unpack(const struct krn_packed *in, const struct krn_sink *sink, struct err *err)
{
	auto_free struct la_range *r = xmalloc(sizeof(*r));
	const struct la *la;
	int ret = la_load(&la, err);

	if (ret < 0)
		return ret;
	*r = (struct la_range){ .fd = in->fd, .begin = in->offset, .end = in->offset + in->size };
	auto_la struct la_auto a = { la, la->archive_read_new() };

	ret = open_raw(la, a.a, r, in->comp, err);
	if (ret < 0)
		return ret;
	return pump(la, a.a, in, sink, err);
}

static int str_sink(void *ctx, const void *data, size_t n)
{
	str_add(ctx, data, n);
	return 0;
}

int krn_unpack_str(const struct krn_packed *in, struct str *ret, struct err *err)
{
	auto_str struct str b = { 0 };
	int r = krn_unpack(in, &(struct krn_sink){ str_sink, &b }, err);

	if (r < 0)
		return r;
	*ret = b;
	b = (struct str){ 0 };
	return 0;
}

struct head {
	uint8_t *p;
	size_t n, max;
};

static int head_sink(void *ctx, const void *data, size_t n)
{
	struct head *h = ctx;

	n = MIN(n, h->max - h->n);
	memcpy(h->p + h->n, data, n);
	h->n += n;
	return h->n == h->max ? KRN_SINK_ENOUGH : 0;
}

ssize_t krn_unpack_head(const struct krn_packed *in, void *buf, size_t n)
{
	struct head h = { buf, 0, n };
	int r = krn_unpack(in, &(struct krn_sink){ head_sink, &h }, NULL);

	return h.n ? (ssize_t)h.n : r;
}

struct krn_packed krn_image_packed(int fd, const struct krn_image *image, uint64_t max)
{
	struct krn_packed in = { fd, image->payload_offset, image->payload_size, image->comp, max };

	if (image->format == KRN_BZIMAGE && image->comp != KRN_GZIP && in.size > 4)
		in.size -= 4;
	return in;
}

struct to_fd {
	int fd;
	uint64_t n;
};

static int fd_sink(void *ctx, const void *data, size_t n)
{
	struct to_fd *to = ctx;

	to->n += n;
	return write_all(to->fd, data, n);
}

int krn_image_unpack(int fd, const struct krn_image *image, int out_fd, struct err *err)
{
	struct krn_packed in = krn_image_packed(fd, image, UNPACKED_MAX);
	struct to_fd to = { out_fd, 0 };
	uint8_t end[4];
	struct bytes size = { end, sizeof(end), false };
	int r;

	if (image->comp == KRN_COMP_NONE)
		return err_set(err, -EINVAL, "the kernel image is not compressed");
	r = krn_unpack(&in, &(struct krn_sink){ fd_sink, &to }, err);
	if (r < 0 || image->format != KRN_BZIMAGE)
		return r;
	bytes_pread(fd, end, sizeof(end),
		    image->payload_offset + image->payload_size - sizeof(end));
	if (bytes_u32(&size, 0) != to.n)
		return err_set(err, -EBADMSG, "%u bytes were expected, %llu came of it",
			       bytes_u32(&size, 0), (unsigned long long)to.n);
	return 0;
}
