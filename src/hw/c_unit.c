/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directives, and the texts that a file is made of. */
#include "hw/c_unit.h"

#include "base/path.h"
#include "base/str.h"

#include <string.h>

#define MAX_BRANCHES 256
#define MAX_BUDGET   (4 << 20)
#define MAX_TEXT     (4 << 20) /* bytes that are included as text */
#define MAX_INCLUDES 10000     /* of one file */

/* An #if that is open. */
struct branch {
	uint32_t outer;		/* condition around it */
	uint32_t left;		/* none of its branches so far was taken */
	int braces;		/* open before it */
	int after;		/* open behind the first branch that was read */
	struct hw_c_tok unless; /* of an #ifndef, in its first branch: the name */
	bool was_read;
};

struct hw_c_src {
	struct hw_c_src *outer;
	struct hw_c_lex lex;
	const char *path;
	uint32_t cond;
	struct {
		struct branch *v;
		size_t n, cap;
	} open;
	size_t deeper; /* open beyond MAX_BRANCHES: what is there is as what is around it */
	bool begun; /* a directive was seen: the first one may be the guard against a second inclusion */
	int depth;
};

static void push(struct hw_c_unit *u, const char *path, const char *text, size_t n)
{
	struct hw_c_src *s = xnew(struct hw_c_src);

	hw_c_lex_init(&s->lex, text, n, 1, true);
	s->path = path;
	s->outer = u->src;
	if (u->src) {
		s->cond = u->src->cond;
		s->depth = u->src->depth + 1;
	}
	u->src = s;
}

static void pop(struct hw_c_unit *u)
{
	struct hw_c_src *s = u->src;

	u->src = s->outer;
	free(s->open.v);
	free(s);
}

void hw_c_unit_init(struct hw_c_unit *u, struct hw_c_world *w, const char *path, const char *text,
		    size_t n)
{
	*u = (struct hw_c_unit){ .w = w, .path = path, .budget = MAX_BUDGET };
	push(u, path, text, n);
}

void hw_c_unit_release(struct hw_c_unit *u)
{
	while (u->src)
		pop(u);
	hw_c_names_release(&u->names);
	free(u->includes.v);
	free(u->near.v);
	*u = (struct hw_c_unit){ 0 };
}

const char *hw_c_unit_where(const struct hw_c_unit *u)
{
	return u->src ? u->src->path : u->path;
}

/* Conditionals */

static void lex_all(const char *text, size_t n, struct hw_c_toks *ret)
{
	struct hw_c_lex l;
	struct hw_c_tok t;

	hw_c_lex_init(&l, text, n, 1, false);
	while (hw_c_lex_next(&l, &t))
		vec_push(ret, t);
}

static uint32_t if_condition(struct hw_c_unit *u, const char *text, size_t n)
{
	struct hw_c_toks toks = { 0 };
	uint32_t cond;

	lex_all(text, n, &toks);
	cond = hw_c_condition(u, toks.v, toks.n);
	free(toks.v);
	return cond;
}

/* "defined NAME" of #ifdef and #ifndef; guard: the latter is the first directive of its file. */
static uint32_t defined_condition(struct hw_c_unit *u, const char *text, size_t n, bool guard)
{
	struct hw_c_toks toks = { 0 };
	uint32_t cond = HW_COND_FALSE;

	vec_push(&toks, ((struct hw_c_tok){ .kind = HW_C_IDENT, .s = "defined", .n = 7 }));
	lex_all(text, n, &toks);
	if (toks.n > 1 && guard && !hw_c_is_symbol(&toks.v[1])) {
		const struct hw_c_def *d = hw_c_names_get(&u->names, toks.v[1].s, toks.v[1].n);

		cond = d && d->kind == HW_C_MACRO ? HW_COND_TRUE : HW_COND_FALSE;
	} else if (toks.n > 1) {
		cond = hw_c_condition(u, toks.v, 2);
	}
	free(toks.v);
	return cond;
}

