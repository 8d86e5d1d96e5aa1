/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Macro expansion (C11 6.10.3). Input is a stack: a macro's replacement is put on top and read before what follows it, so
 * that a call may take its arguments from behind the end of a replacement. While it is on the stack the macro is busy, and
 * its name in it is final.
 */
#include "hw/c_unit.h"

#include <string.h>

#define MAX_FRAMES 200
#define MAX_ARGS   256
#define MAX_STRING 65536 /* of a string or a name that is put together */
#define TEXT_COST  8	 /* characters of it cost as much as a token */

struct frame {
	const struct hw_c_tok *p, *end;
	struct hw_c_def *def; /* whose replacement it is; NULL: input */
	struct hw_c_tok *own; /* to free */
};

struct expander {
	struct hw_c_unit *u;
	struct {
		struct frame *v;
		size_t n, cap;
	} stack;
	struct hw_c_toks *out;
	int depth; /* of expansions of arguments */
};

static void expand(struct hw_c_unit *u, const struct hw_c_tok *in, size_t n, struct hw_c_toks *ret,
		   int depth);

static void drop(struct expander *e)
{
	struct frame *f = &e->stack.v[--e->stack.n];

	if (f->def)
		f->def->busy = false;
	free(f->own);
}

/* The next token to come, without taking it; NULL at the end. */
static const struct hw_c_tok *peek(struct expander *e)
{
	while (e->stack.n && e->stack.v[e->stack.n - 1].p == e->stack.v[e->stack.n - 1].end)
		drop(e);
	return e->stack.n ? e->stack.v[e->stack.n - 1].p : NULL;
}

static bool take(struct expander *e, struct hw_c_tok *ret)
{
	const struct hw_c_tok *t = peek(e);

	if (!t)
		return false;
	*ret = *t;
	e->stack.v[e->stack.n - 1].p++;
	return true;
}

/* Arguments */

struct arg {
	size_t begin, end; /* in all */
	bool known;	   /* expanded is */
	struct hw_c_toks expanded;
};

struct args {
	struct hw_c_toks all; /* of all arguments */
	struct arg *v;
	size_t n, cap;
};

static void args_release(struct args *a)
{
	free(a->all.v);
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i].expanded.v);
	free(a->v);
}

/* All work on macros is paid for: it ends, however they are written. */
static bool spend(struct hw_c_unit *u, size_t tokens)
{
	u->budget -= (uint32_t)MIN((size_t)u->budget, tokens);
	return u->budget > 0;
}

/* Behind the open bracket: up to the one that closes it. The last parameter of a variadic macro takes commas, too. */
static bool read_args(struct expander *e, const struct hw_c_macro *m, struct args *a)
{
	struct hw_c_tok t;
	int depth = 0;

	vec_push(a, ((struct arg){ 0 }));
	while (take(e, &t) && spend(e->u, 1)) {
		const bool open = hw_c_is(&t, '('), close = hw_c_is(&t, ')');
		const bool rest = m->variadic && a->n >= m->n_params;

		if (close && !depth) {
			a->v[a->n - 1].end = a->all.n;
			return true;
		}
		depth += open - close;
		if (!depth && hw_c_is(&t, ',') && !rest && a->n < MAX_ARGS) {
			a->v[a->n - 1].end = a->all.n;
			vec_push(a, ((struct arg){ .begin = a->all.n }));
			continue;
		}
		vec_push(&a->all, t);
	}
	return false;
}

static int param_of(const struct hw_c_macro *m, const struct hw_c_tok *t)
{
	for (size_t i = 0; t->kind == HW_C_IDENT && i < m->n_params && i < MAX_ARGS; i++)
		if (m->param[i].n == t->n && !memcmp(m->param[i].s, t->s, t->n))
			return (int)i;
	return -1;
}

