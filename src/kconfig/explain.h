/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a symbol has not the value that a line asked for. */
#pragma once

#include "kconfig/conf.h"
#include "kconfig/part.h"

enum kc_reason {
	KC_HOLDS,	   /* it has */
	KC_NO_SUCH_SYMBOL, /* near: names like it */
	KC_BAD_VALUE,	   /* not of the symbol's type */
	KC_NO_PROMPT,	   /* only selects and defaults set it */
	KC_NOT_VISIBLE,	   /* its dependencies do not hold */
	KC_LIMITED,	   /* its dependencies are m */
	KC_NO_MODULES,	   /* m without MODULES */
	KC_FORCED,	   /* a select, or a choice that must have one */
	KC_OTHER_MEMBER,   /* another member of its choice is y */
	KC_OUT_OF_RANGE,
	KC_LATER_LINE, /* a later line asks for something else */
};
/* "not-visible" and the like, for programs. */
const char *kc_reason_name(enum kc_reason reason);
/* Whether other lines could help. */
bool kc_reason_has_fix(enum kc_reason reason);

struct kc_explanation {
	enum kc_reason reason;
	char *now; /* the value as in .config: y, 42, "text"; NULL: there is no such symbol */
	struct strv lines; /* the chain in words; deeper ones begin with more blanks */
	struct strv near;
};

/* Whether w holds in c; works out what it takes. */
bool kc_holds(struct kc_conf *c, const struct kc_wish *w);
/*
 * Whether w holds in c, and if not why. all: every line that was asked, in order, for "asked for at". c must have been
 * worked out; what the explanation needs is.
 */
void kc_explain(struct kc_conf *c, const struct kc_wish *w, const struct kc_wishes *all,
		struct kc_explanation *ret);
void kc_explanation_release(struct kc_explanation *e);

/* Names of the tree that look like name, the nearest first; at most three. */
void kc_near_names(const struct kc_tree *t, const char *name, struct strv *ret);

/* What gave a symbol its value. */
enum kc_origin {
	KC_BY_NOTHING, /* neither visible and set, nor default, select or imply */
	KC_BY_USER,
	KC_BY_DEFAULT, /* prop: the line */
	KC_BY_SELECT,
	KC_BY_IMPLY,
	KC_BY_CHOICE, /* it is, or is not, the member that the choice has */
	KC_BY_RANGE,  /* moved to a bound; prop: the range */
};
/* "user", "default" and the like, for programs. */
const char *kc_origin_name(enum kc_origin origin);
/* s must have been worked out. *ret_prop may be NULL. */
enum kc_origin kc_origin_of(struct kc_conf *c, struct kc_sym *s, const struct kc_prop **ret_prop);
/* The names of what selects s to at least want now (n: could select it), as "A, B and 3 more"; freed by the caller. */
char *kc_selectors(struct kc_conf *c, const struct kc_sym *s, enum kc_tri want);
