/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside `kiln config menu`: what is chosen (menu_state.c), what is listed and shown of it (menu_view.c), what keys do
 * (config_menu.c).
 *
 * The one thing that changes is the text of the user's part. Each change is put to the text, and the configuration made
 * anew from base, other parts and it, as `kiln config resolve` would make it; so undo is the text before.
 */
#pragma once

#include "cmd/config_tree.h"
#include "cmd/term.h"
#include "kconfig/explain.h"
#include "kconfig/find.h"

/* What one text of the part comes to. */
struct menu_values {
	struct kc_wishes wishes; /* the other parts' first */
	struct config_made made;
};

/* What one more change would do. */
struct menu_ahead {
	struct kc_sym *sym; /* NULL: nothing is known */
	char *value;	    /* as of a wish */
	bool holds;
	struct kc_explanation why; /* where it would not */
	struct strv others;	   /* "FOO n -> y" of other symbols that would change */
	struct strv broken; /* "FOO=y (part:3)" of other parts' lines that would no longer hold */
};

struct menu_row {
	struct kc_sym *sym; /* NULL: a menu, a comment, a choice without a name */
	const struct kc_menu *menu;
	int depth;
};

struct menu {
	struct config_tree tree;
	struct kc_finder *finder;
	struct config_start start;
	char *base, *file;	/* file: the part's, NULL until it is known */
	struct kc_wishes under; /* of the other parts */
	bool *held;		/* of each of them: whether it holds without the user's part */
	struct str part, saved; /* the part now, and as it is in the file */
	bool there;		/* the file exists: it was read or saved */
	struct strv undo;	/* the part before each change */
	size_t undo_bytes;
	struct menu_values now;
	struct menu_ahead ahead;

	/* what is listed */
	struct str search;
	const struct kc_menu *at; /* the menu that is open while nothing is searched for */
	struct {
		struct menu_row *v;
		size_t n, cap;
	} rows;
	size_t total; /* rows there would be */
	size_t cursor, top;

	/* what is shown */
	bool in_list;	/* keys change values; else they are the search */
	bool whole;	/* the entry under the cursor has the whole screen */
	int scroll;	/* of it */
	bool help;	/* keys are explained */
	bool asks_quit; /* unsaved: save, drop or stay */
	bool over;	/* the next save may replace what another program wrote */
	bool done;
	/* a line being edited: a value, or (edit_file) where to save */
	bool edits, edit_file, quit_after;
	struct str edit;
	struct str message; /* until the next key */
};

/* menu_state.c */

/* Reads all; file may be NULL, and need not exist. */
int menu_open(struct menu *m, const struct config_opts *o, const char *base, const char *file,
	      char **parts, size_t n, struct out *out, struct err *err);
void menu_release(struct menu *m);
/* The last line of the user's part about s; NULL: none. Valid until the next change. */
const struct kc_wish *menu_wish(const struct menu *m, const struct kc_sym *s);
/* The same of all parts. */
const struct kc_wish *menu_asked(const struct menu *m, const struct kc_sym *s);
/* Asks for a value, or (NULL) takes back what was asked. On failure nothing has changed. */
int menu_set(struct menu *m, struct kc_sym *s, const char *value, struct err *err);
/* False: there was nothing. */
bool menu_undo(struct menu *m, struct err *err);
static inline bool menu_changed(const struct menu *m)
{
	return !str_eq(str_c(&m->part), str_c(&m->saved));
}
/* Saves the part under another name, or a first one, which must not exist (-EEXIST). On failure it keeps its old one. */
int menu_save_as(struct menu *m, const char *file, struct err *err);
/* Writes the part. -EEXIST with words where another program has changed the file meanwhile, unless over. */
int menu_save(struct menu *m, bool over, struct err *err);
/* The value behind the one that is asked for, or is: n, m, y; NULL for numbers and strings. */
const char *menu_next_value(const struct menu *m, const struct kc_sym *s);
/* Fills m->ahead for a change. */
int menu_look_ahead(struct menu *m, struct kc_sym *s, const char *value, struct err *err);
void menu_forget_ahead(struct menu *m);
/* Whether a prompt of the row is visible. */
bool menu_row_shown(struct menu *m, const struct menu_row *row);
/* Whether the user's part or another one has asked for s, and not got it; why may be NULL. */
bool menu_wish_fails(struct menu *m, const struct kc_sym *s, struct kc_explanation *why);
/* How many lines of the user's part do not hold. */
size_t menu_failures(struct menu *m);
/* How many lines of the other parts hold without the user's part, but not with it. */
size_t menu_broken(const struct menu *m);

/* menu_rows.c */

/* Lists what matches m->search, or the open menu. */
void menu_list(struct menu *m);
static inline const struct menu_row *menu_row_at(const struct menu *m)
{
	return m->rows.n ? &m->rows.v[m->cursor] : NULL;
}
/* Opens a menu, or (NULL) the one around; the cursor is put to where one came from. False: there is none. */
bool menu_enter(struct menu *m, const struct kc_menu *into);
/* The text about the entry under the cursor, one line each. */
void menu_describe(struct menu *m, struct strv *ret);

/* menu_view.c */
void menu_draw(struct menu *m, struct term *t);
