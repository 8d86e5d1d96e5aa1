/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Choices, of both kinds.
 *
 * Plain ones (since 6.11): exactly one visible member is y. Members have an order of priority, at first that of
 * reading; what the user set last comes first. The one is, of the visible: the first that the user set to y; else
 * the default, unless the user set it to n; else the first without a word of the user's; else the last in priority.
 *
 * Old ones are symbols themselves: n, m (each member by itself, at most m) or y (one member is y).
 */
#include "kconfig/conf.h"

#include "kconfig/expr.h"

static struct kc_sym *first_visible(struct kc_conf *c, const struct kc_menu *choice, bool unsaid)
{
	for (const struct kc_menu *m = kc_menu_next(choice, choice); m;
	     m = kc_menu_next(m, choice)) {
		if (!m->sym || kc_v(c, m->sym)->visible == KC_N)
			continue;
		if (!unsaid || !kc_has_user(c, m->sym))
			return m->sym;
	}
	return NULL;
}

static struct kc_sym *first_visible_member(struct kc_conf *c, const struct kc_members *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (kc_v(c, all->v[i])->visible != KC_N)
			return all->v[i];
	return NULL;
}

struct kc_sym *kc_choice_default(struct kc_conf *c, const struct kc_menu *choice)
{
	for (const struct kc_prop *p = choice->sym->prop; p; p = p->next) {
		struct kc_sym *s;

		if (p->type != KC_P_DEFAULT || kc_eval(c, p->cond) == KC_N)
			continue;
		s = kc_prop_sym(p);
		if (kc_v(c, s)->visible != KC_N)
			return s;
	}
	if (!c->tree->dialect.plain_choices)
		return first_visible_member(c, choice->sym->defs->members);
	return first_visible(c, choice, false);
}

/* The first visible member the user set to y, by priority; visibilities up to it are worked out. */
static struct kc_sym *user_pick(struct kc_conf *c, const struct kc_members *all)
{
	for (size_t i = 0; i < all->n; i++) {
		struct kc_sym *s = c->order[all->first + i];
		const struct kc_value *v = kc_v(c, s);

		kc_calc_visibility(c, s);
		if (v->visible != KC_N && v->flags & KC_USER && v->user_tri == KC_Y)
			return s;
	}
	return NULL;
}

static struct kc_sym *last_visible(struct kc_conf *c, const struct kc_members *all)
{
	for (size_t i = all->n; i-- > 0;) {
		struct kc_sym *s = c->order[all->first + i];

		if (kc_v(c, s)->visible != KC_N)
			return s;
	}
	return NULL;
}

static struct kc_sym *plain_pick(struct kc_conf *c, const struct kc_menu *choice)
{
	struct kc_sym *s = user_pick(c, choice->members);

	if (s)
		return s;
	s = kc_choice_default(c, choice);
	if (s && kc_has_user(c, s) && kc_v(c, s)->user_tri == KC_N)
		s = NULL;
	if (!s)
		s = first_visible(c, choice, true);
	return s ? s : last_visible(c, choice->members);
}

struct kc_sym *kc_choice_settle(struct kc_conf *c, const struct kc_menu *choice)
{
	struct kc_sym *chosen = plain_pick(c, choice);

	for (const struct kc_menu *m = kc_menu_next(choice, choice); m;
	     m = kc_menu_next(m, choice)) {
		struct kc_value *v;

		if (!m->sym)
			continue;
		v = kc_v(c, m->sym);
		if (v->visible == KC_N)
			continue;
		v->tri = m->sym == chosen ? KC_Y : KC_N;
		v->flags |= KC_VALID | KC_WRITE;
	}
	return chosen;
}

void kc_choice_move(struct kc_conf *c, const struct kc_menu *choice, struct kc_sym *s, bool last)
{
	const struct kc_members *all = choice->members;
	struct kc_sym **order = c->order + all->first;
	size_t at = 0;

	while (at < all->n && order[at] != s)
		at++;
	if (at == all->n)
		return;
	if (last) {
		memmove(order + at, order + at + 1, (all->n - at - 1) * sizeof(*order));
		order[all->n - 1] = s;
	} else {
		memmove(order + 1, order, at * sizeof(*order));
		order[0] = s;
	}
}

void kc_choice_set(struct kc_conf *c, const struct kc_menu *choice, struct kc_sym *s)
{
	bool changed = false;

	for (const struct kc_menu *m = kc_menu_next(choice, choice); m;
	     m = kc_menu_next(m, choice)) {
		struct kc_value *v;
		uint8_t tri = m->sym == s ? KC_Y : KC_N;

		if (!m->sym || kc_v(c, m->sym)->visible == KC_N)
			continue;
		v = kc_v(c, m->sym);
		changed |= v->tri != tri;
		v->user_tri = tri;
		v->flags |= KC_USER;
		kc_choice_move(c, choice, m->sym, false);
	}
	if (changed)
		kc_invalidate(c);
}

struct kc_sym *kc_choice_pick(struct kc_conf *c, struct kc_sym *choice)
{
	const struct kc_members *all = choice->defs->members;
	struct kc_value *v = kc_v(c, choice);
	bool all_said = v->flags & KC_USER;
	struct kc_sym *s;

	for (size_t i = 0; i < all->n; i++) {
		kc_calc_visibility(c, all->v[i]);
		if (kc_v(c, all->v[i])->visible != KC_N)
			all_said &= kc_has_user(c, all->v[i]);
	}
	/* a member the user has not met makes the choice new */
	if (!all_said)
		v->flags &= (uint8_t)~KC_USER;
	s = v->user_chosen;
	if (s && kc_v(c, s)->visible != KC_N)
		return s;
	s = kc_choice_default(c, choice->defs);
	if (!s)
		v->tri = KC_N;
	return s;
}

void kc_choice_fill(struct kc_conf *c, struct kc_sym *choice)
{
	const struct kc_members *all = choice->defs->members;

	for (size_t i = 0; i < all->n; i++)
		if (!kc_has_user(c, all->v[i]))
			kc_v(c, all->v[i])->user_tri = KC_N;
	kc_v(c, choice)->flags |= KC_USER;
	kc_v(c, choice)->flags &= (uint8_t)~KC_NEED_CHOICE;
	kc_invalidate_one(c, choice);
}
