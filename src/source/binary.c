/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * git's binary patches: "literal" or "delta" and a size, lines of base85 (a letter for the number of bytes in front), a blank
 * line; deflated by zlib. What is there once more turns the new file into the old one. The delta's format is that of packs
 * (gitformat-pack(5)).
 */
#include "base/dl.h"
#include "source/patch.h"

#include <errno.h>
#include <zlib.h>

DL_FUNC(uncompress);

static int load(struct err *err)
{
	static const struct dl_sym syms[] = { DL_SYM(uncompress) };
	static void *lib;

	return dl_open(&lib, "libz.so.1", syms, countof(syms), err);
}

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			     "!#$%&()*+-;<=>?@^_`{|}~";

/* Five digits of base 85 are four bytes. */
static bool decode_five(const char *s, unsigned char ret[4])
{
	uint64_t v = 0;

	for (int i = 0; i < 5; i++) {
		const char *at = memchr(digits, s[i], sizeof(digits) - 1);

		if (!at)
			return false;
		v = v * 85 + (uint64_t)(at - digits);
	}
	if (v > UINT32_MAX)
		return false;
	for (int i = 0; i < 4; i++)
		ret[i] = (unsigned char)(v >> (24 - 8 * i));
	return true;
}

static bool decode_line(const char *s, size_t n, struct str *ret)
{
	size_t count = *s >= 'A' && *s <= 'Z'	? (size_t)(*s - 'A' + 1)
		       : *s >= 'a' && *s <= 'z' ? (size_t)(*s - 'a' + 27)
						: 0;

	if (!count || n != 1 + (count + 3) / 4 * 5)
		return false;
	for (const char *p = s + 1; count; p += 5) {
		unsigned char bytes[4];
		size_t some = MIN(count, (size_t)4);

		if (!decode_five(p, bytes))
			return false;
		str_add(ret, bytes, some);
		count -= some;
	}
	return true;
}

static bool inflate_blob(const struct str *packed, uint64_t size, struct src_blob *b)
{
	auto_free char *data = xmalloc(size + 1);
	uLongf n = size + 1;

	if (dl_uncompress((Bytef *)data, &n, (const Bytef *)str_c(packed), packed->n) != Z_OK ||
	    n != size)
		return false;
	b->data = take_ptr(data);
	b->n = size;
	return true;
}

/* "literal 123" or "delta 123" */
static bool blob_head(const char *s, size_t n, struct src_blob *b, uint64_t *ret_size)
{
	auto_free char *text = xstrndup(s, n);
	const char *p = text;

	if (str_skip(&p, "literal "))
		b->kind = SRC_LITERAL;
	else if (str_skip(&p, "delta "))
		b->kind = SRC_DELTA;
	else
		return false;
	return *p >= '0' && *p <= '9' && str_u64(p, ret_size);
}

static size_t line_length(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return (size_t)((nl ? nl : end) - p);
}

static void next_line(const char **p, const char *end, size_t n, unsigned *line)
{
	*p += n + (*p + n < end);
	++*line;
}

/* 1: read; 0: here is none. */
static int read_blob(const char **p, const char *end, unsigned *line, struct src_blob *b,
		     struct err *err)
{
	auto_str struct str packed = { 0 };
	size_t n = line_length(*p, end);
	uint64_t size;

	if (!blob_head(*p, n, b, &size)) {
		b->kind = SRC_NO_BLOB;
		return 0;
	}
	if (size > SRC_FILE_MAX)
		return err_set(err, -EINVAL, "a binary file of more than %zu MiB",
			       SRC_FILE_MAX >> 20);
	for (;;) {
		next_line(p, end, n, line);
		n = line_length(*p, end);
		if (!n)
			break;
		if (!decode_line(*p, n, &packed))
			return err_set(err, -EINVAL, "a broken line in a binary patch");
	}
	next_line(p, end, n, line);
	if (!inflate_blob(&packed, size, b))
		return err_set(err, -EINVAL,
			       "a binary patch that does not unpack to its %llu bytes",
			       (unsigned long long)size);
	return 1;
}

int src_blobs_read(const char **p, const char *end, unsigned *line, struct src_file_diff *f,
		   struct err *err)
{
	int r = load(err);

	if (r == 0)
		r = read_blob(p, end, line, &f->forward, err);
	if (r == 0)
		r = err_set(err, -EINVAL,
			    "a binary patch begins with 'literal' or 'delta' and a size");
	if (r > 0)
		r = read_blob(p, end, line, &f->reverse, err);
	if (r == 0) {
		err_set(err, -EINVAL,
			"a binary patch without the way back, which it is checked by");
		r = err_hint(err, -EINVAL, "make it again with git format-patch");
	}
	return r < 0 ? r : 0;
}

/* A number in sevens of bits, the lowest first. */
static bool delta_size(const unsigned char **p, const unsigned char *end, uint64_t *ret)
{
	unsigned shift = 0;

	*ret = 0;
	while (*p < end && shift < 56) {
		unsigned char c = *(*p)++;

		*ret |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return true;
		shift += 7;
	}
	return false;
}

/* "Copy from the old file": which bytes of place and size follow is in the bits of op. */
static bool delta_copy(const unsigned char **p, const unsigned char *end, unsigned char op,
		       const char *old, size_t n, struct str *ret)
{
	uint64_t v[2] = { 0 };

	for (unsigned i = 0; i < 7; i++) {
		if (!(op & 1 << i))
			continue;
		if (*p == end)
			return false;
		v[i >= 4] |= (uint64_t) * (*p)++ << (i >= 4 ? i - 4 : i) * 8;
	}
	if (!v[1])
		v[1] = 0x10000;
	if (v[0] > n || v[1] > n - v[0] || ret->n + v[1] > SRC_FILE_MAX)
		return false;
	str_add(ret, old + v[0], v[1]);
	return true;
}

static bool delta_apply(const struct src_blob *b, const char *old, size_t n, struct str *ret)
{
	const unsigned char *p = (const unsigned char *)b->data, *end = p + b->n;
	uint64_t from, to;

	if (!delta_size(&p, end, &from) || !delta_size(&p, end, &to) || from != n ||
	    to > SRC_FILE_MAX)
		return false;
	while (p < end) {
		unsigned char op = *p++;

		if (op & 0x80) {
			if (!delta_copy(&p, end, op, old, n, ret))
				return false;
		} else {
			if (!op || op > end - p)
				return false;
			str_add(ret, p, op);
			p += op;
		}
	}
	return ret->n == to;
}

bool src_blob_apply(const struct src_blob *b, const char *old, size_t n, struct str *ret)
{
	str_clear(ret);
	if (b->kind == SRC_DELTA)
		return delta_apply(b, old, n, ret);
	str_add(ret, b->data, b->n);
	return true;
}
