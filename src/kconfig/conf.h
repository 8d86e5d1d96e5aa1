/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration: the values a user gave to symbols of a tree, and those that follow. Values are worked out when
 * they are asked for and remembered until something is set; the rules are those of scripts/kconfig/symbol.c, in both
 * their kinds (struct kc_dialect).
 *
 * The tree is not changed: many configurations may stand on one.
 */
#pragma once

#include "kconfig/parse.h"

enum kc_value_flag {
	KC_VALID = 1,	    /* worked out */
	KC_WRITE = 2,	    /* has its line in .config */
	KC_USER = 4,	    /* the user gave a value */
	KC_NEED_CHOICE = 8, /* old choices: to be settled before the value is */
	KC_WRITTEN = 16,
	KC_AUTO = 32,	   /* auto.conf gave a value */
	KC_UNDER_WAY = 64, /* being worked out */
};

struct kc_value {
	const char *text;      /* of strings, numbers and unknown symbols; a bool's is in tri */
	const char *user_text; /* NULL: none */
	struct kc_sym *chosen; /* of an old choice */
	struct kc_sym *user_chosen;
	uint8_t tri, user_tri; /* enum kc_tri */
	uint8_t visible, dir, rev, implied;
	uint8_t flags;
};

/* What auto.conf says; KC_AUTO tells whether it does. */
struct kc_auto {
	const char *text;
	uint8_t tri; /* enum kc_tri */
};

struct kc_conf {
	const struct kc_tree *tree;
	struct kc_value *v;	 /* by kc_sym.id */
	struct kc_auto *of_auto; /* the same; NULL: it was not read */
	uint8_t *prompt_tri;	 /* by kc_prop.id: as last worked out */
	uint8_t *known;		 /* by kc_expr.id: its value plus 1, 0: not known */
	uint32_t n_known;	 /* expressions that printing makes later are not among them */
	uint32_t early;		 /* so often a value was looked at while it was worked out */
	struct kc_sym **order;	 /* plain choices: members by priority, at kc_members.first */
	struct arena text;
	uint8_t modules; /* of the symbol MODULES */
	bool changed;	 /* differs from the file it was read from */
	unsigned unmet;	 /* selects against dependencies that were told of */
	kc_say_fn *say;
	void *ctx;
};

/* say may be NULL. */
struct kc_conf *kc_conf_new(const struct kc_tree *tree, kc_say_fn *say, void *ctx);
/* A copy that shares the texts of c, which must outlive it; it knows nothing of auto.conf. */
struct kc_conf *kc_conf_copy(const struct kc_conf *c);
void kc_conf_free(struct kc_conf *c);

static inline struct kc_value *kc_v(const struct kc_conf *c, const struct kc_sym *s)
{
	return &c->v[s->id];
}

static inline bool kc_has_user(const struct kc_conf *c, const struct kc_sym *s)
{
	return kc_v(c, s)->flags & KC_USER;
}

/* Works the value out; visibility and the flags with it. */
void kc_calc(struct kc_conf *c, struct kc_sym *s);
enum kc_tri kc_eval(struct kc_conf *c, const struct kc_expr *e);
/* Whether a comparison holds where a is worth s and b is worth t. */
bool kc_compare(enum kc_op op, const struct kc_sym *a, const char *s, const struct kc_sym *b,
		const char *t);
/* Everything has to be worked out anew. */
void kc_invalidate(struct kc_conf *c);
/* What expressions are worth is not known any more. */
void kc_forget_exprs(struct kc_conf *c);
/* One value has to be worked out anew, and expressions that look at it. */
void kc_invalidate_one(struct kc_conf *c, const struct kc_sym *s);

/* bool, or tristate without modules: bool. */
enum kc_type kc_type_now(const struct kc_conf *c, const struct kc_sym *s);
/* Worked out before by kc_calc(): "y", "m", "n" or the text. */
const char *kc_value_text(const struct kc_conf *c, const struct kc_sym *s);
/* The same as behind "=" in .config: strings in quotes. Freed by the caller. */
char *kc_quoted_value(const struct kc_conf *c, const struct kc_sym *s);
static inline enum kc_tri kc_tri_of(const struct kc_conf *c, const struct kc_sym *s)
{
	return kc_v(c, s)->tri;
}

/* The value of a bound as a number; base: of a bound that is neither int nor hex. */
long long kc_range_value(struct kc_conf *c, struct kc_sym *s, int base);
/* The text of a number or a string without value or default. */
const char *kc_empty_text(const struct kc_conf *c, const struct kc_sym *s);
/* What the value would be had the user said nothing; works out what it needs. */
const char *kc_default_text(struct kc_conf *c, struct kc_sym *s);
/* Whether the user may set it, or selects leave no room. */
bool kc_changeable(const struct kc_conf *c, const struct kc_sym *s);
bool kc_tri_allowed(const struct kc_conf *c, const struct kc_sym *s, enum kc_tri tri);
bool kc_text_allowed(struct kc_conf *c, struct kc_sym *s, const char *text);
/* False: not allowed, nothing done. */
bool kc_set_tri(struct kc_conf *c, struct kc_sym *s, enum kc_tri tri);
bool kc_set_text(struct kc_conf *c, struct kc_sym *s, const char *text);
/* Whether the entry is shown; works out what it needs. */
bool kc_menu_shown(struct kc_conf *c, const struct kc_menu *m);

/* The active default, range: the first whose condition is not n; NULL: none. */
const struct kc_prop *kc_active(struct kc_conf *c, const struct kc_sym *s, enum kc_prop_type type);

/* choice.c */
/* Plain choices: which member is y; settles the values of all. choice: its entry. NULL: none is visible. */
struct kc_sym *kc_choice_settle(struct kc_conf *c, const struct kc_menu *choice);
/* The member that is y where the user said nothing; visibilities have been worked out. */
struct kc_sym *kc_choice_default(struct kc_conf *c, const struct kc_menu *choice);
/* Plain choices: the user's choice. */
void kc_choice_set(struct kc_conf *c, const struct kc_menu *choice, struct kc_sym *s);
/* Plain choices: a member gets the first place in priority, or (last) the last. */
void kc_choice_move(struct kc_conf *c, const struct kc_menu *choice, struct kc_sym *s, bool last);
/* Old choices: which member is y; visibilities of all are worked out. */
struct kc_sym *kc_choice_pick(struct kc_conf *c, struct kc_sym *choice);
/* Old choices: members without a value of the user's are n. */
void kc_choice_fill(struct kc_conf *c, struct kc_sym *choice);

/* value.c, for choice.c */
void kc_calc_visibility(struct kc_conf *c, struct kc_sym *s);
/* "\nWARNING: unmet direct dependencies ..." is among what is said; with values where c is given. */
void kc_add_expr_values(const struct kc_conf *c, struct str *out, const struct kc_expr *e);
void kc_add_reverse(struct kc_conf *c, struct str *out, const struct kc_expr *e, enum kc_tri want,
		    const char *title);
