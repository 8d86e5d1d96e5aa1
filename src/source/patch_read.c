/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines, names and hunks of patches. Names are checked here, so that nobody behind this needs to ask where a patch would
 * write.
 */
#include "source/patch_read.h"

#include "kernel/tree.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>

const char *src_peek(const struct reader *r, size_t *ret_n)
{
	const char *nl = memchr(r->p, '\n', (size_t)(r->end - r->p));

	*ret_n = (size_t)((nl ? nl : r->end) - r->p);
	return r->p;
}

void src_skip_line(struct reader *r)
{
	size_t n;

	src_peek(r, &n);
	r->p += n;
	if (r->p < r->end)
		r->p++;
	r->line++;
}

bool src_at(const struct reader *r, const char *prefix)
{
	size_t n = strlen(prefix);

	return (size_t)(r->end - r->p) >= n && !memcmp(r->p, prefix, n);
}

int src_bad(const struct reader *r, struct err *err, const char *what)
{
	size_t n;
	const char *s = src_peek(r, &n);
	auto_str struct str shown = { 0 };

	str_add_printable(&shown, s, MIN(n, (size_t)60));
	return err_set(err, -EINVAL, "line %u: %s: '%s'", r->line, what, str_c(&shown));
}

/* Names. */

static bool octal(const char *s, char *ret)
{
	if (s[0] < '0' || s[0] > '3' || s[1] < '0' || s[1] > '7' || s[2] < '0' || s[2] > '7')
		return false;
	*ret = (char)((s[0] - '0') * 64 + (s[1] - '0') * 8 + (s[2] - '0'));
	return true;
}

/* A name in quotes, as git writes it (core.quotePath); *s moves behind it. NULL: it is broken. */
static char *unquote(const char **s, const char *end)
{
	static const char from[] = "abtnvfr\"\\", to[] = "\a\b\t\n\v\f\r\"\\";
	auto_str struct str name = { 0 };
	const char *p = *s + 1;

	for (; p < end && *p != '"'; p++) {
		const char *escape;
		char c = *p;

		if (c == '\\') {
			if (++p == end)
				return NULL;
			escape = memchr(from, *p, sizeof(from) - 1);
			if (escape)
				c = to[escape - from];
			else if (end - p >= 3 && octal(p, &c))
				p += 2;
			else
				return NULL;
		}
		if (!c)
			return NULL;
		str_addc(&name, c);
	}
	if (p == end)
		return NULL;
	*s = p + 1;
	return str_take(&name);
}

static bool has_git_folder(const char *name)
{
	while (*name) {
		size_t n = strcspn(name, "/");

		if (n == 4 && !strncasecmp(name, ".git", 4))
			return true;
		name += n + (name[n] == '/');
	}
	return false;
}

/* A name as it stands, its first part taken away where strip is set. */
static int take_name(const struct reader *r, const char *name, bool strip, char **ret,
		     struct err *err)
{
	auto_err struct err why = { 0 };
	const char *rest = name;

	if (*name == '/')
		return src_bad(r, err, "a path that is absolute");
	if (strip) {
		rest = strchr(name, '/');
		if (!rest || str_starts(name, "../"))
			return src_bad(
				r, err,
				"a path without a first part to take away (as a/ and b/ are)");
		rest += strspn(rest, "/");
	}
	if (has_git_folder(rest))
		return src_bad(r, err, "a path into .git");
	free(take_ptr(*ret));
	if (krn_tree_path(rest, ret, &why) < 0 || !**ret)
		return src_bad(r, err, "a path that leads out of the tree, or nowhere");
	return 0;
}

int src_header_name(const struct reader *r, const char *s, size_t n, bool strip, char **ret,
		    struct err *err)
{
	auto_free char *name = NULL;
	const char *tab, *at_s = s;

	if (n && *s == '"') {
		name = unquote(&at_s, s + n);
		if (!name)
			return src_bad(r, err, "a broken quoted path");
	} else {
		tab = memchr(s, '\t', n);
		name = xstrndup(s, tab ? (size_t)(tab - s) : n);
	}
	if (str_eq(name, "/dev/null")) {
		free(take_ptr(*ret));
		return 0;
	}
	return take_name(r, name, strip, ret, err);
}

int src_git_line_name(const struct reader *r, const char *s, size_t n, char **ret, struct err *err)
{
	const char *end = s + n, *a = s, *second;
	auto_free char *one = NULL, *two = NULL;

	if (n && *s == '"') {
		one = unquote(&a, end);
		if (!one)
			return src_bad(r, err, "a broken quoted path");
		second = a + 1;
		if (a < end && second < end && *second == '"')
			two = unquote(&second, end);
		else if (a < end && second < end)
			two = xstrndup(second, (size_t)(end - second));
	} else if (n > 1 && n % 2) {
		one = xstrndup(s, n / 2);
		if (s[n / 2] == ' ')
			two = xstrndup(s + n / 2 + 1, n / 2);
	}
	if (!one || !two || !strchr(one, '/') || !strchr(two, '/') ||
	    !str_eq(strchr(one, '/'), strchr(two, '/')))
		return 0;
	return take_name(r, one, true, ret, err);
}

