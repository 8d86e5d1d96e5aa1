/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the user may set, and setting it. */
#include "kconfig/conf.h"

#include <stdlib.h>

bool kc_changeable(const struct kc_conf *c, const struct kc_sym *s)
{
	if (c->tree->dialect.plain_choices && kc_is_choice(s))
		return false;
	return kc_v(c, s)->visible > kc_v(c, s)->rev;
}

bool kc_tri_allowed(const struct kc_conf *c, const struct kc_sym *s, enum kc_tri tri)
{
	enum kc_type type = kc_type_now(c, s);
	const struct kc_value *v = kc_v(c, s);

	if (v->visible == KC_N || (type != KC_BOOL && type != KC_TRISTATE))
		return false;
	if ((type == KC_BOOL && tri == KC_M) || v->visible <= v->rev)
		return false;
	if (!c->tree->dialect.plain_choices && kc_is_member(s) && v->visible == KC_Y)
		return tri == KC_Y;
	return tri >= v->rev && tri <= v->visible;
}

/* Old choices: with a member set to y, all visible ones count as answered. */
static void answer_choice(struct kc_conf *c, struct kc_sym *member)
{
	struct kc_sym *choice = member->choice->sym;
	const struct kc_members *all = choice->defs->members;

	kc_v(c, choice)->user_chosen = member;
	kc_v(c, choice)->flags |= KC_USER;
	for (size_t i = 0; i < all->n; i++)
		if (kc_v(c, all->v[i])->visible != KC_N)
			kc_v(c, all->v[i])->flags |= KC_USER;
}

bool kc_set_tri(struct kc_conf *c, struct kc_sym *s, enum kc_tri tri)
{
	const bool plain = c->tree->dialect.plain_choices;
	struct kc_value *v = kc_v(c, s);
	enum kc_tri before = v->tri;

	if ((plain || before != tri) && !kc_tri_allowed(c, s, tri))
		return false;
	v->flags |= KC_USER;
	v->user_tri = (uint8_t)tri;
	if (!plain && kc_is_member(s) && tri == KC_Y)
		answer_choice(c, s);
	if (before != tri)
		kc_invalidate(c);
	return true;
}

static bool in_range(struct kc_conf *c, struct kc_sym *s, const char *text, int base)
{
	const struct kc_prop *p;
	long long n;

	if (!kc_text_valid(s->type, text))
		return false;
	p = kc_active(c, s, KC_P_RANGE);
	if (!p)
		return true;
	n = strtoll(text, NULL, base);
	return n >= kc_range_value(c, p->expr->left.sym, base) &&
	       n <= kc_range_value(c, p->expr->right.sym, base);
}

/* y, m, n by their first letter; -1: none of them. */
static int tri_of_text(const char *text)
{
	switch (*text) {
	case 'y':
	case 'Y':
		return KC_Y;
	case 'm':
	case 'M':
		return KC_M;
	case 'n':
	case 'N':
		return KC_N;
	default:
		return -1;
	}
}

bool kc_text_allowed(struct kc_conf *c, struct kc_sym *s, const char *text)
{
	int tri;

	switch (s->type) {
	case KC_STRING:
		return true;
	case KC_INT:
		return in_range(c, s, text, 10);
	case KC_HEX:
		return in_range(c, s, text, 16);
	case KC_BOOL:
	case KC_TRISTATE:
		tri = tri_of_text(text);
		return tri >= 0 && kc_tri_allowed(c, s, (enum kc_tri)tri);
	default:
		return false;
	}
}

bool kc_set_text(struct kc_conf *c, struct kc_sym *s, const char *text)
{
	struct kc_value *v = kc_v(c, s);
	bool bare_hex;
	int tri;

	if (kc_is_tri(s)) {
		tri = tri_of_text(text);
		return tri >= 0 && kc_set_tri(c, s, (enum kc_tri)tri);
	}
	if (!kc_text_allowed(c, s, text))
		return false;
	v->flags |= KC_USER;
	bare_hex = s->type == KC_HEX && !(text[0] == '0' && (text[1] == 'x' || text[1] == 'X'));
	if (!bare_hex && str_eq(v->user_text, text))
		return true;
	v->user_text = arena_printf(&c->text, "%s%s", bare_hex ? "0x" : "", text);
	kc_invalidate(c);
	return true;
}

static enum kc_tri default_tri(struct kc_conf *c, struct kc_sym *s)
{
	const struct kc_value *v = kc_v(c, s);
	const struct kc_prop *p = kc_active(c, s, KC_P_DEFAULT);
	enum kc_tri tri = KC_N;

	if (p)
		tri = kc_and(kc_eval(c, p->expr), kc_eval(c, p->cond));
	tri = kc_or(tri, v->rev);
	if (tri == KC_M && !kc_is_member(s) && kc_tri_of(c, c->tree->modules) == KC_N)
		tri = KC_Y;
	if (tri == KC_M && s->type == KC_BOOL)
		tri = KC_Y;
	return kc_or(tri, v->implied);
}

const char *kc_default_text(struct kc_conf *c, struct kc_sym *s)
{
	const struct kc_prop *p;
	const char *text = "";
	struct kc_sym *from;

	kc_calc_visibility(c, s);
	kc_calc(c, c->tree->modules);
	if (kc_is_tri(s))
		return kc_tri_text(default_tri(c, s));
	p = kc_active(c, s, KC_P_DEFAULT);
	from = p ? kc_prop_sym(p) : NULL;
	if (from) {
		kc_calc(c, from);
		text = kc_v(c, from)->text ? kc_v(c, from)->text
					   : "n"; /* of a bool, whatever it is */
	}
	if (!*text && c->tree->dialect.zero_numbers)
		return s->type == KC_INT ? "0" : s->type == KC_HEX ? "0x0" : text;
	return text;
}
