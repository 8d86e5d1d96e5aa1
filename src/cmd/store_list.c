/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln store list`: the cells, the last used first. */
#include "cmd/cmd.h"
#include "cmd/store.h"

extern const struct cmd cmd_store_list;

struct list_opts {
	const char *store;
	bool names;
};

static const struct opt opts[] = {
	/* clang-format off */
	STORE_OPT(offsetof(struct list_opts, store)),
	{ "names", 0, OPT_FLAG, offsetof(struct list_opts, names), NULL, "print only what names a cell, one a line" },
	/* clang-format on */
};

/* "modules of guest/release" for the ref of these, as nobody reads 64 digits. */
static void add_ref(const struct sto_cells *cells, const char *ref, struct str *ret)
{
	char below[STO_ID + 1];
	const char *name = below;

	if (!sto_over_below(ref, below)) {
		str_adds(ret, ref);
		return;
	}
	below[12] = '\0';
	for (size_t i = 0; i < cells->n; i++)
		if (str_starts(cells->v[i].id, below) && cells->v[i].refs.n &&
		    !sto_over_below(cells->v[i].refs.v[0], (char[STO_ID + 1]){ 0 }))
			name = cells->v[i].refs.v[0];
	str_addf(ret, "modules of %s", name);
}

static void add_row(struct table *t, const struct sto_cells *cells, const struct sto_cell *c)
{
	auto_free char *size = store_size(c->bytes), *own = store_size(c->own_bytes);
	auto_free char *files = xasprintf("%ju", (uintmax_t)c->files);
	auto_free char *used = store_time(c->used);
	auto_free char *id = xstrndup(c->id, 12);
	auto_str struct str refs = { 0 };

	for (size_t i = 0; i < c->refs.n; i++) {
		str_adds(&refs, i ? ", " : "");
		add_ref(cells, c->refs.v[i], &refs);
	}
	table_row(t);
	table_cell(t, id);
	if (c->damaged)
		table_cell_color(t, "damaged", TABLE_BAD);
	else
		table_cell(t, size);
	table_cell(t, c->damaged ? NULL : own);
	table_cell(t, c->damaged ? NULL : files);
	table_cell(t, used);
	table_cell(t, str_c(&refs));
}

static json_t *json_of(const struct sto_cell *c)
{
	return json_pack("{s:s, s:o, s:I, s:I, s:I, s:I, s:b}", "id", c->id, "refs",
			 out_json_texts(&c->refs), "bytes", (json_int_t)c->bytes, "own_bytes",
			 (json_int_t)c->own_bytes, "files", (json_int_t)c->files, "used",
			 (json_int_t)c->used, "damaged", c->damaged);
}

static int print_cells(struct out *out, const struct sto_cells *cells, struct err *err)
{
	static const char *const columns[] = { "CELL", "SIZE", "OWN", "FILES", "USED", "REFS" };
	struct table *t;
	int r;

	if (out->json) {
		json_t *a = json_array();

		for (size_t i = 0; i < cells->n; i++)
			json_array_append_new(a, json_of(&cells->v[i]));
		out_json(out, a);
		return 0;
	}
	if (!cells->n) {
		out_note(out, "the store is empty");
		return 0;
	}
	t = table_new(columns, countof(columns));
	for (size_t i = 0; i < cells->n; i++)
		add_row(t, cells, &cells->v[i]);
	r = table_print(t, out, err);
	table_free(t);
	return r;
}

static int print_names(struct out *out, const struct sto *s, struct err *err)
{
	auto_strv struct strv names = { 0 };
	int r = sto_names(s, &names, err);

	if (r == 0 && out->json)
		out_json(out, out_json_texts(&names));
	for (size_t i = 0; r == 0 && !out->json && i < names.n; i++)
		out_print(out, "%s\n", names.v[i]);
	return r;
}

static int list(struct out *out, struct sto *s, struct err *err)
{
	struct sto_cells cells = { 0 };
	int r = sto_list(s, &cells, err);

	if (r == 0)
		r = print_cells(out, &cells, err);
	sto_cells_release(&cells);
	return r;
}

static int run_list(struct out *out, const struct global_opts *global, void *o, char **args,
		    size_t n_args, size_t dashes, struct err *err)
{
	const struct list_opts *lo = o;
	struct sto *s = NULL;
	int r;

	if (n_args)
		return usage_error(&cmd_store_list, err, "unexpected argument '%s'", args[0]);
	r = sto_open(lo->store, false, &s, err);
	if (r == 0)
		r = lo->names ? print_names(out, s, err) : list(out, s, err);
	sto_close(s);
	return r;
}

const struct cmd cmd_store_list = {
	.name = "store list",
	.args = "",
	.summary = "list the cells of the store, the last used first",
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct list_opts),
	.facts = true,
	.run = run_list,
};
