/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trying, and terms. From a table of all values the terms are grown: a row that has the result is widened by one value of one
 * symbol at a time for as long as all rows it then stands for have the result too. So "$(subst y,$(CONFIG_A),$(CONFIG_B))"
 * being y becomes A=y and B=y, and "ifneq ($(CONFIG_A)$(CONFIG_B),)" becomes A or B.
 */
#include "kbuild/cond.h"

#include "kbuild/make.h"

#define MAX_TERMS 64

void kb_open_release(struct kb_open *o)
{
	map_release(&o->symbols, NULL);
}

static const char *one_text(struct kb_open *o, struct arena *arena, const char *name)
{
	const char *s = map_get(&o->symbols, name);

	if (!s) {
		s = arena_strdup(arena, name);
		map_set(&o->symbols, name, (void *)s);
	}
	return s;
}

const char *kb_open_value(struct kb_open *o, struct arena *arena, const char *name)
{
	static const char *const values[] = { "", "m", "y" };
	const char *symbol;

	if (!o->watching)
		return "";
	symbol = one_text(o, arena, name);
	for (size_t i = 0; i < o->n_seen; i++)
		if (o->seen[i].symbol == symbol)
			return values[o->seen[i].value];
	if (o->n_seen == countof(o->seen)) {
		o->more = true;
		return "";
	}
	o->seen[o->n_seen].symbol = symbol;
	o->seen[o->n_seen++].value = 0;
	return "";
}

/* Tables */

static size_t index_of(struct strv *all, const char *text)
{
	for (size_t i = 0; i < all->n; i++)
		if (str_eq(all->v[i], text))
			return i;
	strv_add(all, text);
	return all->n - 1;
}

static size_t power(size_t n)
{
	size_t p = 1;

	while (n--)
		p *= 3;
	return p;
}

/* Symbols that only some values lead to are found on the way, and all is begun anew with them. */
static void try_all(struct kb_open *o, void (*fn)(void *ctx, struct str *ret), void *ctx,
		    struct kb_table *ret)
{
	for (size_t cell = 0; cell < power(o->n_seen) && !o->more; cell++) {
		const size_t n = o->n_seen;
		auto_str struct str text = { 0 };

		for (size_t i = 0, rest = cell; i < n; i++, rest /= 3)
			o->seen[i].value = rest % 3;
		fn(ctx, &text);
		if (o->n_seen != n) {
			strv_release(&ret->results);
			cell = (size_t)-1;
			continue;
		}
		ret->result[cell] = (unsigned char)index_of(&ret->results, str_c(&text));
	}
}

void kb_table_make(struct kb_mk *m, void (*fn)(void *ctx, struct str *ret), void *ctx,
		   struct kb_table *ret)
{
	struct kb_open *o = m->open;
	const bool inside = o->watching;

	*ret = (struct kb_table){ .cells = 1 };
	if (!inside) {
		o->watching = true;
		o->n_seen = 0;
		o->more = false;
		try_all(o, fn, ctx, ret);
		o->watching = false;
	}
	if (inside || o->more) {
		auto_str struct str text = { 0 };

		strv_release(&ret->results);
		fn(ctx, &text);
		ret->result[0] = (unsigned char)index_of(&ret->results, str_c(&text));
		ret->more = true;
		return;
	}
	ret->n = o->n_seen;
	ret->cells = power(ret->n);
	for (size_t i = 0; i < ret->n; i++)
		ret->symbol[i] = o->seen[i].symbol;
}

void kb_table_release(struct kb_table *t)
{
	strv_release(&t->results);
}

/* Terms from a table: masks of values, one for each symbol. */

static bool is_in(const struct kb_table *t, size_t cell, const unsigned *masks)
{
	for (size_t i = 0; i < t->n; i++, cell /= 3)
		if (!(masks[i] & 1U << cell % 3))
			return false;
	return true;
}

static bool all_have(const struct kb_table *t, const unsigned *masks, size_t result)
{
	for (size_t cell = 0; cell < t->cells; cell++)
		if (is_in(t, cell, masks) && t->result[cell] != result)
			return false;
	return true;
}

static void grow(const struct kb_table *t, size_t cell, size_t result, unsigned *masks)
{
	for (size_t i = 0, rest = cell; i < t->n; i++, rest /= 3)
		masks[i] = 1U << rest % 3;
	/* more is set rather than less: KB_Y first */
	for (size_t i = 0; i < t->n; i++) {
		for (unsigned bit = KB_Y; bit; bit >>= 1) {
			const unsigned before = masks[i];

			masks[i] |= bit;
			if (!all_have(t, masks, result))
				masks[i] = before;
		}
	}
}

static struct kb_term term_of(struct arena *arena, const struct kb_table *t, const unsigned *masks,
			      const char *file, int line)
{
	struct kb_need *need = arena_alloc(arena, t->n * sizeof(*need));
	struct kb_term term = { .need = need };

	for (size_t i = 0; i < t->n; i++)
		if (masks[i] != KB_ANY)
			need[term.n++] = (struct kb_need){ t->symbol[i], file, line, masks[i] };
	return term;
}

