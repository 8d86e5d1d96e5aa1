/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A module may be had in several ways (struct kb_way). What all of them want is asked for first, and worked out with what
 * Kconfig needs for it; where no way holds then, the one that lacks least is asked for as well, and so on until each module is
 * had or cannot be. A symbol that may be m or y is asked for as m first (where modules are wanted), and as y where that is in
 * the way of others; a module that cannot be had as one is asked for built in, and the other way round.
 */
#include "hw/symbols_find.h"

#define MAX_ROUNDS 8

/* Ways that can be */

static const struct kc_sym *symbol_of(const struct finder *f, const struct kb_need *n)
{
	const struct kc_sym *s = kc_sym_find(f->spec->tree, n->symbol);

	return s && s->defs && kc_is_tri(s) ? s : NULL;
}

/* What its type leaves of a need. */
static unsigned possible(const struct kc_sym *s, unsigned allows)
{
	if (!s)
		return allows & KB_N;
	return s->type == KC_BOOL ? allows & ~(unsigned)KB_M : allows;
}

static bool can_be(const struct finder *f, const struct kb_way *way)
{
	for (size_t i = 0; i < way->term.n; i++)
		if (!possible(symbol_of(f, &way->term.need[i]), way->term.need[i].allows))
			return false;
	return true;
}

static void add_ways(const struct finder *f, const struct kb_module *m, bool module, struct goal *g)
{
	for (size_t i = 0; i < m->n_way; i++)
		if (m->way[i].module == module && can_be(f, &m->way[i]))
			vec_push(&g->ways, &m->way[i]);
}

static bool has_way(const struct finder *f, const struct kb_module *m, bool module)
{
	struct goal g = { 0 };

	add_ways(f, m, module, &g);
	free(g.ways.v);
	return g.ways.n > 0;
}

void hw_find_not_met(struct finder *f, struct goal *g, struct hw_unmet unmet)
{
	unmet.wanted = g->wanted;
	g->module = NULL;
	vec_push(&f->ret->unmet, unmet);
}

/* Of several objects of that name those that can be modules count; among what is only ever built in there are many "core". */
static void choose(struct finder *f, struct goal *g, const struct kb_module *m, size_t n)
{
	const struct kb_module *other = NULL;

	for (int module = 1; module >= 0 && !g->module; module--)
		for (size_t i = 0; i < n; i++) {
			if (!has_way(f, &m[i], module))
				continue;
			if (g->module)
				other = &m[i];
			else
				g->module = &m[i];
		}
	if (!g->module)
		hw_find_not_met(f, g, (struct hw_unmet){ .why = HW_NO_SYMBOLS, .path = m->path });
	else if (other)
		hw_find_not_met(f, g,
				(struct hw_unmet){ .why = HW_AMBIGUOUS,
						   .path = g->module->path,
						   .other = other->path });
}

/* A symbol that is wanted by itself: as if a line of a makefile hung on it alone. */
static const struct kb_module *of_symbol(struct finder *f, const struct hw_wanted *w)
{
	struct kb_module *m = arena_alloc(&f->ret->arena, sizeof(*m));
	struct kb_way *way = arena_alloc(&f->ret->arena, sizeof(*way));
	struct kb_need *need = arena_alloc(&f->ret->arena, sizeof(*need));

	*need = (struct kb_need){ .symbol = w->symbol, .file = "" };
	need->allows = str_eq(w->value, "n") ? KB_N : (str_eq(w->value, "m") ? KB_M : KB_Y);
	*way = (struct kb_way){ .term = { need, 1 } };
	*m = (struct kb_module){ .name = w->symbol, .path = "", .way = way, .n_way = 1 };
	return m;
}

void hw_find_goal(struct finder *f, size_t wanted)
{
	struct goal g = { .wanted = wanted };
	const struct kb_module *m;
	size_t n;

	n = 1;
	m = f->wanted[wanted].module
		    ? kb_module_find(f->spec->modules, f->wanted[wanted].module, &n)
		    : of_symbol(f, &f->wanted[wanted]);
	if (m)
		choose(f, &g, m, n);
	else
		hw_find_not_met(f, &g, (struct hw_unmet){ .why = HW_NO_MODULE });
	if (g.module) {
		add_ways(f, g.module, f->spec->as_modules, &g);
		add_ways(f, g.module, !f->spec->as_modules, &g);
		g.module_way = g.ways.v[0]->module;
	}
	vec_push(&f->goals, g);
}

