/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was worked out (symbols_find.h) as lines, each with its reason. The lines are worked out once more by themselves: they,
 * and nothing else, are what was found to hold.
 */
#include "hw/symbols_find.h"

#define MAX_NAMES 3 /* told of those that need a line */

/* Lines and reasons */

/* In one line, and nothing that a part would take for more than a comment. */
static char *comment(struct arena *a, const char *before, const char *text)
{
	auto_str struct str clean = { 0 };

	str_adds(&clean, before);
	str_add_printable(&clean, text, strlen(text));
	for (size_t i = 0; i < clean.n; i++)
		if (strchr("#\n\t", clean.s[i]))
			clean.s[i] = ' ';
	return arena_strdup(a, str_c(&clean));
}

/* "a, b and 3 more" */
static void add_name(struct str *to, size_t i, size_t n, const char *name)
{
	if (i < MAX_NAMES)
		str_addf(to, "%s%s", !i ? "" : i + 1 == n ? " and " : ", ", name);
	else if (i == MAX_NAMES)
		str_addf(to, " and %zu more", n - i);
}

static const char *own_symbol(const struct goal *g)
{
	const struct kb_way *way = hw_find_first_way(g);

	return way && way->term.n ? way->term.need[0].symbol : g->module->name;
}

/* Named by the module's own Kbuild file, not by one above it. */
static bool is_own(const struct finder *f, const struct want *w)
{
	const char *slash = strrchr(w->need.file, '/');
	const size_t n = slash ? (size_t)(slash - w->need.file) + 1 : 0;

	for (size_t i = 0; i < w->by.n; i++) {
		const struct kb_module *m = f->goals.v[w->by.v[i]].module;

		if (m && !strncmp(m->path, w->need.file, n) && !strchr(m->path + n, '/'))
			return true;
	}
	return false;
}

static const char *given_name(const struct hw_wanted *w)
{
	return w->reason ?: w->module ?: w->symbol;
}

static const char *want_reason(const struct finder *f, const struct want *w)
{
	const bool own = is_own(f, w);
	auto_str struct str text = { 0 };
	auto_strv struct strv names = { 0 };

	for (size_t i = 0; i < w->by.n; i++) {
		const struct goal *g = &f->goals.v[w->by.v[i]];
		const char *name;

		if (!g->module)
			continue;
		name = own ? given_name(&f->wanted[g->wanted]) : own_symbol(g);
		if (!strv_has(&names, name))
			strv_add(&names, name);
	}
	for (size_t i = 0; i < names.n; i++)
		add_name(&text, i, names.n, names.v[i]);
	return comment(&f->ret->arena, own ? "" : "needed by ", str_c(&text));
}

static const char *dependency_reason(const struct finder *f, const struct want *w)
{
	auto_str struct str text = { 0 };

	for (size_t i = 0; i < w->of.n; i++)
		add_name(&text, i, w->of.n, w->of.v[i]);
	return comment(&f->ret->arena, "needed by ", str_c(&text));
}

static void add_line(struct finder *f, const char *symbol, const char *value, const char *reason,
		     bool needed)
{
	vec_push(&f->ret->lines, ((struct hw_line){ symbol, value, reason, needed }));
}

/* All that is asked for, whether it is told or follows from what is. */
static void add_untold(const struct finder *f, struct kc_wishes *to)
{
	for (size_t i = 0; i < f->wants.n; i++) {
		const struct want *w = &f->wants.v[i];

		if (w->sym && !kc_has_prompt(w->sym))
			vec_push(to, ((struct kc_wish){ .name = w->sym->name,
							.value = hw_find_value_text(w->value) }));
	}
}

/* What does not hold any more without one of the wishes. */
static const char *needed_by(struct finder *f, size_t without)
{
	const struct hw_symbols_spec *s = f->spec;
	struct kc_wishes rest = { 0 };
	struct kc_made made;
	auto_str struct str text = { 0 };
	auto_strv struct strv names = { 0 };

	for (size_t i = 0; i < f->wishes.n; i++)
		if (i != without)
			vec_push(&rest, f->wishes.v[i]);
	kc_make(s->tree, s->files, s->read, s->fill, &rest, &made);
	add_untold(f, &rest);
	for (size_t i = 0; i < rest.n; i++)
		if (!kc_holds(made.conf, &rest.v[i]))
			strv_add(&names, rest.v[i].name);
	for (size_t i = 0; i < names.n; i++)
		add_name(&text, i, names.n, names.v[i]);
	free(rest.v);
	kc_made_release(&made);
	return comment(&f->ret->arena, names.n ? "needed by " : "needed", str_c(&text));
}

