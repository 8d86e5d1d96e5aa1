/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Manifests as text. A cell has one form only: what the reader takes, the writer would write, byte for byte, so a flipped
 * bit that the digest at the end did not catch would still have to make another valid manifest.
 */
#include "store/manifest.h"

#include "store/store.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>

static const char head[] = "kiln manifest 1\n";
static const char digits[] = "0123456789abcdef";

void sto_manifest_release(struct sto_manifest *m)
{
	arena_release(&m->arena);
	free(take_ptr(m->v));
	m->n = m->cap = 0;
}

void sto_before_release(struct sto_before *b)
{
	map_release(&b->folders, NULL);
	sto_manifest_release(&b->m);
}

void sto_manifest_files(const struct sto_manifest *m,
			void (*each)(void *ctx, const char *path, const struct sto_object *o),
			void *ctx)
{
	for (size_t i = 0; i < m->n; i++) {
		struct sto_object o = { .exec = m->v[i].exec };

		if (m->v[i].type != STO_FILE)
			continue;
		memcpy(o.hex, m->v[i].hex, sizeof(o.hex));
		each(ctx, m->v[i].path, &o);
	}
}

/* The end of a path, then '/', then all other bytes. */
static int rank(char c)
{
	return !c ? 0 : c == '/' ? 1 : (unsigned char)c + 1;
}

int sto_path_order(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return rank(*a) - rank(*b);
}

static bool is_plain(char c)
{
	return (unsigned char)c > ' ' && c != '\\' && c != 0x7f;
}

static void add_escaped(struct str *b, const char *s)
{
	while (*s) {
		const char *from = s;

		while (*s && is_plain(*s))
			s++;
		str_add(b, from, (size_t)(s - from));
		if (*s)
			str_addf(b, "\\%03o", (unsigned char)*s++);
	}
}

static void add_line(struct str *b, const struct sto_entry *e)
{
	switch (e->type) {
	case STO_DIR:
		str_adds(b, "d 755 - - ");
		break;
	case STO_LINK:
		str_adds(b, "l 777 - - ");
		break;
	case STO_FILE:
		str_addf(b, "f %s %" PRIu64 " %s ", e->exec ? "555" : "444", e->size, e->hex);
		break;
	}
	add_escaped(b, e->path);
	if (e->type == STO_LINK) {
		str_addc(b, ' ');
		add_escaped(b, e->target);
	}
	str_addc(b, '\n');
}

int sto_manifest_write(const struct sto_manifest *m, const char *id, struct str *ret,
		       struct err *err)
{
	char hex[DIGEST_HEX + 1];
	auto_str struct str b = { 0 };
	int r;

	str_addf(&b, "%scell %s\n", head, id);
	for (size_t i = 0; i < m->n; i++)
		add_line(&b, &m->v[i]);
	r = digest_bytes(b.s, b.n, hex, err);
	if (r < 0)
		return r;
	str_addf(&b, "end %s\n", hex);
	if (b.n > STO_MANIFEST_MAX)
		return err_set(err, -EFBIG, "a cell of %zu files is too large", m->n);
	str_add(ret, b.s, b.n);
	return 0;
}

/* One line being read; p moves on. */
struct line {
	const char *p, *end;
	struct arena *arena;
};

/* The next field as it is, a blank or the line's end behind it; empty where there is none. */
static struct line field(struct line *l)
{
	const char *blank = memchr(l->p, ' ', (size_t)(l->end - l->p));
	struct line f = { l->p, blank ? blank : l->end, l->arena };

	l->p = blank ? blank + 1 : l->end;
	return f;
}

static bool is(const struct line *f, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(f->end - f->p) == n && memcmp(f->p, word, n) == 0;
}

/* Three octal digits of a byte that is not to stand as it is, and of no NUL; else 0. */
static char octal(const char *p, const char *end)
{
	unsigned c = 0;

	if (end - p < 4)
		return 0;
	for (int i = 1; i < 4; i++) {
		if (p[i] < '0' || p[i] > '7')
			return 0;
		c = c * 8 + (unsigned)(p[i] - '0');
	}
	return c > 255 || is_plain((char)c) ? 0 : (char)c;
}

/* NULL where the field is no text as add_escaped() writes it, or empty, or too long. */
static const char *unescaped(const struct line *f)
{
	size_t n = (size_t)(f->end - f->p);
	char *text, *to;

	if (!n || n > 4 * (size_t)PATH_MAX)
		return NULL;
	to = text = arena_strndup(f->arena, f->p, n);
	for (const char *p = f->p; p < f->end; p++) {
		char c = *p;

		if (c == '\\') {
			c = octal(p, f->end);
			if (!c)
				return NULL;
			p += 3;
		} else if (!is_plain(c)) {
			return NULL;
		}
		*to++ = c;
	}
	*to = '\0';
	return to - text < PATH_MAX ? text : NULL;
}

