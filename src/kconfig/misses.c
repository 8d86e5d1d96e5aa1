/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The wishes are made anew each time from all misses, so that no decision has to be taken back: each miss only remembers how
 * far it is in its list of names.
 */
#include "kconfig/misses.h"

void kc_check_release(struct kc_check *c)
{
	for (size_t i = 0; i < c->results.n; i++) {
		free(c->results.v[i].missing.v);
		free(c->results.v[i].following.v);
		kc_profile_release(&c->results.v[i].profile);
	}
	free(c->results.v);
	kc_wishes_release(&c->wishes);
	*c = (struct kc_check){ 0 };
}

/* Whether the tree has a symbol that can be written: a transitional one is only read, and its successor is asked for. */
static bool is_known(const struct kc_check *c, const char *name)
{
	const struct kc_sym *s = kc_sym_find(c->tree, name);

	return s && s->defs && !(s->flags & KC_TRANSITIONAL);
}

/* The nth name of r to ask for, be it a former one; NULL: there are no more. */
static const char *name_to_ask(const struct kc_check *c, const struct kc_requirement *r, unsigned n)
{
	for (unsigned i = 0; c->tree && i < r->n_symbols + r->n_was; i++) {
		const char *name = i < r->n_symbols ? r->symbols[i] : r->was[i - r->n_symbols];

		if (is_known(c, name) && !n--)
			return name;
	}
	return NULL;
}

static void take_name(const struct kc_check *c, struct kc_miss *m, const char *name)
{
	m->symbol = name ? name : m->r->symbols[0];
	m->is = kc_requirement_is(m->r, m->symbol, c->config);
}

static void add_miss(const struct kc_check *c, struct kc_misses *to, const struct kc_requirement *r)
{
	struct kc_miss m = { .r = r, .wish = -1 };

	take_name(c, &m, name_to_ask(c, r, 0));
	vec_push(to, m);
}

static bool wants_n(const struct kc_requirement *r)
{
	return r->n_want == 1 && str_eq(r->want[0], "n");
}

/*
 * "DEVMEM is n" and "STRICT_DEVMEM is y when there is DEVMEM" are not asked for together: what is required to be n makes the
 * other go away, what is only recommended to be n stays while something required is about it.
 */
static void settle(struct kc_miss *off, struct kc_miss *other)
{
	if (!wants_n(off->r) || !str_eq(other->r->when, off->r->symbols[0]))
		return;
	if (off->r->level == KC_REQUIRED)
		other->instead = off->symbol;
	else if (other->r->level == KC_REQUIRED)
		off->instead = other->symbol;
	else
		other->instead = off->symbol;
}

typedef void miss_fn(struct kc_check *c, struct kc_miss *m, void *ctx);

static void each_miss(struct kc_check *c, miss_fn *fn, void *ctx)
{
	for (size_t i = 0; i < c->results.n; i++) {
		struct kc_checked *res = &c->results.v[i];

		for (size_t k = 0; k < res->missing.n; k++)
			fn(c, &res->missing.v[k], ctx);
	}
	for (size_t i = 0; i < c->results.n; i++) {
		struct kc_checked *res = &c->results.v[i];

		for (size_t k = 0; k < res->following.n; k++)
			fn(c, &res->following.v[k], ctx);
	}
}

/* A value for a wish that there is, asked of all who share it. */
struct offer {
	ssize_t wish;
	const char *value;
	const struct kc_requirement *from;
	const struct kc_requirement *refused_by; /* the first that counts against it */
};

static bool refuses(const struct kc_miss *m, const struct offer *o)
{
	return m->wish == o->wish && !kc_requirement_accepts(m->r, o->value);
}

/* What is only recommended does not stand against what is required. */
static void hear(struct kc_check *c, struct kc_miss *m, void *ctx)
{
	struct offer *o = ctx;

	if (!o->refused_by && refuses(m, o) &&
	    (m->r->level == KC_REQUIRED || o->from->level == KC_RECOMMENDED))
		o->refused_by = m->r;
}

static void tell_required(struct kc_check *c, struct kc_miss *m, void *ctx)
{
	const struct offer *o = ctx;

	if (m->r->level == KC_REQUIRED && refuses(m, o))
		m->against = o->from;
}

static void give_way(struct kc_check *c, struct kc_miss *m, void *ctx)
{
	const struct offer *o = ctx;

	if (!refuses(m, o))
		return;
	m->against = o->from;
	m->wish = -1;
}

/* m wants something else of a symbol that is wished for. Of two that are required the first stays, and both are told. */
static void contend(struct kc_check *c, struct kc_miss *m, ssize_t at, const char *value)
{
	struct kc_wish *have = &c->wishes.v[at];
	struct offer o = { .wish = at, .value = value, .from = m->r };

	each_miss(c, hear, &o);
	if (o.refused_by) {
		m->against = o.refused_by;
		if (m->r->level == KC_REQUIRED)
			each_miss(c, tell_required, &o);
		return;
	}
	each_miss(c, give_way, &o);
	have->value = arena_strdup(&c->wishes.text, value);
	have->optional &= m->r->level == KC_RECOMMENDED;
	m->wish = at;
}

