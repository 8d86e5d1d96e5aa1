/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/config_words.h"

static const struct kc_wish *last_wish(const struct kc_wishes *w, const struct kc_sym *s)
{
	for (size_t i = w->n; i-- > 0;)
		if (str_eq(w->v[i].name, s->name))
			return &w->v[i];
	return NULL;
}

static const struct kc_sym *chosen(const struct kc_conf *c, const struct kc_sym *s)
{
	const struct kc_members *all = s->choice->members;

	for (size_t i = 0; i < all->n; i++)
		if (kc_tri_of(c, all->v[i]) == KC_Y)
			return all->v[i];
	return NULL;
}

char *config_origin_words(struct kc_conf *c, const struct kc_wishes *wishes, struct kc_sym *s,
			  enum kc_origin origin, const struct kc_prop *p)
{
	const struct kc_wish *asked = last_wish(wishes, s);
	auto_free char *who = NULL;
	const struct kc_sym *other;

	switch (origin) {
	case KC_BY_USER:
		return asked ? xasprintf("%s:%d", asked->pos.file, asked->pos.line)
			     : xstrdup("the base");
	case KC_BY_DEFAULT:
		return xasprintf("the default at %s:%d", p->pos.file, p->pos.line);
	case KC_BY_RANGE:
		return xasprintf("the range at %s:%d", p->pos.file, p->pos.line);
	case KC_BY_SELECT:
		/* a bool is y where what selects it is m */
		who = kc_selectors(c, s, kc_type_now(c, s) == KC_BOOL ? KC_M : kc_tri_of(c, s));
		return xasprintf("select: %s", who);
	case KC_BY_IMPLY:
		return xstrdup("imply");
	case KC_BY_CHOICE:
		other = chosen(c, s);
		return xasprintf("its choice '%s' has %s",
				 s->choice->prompt ? s->choice->prompt->text : "",
				 other ? other->name : "no member");
	default:
		return xstrdup("nothing: no line asks for it, and it has no default");
	}
}
