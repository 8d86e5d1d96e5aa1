/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables: cells are kept here and given to libsmartcols only when printed as text. */
#include "base/dl.h"
#include "base/out.h"
#include "base/str.h"

#include <errno.h>
#include <libsmartcols.h>

DL_FUNC(scols_new_table);
DL_FUNC(scols_unref_table);
DL_FUNC(scols_table_new_column);
DL_FUNC(scols_table_new_line);
DL_FUNC(scols_line_set_data);
DL_FUNC(scols_line_get_cell);
DL_FUNC(scols_cell_set_color);
DL_FUNC(scols_table_enable_colors);
DL_FUNC(scols_table_set_stream);
DL_FUNC(scols_table_set_termforce);
DL_FUNC(scols_table_set_termwidth);
DL_FUNC(scols_print_table);

static const struct dl_sym syms[] = {
	/* clang-format off */
	DL_SYM(scols_new_table),
	DL_SYM(scols_unref_table),
	DL_SYM(scols_table_new_column),
	DL_SYM(scols_table_new_line),
	DL_SYM(scols_line_set_data),
	DL_SYM(scols_line_get_cell),
	DL_SYM(scols_cell_set_color),
	DL_SYM(scols_table_enable_colors),
	DL_SYM(scols_table_set_stream),
	DL_SYM(scols_table_set_termforce),
	DL_SYM(scols_table_set_termwidth),
	DL_SYM(scols_print_table),
	/* clang-format on */
};

struct cell {
	char *text; /* NULL: empty */
	enum table_color color;
};

struct table {
	struct strv columns;
	/* the cells of all rows, one row behind the other */
	struct {
		struct cell *v;
		size_t n;
		size_t cap;
	} cells;
	size_t rows;
};

struct table *table_new(const char *const *columns, size_t n)
{
	struct table *t = xnew(struct table);

	for (size_t i = 0; i < n; i++)
		strv_add(&t->columns, columns[i]);
	return t;
}

static void fill_row(struct table *t)
{
	while (t->cells.n < t->rows * t->columns.n)
		vec_push(&t->cells, ((struct cell){ 0 }));
}

void table_row(struct table *t)
{
	fill_row(t);
	t->rows++;
}

void table_cell(struct table *t, const char *text)
{
	table_cell_color(t, text, TABLE_PLAIN);
}

void table_cell_color(struct table *t, const char *text, enum table_color color)
{
	/* more cells than columns: a fault of the caller that must not shift all later rows */
	if (t->cells.n >= t->rows * t->columns.n)
		return;
	vec_push(&t->cells, ((struct cell){ text ? xstrdup(text) : NULL, color }));
}

static const char *color_name(enum table_color color)
{
	static const char *const names[] = {
		[TABLE_PLAIN] = NULL,
		[TABLE_GOOD] = "green",
		[TABLE_BAD] = "red",
		[TABLE_DIM] = "gray",
	};

	return names[color];
}

static int add_columns(const struct table *t, struct libscols_table *s)
{
	for (size_t i = 0; i < t->columns.n; i++) {
		bool last = i + 1 == t->columns.n;

		if (!dl_scols_table_new_column(s, t->columns.v[i], 0, last ? SCOLS_FL_WRAP : 0))
			return -ENOMEM;
	}
	return 0;
}

static int add_rows(const struct table *t, struct libscols_table *s)
{
	for (size_t row = 0; row < t->rows; row++) {
		struct libscols_line *line = dl_scols_table_new_line(s, NULL);

		if (!line)
			return -ENOMEM;
		for (size_t i = 0; i < t->columns.n; i++) {
			const struct cell *c = &t->cells.v[row * t->columns.n + i];
			int r = dl_scols_line_set_data(line, i, c->text ? c->text : "");

			if (!r && color_name(c->color))
				r = dl_scols_cell_set_color(dl_scols_line_get_cell(line, i),
							    color_name(c->color));
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int print(const struct table *t, struct libscols_table *s, struct out *o)
{
	int r = add_columns(t, s);

	if (!r)
		r = add_rows(t, s);
	if (r < 0)
		return r;
	dl_scols_table_set_stream(s, o->result);
	dl_scols_table_enable_colors(s, o->color_result);
	if (o->columns_result) {
		dl_scols_table_set_termforce(s, SCOLS_TERMFORCE_ALWAYS);
		dl_scols_table_set_termwidth(s, o->columns_result);
	} else {
		dl_scols_table_set_termforce(s, SCOLS_TERMFORCE_NEVER);
	}
	return dl_scols_print_table(s);
}

int table_print(struct table *t, struct out *o, struct err *err)
{
	static void *lib;
	struct libscols_table *s;
	int r = dl_open(&lib, "libsmartcols.so.1", syms, countof(syms), err);

	if (r < 0)
		return r;
	fill_row(t);
	out_progress_end(o);
	s = dl_scols_new_table();
	r = s ? print(t, s, o) : -ENOMEM;
	if (s)
		dl_scols_unref_table(s);
	return r < 0 ? err_code(err, r, "cannot print a table") : 0;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->cells.n; i++)
		free(t->cells.v[i].text);
	free(t->cells.v);
	strv_release(&t->columns);
	free(t);
}