/* Wants */

static char best(const struct finder *f, const struct want *w)
{
	const unsigned allows = possible(w->sym, w->allows);

	if (allows & KB_N)
		return 'n';
	if (!(allows & KB_Y))
		return 'm';
	if (f->spec->as_modules && allows & KB_M && !map_has(&f->raised, w->need.symbol))
		return 'm';
	return 'y';
}

static struct want *want_of(struct finder *f, const struct kb_need *n)
{
	for (size_t i = 0; i < f->wants.n; i++)
		if (str_eq(f->wants.v[i].need.symbol, n->symbol))
			return &f->wants.v[i];
	return vec_push(&f->wants,
			((struct want){ symbol_of(f, n), *n, .allows = KB_ANY, .value = 'n' }));
}

bool hw_find_is_by(const struct want *w, size_t goal)
{
	for (size_t i = 0; i < w->by.n; i++)
		if (w->by.v[i] == goal)
			return true;
	return false;
}

/* Two modules that want different values of a symbol: the first has its way. */
static bool add_want(struct finder *f, const struct kb_need *n, size_t goal)
{
	struct want *w;

	if (n->allows & KB_N && n->allows != KB_N)
		return false; /* as it is, or comes to be */
	w = want_of(f, n);
	if (hw_find_is_by(w, goal) && (w->allows & n->allows) == w->allows)
		return false;
	if (!hw_find_is_by(w, goal))
		vec_push(&w->by, goal);
	if (possible(w->sym, w->allows & n->allows))
		w->allows &= n->allows;
	w->value = best(f, w);
	return true;
}

static const struct kb_need *need_in(const struct kb_way *way, const char *symbol)
{
	for (size_t i = 0; i < way->term.n; i++)
		if (way->term.need[i].symbol == symbol)
			return &way->term.need[i];
	return NULL;
}

const struct kb_way *hw_find_first_way(const struct goal *g)
{
	for (size_t i = 0; i < g->ways.n; i++)
		if (g->ways.v[i]->module == g->module_way)
			return g->ways.v[i];
	return NULL;
}

/* What all ways of the kind that is asked for have in common. */
static void want_common(struct finder *f, size_t goal)
{
	const struct goal *g = &f->goals.v[goal];
	const struct kb_term *first = &hw_find_first_way(g)->term;

	for (size_t i = 0; i < first->n; i++) {
		struct kb_need need = first->need[i];
		bool all = true;

		for (size_t k = 0; k < g->ways.n; k++) {
			const struct kb_need *other = need_in(g->ways.v[k], need.symbol);

			if (g->ways.v[k]->module != g->module_way)
				continue;
			all &= other != NULL;
			need.allows |= other ? other->allows : 0;
		}
		if (all)
			add_want(f, &need, goal);
	}
}

/* Dependencies */

static unsigned value_in(struct kc_conf *c, const char *symbol)
{
	struct kc_sym *s = kc_sym_find(c->tree, symbol);

	if (!s || !s->defs || !kc_is_tri(s))
		return KB_N;
	kc_calc(c, s);
	return 1U << kc_tri_of(c, s);
}

static void add_dependency(struct finder *f, const struct kc_sym *s, size_t of)
{
	const struct want *w = &f->wants.v[of];
	const struct kb_need need = {
		.symbol = s->name,
		.file = w->need.file,
		.line = w->need.line,
		/* a bool may be y where what it depends on is m */
		.allows = w->value == 'm' || w->sym->type == KC_BOOL ? KB_M | KB_Y : KB_Y,
	};
	const size_t known = f->wants.n;
	struct want *dep;

	if (value_in(f->base.conf, s->name) & need.allows)
		return;
	dep = want_of(f, &need);
	if (known < f->wants.n)
		dep->needed = true;
	for (size_t i = 0; i < dep->of.n; i++)
		if (dep->of.v[i] == f->wants.v[of].need.symbol)
			return;
	vec_push(&dep->of, f->wants.v[of].need.symbol);
	for (size_t i = 0; i < f->wants.v[of].by.n; i++)
		add_want(f, &need, f->wants.v[of].by.v[i]);
}

