/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the Kconfig files of one tree say for one architecture and environment: symbols, their properties, the
 * menu, expressions. Made once by kc_tree_parse() (parse.h) and never changed afterwards; the values of a
 * configuration live in a struct kc_conf (conf.h), of which there may be many for one tree. All of it lies in one
 * region and dies with kc_tree_free().
 *
 * The language: Documentation/kbuild/kconfig-language.rst of the kernel; what is said there in words and done
 * otherwise by scripts/kconfig/conf is done here as conf does it.
 */
#pragma once

#include "base/mem.h"
#include "base/str.h"
#include "kconfig/dialect.h"
#include "kconfig/region.h"

enum kc_tri { KC_N, KC_M, KC_Y };

static inline enum kc_tri kc_and(enum kc_tri a, enum kc_tri b)
{
	return a < b ? a : b;
}

static inline enum kc_tri kc_or(enum kc_tri a, enum kc_tri b)
{
	return a > b ? a : b;
}

/* "n", "m", "y" */
const char *kc_tri_text(enum kc_tri tri);

enum kc_type { KC_UNKNOWN, KC_BOOL, KC_TRISTATE, KC_INT, KC_HEX, KC_STRING };
/* "bool", "integer", ... as conf names them. */
const char *kc_type_name(enum kc_type type);

/* Where something stands. file is interned: equal files have equal pointers. */
struct kc_pos {
	const char *
		file; /* as it was named in `source`, relative to the tree or to the current folder */
	int line;     /* from 1 */
};

enum kc_op {
	KC_SYM, /* left.sym */
	KC_NOT, /* left.expr */
	KC_AND, /* left.expr, right.expr */
	KC_OR,
	KC_EQ, /* left.sym, right.sym */
	KC_NE,
	KC_LT,
	KC_LE,
	KC_GT,
	KC_GE,
	KC_RANGE, /* left.sym to right.sym */
};

struct kc_sym;

union kc_operand {
	const struct kc_expr *expr;
	struct kc_sym *sym;
	const void *any;
};

/* Interned: equal expressions of a tree have equal pointers. NULL stands for y. */
struct kc_expr {
	enum kc_op op : 8;
	uint32_t height : 24; /* of the tree it is */
	uint32_t id;	      /* index into kc_conf.known, kc_tree.expr_more */
	union kc_operand left, right;
};

/* What making expressions needs, and working them out does not. */
struct kc_expr_more {
	struct kc_expr *next;	       /* in its hash bucket */
	const struct kc_expr *deduped; /* what kc_expr_dedup() makes of it, once that is known */
};

enum kc_prop_type {
	KC_P_PROMPT = 1,
	KC_P_COMMENT,
	KC_P_MENU,
	KC_P_DEFAULT,
	KC_P_CHOICE, /* old choices: on the choice, its members; on a member, its choice */
	KC_P_SELECT,
	KC_P_IMPLY,
	KC_P_RANGE,
	KC_P_SYMBOL, /* old choices' trees: where a symbol is defined */
};
const char *kc_prop_name(enum kc_prop_type type);

/* One line of an entry. */
struct kc_prop {
	struct kc_prop *next; /* of the same symbol, in the order of reading */
	enum kc_prop_type type;
	uint32_t id;	  /* index of prompts into kc_conf.prompt_tri; else 0 */
	const char *text; /* prompt, menu, comment */
	const struct kc_expr
		*cond; /* whole condition: its own `if`, the entry's and all surrounding ones */
	const struct kc_expr *expr; /* value, selected symbol, range */
	struct kc_menu *menu;	    /* the entry it stands in */
	struct kc_pos pos;
};

/* A place in the menu: a config entry, a choice, a menu, a comment, an if. */
struct kc_menu {
	struct kc_menu *next, *parent, *list; /* siblings, the one around, the first below */
	struct kc_menu *next_def;	      /* the next place that defines the same symbol */
	struct kc_sym *sym;		      /* NULL for menus, comments and ifs */
	struct kc_prop *prompt;
	const struct kc_expr *visibility; /* `visible if` */
	const struct kc_expr *dep;	  /* own and surrounding dependencies */
	const char *help;		  /* or NULL */
	struct kc_pos pos;
	struct kc_members *members; /* of a choice */
};

/* The members of a choice in the order in which they were read. */
struct kc_members {
	struct kc_sym **v;
	size_t n, cap;
	uint32_t first; /* index into kc_conf.order */
};