static bool size_of(const struct line *f, uint64_t *ret)
{
	uint64_t n = 0;

	if (f->p == f->end || f->end - f->p > 18 || (*f->p == '0' && f->end - f->p > 1))
		return false;
	for (const char *p = f->p; p < f->end; p++) {
		if (*p < '0' || *p > '9')
			return false;
		n = n * 10 + (uint64_t)(*p - '0');
	}
	*ret = n;
	return true;
}

static bool hex_of(const struct line *f, char ret[DIGEST_HEX + 1])
{
	if (f->end - f->p != DIGEST_HEX)
		return false;
	memcpy(ret, f->p, DIGEST_HEX);
	ret[DIGEST_HEX] = '\0';
	return strspn(ret, digits) == DIGEST_HEX;
}

/* Relative, without "", "." and ".." as parts, and not the manifest's own. */
static bool is_path_of_cell(const char *path)
{
	for (const char *p = path; p; p = strchr(p, '/')) {
		size_t n;

		p += p > path;
		n = strcspn(p, "/");
		if (!n || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
	}
	return !str_eq(path, STO_MANIFEST);
}

/* Whether path may stand behind prev (NULL: first): above all its folder must have been named. */
static bool follows(const struct sto_entry *prev, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;

	if (prev && sto_path_order(prev->path, path) >= 0)
		return false;
	if (!slash)
		return true;
	return prev && strncmp(prev->path, path, n) == 0 &&
	       (prev->path[n] == '/' || (!prev->path[n] && prev->type == STO_DIR));
}

static bool read_entry(struct line *l, struct sto_entry *e)
{
	struct line type = field(l), mode = field(l), size = field(l), hex = field(l), f;

	e->type = is(&type, "d") ? STO_DIR : is(&type, "f") ? STO_FILE : STO_LINK;
	if (e->type == STO_FILE) {
		e->exec = is(&mode, "555");
		if ((!e->exec && !is(&mode, "444")) || !size_of(&size, &e->size) ||
		    !hex_of(&hex, e->hex))
			return false;
	} else if (!is(&mode, e->type == STO_DIR ? "755" : "777") || !is(&size, "-") ||
		   !is(&hex, "-")) {
		return false;
	}
	if (e->type == STO_LINK && !is(&type, "l"))
		return false;
	f = field(l);
	e->path = unescaped(&f);
	if (e->type == STO_LINK) {
		f = field(l);
		e->target = unescaped(&f);
		if (!e->target)
			return false;
	}
	/* a blank at the end would be an empty field */
	return e->path && l->p == l->end && l->end[-1] != ' ' && is_path_of_cell(e->path);
}

static int bad(struct err *err, size_t line, const char *what)
{
	return err_set(err, -EBADMSG, "line %zu of the manifest %s", line, what);
}

static int read_entries(const char *p, const char *end, struct sto_manifest *m, struct err *err)
{
	for (size_t line = 3; p < end; line++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct line l = { p, nl ? nl : end, &m->arena };
		struct sto_entry e = { 0 };

		if (!nl || nl == p || !read_entry(&l, &e))
			return bad(err, line, "is none");
		if (!follows(m->n ? &m->v[m->n - 1] : NULL, e.path))
			return bad(err, line, "stands in the wrong place");
		vec_push(m, e);
		p = nl + 1;
	}
	return 0;
}

#define END_LINE (sizeof("end \n") - 1 + DIGEST_HEX)

/* Whether the last line has the digest of all before. */
static int check_end(const char *text, size_t n, struct err *err)
{
	char hex[DIGEST_HEX + 1];
	auto_free char *end = NULL;
	int r = digest_bytes(text, n, hex, err);

	if (r < 0)
		return r;
	end = xasprintf("end %s\n", hex);
	if (memcmp(text + n, end, END_LINE))
		return err_set(err, -EBADMSG, "the manifest is damaged");
	return 0;
}

int sto_manifest_parse(const char *text, size_t n, const char *id, struct sto_manifest *ret,
		       struct err *err)
{
	auto_free char *begin = xasprintf("%scell %s\n", head, id);
	auto_manifest struct sto_manifest m = { 0 };
	size_t first = strlen(begin);
	int r;

	if (n < first + END_LINE)
		return err_set(err, -EBADMSG, "the manifest is cut off");
	r = check_end(text, n - END_LINE, err);
	if (r < 0)
		return r;
	if (memcmp(text, begin, first))
		return err_set(err, -EBADMSG, "the manifest is of another cell or form");
	r = read_entries(text + first, text + n - END_LINE, &m, err);
	if (r < 0)
		return r;
	*ret = m;
	m = (struct sto_manifest){ 0 };
	return 0;
}
