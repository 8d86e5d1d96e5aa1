/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the reading of Kconfig files: what lexer, macros, parser and the building of the menu share. Users of the
 * folder include parse.h.
 */
#pragma once

#include "base/map.h"
#include "kconfig/expr.h"
#include "kconfig/parse.h"

enum kc_token {
	T_EOF,
	T_EOL,
	T_WORD,	 /* text */
	T_QUOTE, /* text, quotes and escapes resolved */
	T_VALUE, /* the right side of an assignment: text */
	T_BOOL,
	T_CHOICE,
	T_COMMENT,
	T_CONFIG,
	T_DEF_BOOL,
	T_DEF_TRISTATE,
	T_DEFAULT,
	T_DEPENDS,
	T_ENDCHOICE,
	T_ENDIF,
	T_ENDMENU,
	T_HELP,
	T_HELPTEXT, /* never given out: behind a help text */
	T_HEX,
	T_IF,
	T_IMPLY,
	T_INT,
	T_MAINMENU,
	T_MENU,
	T_MENUCONFIG,
	T_MODULES,
	T_ON,
	T_OPTIONAL,
	T_PROMPT,
	T_RANGE,
	T_SELECT,
	T_SOURCE,
	T_STRING,
	T_TRANSITIONAL,
	T_TRISTATE,
	T_VISIBLE,
	T_OR,
	T_AND,
	T_EQ,
	T_NE,
	T_LT,
	T_LE,
	T_GT,
	T_GE,
	T_NOT,
	T_OPEN,
	T_CLOSE,
	T_COLON_EQ,
	T_PLUS_EQ,
};

/* A file being read. */
struct kc_file {
	struct kc_file *parent;
	struct str text;
	const char *p, *end;
	const char *name; /* interned */
	int line;	  /* of *p */
	int source_line;  /* of the `source` statement in the parent */
};

struct kc_reader {
	struct kc_tree *tree;
	const struct kc_parse *spec;
	struct kc_file *file; /* NULL behind the end */
	size_t depth;	      /* of inclusion */
	size_t opened;	      /* files in all */
	struct map files;     /* names, interned */
	struct map included;  /* where each file was included first: struct kc_pos */
	int stmt_line;	      /* of the statement being read */
	const char *stmt_file;
	bool unknown; /* an answer of the shell is not known yet */
	bool fatal;   /* something conf ends at: the lexer says T_EOF from here on */
	unsigned bad; /* errors after which reading goes on */

	/* lexer */
	enum kc_token before, before_that; /* the last two tokens given out */
	bool value_next;		   /* behind NAME = */
	const char *text; /* of T_WORD, T_QUOTE, T_VALUE; valid until three more of them */
	size_t len;
	struct str scratch[4];
	unsigned n_scratch;

	/* macros */
	struct map vars;
	unsigned expand_depth;
	size_t expand_steps, expand_bytes; /* of the expansion of one token or value */

	/* menu */
	struct kc_menu *menu, *entry;
	struct kc_menu **next_entry; /* where the next one is hung */
	struct kc_menu *choice;	     /* plain choices: the one being read */
	unsigned finalize_depth;
};

/* A line on stderr (err) or stdout, as conf would print it. */
void kc_say(struct kc_reader *r, bool err, const char *fmt, ...) PRINTF(3, 4);
/* The same with "FILE:LINE: " of the character being read in front; reading ends. */
void kc_fatal(struct kc_reader *r, const char *fmt, ...) PRINTF(2, 3);

/* lex.c */
enum kc_token kc_lex(struct kc_reader *r);
/* The text of a help block; call it behind the T_EOL of T_HELP. In the tree's arena. */
const char *kc_lex_help(struct kc_reader *r);
/* Goes on with another file. -ENOENT and the like: told, and fatal. */
void kc_lex_source(struct kc_reader *r, const char *name);
/* The first file; false: it cannot be read. */
bool kc_lex_open(struct kc_reader *r, const char *name);
void kc_lex_release(struct kc_reader *r);

/* macro.c */
enum kc_flavor { KC_RECURSIVE, KC_SIMPLE, KC_APPEND };
void kc_macro_set(struct kc_reader *r, const char *name, const char *value, enum kc_flavor flavor);
/* Expands what stands behind a '$' at *p, moves *p behind it, appends to out. */
void kc_macro_dollar(struct kc_reader *r, const char **p, const char *end, struct str *out);
/* Expands a word that has a '$' in it, up to the first character that ends one. */
void kc_macro_word(struct kc_reader *r, const char **p, const char *end, struct str *out);
void kc_macro_release(struct kc_reader *r);

/* menu.c */
void kc_menu_begin(struct kc_reader *r);
void kc_menu_entry(struct kc_reader *r, struct kc_sym *sym);
void kc_menu_open(struct kc_reader *r);
void kc_menu_close(struct kc_reader *r);
void kc_menu_type(struct kc_reader *r, enum kc_type type);
void kc_menu_dep(struct kc_reader *r, const struct kc_expr *dep);
void kc_menu_visible(struct kc_reader *r, const struct kc_expr *e);
void kc_menu_prompt(struct kc_reader *r, enum kc_prop_type type, const char *text,
		    const struct kc_expr *cond);
void kc_menu_prop(struct kc_reader *r, enum kc_prop_type type, const struct kc_expr *expr,
		  const struct kc_expr *cond);
/* "FILE:LINE:warning: ..." */
void kc_warn_at(struct kc_reader *r, struct kc_pos pos, const char *fmt, ...) PRINTF(3, 4);

/* finalize.c: conditions passed down, submenus, checks */
void kc_menu_finalize(struct kc_reader *r);
/* Plain choices: what a member may not have is told; the number of them. */
unsigned kc_check_members(struct kc_reader *r, const struct kc_menu *choice);
/* The same for a transitional symbol's entry that says more than it may. */
unsigned kc_check_transitional(struct kc_reader *r, const struct kc_menu *m);
/* cycle.c: says each loop of dependencies; the number of them */
unsigned kc_check_cycles(struct kc_reader *r);

/* How high expressions may be: what walks them is recursive. */
#define KC_MAX_HEIGHT 8000

/* Text that came from an unknown answer holds this byte. */
#define KC_UNKNOWN_ANSWER '\x01'