/* Plain symbols that have to be set, whatever else is. */
static void add_dependencies(struct finder *f, const struct kc_expr *e, size_t of)
{
	const struct kc_sym *s;

	if (e && e->op == KC_AND) {
		add_dependencies(f, e->left.expr, of);
		add_dependencies(f, e->right.expr, of);
		return;
	}
	s = e && e->op == KC_SYM ? e->left.sym : NULL;
	if (s && s->name && !(s->flags & KC_CONST) && s != f->spec->tree->modules && s->defs &&
	    kc_is_tri(s) && kc_has_prompt(s))
		add_dependency(f, s, of);
}

/*
 * The fewest lines may be odd ones: a driver that selects what another depends on does as well as that itself. So what has to
 * be set is asked for, and the solver finds the rest.
 */
static void want_dependencies(struct finder *f)
{
	for (size_t i = 0; i < f->wants.n; i++) {
		const struct want *w = &f->wants.v[i];

		if (w->sym && w->value != 'n' && kc_has_prompt(w->sym))
			add_dependencies(f, w->sym->dir_dep, i);
	}
}

void hw_find_forget(struct finder *f)
{
	for (size_t i = 0; i < f->wants.n; i++) {
		free(f->wants.v[i].by.v);
		free(f->wants.v[i].of.v);
	}
	f->wants.n = 0;
	for (size_t i = 0; i < f->goals.n; i++)
		f->goals.v[i].asked = false;
}

/* Asks for a module the other way: built in instead, or as a module. */
bool hw_find_switch(struct goal *g)
{
	if (!g->module || g->switched)
		return false;
	g->module_way = !g->module_way;
	g->switched = hw_find_first_way(g) != NULL;
	g->module_way ^= !g->switched;
	return g->switched;
}

/* Working it out */

static void add_wish(struct finder *f, const char *name, const char *value, const char *file,
		     int line)
{
	vec_push(&f->wishes,
		 ((struct kc_wish){ .name = name, .value = value, .pos = { file, line } }));
}

const char *hw_find_value_text(char value)
{
	return value == 'y' ? "y" : value == 'm' ? "m" : "n";
}

void hw_find_make(struct finder *f)
{
	const struct hw_symbols_spec *s = f->spec;

	kc_made_release(&f->made);
	kc_make(s->tree, s->files, s->read, s->fill, &f->wishes, &f->made);
}

static bool wants_modules(const struct finder *f)
{
	for (size_t i = 0; i < f->wants.n; i++)
		if (f->wants.v[i].value == 'm')
			return true;
	return false;
}

void hw_find_wish(struct finder *f, bool told_alone)
{
	const struct kc_sym *modules = f->spec->tree->modules;

	f->wishes.n = 0;
	if (wants_modules(f) && modules->name && kc_has_prompt(modules))
		add_wish(f, modules->name, "y", "", 0);
	for (size_t i = 0; i < f->wants.n; i++) {
		const struct want *w = &f->wants.v[i];

		if (w->sym && (!told_alone || kc_has_prompt(w->sym)))
			add_wish(f, w->sym->name, hw_find_value_text(w->value), w->need.file,
				 w->need.line);
	}
}

void hw_find_wish_fixes(struct finder *f)
{
	for (size_t i = 0; i < f->fix.lines.n; i++) {
		const struct kc_fix_line *l = &f->fix.lines.v[i];

		add_wish(f, l->sym->name, kc_tri_text(l->tri), "", 0);
	}
}

static bool all_hold(struct finder *f)
{
	for (size_t i = 0; i < f->wishes.n; i++)
		if (!kc_holds(f->made.conf, &f->wishes.v[i]))
			return false;
	return true;
}

/* A symbol that cannot be m beside other wishes becomes y. */
static bool raise(struct finder *f, const struct kc_wish *wish)
{
	bool changed = false;

	for (size_t i = 0; i < f->wants.n; i++) {
		struct want *w = &f->wants.v[i];

		if (w->value != 'm' || !str_eq(w->need.symbol, wish->name))
			continue;
		if (possible(w->sym, w->allows) & KB_Y)
			return !map_set(&f->raised, w->need.symbol, f);
		for (size_t k = 0; k < w->by.n; k++)
			changed |= hw_find_switch(&f->goals.v[w->by.v[k]]);
	}
	return changed;
}

