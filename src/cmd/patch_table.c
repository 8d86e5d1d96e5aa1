/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/patch_table.h"

#include "base/path.h"
#include "cmd/cmd.h"

static bool is_good(const struct patch_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (!t->v[i].verdicts->good)
			return false;
	return true;
}

static bool is_twice(const struct patch_table *t, size_t i)
{
	for (size_t k = 0; k < t->n; k++)
		if (k != i && str_eq(t->v[i].tree->version, t->v[k].tree->version))
			return true;
	return false;
}

/* The version; where two trees have one, the folder too. */
static void set_titles(struct patch_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct patch_column *c = &t->v[i];

		c->title = is_twice(t, i) ? xasprintf("%s (%s)", c->tree->version,
						      path_base(c->tree->path))
					  : xstrdup(c->tree->version);
	}
}

static enum table_color color_of(enum src_outcome o)
{
	switch (o) {
	case SRC_APPLIES:
		return TABLE_GOOD;
	case SRC_REBASE:
	case SRC_BAD:
		return TABLE_BAD;
	default:
		return TABLE_DIM;
	}
}

static int print_table(const struct patch_table *t, struct err *err)
{
	const char **titles = xcalloc(t->n + 1, sizeof(*titles));
	struct table *table;
	int r;

	titles[0] = "PATCH";
	for (size_t i = 0; i < t->n; i++)
		titles[i + 1] = t->v[i].title;
	table = table_new(titles, t->n + 1);
	for (size_t p = 0; p < t->series->n; p++) {
		table_row(table);
		table_cell(table, t->series->v[p].name);
		for (size_t i = 0; i < t->n; i++) {
			enum src_outcome o = t->v[i].verdicts->v[p].outcome;

			table_cell_color(table, src_outcome_name(o), color_of(o));
		}
	}
	r = table_print(table, t->out, err);
	table_free(table);
	free(titles);
	return r;
}

static void print_failed(const struct patch_table *t, const struct src_patch *p,
			 const struct patch_column *c, const struct src_verdict *v)
{
	out_print(t->out, "\n%s on %s:\n", p->name, c->title);
	for (size_t i = 0; i < v->failed.n; i++) {
		const struct src_hunk *h = &v->failed.v[i];

		if (h->number)
			out_print(t->out, "  %s:%u: hunk %u: %s\n", h->file, h->line, h->number,
				  h->why);
		else
			out_print(t->out, "  %s: %s\n", h->file, h->why);
	}
}

/* A bad patch is bad everywhere. */
static void print_bad(const struct patch_table *t, const struct src_patch *p)
{
	out_print(t->out, "\n%s:\n  %s\n", p->name, p->bad);
	if (p->bad_hint)
		out_print(t->out, "  hint: %s\n", p->bad_hint);
}

static void print_reasons(const struct patch_table *t)
{
	for (size_t p = 0; p < t->series->n; p++) {
		if (t->series->v[p].bad)
			print_bad(t, &t->series->v[p]);
		for (size_t i = 0; i < t->n; i++)
			if (t->v[i].verdicts->v[p].outcome == SRC_REBASE)
				print_failed(t, &t->series->v[p], &t->v[i],
					     &t->v[i].verdicts->v[p]);
	}
}

static json_t *verdict_json(const struct patch_column *c, const struct src_verdict *v)
{
	json_t *failed = json_array();

	for (size_t i = 0; i < v->failed.n; i++) {
		const struct src_hunk *h = &v->failed.v[i];

		json_array_append_new(failed,
				      json_pack("{s:o, s:i, s:i, s:o}", "file",
						out_json_text(h->file), "hunk", h->number, "line",
						h->line, "why", out_json_text(h->why)));
	}
	return json_pack("{s:o, s:o, s:o, s:I, s:o, s:o}", "tree", out_json_text(c->tree->path),
			 "version", out_json_text(c->tree->version), "outcome",
			 out_json_text(src_outcome_name(v->outcome)), "moved", (json_int_t)v->moved,
			 "why", out_json_text(v->why), "failed", failed);
}

json_t *patch_table_json(const struct patch_table *t)
{
	json_t *patches = json_array();

	for (size_t p = 0; p < t->series->n; p++) {
		const struct src_patch *x = &t->series->v[p];
		json_t *trees = json_array();

		for (size_t i = 0; i < t->n; i++)
			json_array_append_new(trees,
					      verdict_json(&t->v[i], &t->v[i].verdicts->v[p]));
		json_array_append_new(patches, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
							 "patch", out_json_text(x->name), "path",
							 out_json_text(x->path), "subject",
							 out_json_text(x->subject), "since",
							 out_json_text(x->since), "until",
							 out_json_text(x->until), "sha256",
							 out_json_text(x->digest), "trees", trees));
	}
	return json_pack("{s:b, s:o}", "good", is_good(t), "patches", patches);
}

int patch_table_print(struct patch_table *t, struct err *err)
{
	int r = 0;

	if (!t->out->json) {
		set_titles(t);
		r = print_table(t, err);
		print_reasons(t);
	}
	return r < 0 ? r : is_good(t) ? EXIT_OK : EXIT_NO;
}

void patch_table_release(struct patch_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i].title);
	free(t->v);
}