/* The same symbol is wished for once. */
static void add_wish(struct kc_check *c, struct kc_miss *m, void *ctx)
{
	auto_free char *value = m->instead ? NULL : kc_requirement_value(m->r, m->is);
	struct kc_wish w = { .pos = m->r->pos, .optional = m->r->level == KC_RECOMMENDED };

	for (size_t i = 0; i < c->wishes.n && value; i++) {
		struct kc_wish *have = &c->wishes.v[i];

		if (!str_eq(have->name, m->symbol))
			continue;
		if (!kc_requirement_accepts(m->r, have->value)) {
			contend(c, m, (ssize_t)i, value);
			return;
		}
		have->optional &= w.optional;
		m->wish = (ssize_t)i;
		return;
	}
	if (!value)
		return;
	w.name = arena_strdup(&c->wishes.text, m->symbol);
	w.value = arena_strdup(&c->wishes.text, value);
	m->wish = (ssize_t)c->wishes.n;
	vec_push(&c->wishes, w);
}

static void forget_wish(struct kc_check *c, struct kc_miss *m, void *ctx)
{
	m->wish = -1;
	m->against = NULL;
}

static void make_wishes(struct kc_check *c)
{
	kc_wishes_release(&c->wishes);
	each_miss(c, forget_wish, NULL);
	each_miss(c, add_wish, NULL);
}

static void check_profile(struct kc_check *c, struct kc_checked *res)
{
	for (size_t i = 0; i < res->profile.requires.n; i++) {
		const struct kc_requirement *r = res->profile.requires.v[i];
		const char *symbol, *is;

		if (!kc_requirement_applies(r, &c->kernel, c->config)) {
			res->skipped++;
		} else if (kc_requirement_holds(r, c->config, &symbol, &is)) {
			res->held++;
		} else {
			*(r->level == KC_REQUIRED ? &res->required : &res->recommended) += 1;
			add_miss(c, &res->missing, r);
		}
	}
	for (size_t i = 0; i < res->missing.n; i++)
		for (size_t k = 0; k < res->missing.n; k++)
			settle(&res->missing.v[i], &res->missing.v[k]);
}

void kc_check_all(struct kc_check *c)
{
	for (size_t i = 0; i < c->results.n; i++)
		check_profile(c, &c->results.v[i]);
	make_wishes(c);
}

static bool is_among(const struct kc_misses *all, const struct kc_requirement *r)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].r == r)
			return true;
	return false;
}

static bool is_wished(const struct kc_check *c, const struct kc_requirement *r)
{
	for (size_t i = 0; i < c->wishes.n; i++)
		for (unsigned k = 0; k < r->n_symbols; k++)
			if (str_eq(c->wishes.v[i].name, r->symbols[k]))
				return true;
	return false;
}

/* What a configuration with the wishes so far would lack: defaults of what is new in it, lines about it. */
static bool follow(struct kc_check *c, struct kc_checked *res, const struct dotconfig *now)
{
	size_t before = res->following.n;

	for (size_t i = 0; i < res->profile.requires.n; i++) {
		const struct kc_requirement *r = res->profile.requires.v[i];
		const char *symbol, *is;

		if (!kc_requirement_applies(r, &c->kernel, now) ||
		    kc_requirement_holds(r, now, &symbol, &is) || is_among(&res->missing, r) ||
		    is_among(&res->following, r) || (!c->tree && !is_wished(c, r)))
			continue;
		add_miss(c, &res->following, r);
	}
	return res->following.n > before;
}

struct attempt {
	struct kc_conf *asked;
	bool changed;
};

/* Of several symbols the next one, where this one cannot be; behind the last it is the first after all. */
static void try_next(struct kc_check *c, struct kc_miss *m, void *ctx)
{
	struct attempt *a = ctx;
	const char *next;

	if (m->r->n_symbols < 2 || m->wish < 0 || m->spent ||
	    kc_holds(a->asked, &c->wishes.v[m->wish]))
		return;
	next = name_to_ask(c, m->r, ++m->candidate);
	if (!next) {
		m->spent = true;
		next = name_to_ask(c, m->r, 0);
		a->changed |= m->candidate > 1;
	} else {
		a->changed = true;
	}
	take_name(c, m, next);
}

bool kc_check_again(struct kc_check *c, struct kc_conf *asked, const struct dotconfig *now)
{
	struct attempt a = { .asked = asked };

	for (size_t i = 0; i < c->results.n; i++)
		a.changed |= follow(c, &c->results.v[i], now);
	if (asked)
		each_miss(c, try_next, &a);
	if (a.changed)
		make_wishes(c);
	return a.changed;
}