static void arg_range(const struct args *a, int i, const struct hw_c_tok **v, size_t *n)
{
	*v = NULL;
	*n = 0;
	if ((size_t)i < a->n && a->v[i].end > a->v[i].begin) {
		*v = a->all.v + a->v[i].begin;
		*n = a->v[i].end - a->v[i].begin;
	}
}

/* #param: what was written, as a string. It lies in the names' arena. */
static struct hw_c_tok quoted(struct hw_c_unit *u, const struct hw_c_tok *v, size_t n)
{
	auto_str struct str s = { 0 };

	str_addc(&s, '"');
	for (size_t i = 0; i < n && s.n < MAX_STRING; i++) {
		if (i && v[i].space)
			str_addc(&s, ' ');
		for (size_t k = 0; k < v[i].n && s.n < MAX_STRING; k++) {
			const char c = v[i].s[k];

			if (v[i].kind >= HW_C_STRING && v[i].kind <= HW_C_CHAR &&
			    (c == '"' || c == '\\'))
				str_addc(&s, '\\');
			str_addc(&s, c);
		}
	}
	str_addc(&s, '"');
	spend(u, s.n / TEXT_COST);
	return (struct hw_c_tok){ .kind = HW_C_STRING,
				  .s = arena_strndup(&u->names.arena, s.s, s.n),
				  .n = (uint32_t)s.n };
}

/* a ## b: one token of both texts. */
static void paste(struct hw_c_unit *u, struct hw_c_tok *a, const struct hw_c_tok *b)
{
	struct hw_c_lex l;
	struct hw_c_tok t;
	char *s;

	if (a->gone || b->gone || a->n + b->n > MAX_STRING) {
		const bool space = a->space;

		if (a->gone)
			*a = *b;
		a->space = space;
		return;
	}
	spend(u, (a->n + b->n) / TEXT_COST);
	s = arena_printf(&u->names.arena, "%.*s%.*s", (int)a->n, a->s, (int)b->n, b->s);
	hw_c_lex_init(&l, s, a->n + b->n, a->line, false);
	hw_c_lex_next(&l, &t);
	t.space = a->space;
	t.line = a->line;
	t.cond = a->cond;
	*a = t;
}

/* One replacement under way. */
struct subst {
	struct expander *e;
	const struct hw_c_macro *m;
	struct args *args;
	struct hw_c_toks out;
	bool joined; /* the next one joins with the last of out */
};

static void put(struct subst *s, const struct hw_c_tok *t)
{
	if (s->joined && s->out.n)
		paste(s->e->u, &s->out.v[s->out.n - 1], t);
	else
		vec_push(&s->out, *t);
	s->joined = false;
}

static void put_arg(struct subst *s, int i, bool as_written, bool space)
{
	const struct hw_c_tok gone = { .kind = HW_C_PUNCT, .s = "", .gone = true };
	const struct hw_c_tok *v;
	size_t n;

	arg_range(s->args, i, &v, &n);
	if (!as_written && (size_t)i < s->args->n) {
		struct arg *a = &s->args->v[i];

		if (!a->known)
			expand(s->e->u, v, n, &a->expanded, s->e->depth + 1);
		a->known = true;
		v = a->expanded.v;
		n = a->expanded.n;
	}
	if (!n && (as_written || s->joined))
		put(s, &gone);
	for (size_t k = 0; k < n && spend(s->e->u, 1); k++) {
		struct hw_c_tok t = v[k];

		if (!k)
			t.space = space;
		put(s, &t);
	}
}

/* GNU: ", ## args" goes without its comma where args is empty. */
static bool drop_comma(struct subst *s, int param)
{
	const struct hw_c_tok *v;
	size_t n;

	if (!s->joined || !s->m->variadic || (size_t)param + 1 != s->m->n_params || !s->out.n ||
	    !hw_c_is(&s->out.v[s->out.n - 1], ','))
		return false;
	arg_range(s->args, param, &v, &n);
	s->joined = false;
	if (!n)
		s->out.n--;
	else
		put_arg(s, param, false, true);
	return true;
}

