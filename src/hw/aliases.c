/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text is copied once, with a NUL behind each word; records point into that copy. */
#include "hw/aliases.h"

#include "base/map.h"
#include "hw/match.h"

#include <errno.h>
#include <string.h>

struct records {
	struct hw_ix_record *v;
	size_t n, cap;
};

struct reader {
	struct str text; /* of the index */
	hw_text file, why;
	struct records alias, odd;
	struct map known; /* module -> index + 1 */
	struct {
		struct hw_ix_module *v;
		size_t n, cap;
	} modules;
};

static hw_text add(struct reader *r, const char *s, size_t n)
{
	const hw_text at = (hw_text)r->text.n;

	str_add(&r->text, s, n);
	str_addc(&r->text, '\0');
	return at;
}

static uint32_t module_of(struct reader *r, const char *s, size_t n)
{
	auto_free char *name = xstrndup(s, n);
	uintptr_t at;

	for (char *p = name; *p; p++)
		if (*p == '-')
			*p = '_';
	at = (uintptr_t)map_get(&r->known, name);
	if (!at) {
		const hw_text text = add(r, name, n);

		vec_push(&r->modules, ((struct hw_ix_module){ .name = text, .path = text }));
		at = r->modules.n;
		map_set(&r->known, name, (void *)at);
	}
	return (uint32_t)at - 1;
}

static size_t word(const char **s, const char *end, const char **ret)
{
	while (*s < end && (**s == ' ' || **s == '\t' || **s == '\r'))
		(*s)++;
	*ret = *s;
	while (*s < end && **s != ' ' && **s != '\t' && **s != '\r')
		(*s)++;
	return (size_t)(*s - *ret);
}

static void line(struct reader *r, const char *s, const char *end, uint32_t number)
{
	const char *begin = s, *w[4];
	struct hw_ix_record rec = { .file = r->file, .line = number };
	size_t n[4];

	for (size_t i = 0; i < 4; i++)
		n[i] = word(&s, end, &w[i]);
	if (!n[0] || *w[0] == '#')
		return;
	if (n[0] != 5 || memcmp(w[0], "alias", 5) || !n[2] || n[3]) {
		rec.text = add(r, begin, (size_t)(end - begin));
		rec.table = r->why;
		rec.module = 0;
		vec_push(&r->odd, rec);
		return;
	}
	rec.text = add(r, w[1], n[1]);
	rec.module = module_of(r, w[2], n[2]);
	vec_push(&r->alias, rec);
}

static int by_alias(const void *a, const void *b, void *text)
{
	const struct hw_ix_record *x = a, *y = b;
	const int c = hw_alias_cmp((const char *)text + x->text, (const char *)text + y->text);

	return c ? c : (x->line < y->line ? -1 : x->line > y->line);
}

static void bytes_of(struct reader *r, struct str *ret)
{
	struct hw_ix_header h = { .text_n = (uint32_t)r->text.n,
				  .n_modules = (uint32_t)r->modules.n,
				  .n = { (uint32_t)r->alias.n, 0, 0, 0, (uint32_t)r->odd.n } };

	memcpy(h.magic, HW_IX_MAGIC, sizeof(h.magic));
	qsort_r(r->alias.v, r->alias.n, sizeof(*r->alias.v), by_alias, r->text.s);
	str_add(ret, &h, sizeof(h));
	str_add(ret, r->modules.v, r->modules.n * sizeof(*r->modules.v));
	str_add(ret, r->alias.v, r->alias.n * sizeof(*r->alias.v));
	if (r->odd.n)
		str_add(ret, r->odd.v, r->odd.n * sizeof(*r->odd.v));
	str_add(ret, r->text.s, r->text.n);
}

int hw_aliases_read(const char *text, size_t n, const char *name, struct hw_index *ret,
		    struct err *err)
{
	struct reader r = { 0 };
	const char *end = text + n;
	const struct hw_ix_input *in;
	struct str bytes = { 0 };
	uint32_t number = 0;
	size_t n_in;
	int code = 0;

	if (n > HW_ALIASES_BYTES)
		return err_set(err, -EFBIG, "'%s' has more than %d bytes", name, HW_ALIASES_BYTES);
	str_addc(&r.text, '\0');
	r.file = add(&r, name, strlen(name));
	r.why = add(&r, "no alias", 8);
	for (const char *s = text, *stop; s < end; s = stop + 1) {
		stop = memchr(s, '\n', (size_t)(end - s));
		stop = stop ? stop : end;
		line(&r, s, stop, ++number);
	}
	if (!r.alias.n) {
		code = err_set(err, -EBADMSG, "'%s' has no line \"alias PATTERN MODULE\"", name);
	} else {
		bytes_of(&r, &bytes);
		hw_index_parse(bytes.s, bytes.n, ret, &in, &n_in);
		ret->own = bytes;
	}
	free(r.alias.v);
	free(r.odd.v);
	free(r.modules.v);
	map_release(&r.known, NULL);
	str_release(&r.text);
	return code;
}
