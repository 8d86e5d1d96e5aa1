/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kconfig/origin.h"

struct kc_sym *kc_choice_chosen(const struct kc_conf *c, const struct kc_menu *choice)
{
	const struct kc_members *all = choice->members;

	for (size_t i = 0; i < all->n; i++)
		if (kc_tri_of(c, all->v[i]) == KC_Y)
			return all->v[i];
	return NULL;
}

static char *selected(struct kc_conf *c, const struct kc_sym *s)
{
	/* a bool is y where what selects it is m */
	enum kc_tri want = kc_type_now(c, s) == KC_BOOL ? KC_M : kc_tri_of(c, s);
	auto_free char *who = kc_selectors(c, s, want);

	return xasprintf("select: %s", who);
}

char *kc_origin_words(struct kc_conf *c, const struct kc_sym *s, enum kc_origin origin,
		      const struct kc_prop *prop)
{
	const struct kc_sym *other;

	switch (origin) {
	case KC_BY_USER:
		return xstrdup("the configuration");
	case KC_BY_DEFAULT:
		return xasprintf("the default at %s:%d", prop->pos.file, prop->pos.line);
	case KC_BY_RANGE:
		return xasprintf("the range at %s:%d", prop->pos.file, prop->pos.line);
	case KC_BY_SELECT:
		return selected(c, s);
	case KC_BY_IMPLY:
		return xstrdup("imply");
	case KC_BY_CHOICE:
		other = kc_choice_chosen(c, s->choice);
		return xasprintf("its choice '%s' has %s",
				 s->choice->prompt ? s->choice->prompt->text : "",
				 other ? other->name : "no member");
	default:
		return xstrdup("nothing: no line asks for it, and it has no default");
	}
}
