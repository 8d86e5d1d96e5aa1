/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Speaking to the user. Only src/cmd and main do; the object is passed in, so that tests compare
 * text. Results go to stdout, everything else (notes, progress, errors) to stderr. With --json a
 * command prints one JSON value on stdout instead of text.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <jansson.h>
#include <stdio.h>

enum color_mode { COLOR_AUTO, COLOR_NEVER, COLOR_ALWAYS };

struct out {
	FILE *result;  /* stdout */
	FILE *message; /* stderr */
	bool json;
	int verbose; /* -v: 1 or more; -q: -1 */
	bool color_result, color_message;
	bool tty_message;      /* progress may be drawn */
	size_t columns_result; /* width of the terminal at result; 0: none, nothing is wrapped */
	size_t columns;	       /* of the terminal at message; 0: unknown */
	int write_error;       /* negative errno of the first result that could not be written */
	/* the progress line: what it speaks of, since when, when drawn last, whether it is there */
	char progress_what[192];
	uint64_t progress_since_ns, progress_drawn_ns;
	bool progress_shown;
};

/* Sets up for stdout and stderr; looks at isatty, NO_COLOR (any non-empty value) and TERM=dumb. */
void out_init(struct out *o, enum color_mode color, bool json, int verbose);

/* A result, as it is. */
void out_print(struct out *o, const char *fmt, ...) PRINTF(2, 3);
/* "kiln: ..." on stderr, unless -q. */
void out_note(struct out *o, const char *fmt, ...) PRINTF(2, 3);
/* The same, only with -v. */
void out_detail(struct out *o, const char *fmt, ...) PRINTF(2, 3);
/* "kiln: warning: ..." on stderr, even with -q. */
void out_warn(struct out *o, const char *fmt, ...) PRINTF(2, 3);
/* "kiln: error: MSG" and "hint: HINT" lines; with --json also {"error":…,"hint":…} on stdout. */
void out_error(struct out *o, const struct err *err);
/* Prints v on stdout with two-space indentation and a newline. Takes over the reference to v. */
void out_json(struct out *o, json_t *v);
/*
 * A JSON string, or null for NULL. Bytes above 127 become '?' where s is not UTF-8, as paths may
 * be.
 */
json_t *out_json_text(const char *s);
/* An array of such. */
json_t *out_json_texts(const struct strv *v);

/*
 * Progress on long work. On a terminal a single line redrawn in place; elsewhere nothing until
 * the work has taken two seconds, then one plain line. total 0: no bar. out_progress_end() clears
 * the line.
 */
void out_progress(struct out *o, const char *what, uint64_t done, uint64_t total);
void out_progress_end(struct out *o);
/* The same as a callback of the libraries; out: struct out *. */
void out_on_progress(void *out, const char *what, uint64_t done, uint64_t total);

/* Flushes the results. 0, or the negative errno of the first write that failed since out_init(). */
int out_finish(struct out *o);

/* A table, printed with libsmartcols. */
struct table;
enum table_color { TABLE_PLAIN, TABLE_GOOD, TABLE_BAD, TABLE_DIM };
struct table *table_new(const char *const *columns, size_t n);
/* Starts a row; then table_cell() once per column in order. NULL text is an empty cell. */
void table_row(struct table *t);
void table_cell(struct table *t, const char *text);
void table_cell_color(struct table *t, const char *text, enum table_color color);
/* Prints it as text; wraps the last column at the terminal's width. */
int table_print(struct table *t, struct out *o, struct err *err);
void table_free(struct table *t);