const struct kb_cond *kb_table_cond(struct kb_mk *m, const struct kb_table *t, size_t i,
				    const struct kb_cond *outer, const char *file, int line)
{
	bool done[KB_TABLE_MAX] = { false };
	struct kb_term *term;
	struct kb_cond *c;

	if (t->results.n <= 1)
		return outer;
	term = arena_alloc(m->arena, t->cells * sizeof(*term));
	c = arena_alloc(m->arena, sizeof(*c));
	*c = (struct kb_cond){ .term = term, .outer = outer };
	/* rows where most is set first */
	for (size_t cell = t->cells; cell-- > 0;) {
		unsigned masks[4];

		if (done[cell] || t->result[cell] != i)
			continue;
		grow(t, cell, i, masks);
		for (size_t k = 0; k < t->cells; k++)
			done[k] |= is_in(t, k, masks);
		term[c->n++] = term_of(m->arena, t, masks, file, line);
	}
	return c;
}

/* Conditions */

const struct kb_cond *kb_cond_join(struct arena *arena, const struct kb_cond *a,
				   const struct kb_cond *b)
{
	struct kb_cond *c;

	if (!a || a == b)
		return b;
	c = arena_alloc(arena, sizeof(*c));
	*c = *a;
	c->outer = kb_cond_join(arena, a->outer, b);
	return c;
}

static bool holds_unset(const struct kb_term *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (!(t->need[i].allows & KB_N))
			return false;
	return true;
}

bool kb_cond_holds_unset(const struct kb_cond *c)
{
	for (; c; c = c->outer) {
		bool any = false;

		for (size_t i = 0; i < c->n && !any; i++)
			any = holds_unset(&c->term[i]);
		if (!any)
			return false;
	}
	return true;
}

/* Terms */

static const struct kb_need *need_of(const struct kb_term *t, const char *symbol)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->need[i].symbol == symbol)
			return &t->need[i];
	return NULL;
}

/* Whether whatever fulfils b fulfils a. */
static bool covers(const struct kb_term *a, const struct kb_term *b)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct kb_need *n = need_of(b, a->need[i].symbol);

		if (!n || n->allows & ~a->need[i].allows)
			return false;
	}
	return true;
}

/* Two that differ in the values of one symbol are one. */
static bool unite(struct kb_term *a, const struct kb_term *b, struct arena *arena)
{
	const struct kb_need *differs = NULL;
	struct kb_need *need;
	size_t n = 0;

	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct kb_need *other = need_of(b, a->need[i].symbol);

		if (!other || (other->allows != a->need[i].allows && differs))
			return false;
		if (other->allows != a->need[i].allows)
			differs = other;
	}
	need = arena_alloc(arena, a->n * sizeof(*need));
	for (size_t i = 0; i < a->n; i++) {
		need[n] = a->need[i];
		if (differs && differs->symbol == need[n].symbol)
			need[n].allows |= differs->allows;
		n += need[n].allows != KB_ANY;
	}
	*a = (struct kb_term){ need, n };
	return true;
}

void kb_terms_add(struct kb_terms *t, struct arena *arena, struct kb_term add)
{
	for (size_t i = 0; i < t->n; i++) {
		struct kb_term one = t->v[i];

		if (covers(&one, &add))
			return;
		if (!covers(&add, &one) && !unite(&one, &add, arena))
			continue;
		/* what it is now may cover others */
		if (covers(&add, &t->v[i]))
			one = add;
		memmove(&t->v[i], &t->v[i + 1], (--t->n - i) * sizeof(*t->v));
		kb_terms_add(t, arena, one);
		return;
	}
	if (t->n < MAX_TERMS)
		vec_push(t, add);
}

void kb_terms_share(struct kb_terms *t, struct arena *arena, const struct kb_terms *lists, size_t n)
{
	for (size_t k = 0; k < MAX_TERMS; k++)
		for (size_t i = 0; i < n; i++)
			if (k < lists[i].n)
				kb_terms_add(t, arena, lists[i].v[k]);
}

/* Both; false where that cannot be. */
static bool both(struct arena *arena, const struct kb_term *a, const struct kb_term *b,
		 struct kb_term *ret)
{
	struct kb_need *need = arena_alloc(arena, (a->n + b->n) * sizeof(*need));
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++) {
		const struct kb_need *other = need_of(b, a->need[i].symbol);

		need[n] = a->need[i];
		if (other)
			need[n].allows &= other->allows;
		if (!need[n++].allows)
			return false;
	}
	for (size_t i = 0; i < b->n; i++)
		if (!need_of(a, b->need[i].symbol))
			need[n++] = b->need[i];
	*ret = (struct kb_term){ need, n };
	return true;
}

void kb_terms_and(struct kb_terms *t, struct arena *arena, const struct kb_terms *a,
		  const struct kb_terms *b)
{
	struct kb_term term;

	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++)
			if (!a->v[i].n)
				kb_terms_add(t, arena, b->v[k]);
			else if (!b->v[k].n)
				kb_terms_add(t, arena, a->v[i]);
			else if (both(arena, &a->v[i], &b->v[k], &term))
				kb_terms_add(t, arena, term);
}

void kb_terms_cond(struct kb_terms *t, struct arena *arena, const struct kb_cond *c,
		   const struct kb_terms *a)
{
	struct kb_terms own = { 0 }, sum = { 0 };

	if (!c) {
		for (size_t i = 0; i < a->n; i++)
			kb_terms_add(t, arena, a->v[i]);
		return;
	}
	for (size_t i = 0; i < c->n; i++)
		kb_terms_add(&own, arena, c->term[i]);
	kb_terms_and(&sum, arena, a, &own);
	kb_terms_cond(t, arena, c->outer, &sum);
	free(own.v);
	free(sum.v);
}
