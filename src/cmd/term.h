/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole screen of a terminal, by ncurses, which is opened on first use. Texts are UTF-8 whatever the locale is;
 * what it cannot show, and what a terminal would act on, becomes a '?' or a blank.
 *
 * Signals that end or resize are taken as keys while the screen is held, so that nothing is interrupted and the
 * terminal is always given back.
 */
#pragma once

#include "base/err.h"

enum term_key {
	TERM_NONE = 0,	    /* time is up */
	TERM_UP = 0x110000, /* above all characters */
	TERM_DOWN,
	TERM_PAGE_UP,
	TERM_PAGE_DOWN,
	TERM_HOME,
	TERM_END,
	TERM_ENTER,
	TERM_TAB,
	TERM_ESC,
	TERM_BACKSPACE,
	TERM_DELETE,
	TERM_F1,
	TERM_F2,
	TERM_F3,
	TERM_F10,
	TERM_RESIZE, /* term_size() says what it is now; all has to be drawn anew */
	TERM_STOP,   /* a signal wants the program to end, or the terminal is gone */
	TERM_OTHER,
};

enum term_style {
	TERM_PLAIN = 0,
	TERM_BOLD = 1,
	TERM_DIM = 2,
	TERM_REVERSE = 4,
	TERM_GOOD = 8, /* green; without colours as it is */
	TERM_BAD = 16, /* red; without colours bold */
};

struct term;

/*
 * Takes the screen of the terminal that is standard input and output. Fails with words where these are none, TERM is
 * unknown or cannot move its cursor.
 */
int term_open(struct term **ret, bool color, struct err *err);
/* Gives it back as it was. Where TERM_STOP came the signal then takes its course: this may not return. NULL is fine. */
void term_close(struct term *t);

void term_size(const struct term *t, int *ret_rows, int *ret_columns);
/* A character, or an enum term_key. wait_ms: -1 for ever. */
int term_key(struct term *t, int wait_ms);

void term_clear(struct term *t);
/* Exactly width columns from there: longer text is cut, shorter filled with blanks. style: of enum term_style. */
void term_put(struct term *t, int row, int column, int width, const char *text, unsigned style);
/* Where the cursor stands once shown; row -1: hidden. */
void term_cursor(struct term *t, int row, int column);
/* Brings what was put to the screen. */
void term_show(struct term *t);

/* How many bytes of text, from its begin, fit into width columns; *ret_columns (may be NULL) is what they take. */
size_t term_fit(const char *text, int width, int *ret_columns);