enum kc_sym_flag {
	KC_CONST = 1,  /* quoted, or y, m, n */
	KC_CHOICE = 2, /* stands for a choice block */
	KC_MEMBER = 4, /* is a choice's member */
	KC_OPTIONAL =
		8, /* old choices: may have no member set; set on every plain symbol as well */
	KC_NO_WRITE = 16,    /* never written */
	KC_TRANSITIONAL = 32 /* read, never written (6.18) */
};

/* What working out values looks at comes first: most of the time that takes is spent on waiting for memory. */
struct kc_sym {
	enum kc_type type;
	unsigned flags;
	uint32_t id; /* index into kc_conf.v */
	bool checked;
	bool on_path; /* being looked at (cycle.c) */
	struct kc_prop
		*prop; /* once sealed, those that shape its value: prompts, defaults, ranges */
	const struct kc_expr *dir_dep, *rev_dep, *implied;
	struct kc_menu *choice;	   /* of a member: the entry of its choice */
	const char *name;	   /* NULL: an unnamed choice */
	struct kc_sym *next;	   /* in its hash bucket */
	struct kc_prop *others;	   /* once sealed, the other properties: select, imply, ... */
	struct kc_prop *prop_last; /* until sealed */
	struct kc_menu *defs, *defs_last;
	uint32_t height; /* how deep a look at its dependencies goes; 0: not known yet */
};

struct kc_env_use {
	const char *name, *value;
};

struct kc_tree {
	struct kc_region mem; /* holds this struct as well */
	uint64_t key
		[2]; /* of all that it was read from, and this program; zero: it was read just now */
	struct kc_dialect dialect;
	struct kc_sym *yes, *mod, *no;
	struct kc_sym *modules; /* the symbol with the property `modules`, or no */
	struct kc_menu *root;
	struct kc_sym *
		*bucket; /* dialect.sym_buckets of them; conf goes through symbols in this order */
	struct kc_expr **exprs;		/* by hash */
	struct kc_expr_more *expr_more; /* by id */
	uint32_t n_exprs, expr_slots;
	uint32_t n_syms, n_prompts, n_order;
	struct kc_sym **by_id;
	size_t by_id_cap;
	bool sealed;
	/* the entries of choices, in the order of reading */
	struct {
		struct kc_menu **v;
		size_t n, cap;
	} choices;
	/* files in the order in which they were first read */
	struct {
		const char **v;
		size_t n, cap;
	} files;
	/* environment variables that were found, in that order */
	struct {
		struct kc_env_use *v;
		size_t n, cap;
	} env;
};

/* An empty tree: y, m, n and the root of the menu. */
struct kc_tree *kc_tree_new(const struct kc_dialect *dialect);
void kc_tree_free(struct kc_tree *t);
/* All is read: what grew outside of the region moves into it. */
void kc_tree_seal(struct kc_tree *t);

/* The symbol of that name; made where there is none. flags: 0 or KC_CONST or KC_CHOICE; name may be NULL. */
struct kc_sym *kc_sym_lookup(struct kc_tree *t, const char *name, unsigned flags);
/* The symbol of that name (no constant), or NULL. */
struct kc_sym *kc_sym_find(const struct kc_tree *t, const char *name);

/* In the order in which conf goes through symbols; neither y, m nor n. `sym` is NULL behind the last. */
#define kc_for_each_sym(t, i, sym)                              \
	for (uint32_t i = 0; i < (t)->dialect.sym_buckets; i++) \
		for (struct kc_sym *sym = (t)->bucket[i]; sym; sym = sym->next)

static inline bool kc_is_tri(const struct kc_sym *s)
{
	return s->type == KC_BOOL || s->type == KC_TRISTATE;
}

static inline bool kc_is_choice(const struct kc_sym *s)
{
	return s->flags & KC_CHOICE;
}

static inline bool kc_is_member(const struct kc_sym *s)
{
	return s->flags & KC_MEMBER;
}

/* Whether a user may ever be asked for it. */
bool kc_has_prompt(const struct kc_sym *s);

/* Whether text is a value of that type: 42, 0x2a or 2a, anything for strings, y/m/n first for bools. */
bool kc_text_valid(enum kc_type type, const char *text);

/* What is selected or implied, or the default where it is one symbol; else NULL. */
struct kc_sym *kc_prop_sym(const struct kc_prop *p);

/* Depth first; NULL behind the last one below root. */
const struct kc_menu *kc_menu_next(const struct kc_menu *m, const struct kc_menu *root);
