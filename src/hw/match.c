/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Aliases are sorted, and a modalias is walked character by character with the range of those that begin like it; at each
 * step those are looked at that have a wildcard there. So no more than the few that can match are compared at all.
 */
#include "hw/match.h"

#include "hw/c_cond.h"

#include <string.h>

#define MAX_ALIAS 1024

static uint8_t folded(char c)
{
	return (uint8_t)(c == '-' ? '_' : c);
}

int hw_alias_cmp(const char *a, const char *b)
{
	while (*a && folded(*a) == folded(*b)) {
		a++;
		b++;
	}
	return folded(*a) - folded(*b);
}

/* A set in brackets at p: whether c is in it; *ret_end is behind it. As fnmatch(3): '!' and '^' turn it round. */
static bool in_set(const char *p, char c, const char **ret_end)
{
	const char *q = p + 1;
	bool not, hit = false;

	not = *q == '!' || *q == '^';
	q += not ;
	do {
		if (!*q) { /* not closed: the bracket itself */
			*ret_end = p + 1;
			return c == '[';
		}
		if (q[1] == '-' && q[2] && q[2] != ']') {
			hit |= q[0] <= c && c <= q[2];
			q += 3;
		} else {
			hit |= folded(*q) == folded(c);
			q++;
		}
	} while (*q != ']');
	*ret_end = q + 1;
	return hit != not ;
}

/*
 * Both may have wildcards: '*' of either side may stand for any part of the other. Kept are all places in the pattern that
 * may be reached with what was read of the alias, a bit each: mostly one or two of them.
 */
struct places {
	uint64_t at[MAX_ALIAS / 64 + 1];
};

static bool is_reached(const struct places *s, size_t i)
{
	return s->at[i / 64] >> i % 64 & 1;
}

/* A '*' may stand for nothing. */
static void reach(struct places *s, const char *pattern, size_t i)
{
	s->at[i / 64] |= UINT64_C(1) << i % 64;
	for (; pattern[i] == '*'; i++)
		s->at[(i + 1) / 64] |= UINT64_C(1) << (i + 1) % 64;
}

/* From the place i with c. */
static void step(struct places *to, const char *pattern, size_t i, char c)
{
	const char *end;

	if (pattern[i] == '*')
		reach(to, pattern, i);
	else if (pattern[i] == '[' && in_set(pattern + i, c, &end))
		reach(to, pattern, (size_t)(end - pattern));
	else if (pattern[i] != '[' && (pattern[i] == '?' || folded(pattern[i]) == folded(c)))
		reach(to, pattern, i + 1);
}

static void steps(const struct places *from, struct places *to, const char *pattern, size_t n,
		  char c)
{
	memset(to->at, 0, (n / 64 + 1) * sizeof(*to->at));
	for (size_t w = 0; w <= n / 64; w++)
		for (uint64_t left = from->at[w]; left; left &= left - 1) {
			const size_t i = w * 64 + (size_t)__builtin_ctzll(left);

			if (i < n)
				step(to, pattern, i, c);
		}
}

/* A number that the alias does not tell: any digits, or what stands for them in the pattern, but no other field's letters. */
static void unknown(struct places *s, const char *pattern, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *end = pattern + i + 1;

		if (!is_reached(s, i))
			continue;
		if (pattern[i] == '[')
			in_set(pattern + i, '0', &end);
		else if (!strchr("0123456789ABCDEF*?", pattern[i]))
			continue;
		reach(s, pattern, (size_t)(end - pattern));
	}
}

bool hw_alias_fits(const char *pattern, const char *alias)
{
	const size_t n = strlen(pattern);
	struct places a, b, *now = &a, *then = &b;

	if (n > MAX_ALIAS)
		return false;
	memset(a.at, 0, (n / 64 + 1) * sizeof(*a.at));
	reach(now, pattern, 0);
	for (; *alias; alias++) {
		struct places *t = now;

		if (*alias == '*') {
			unknown(now, pattern, n);
			continue;
		}
		steps(now, then, pattern, n, *alias);
		now = then;
		then = t;
	}
	return is_reached(now, n);
}

/* Looking up */

