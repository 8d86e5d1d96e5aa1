/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln module list`: the modules that were built out of tree for cells of the store. */
#include "cmd/cmd.h"
#include "cmd/store.h"

#include "base/path.h"
#include "kernel/modules.h"

#include <errno.h>

extern const struct cmd cmd_module_list;

struct list_opts {
	const char *store;
};

static const struct opt opts[] = {
	STORE_OPT(offsetof(struct list_opts, store)),
};

struct list {
	struct out *out;
	struct sto *store;
	struct table *table; /* NULL: results are wanted */
	json_t *results;
	/* of the cell being listed */
	const char *cell;
	char *path; /* of the folder with its modules */
	size_t n;
};

/* "lib/modules/RELEASE/updates/NAME/FILE.ko": the part behind updates/; NULL for the kernel's own. */
static const char *behind_updates(const char *path)
{
	const char *p = path;

	if (!str_skip(&p, "lib/modules/") || !(p = strchr(p, '/')))
		return NULL;
	return str_skip(&p, "/updates/") && krn_is_module(p) ? p : NULL;
}

static void add_file(void *ctx, const char *path, const struct sto_object *object)
{
	struct list *l = ctx;
	const char *file = behind_updates(path);
	auto_free char *name = NULL, *full = NULL;

	if (!file)
		return;
	l->n++;
	name = xstrndup(file, strcspn(file, "/"));
	full = path_join(l->path, path);
	if (!l->table) {
		json_array_append_new(l->results,
				      json_pack("{s:o, s:o, s:o, s:o}", "cell",
						out_json_text(l->cell), "name", out_json_text(name),
						"module", out_json_text(path_base(file)), "path",
						out_json_text(full)));
		return;
	}
	table_row(l->table);
	table_cell(l->table, l->cell);
	table_cell(l->table, name);
	table_cell(l->table, path_base(file));
	table_cell(l->table, full);
}

static int list_over(struct list *l, const char *id, struct err *err)
{
	auto_close int hold = -1;
	int r = sto_use(l->store, id, &hold, err);

	if (r == 0)
		r = sto_cell_path(l->store, id, &l->path);
	if (r == 0)
		r = sto_cell_files(l->store, id, add_file, l, err);
	free(take_ptr(l->path));
	return r;
}

/* asked for: that it has none is said. */
static int list_cell(struct list *l, const char *name, bool asked, struct err *err)
{
	char id[STO_ID + 1], over[STO_ID + 1];
	int r = sto_find(l->store, name, id, err);

	if (r < 0)
		return r;
	l->cell = name;
	r = sto_over_get(l->store, id, over);
	if (r == 0)
		return list_over(l, over, err);
	if (r == -ENOENT && asked)
		out_note(l->out, "nothing was built out of tree for '%s'", name);
	return r == -ENOENT ? 0 : r;
}

static bool is_ref(struct sto *s, const char *name)
{
	char id[STO_ID + 1];

	return sto_ref_get(s, name, id, NULL) == 0 && *id;
}

static int list_all(struct list *l, struct err *err)
{
	auto_strv struct strv names = { 0 };
	int r = sto_names(l->store, &names, err);

	/* each cell by its refs; digits of IDs are among the names too */
	for (size_t i = 0; r == 0 && i < names.n; i++)
		if (is_ref(l->store, names.v[i]))
			r = list_cell(l, names.v[i], false, err);
	if (r == 0 && !l->n)
		out_note(l->out, "nothing was built out of tree for a cell of this store "
				 "('kiln help module build' tells how)");
	return r;
}

static int list(struct list *l, char **words, size_t n, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = list_cell(l, words[i], true, err);
	return n ? r : list_all(l, err);
}

static int run_list(struct out *out, const struct global_opts *global, void *o, char **args,
		    size_t n_args, size_t dashes, struct err *err)
{
	static const char *const columns[] = { "CELL", "NAME", "MODULE", "FILE" };
	struct list l = { .out = out, .results = json_array() };
	int r = sto_open(((const struct list_opts *)o)->store, false, &l.store, err);

	if (!out->json)
		l.table = table_new(columns, countof(columns));
	if (r == 0)
		r = list(&l, args, n_args, err);
	if (r == 0 && l.table && l.n)
		r = table_print(l.table, out, err);
	if (r == 0 && out->json)
		out_json(out, json_incref(l.results));
	if (l.table)
		table_free(l.table);
	json_decref(l.results);
	sto_close(l.store);
	return r;
}

static const char *const examples[] = {
	"kiln module list",
	"kiln module list guest/x86_64/release --json",
	NULL,
};

const struct cmd cmd_module_list = {
	.name = "module list",
	.args = "[CELL...]",
	.summary = "list the modules that were built out of tree for cells of the store",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct list_opts),
	.facts = true,
	.run = run_list,
};
