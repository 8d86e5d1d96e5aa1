/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scripts/kconfig/conf.c, conf_set_all_new_symbols(). Random numbers are libc's rand(), seeded by the caller: the same
 * seed gives the same configuration as conf's.
 */
#include "kconfig/modes.h"

#include <errno.h>
#include <stdlib.h>

int kc_odds_parse(const char *text, struct kc_odds *ret)
{
	struct kc_odds o = { 50, 33, 33 };
	int p[3], n = 0;

	while (text && *text && n < 3) {
		char *end;
		long v = strtol(text, &end, 10);

		if (v < 0 || v > 100 || end == text)
			return -ERANGE;
		p[n++] = (int)v;
		text = *end == ':' ? end + 1 : end;
	}
	if (n == 1)
		o = (struct kc_odds){ p[0], p[0] - p[0] / 2, p[0] / 2 };
	else if (n == 2)
		o = (struct kc_odds){ p[0] + p[1], p[0], p[1] };
	else if (n == 3)
		o = (struct kc_odds){ p[0], p[1], p[2] };
	if (o.tri_y + o.tri_m > 100)
		return -ERANGE;
	*ret = o;
	return 0;
}

static enum kc_tri draw(const struct kc_sym *s, const struct kc_odds *odds)
{
	int n = rand() % 100;

	if (s->type != KC_TRISTATE)
		return n < odds->bool_y ? KC_Y : KC_N;
	if (n < odds->tri_y)
		return KC_Y;
	return n < odds->tri_y + odds->tri_m ? KC_M : KC_N;
}

static enum kc_tri filled(const struct kc_sym *s, enum kc_fill fill, const struct kc_odds *odds)
{
	switch (fill) {
	case KC_FILL_YES:
		return KC_Y;
	case KC_FILL_MOD:
		return KC_M;
	case KC_FILL_RANDOM:
		return draw(s, odds);
	default:
		return KC_N;
	}
}

/* Plain choices: members without a value are drawn one by one, each behind those the user named. */
static void randomize(struct kc_conf *c, const struct kc_menu *choice)
{
	const struct kc_menu *m;
	int n = 0;

	for (m = kc_menu_next(choice, choice); m; m = kc_menu_next(m, choice))
		n += m->sym && !kc_has_user(c, m->sym);
	for (; n > 0; n--) {
		int at = rand() % n;

		for (m = kc_menu_next(choice, choice); m; m = kc_menu_next(m, choice)) {
			if (!m->sym || kc_has_user(c, m->sym) || at-- > 0)
				continue;
			kc_v(c, m->sym)->user_tri = KC_Y;
			kc_v(c, m->sym)->flags |= KC_USER;
			kc_choice_move(c, choice, m->sym, true);
			break;
		}
	}
}

static void set_by_menu(struct kc_conf *c, enum kc_fill fill, const struct kc_odds *odds)
{
	const struct kc_menu *root = c->tree->root;

	for (const struct kc_menu *m = kc_menu_next(root, root); m; m = kc_menu_next(m, root)) {
		const struct kc_sym *s = m->sym;

		if (!s || !m->prompt || kc_has_user(c, s) || kc_is_member(s) ||
		    (s->type != KC_BOOL && s->type != KC_TRISTATE))
			continue;
		if (kc_is_choice(s)) {
			if (fill == KC_FILL_RANDOM)
				randomize(c, m);
		} else {
			kc_v(c, s)->user_tri = (uint8_t)filled(s, fill, odds);
			kc_v(c, s)->flags |= KC_USER;
		}
	}
}

static void fill_by_menu(struct kc_conf *c, enum kc_fill fill, const struct kc_odds *odds)
{
	if (fill != KC_FILL_DEFAULT)
		set_by_menu(c, fill, odds);
	kc_invalidate(c);
}

/* Old choices that are y: one member is drawn. */
static bool draw_member(struct kc_conf *c, struct kc_sym *choice)
{
	const struct kc_members *all = choice->defs->members;
	struct kc_value *v = kc_v(c, choice);
	size_t drawn;

	if (v->tri != KC_Y || !all->n)
		return false;
	drawn = (size_t)rand() % all->n;
	for (size_t i = 0; i < all->n; i++) {
		struct kc_value *member = kc_v(c, all->v[i]);

		member->user_tri = i == drawn ? KC_Y : KC_N;
		member->flags |= KC_USER;
		kc_invalidate_one(c, all->v[i]);
	}
	v->user_chosen = all->v[drawn];
	v->flags |= KC_USER;
	kc_invalidate_one(c, choice);
	return true;
}

static bool fill_one(struct kc_conf *c, struct kc_sym *s, enum kc_fill fill,
		     const struct kc_odds *odds)
{
	enum kc_type type = kc_type_now(c, s);
	struct kc_value *v = kc_v(c, s);

	if (v->flags & (KC_USER | KC_VALID) || (type != KC_BOOL && type != KC_TRISTATE))
		return false;
	v->user_tri = (uint8_t)filled(s, fill, odds);
	if (!(kc_is_choice(s) && fill == KC_FILL_RANDOM))
		v->flags |= KC_USER;
	return true;
}

/* Choices without a name are all in the first bucket; where none has one the others need not be looked at. */
static uint32_t buckets_with_choices(const struct kc_tree *t)
{
	for (size_t i = 0; i < t->choices.n; i++)
		if (t->choices.v[i]->sym->name)
			return t->dialect.sym_buckets;
	return 1;
}

static void want_choice(struct kc_conf *c, const struct kc_menu *entry)
{
	if (!kc_has_user(c, entry->sym))
		kc_v(c, entry->sym)->flags |= KC_NEED_CHOICE;
	for (size_t i = 0; i < entry->members->n; i++)
		kc_v(c, entry->members->v[i])->flags |= KC_NEED_CHOICE;
}

static bool fill_choice(struct kc_conf *c, struct kc_sym *s, enum kc_fill fill)
{
	kc_calc(c, s);
	if (fill == KC_FILL_RANDOM)
		return draw_member(c, s);
	kc_choice_fill(c, s);
	return true;
}

/* Returns whether anything was changed. */
static bool fill_by_table(struct kc_conf *c, enum kc_fill fill, const struct kc_odds *odds)
{
	const uint32_t buckets = buckets_with_choices(c->tree);
	bool changed = false;

	if (fill != KC_FILL_DEFAULT)
		kc_for_each_sym(c->tree, i, s) changed |= fill_one(c, s, fill, odds);
	kc_invalidate(c);
	for (size_t i = 0; i < c->tree->choices.n && fill != KC_FILL_RANDOM; i++)
		want_choice(c, c->tree->choices.v[i]);
	for (uint32_t i = 0; i < buckets; i++)
		for (struct kc_sym *s = c->tree->bucket[i]; s; s = s->next)
			if (kc_is_choice(s) && !kc_has_user(c, s))
				changed |= fill_choice(c, s, fill);
	return changed;
}

void kc_fill(struct kc_conf *c, enum kc_fill fill, const struct kc_odds *odds)
{
	if (c->tree->dialect.all_by_menu)
		fill_by_menu(c, fill, odds);
	else
		while (fill_by_table(c, fill, odds) && fill == KC_FILL_RANDOM)
			;
}

void kc_rewrite(struct kc_conf *c, enum kc_tri from, enum kc_tri to)
{
	kc_for_each_sym(c->tree, i, s)
	{
		struct kc_value *v = kc_v(c, s);

		if (kc_type_now(c, s) == KC_TRISTATE && v->user_tri == from)
			v->user_tri = (uint8_t)to;
	}
	kc_invalidate(c);
}