static void substitute(struct subst *s)
{
	const struct hw_c_toks *body = &s->m->body;

	for (size_t i = 0; i < body->n && spend(s->e->u, 1); i++) {
		const struct hw_c_tok *t = &body->v[i];
		const bool before_paste =
			i + 1 < body->n && hw_c_is(&body->v[i + 1], HW_C_2('#', '#'));
		const int param = param_of(s->m, t);

		if (hw_c_is(t, HW_C_2('#', '#'))) {
			s->joined = s->out.n > 0;
		} else if (s->m->call && hw_c_is(t, '#') && i + 1 < body->n &&
			   param_of(s->m, &body->v[i + 1]) >= 0) {
			const struct hw_c_tok *v;
			struct hw_c_tok q;
			size_t n;

			arg_range(s->args, param_of(s->m, &body->v[++i]), &v, &n);
			q = quoted(s->e->u, v, n);
			q.space = t->space;
			put(s, &q);
		} else if (param < 0) {
			put(s, t);
		} else if (!drop_comma(s, param)) {
			put_arg(s, param, before_paste || s->joined, t->space);
		}
	}
}

/* Puts the replacement of a macro on the stack; its tokens stand where the macro's name stood. */
static void replace(struct expander *e, struct hw_c_def *def, const struct hw_c_macro *m,
		    const struct hw_c_tok *name, struct args *args)
{
	struct subst s = { .e = e, .m = m, .args = args };
	struct hw_conds *c = &e->u->w->conds;
	size_t n = 0;

	substitute(&s);
	for (size_t i = 0; i < s.out.n; i++) {
		struct hw_c_tok t = s.out.v[i];

		if (t.gone)
			continue;
		t.line = name->line;
		t.first = false;
		t.cond = hw_cond_and(c, name->cond, hw_cond_and(c, def->cond, t.cond));
		s.out.v[n++] = t;
	}
	def->busy = true;
	vec_push(&e->stack, ((struct frame){ .p = s.out.v,
					     .end = hw_c_behind(s.out.v, n),
					     .def = def,
					     .own = s.out.v }));
}

/* True where the name was a macro's and has been replaced. */
static bool try_macro(struct expander *e, struct hw_c_tok *t)
{
	struct hw_c_def *def;
	const struct hw_c_macro *m;
	const struct hw_c_tok *next;
	struct args args = { 0 };
	struct hw_c_tok open;
	bool whole;

	if (t->final || e->stack.n > MAX_FRAMES || e->depth > MAX_FRAMES || !e->u->budget)
		return false;
	def = hw_c_find(e->u, t->s, t->n);
	m = def ? hw_c_def_macro(def) : NULL;
	if (!m)
		return false;
	if (def->busy) {
		t->final = true;
		return false;
	}
	if (!m->call) {
		replace(e, def, m, t, &args);
		return true;
	}
	next = peek(e);
	if (!next || !hw_c_is(next, '('))
		return false;
	take(e, &open);
	whole = read_args(e, m, &args);
	if (whole)
		replace(e, def, m, t, &args);
	args_release(&args);
	return whole;
}

static void expand(struct hw_c_unit *u, const struct hw_c_tok *in, size_t n, struct hw_c_toks *ret,
		   int depth)
{
	struct expander e = { .u = u, .out = ret, .depth = depth };
	struct hw_c_tok t;

	vec_push(&e.stack, ((struct frame){ .p = in, .end = hw_c_behind(in, n) }));
	while (take(&e, &t)) {
		if (t.kind == HW_C_IDENT && try_macro(&e, &t))
			continue;
		if (spend(u, 1))
			vec_push(ret, t);
	}
	while (e.stack.n)
		drop(&e);
	free(e.stack.v);
}

void hw_c_expand(struct hw_c_unit *u, const struct hw_c_tok *in, size_t n, struct hw_c_toks *ret)
{
	expand(u, in, n, ret, 0);
}