struct finder {
	const struct hw_index *ix;
	const char *alias;
	hw_cond_value_fn *value;
	const void *ctx;
	struct hw_matches *ret;
	struct hw_conds *conds; /* made when one is met */
};

static const char *text_at(const struct finder *f, size_t i)
{
	return hw_ix_text(f->ix, f->ix->alias.v[i].text);
}

static bool is_there(struct finder *f, const struct hw_ix_record *r)
{
	if (!r->cond || !f->value)
		return true;
	return hw_cond_holds(f->conds, hw_cond_parse(f->conds, hw_ix_text(f->ix, r->cond)),
			     f->value, f->ctx);
}

static unsigned exactness(const char *pattern)
{
	unsigned n = 0;

	for (; *pattern; pattern++)
		n += !strchr("*?[]", *pattern);
	return n;
}

static void look(struct finder *f, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct hw_ix_record *r = &f->ix->alias.v[i];
		const char *pattern = text_at(f, i);

		if (hw_alias_fits(pattern, f->alias) && is_there(f, r))
			vec_push(f->ret, ((struct hw_match){ .record = r,
							     .index = f->ix,
							     .alias = f->alias,
							     .exact = exactness(pattern) }));
	}
}

/* The first in [from, to) whose character at n is c or behind it; all have the same n characters before. */
static size_t first_at(const struct finder *f, size_t from, size_t to, size_t n, int c)
{
	while (from < to) {
		const size_t mid = from + (to - from) / 2;

		if (folded(text_at(f, mid)[n]) < c)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static void find(struct finder *f)
{
	size_t from = 0, to = f->ix->alias.n;

	for (size_t n = 0; from < to; n++) {
		const char *wild = "*?[";
		const char c = f->alias[n];

		if (c == '*') { /* not known from here on: all of them may fit */
			look(f, from, to);
			return;
		}
		for (; *wild; wild++)
			look(f, first_at(f, from, to, n, *wild),
			     first_at(f, from, to, n, *wild + 1));
		if (c && strchr("*?[", c)) /* what has that there was looked at */
			return;
		to = first_at(f, from, to, n, folded(c) + 1);
		from = first_at(f, from, to, n, folded(c));
		if (!c) {
			look(f, from, to);
			return;
		}
	}
}

bool hw_ix_holds(const struct hw_index *ix, const struct hw_ix_record *r, hw_cond_value_fn *value,
		 const void *ctx)
{
	struct hw_conds conds;
	bool holds;

	if (!r->cond)
		return true;
	hw_conds_init(&conds);
	holds = hw_cond_holds(&conds, hw_cond_parse(&conds, hw_ix_text(ix, r->cond)), value, ctx);
	hw_conds_release(&conds);
	return holds;
}

void hw_match_device(const struct hw_index *ix, const struct hw_device *d, hw_cond_value_fn *value,
		     const void *ctx, struct hw_matches *ret)
{
	struct hw_conds conds;

	hw_conds_init(&conds);
	for (size_t i = 0; i < d->n_alias; i++) {
		struct finder f = { .ix = ix,
				    .alias = d->alias[i],
				    .value = value,
				    .ctx = ctx,
				    .ret = ret,
				    .conds = &conds };

		find(&f);
	}
	hw_conds_release(&conds);
}

const struct hw_ix_record *hw_driver_find(const struct hw_index *ix, const char *bus,
					  const char *name)
{
	const struct hw_ix_record *any = NULL;

	for (size_t i = 0; i < ix->driver.n; i++) {
		const struct hw_ix_record *r = &ix->driver.v[i];
		const char *of = hw_ix_text(ix, r->table);

		if (hw_alias_cmp(hw_ix_text(ix, r->text), name))
			continue;
		if (str_eq(of, bus))
			return r;
		if (str_eq(of, "device")) /* struct device_driver alone, which says no bus */
			any = r;
	}
	return any;
}

const char *hw_match_module(const struct hw_match *m)
{
	return hw_ix_text(m->index, m->index->module[m->record->module].name);
}

const char *hw_match_driver(const struct hw_match *m)
{
	return m->record->driver ? hw_ix_text(m->index, m->record->driver) : hw_match_module(m);
}

void hw_matches_release(struct hw_matches *m)
{
	free(m->v);
	*m = (struct hw_matches){ 0 };
}