/* Of what is in the way of wishes that do not hold. */
static void find_clashes(struct finder *f, struct kc_fixer *fixer)
{
	for (size_t i = 0; i < f->wishes.n && !f->again; i++) {
		struct kc_fix one = { 0 };

		if (kc_holds(f->made.conf, &f->wishes.v[i]))
			continue;
		kc_fix_one(fixer, &f->wishes.v[i], &one);
		for (size_t k = 0; k < one.clash.n; k++)
			f->again |= raise(f, one.clash.v[k]);
		kc_fix_release(&one);
	}
}

/* The wants, and the fewest lines that make them hold. */
static int solve(struct finder *f, struct err *err)
{
	struct kc_fixer *fixer = NULL;
	int r = 0;

	kc_fix_release(&f->fix);
	f->fix = (struct kc_fix){ 0 };
	want_dependencies(f);
	hw_find_wish(f, false);
	hw_find_make(f);
	if (all_hold(f))
		return 0;
	r = kc_fixer_new(f->made.conf, f->made.asked, f->made.checked, &f->wishes, &fixer, err);
	if (r < 0)
		return r;
	kc_fix_all(fixer, &f->fix);
	if (f->fix.answer != KC_FIX_FOUND || f->fix.clash.n)
		find_clashes(f, fixer);
	kc_fixer_free(fixer);
	f->fix.clash.n = 0; /* they point into the wishes, which grow now */
	hw_find_wish_fixes(f);
	hw_find_make(f);
	return 0;
}

static unsigned value_now(void *ctx, const char *symbol)
{
	const struct finder *f = ctx;

	return value_in(f->made.conf, symbol);
}

bool hw_find_is_had(struct finder *f, const struct goal *g)
{
	for (size_t i = 0; i < g->ways.n; i++)
		if (kb_term_holds(&g->ways.v[i]->term, value_now, f))
			return true;
	return false;
}

/* What another symbol forces is taken as it is where it will do as well. True where something changed. */
static bool take_forced(struct finder *f)
{
	bool changed = false;

	for (size_t i = 0; i < f->wants.n; i++) {
		struct want *w = &f->wants.v[i];
		const unsigned now = value_now(f, w->need.symbol);
		const char is = now == KB_Y ? 'y' : now == KB_M ? 'm' : 'n';
		bool will_do = w->allows & now;

		for (size_t k = 0; k < w->by.n && !will_do; k++)
			will_do = hw_find_is_had(f, &f->goals.v[w->by.v[k]]);
		if (is == w->value || !will_do)
			continue;
		w->value = is;
		changed = true;
	}
	return changed;
}

static size_t lacks(struct finder *f, const struct kb_way *way)
{
	size_t n = 0;

	for (size_t i = 0; i < way->term.n; i++) {
		const struct kb_need *need = &way->term.need[i];

		n += !(value_now(f, need->symbol) & need->allows);
	}
	return n;
}

static bool ask_for_a_way(struct finder *f, size_t goal)
{
	struct goal *g = &f->goals.v[goal];
	const struct kb_way *way = NULL;
	size_t least = SIZE_MAX;
	bool changed = false;

	if (!g->module || g->asked || hw_find_is_had(f, g))
		return false;
	for (size_t i = 0; i < g->ways.n; i++) {
		const size_t n = lacks(f, g->ways.v[i]);

		if (n >= least || g->ways.v[i]->module != g->module_way)
			continue;
		least = n;
		way = g->ways.v[i];
	}
	g->asked = true;
	for (size_t i = 0; i < way->term.n; i++)
		changed |= add_want(f, &way->term.need[i], goal);
	return changed;
}

int hw_find_work_out(struct finder *f, struct err *err)
{
	bool more = true;

	f->again = false;
	hw_find_forget(f);
	for (size_t i = 0; i < f->goals.n; i++)
		if (f->goals.v[i].module)
			want_common(f, i);
	for (int round = 0; round < MAX_ROUNDS && more && !f->again; round++) {
		const int r = solve(f, err);

		if (r < 0)
			return r;
		more = take_forced(f);
		for (size_t i = 0; i < f->goals.n; i++)
			more |= ask_for_a_way(f, i);
	}
	return 0;
}