/* Hunks. */

static bool number(const char **s, const char *end, unsigned long *ret)
{
	const char *p = *s;
	unsigned long v = 0;

	for (; p < end && isdigit((unsigned char)*p); p++) {
		v = v * 10 + (unsigned long)(*p - '0');
		if (v > INT_MAX)
			return false;
	}
	if (p == *s)
		return false;
	*s = p;
	*ret = v;
	return true;
}

static bool range(const char **s, const char *end, unsigned long *ret_pos, unsigned long *ret_n)
{
	*ret_n = 1;
	if (!number(s, end, ret_pos))
		return false;
	if (*s < end && **s == ',') {
		++*s;
		return number(s, end, ret_n);
	}
	return true;
}

bool src_is_hunk(const struct reader *r, struct src_diff_hunk *h, unsigned long *ret_old,
		 unsigned long *ret_new)
{
	size_t n;
	const char *p = src_peek(r, &n), *end = p + n;

	if (n < 4 || memcmp(p, "@@ -", 4) != 0)
		return false;
	p += 4;
	if (!range(&p, end, &h->old_pos, ret_old) || end - p < 2 || memcmp(p, " +", 2) != 0)
		return false;
	p += 2;
	return range(&p, end, &h->new_pos, ret_new) && end - p >= 3 && !memcmp(p, " @@", 3);
}

static void take_newline(struct src_lines *l)
{
	struct src_line *last = &l->v[l->n - 1];

	if (last->n && last->s[last->n - 1] == '\n')
		last->n--;
}

/* "\ No newline at end of file", in whatever language diff spoke. */
static bool is_no_newline(const struct reader *r)
{
	size_t n;

	src_peek(r, &n);
	return n >= 11 && src_at(r, "\\ ");
}

/* kind: of the line before. */
static void no_newline(struct reader *r, char kind)
{
	if (kind != '+' && r->before.n)
		take_newline(&r->before);
	if (kind != '-' && r->after.n)
		take_newline(&r->after);
	src_skip_line(r);
}

/* One line of a hunk that wants *old more lines before and *new after. */
static bool hunk_line(struct reader *r, unsigned long *old, unsigned long *new, char *kind)
{
	struct src_line line = { .s = r->p };
	size_t n;

	src_peek(r, &n);
	*kind = n ? *r->p : ' ';
	line.s += n ? 1 : 0;
	line.n = (uint32_t)(n ? n - 1 : 0) + (r->p + n < r->end);
	if ((*kind != ' ' && *kind != '-' && *kind != '+') || (*kind != '+' && !*old) ||
	    (*kind != '-' && !*new))
		return false;
	if (*kind != '+') {
		vec_push(&r->before, line);
		--*old;
	}
	if (*kind != '-') {
		vec_push(&r->after, line);
		--*new;
	}
	src_skip_line(r);
	return true;
}

static void keep_lines(struct src_diff *d, const struct src_lines *l, size_t *ret_at, size_t *ret_n)
{
	*ret_at = d->lines.n;
	*ret_n = l->n;
	for (size_t i = 0; i < l->n; i++)
		vec_push(&d->lines, l->v[i]);
}

static int read_hunk(struct reader *r, struct src_diff_hunk *h, unsigned long old,
		     unsigned long new, struct err *err)
{
	bool changes = false;
	char kind = ' ';

	h->line = r->line;
	src_skip_line(r);
	r->before.n = r->after.n = 0;
	while (old || new) {
		if (r->p == r->end)
			return err_set(err, -EINVAL, "line %u: the patch ends within a hunk",
				       r->line);
		if (is_no_newline(r) && (r->before.n || r->after.n)) {
			no_newline(r, kind);
			continue;
		}
		if (!hunk_line(r, &old, &new, &kind))
			return src_bad(r, err, "a line that does not belong to the hunk");
		changes |= kind != ' ';
		h->leading += !changes;
		h->trailing = kind == ' ' ? h->trailing + 1 : 0;
	}
	if (r->p < r->end && is_no_newline(r))
		no_newline(r, kind);
	if (!changes)
		return err_set(err, -EINVAL, "line %u: a hunk that changes nothing", h->line);
	keep_lines(r->d, &r->before, &h->old_at, &h->old_n);
	keep_lines(r->d, &r->after, &h->new_at, &h->new_n);
	return 0;
}

int src_read_hunks(struct reader *r, struct src_file_diff *f, struct err *err)
{
	unsigned long old, new;
	int ret = 0;

	f->hunk = r->d->hunks.n;
	while (ret == 0 && r->p < r->end && src_at(r, "@@ -")) {
		struct src_diff_hunk h = { 0 };

		if (!src_is_hunk(r, &h, &old, &new))
			return src_bad(r, err, "a broken hunk header");
		ret = read_hunk(r, &h, old, new, err);
		if (ret == 0)
			vec_push(&r->d->hunks, h);
	}
	f->n_hunks = r->d->hunks.n - f->hunk;
	return ret;
}