static void open_branch(struct hw_c_unit *u, uint32_t cond)
{
	struct hw_c_src *s = u->src;

	if (s->open.n >= MAX_BRANCHES) {
		s->deeper++;
		return;
	}
	vec_push(&s->open, ((struct branch){ .outer = s->cond,
					     .left = hw_cond_not(&u->w->conds, cond),
					     .braces = u->braces }));
	s->cond = hw_cond_and(&u->w->conds, s->cond, cond);
}

static void open_unless(struct hw_c_unit *u, const char *text, size_t n, bool first)
{
	struct hw_c_src *s = u->src;
	struct hw_c_lex l;

	open_branch(u, hw_cond_not(&u->w->conds, defined_condition(u, text, n, first)));
	if (s->deeper)
		return;
	hw_c_lex_init(&l, text, n, 1, false);
	hw_c_lex_next(&l, &s->open.v[s->open.n - 1].unless);
}

/* Branches exclude each other, but all are read: each begins with the braces that were open before. */
static void end_branch(struct hw_c_unit *u, struct branch *b)
{
	if (!b->was_read && u->src->cond != HW_COND_FALSE) {
		b->was_read = true;
		b->after = u->braces;
	}
	u->braces = b->braces;
}

static void next_branch(struct hw_c_unit *u, uint32_t cond)
{
	struct hw_c_src *s = u->src;
	struct hw_conds *c = &u->w->conds;
	struct branch *b;

	if (!s->open.n || s->deeper)
		return;
	b = &s->open.v[s->open.n - 1];
	end_branch(u, b);
	b->unless = (struct hw_c_tok){ 0 };
	s->cond = hw_cond_and(c, b->outer, hw_cond_and(c, b->left, cond));
	b->left = hw_cond_and(c, b->left, hw_cond_not(c, cond));
}

static void close_branch(struct hw_c_unit *u)
{
	struct hw_c_src *s = u->src;
	struct branch *b;

	if (s->deeper) {
		s->deeper--;
		return;
	}
	if (!s->open.n)
		return;
	b = &s->open.v[--s->open.n];
	end_branch(u, b);
	u->braces = b->was_read ? b->after : b->braces;
	s->cond = b->outer;
}

/* Definitions */

/* Whether a name is defined only where nothing else defines it: below an #ifndef of itself. */
static bool yields(const struct hw_c_src *s, const struct hw_c_tok *name)
{
	for (size_t i = 0; i < s->open.n; i++)
		if (s->open.v[i].unless.n == name->n &&
		    !memcmp(s->open.v[i].unless.s, name->s, name->n))
			return true;
	return false;
}

static void define(struct hw_c_unit *u)
{
	struct hw_c_src *s = u->src;
	struct hw_c_def def = { .kind = HW_C_MACRO, .cond = s->cond };
	struct hw_c_tok t;
	size_t n;

	if (!hw_c_lex_next(&s->lex, &t) || t.kind != HW_C_IDENT || hw_c_is_reserved(u, t.s, t.n))
		return;
	def.name = t.s;
	def.name_n = t.n;
	def.yields = yields(s, &t);
	hw_c_lex_line(&s->lex, &def.rest, &n);
	def.rest_n = (uint32_t)n;
	hw_c_names_add(&u->names, &def);
}

static void undefine(struct hw_c_unit *u, const char *text, size_t n)
{
	struct hw_c_lex l;
	struct hw_c_tok t;

	hw_c_lex_init(&l, text, n, 1, false);
	if (hw_c_lex_next(&l, &t) && t.kind == HW_C_IDENT)
		hw_c_names_add(&u->names, &(struct hw_c_def){ .kind = HW_C_UNDEF,
							      .name = t.s,
							      .name_n = t.n,
							      .cond = u->src->cond });
}

static bool has(const struct hw_c_header *h, const char *word)
{
	return memmem(h->text, h->n, word, strlen(word));
}

static bool has_tables(struct hw_c_world *w, struct hw_c_header *h, int depth);