static void fail(struct finder *f, struct goal *g)
{
	const size_t goal = (size_t)(g - f->goals.v);

	for (size_t i = 0; i < f->wants.n; i++) {
		const struct want *w = &f->wants.v[i];
		struct hw_unmet unmet = { .why = HW_DOES_NOT_HOLD,
					  .path = g->module->path,
					  .symbol = w->need.symbol,
					  .value = hw_find_value_text(w->value),
					  .file = w->need.file,
					  .line = w->need.line };
		const struct kc_wish wish = { .name = unmet.symbol,
					      .value = unmet.value,
					      .pos = { unmet.file, unmet.line } };

		if (!hw_find_is_by(w, goal) || w->needed || kc_holds(f->made.conf, &wish))
			continue;
		kc_explain(f->made.conf, &wish, &f->wishes, &unmet.explanation);
		hw_find_not_met(f, g, unmet);
		return;
	}
	hw_find_not_met(f, g, (struct hw_unmet){ .why = HW_NO_SYMBOLS, .path = g->module->path });
}

/* What cannot be had is tried the other way, and goes then. True where something changed. */
static bool drop_failed(struct finder *f)
{
	bool any = false;

	for (size_t i = 0; i < f->goals.n; i++) {
		if (!f->goals.v[i].module || hw_find_is_had(f, &f->goals.v[i]))
			continue;
		if (!hw_find_switch(&f->goals.v[i]))
			fail(f, &f->goals.v[i]);
		any = true;
	}
	return any;
}

/* MODULES stands first among the wishes where any is m. */
static void tell_modules(struct finder *f)
{
	const struct kc_wish *first = f->wishes.v;

	if (f->wishes.n && !*first->pos.file && str_eq(first->name, f->spec->tree->modules->name))
		add_line(f, first->name, "y", needed_by(f, 0), true);
}

/* What is told is worked out by itself: symbols without a prompt follow from the others, or are not had. */
static void tell(struct finder *f)
{
	const size_t fixes = f->fix.lines.n;

	hw_find_prefer(f);

	hw_find_wish(f, true);
	hw_find_wish_fixes(f);
	hw_find_make(f);
	for (size_t i = 0; i < f->wants.n; i++) {
		const struct want *w = &f->wants.v[i];

		if (w->sym && kc_has_prompt(w->sym))
			add_line(f, w->sym->name, hw_find_value_text(w->value),
				 w->needed ? dependency_reason(f, w) : want_reason(f, w),
				 w->needed);
	}
	tell_modules(f);
	for (size_t i = 0; i < fixes; i++) {
		const struct kc_fix_line *l = &f->fix.lines.v[i];

		add_line(f, l->sym->name, kc_tri_text(l->tri),
			 needed_by(f, f->wishes.n - fixes + i), true);
	}
	for (size_t i = 0; i < f->goals.n; i++)
		if (f->goals.v[i].module && !hw_find_is_had(f, &f->goals.v[i]))
			fail(f, &f->goals.v[i]);
}

static int find(struct finder *f, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		hw_find_goal(f, i);
	kc_make(f->spec->tree, f->spec->files, f->spec->read, f->spec->fill, &f->wishes, &f->base);
	/* each time a symbol is raised, or a module switched or dropped */
	do {
		const int r = hw_find_work_out(f, err);

		if (r < 0)
			return r;
	} while (f->again || drop_failed(f));
	tell(f);
	return 0;
}

static void finder_release(struct finder *f)
{
	hw_find_forget(f);
	free(f->wants.v);
	for (size_t i = 0; i < f->goals.n; i++)
		free(f->goals.v[i].ways.v);
	free(f->goals.v);
	map_release(&f->raised, NULL);
	free(f->wishes.v);
	kc_fix_release(&f->fix);
	kc_made_release(&f->base);
	kc_made_release(&f->made);
}

int hw_symbols_find(const struct hw_symbols_spec *spec, const struct hw_wanted *wanted, size_t n,
		    struct hw_symbols *ret, struct err *err)
{
	struct finder f = { .spec = spec, .wanted = wanted, .ret = ret };
	int r;

	*ret = (struct hw_symbols){ 0 };
	r = find(&f, n, err);
	finder_release(&f);
	if (r < 0)
		hw_symbols_release(ret);
	return r;
}

void hw_symbols_release(struct hw_symbols *s)
{
	for (size_t i = 0; i < s->unmet.n; i++)
		kc_explanation_release(&s->unmet.v[i].explanation);
	free(s->unmet.v);
	free(s->lines.v);
	arena_release(&s->arena);
	*s = (struct hw_symbols){ 0 };
}

void hw_symbols_text(const struct hw_symbols *s, struct str *ret)
{
	for (size_t i = 0; i < s->lines.n; i++) {
		const struct hw_line *l = &s->lines.v[i];

		if (str_eq(l->value, "n"))
			str_addf(ret, "# %s\n# CONFIG_%s is not set\n", l->reason, l->symbol);
		else
			str_addf(ret, "CONFIG_%s=%s # %s\n", l->symbol, l->value, l->reason);
	}
}
