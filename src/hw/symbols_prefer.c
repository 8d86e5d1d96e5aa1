/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A symbol without a prompt is had through one that selects it, and often several do as well: the solver takes any. A person
 * takes the first that Kconfig names, which is mostly what the symbol was made for: SND_SOC_SOF_TIGERLAKE for
 * SND_SOC_SOF_INTEL_TGL, not one of the chips that came later and are driven by the same code.
 */
#include "hw/symbols_find.h"

#define MAX_SELECTORS 64

struct selectors {
	const struct kc_sym *v[MAX_SELECTORS];
	size_t n;
};

/* The symbol of "A" and of "A && condition". */
static const struct kc_sym *first_of(const struct kc_expr *e)
{
	while (e && e->op == KC_AND)
		e = e->left.expr;
	return e && e->op == KC_SYM ? e->left.sym : NULL;
}

/* In the order of the Kconfig files. */
static void collect(const struct kc_expr *e, struct selectors *ret)
{
	const struct kc_sym *s;

	if (e && e->op == KC_OR) {
		collect(e->left.expr, ret);
		collect(e->right.expr, ret);
		return;
	}
	s = first_of(e);
	if (s && s->name && s->defs && kc_is_tri(s) && kc_has_prompt(s) && ret->n < MAX_SELECTORS)
		ret->v[ret->n++] = s;
}

static size_t holding(struct finder *f)
{
	size_t n = 0;

	hw_find_wish(f, false);
	hw_find_wish_fixes(f);
	hw_find_make(f);
	for (size_t i = 0; i < f->wishes.n; i++)
		n += kc_holds(f->made.conf, &f->wishes.v[i]);
	return n;
}

/* Takes the first selector that does as well in place of the one in line. */
static void replace(struct finder *f, struct kc_fix_line *line, const struct selectors *s)
{
	const struct kc_fix_line was = *line;
	const size_t before = holding(f);

	for (size_t i = 0; i < s->n && s->v[i] != was.sym; i++) {
		line->sym = kc_sym_find(f->spec->tree, s->v[i]->name);
		if (holding(f) >= before)
			return;
	}
	*line = was;
}

void hw_find_prefer(struct finder *f)
{
	for (size_t i = 0; i < f->fix.lines.n; i++)
		for (size_t k = 0; k < f->wants.n; k++) {
			const struct want *w = &f->wants.v[k];
			struct selectors s = { 0 };
			bool selects = false;

			if (!w->sym || kc_has_prompt(w->sym) || w->value == 'n')
				continue;
			collect(w->sym->rev_dep, &s);
			for (size_t t = 0; t < s.n; t++)
				selects |= s.v[t] == f->fix.lines.v[i].sym;
			if (selects)
				replace(f, &f->fix.lines.v[i], &s);
		}
}