/* Whether one of those beside it that it includes itself has. */
static bool includes_tables(struct hw_c_world *w, const struct hw_c_header *h, int depth)
{
	static const char word[] = "#include \"";
	const char *end = h->text + h->n, *p = h->text;

	while ((p = memmem(p, (size_t)(end - p), word, sizeof(word) - 1))) {
		const char *name = p + sizeof(word) - 1;
		const char *stop = memchr(name, '"', (size_t)(end - name));
		struct hw_c_include inc = { .path = name,
					    .n = stop ? (uint32_t)(stop - name) : 0,
					    .quoted = true };
		struct hw_c_header *inner = stop ? hw_c_resolve(w, h->path, &inc) : NULL;

		if (inner && has_tables(w, inner, depth + 1))
			return true;
		p = name;
	}
	return false;
}

/* A header with more in it than names; that is rare in include/, where headers do not include such beside them. */
static bool has_tables(struct hw_c_world *w, struct hw_c_header *h, int depth)
{
	if (h->tables || depth > HW_C_INCLUDES)
		return h->tables > 0;
	h->tables = -1; /* also where it includes itself */
	if (has(h, "MODULE_DEVICE_TABLE") || has(h, "MODULE_ALIAS(") ||
	    (has(h, "_device_id ") && has(h, "[] = {")) ||
	    (!str_starts(h->path, "include/") && includes_tables(w, h, depth)))
		h->tables = 1;
	return h->tables > 0;
}

/* Whether a header calls a macro of the file that makes a table: it is a list of calls, and the file says what they mean. */
static bool calls_back(struct hw_c_unit *u, const struct hw_c_header *h)
{
	static const char word[] = "_device_id";

	u->budget -= MIN(u->budget, (uint32_t)(u->names.slots / 16));
	for (size_t i = 0; u->budget && i < u->names.slots; i++) {
		const struct hw_c_def *d = u->names.slot[i];

		if (!d || d->kind != HW_C_MACRO ||
		    !memmem(d->rest, d->rest_n, word, sizeof(word) - 1))
			continue;
		u->budget -= (uint32_t)MIN((size_t)u->budget, h->n / 64 + 1);
		if (memmem(h->text, h->n, d->name, d->name_n))
			return true;
	}
	return false;
}

/* Whether what is included is to be read here and now, as text, not only for the names in it. */
static bool is_text(struct hw_c_unit *u, const struct hw_c_include *inc, struct hw_c_header *h)
{
	if (u->inside || (inc->n > 2 && !memcmp(inc->path + inc->n - 2, ".c", 2)))
		return true;
	return has_tables(u->w, h, 0) || (inc->quoted && calls_back(u, h));
}

static void include(struct hw_c_unit *u, const char *text, size_t n)
{
	struct hw_c_include inc = { 0 };
	struct hw_c_header *h;
	const char *end;

	while (n && (*text == ' ' || *text == '\t')) {
		text++;
		n--;
	}
	if (n < 2 || (*text != '"' && *text != '<'))
		return;
	end = memchr(text + 1, *text == '"' ? '"' : '>', n - 1);
	if (!end)
		return;
	inc.path = text + 1;
	inc.n = (uint32_t)(end - text - 1);
	inc.quoted = *text == '"';
	h = u->header || u->src->depth >= HW_C_INCLUDES ? NULL
							: hw_c_resolve(u->w, u->src->path, &inc);
	if (h && u->texts < MAX_TEXT && is_text(u, &inc, h)) {
		u->texts += h->n + 1;
		h->used = true;
		push(u, h->path, h->text, h->n);
	} else if (u->includes.n < MAX_INCLUDES) {
		vec_push(&u->includes, inc);
	}
}

static void act(struct hw_c_unit *u, const struct hw_c_tok *name, bool first)
{
	struct hw_c_src *s = u->src;
	const bool there = s->cond != HW_COND_FALSE;
	const char *text;
	size_t n;

	if (u->inside && u->before && (hw_c_named(name, "define") || hw_c_named(name, "undef")))
		u->before(u->before_data);
	if (hw_c_named(name, "define") && there) {
		define(u);
		return;
	}
	hw_c_lex_line(&s->lex, &text, &n);
	if (hw_c_named(name, "if"))
		open_branch(u, there ? if_condition(u, text, n) : HW_COND_FALSE);
	else if (hw_c_named(name, "ifdef"))
		open_branch(u, there ? defined_condition(u, text, n, false) : HW_COND_FALSE);
	else if (hw_c_named(name, "ifndef"))
		open_unless(u, text, n, first);
	else if (hw_c_named(name, "elif"))
		next_branch(u, if_condition(u, text, n));
	else if (hw_c_named(name, "else"))
		next_branch(u, HW_COND_TRUE);
	else if (hw_c_named(name, "endif"))
		close_branch(u);
	else if (hw_c_named(name, "undef") && there)
		undefine(u, text, n);
	else if (hw_c_named(name, "include") && there)
		include(u, text, n);
}

static void directive(struct hw_c_unit *u)
{
	struct hw_c_src *s = u->src;
	const struct hw_c_lex before = s->lex;
	const bool first = !s->begun;
	struct hw_c_tok name;

	s->begun = true;
	if (hw_c_lex_next(&s->lex, &name) && !name.first && name.kind == HW_C_IDENT)
		act(u, &name, first);
	else
		s->lex = before;
}

bool hw_c_unit_next(struct hw_c_unit *u, struct hw_c_tok *ret)
{
	for (;;) {
		if (!hw_c_lex_next(&u->src->lex, ret)) {
			if (!u->src->outer)
				return false;
			pop(u);
			continue;
		}
		if (hw_c_is(ret, '#') && ret->first) {
			directive(u);
			continue;
		}
		if (u->src->cond == HW_COND_FALSE)
			continue;
		ret->cond = u->src->cond;
		if (ret->kind == HW_C_PUNCT)
			u->braces += (ret->punct == '{') - (ret->punct == '}');
		return true;
	}
}

/* Enumerators */

/* Reads the value behind "NAME =": up to the comma or bracket that ends it, which is in *t. */
static bool enum_value(struct hw_c_unit *u, struct hw_c_tok *t, const char **text, uint32_t *n)
{
	const char *end = NULL;
	int depth = 0;

	*text = "";
	*n = 0;
	while (hw_c_unit_next(u, t)) {
		if (hw_c_is(t, '(') || hw_c_is(t, '{'))
			depth++;
		if (!depth && (hw_c_is(t, ',') || hw_c_is(t, '}')))
			return true;
		if (hw_c_is(t, ')') || hw_c_is(t, '}'))
			depth--;
		if (!end) {
			*text = t->s;
			end = u->src->lex.end;
		}
		if (t->s >= *text && t->s < end) /* not of what is included in between */
			*n = (uint32_t)(t->s + t->n - *text);
	}
	return false;
}

void hw_c_unit_enum(struct hw_c_unit *u)
{
	struct hw_c_def def = { .kind = HW_C_ENUM, .rest = "" };
	struct hw_c_tok t;

	/* a type's name, attributes: none of these has braces */
	do
		if (!hw_c_unit_next(u, &t) || (t.kind != HW_C_IDENT))
			break;
	while (!hw_c_is(&t, '{'));
	if (!hw_c_is(&t, '{'))
		return;
	while (hw_c_unit_next(u, &t) && !hw_c_is(&t, '}')) {
		if (t.kind != HW_C_IDENT)
			continue;
		def.name = t.s;
		def.name_n = t.n;
		def.cond = t.cond;
		if (!hw_c_unit_next(u, &t))
			return;
		if (hw_c_is(&t, '=')) {
			def.add = 0;
			if (!enum_value(u, &t, &def.rest, &def.rest_n))
				return;
		}
		hw_c_names_add(&u->names, &def);
		def.add++;
		if (hw_c_is(&t, '}'))
			return;
	}
}
