/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln store path` and `kiln store rm`, and what all verbs of `kiln store` share. */
#include "cmd/store.h"

#include "cmd/cmd.h"

#include <errno.h>
#include <time.h>

extern const struct cmd cmd_store_path;
extern const struct cmd cmd_store_rm;

struct store_opts {
	const char *store;
};

static const struct opt opts[] = {
	STORE_OPT(offsetof(struct store_opts, store)),
};

struct sto_progress store_progress(struct out *out)
{
	return (struct sto_progress){ out_on_progress, out };
}

char *store_size(uint64_t bytes)
{
	struct str b = { 0 };

	str_add_size(&b, bytes);
	return str_take(&b);
}

char *store_time(time_t t)
{
	char text[64] = "";
	struct tm tm;

	if (localtime_r(&t, &tm))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm);
	return xstrdup(text);
}

static int run_path(struct out *out, const struct global_opts *global, void *o, char **args,
		    size_t n_args, size_t dashes, struct err *err);
static int run_rm(struct out *out, const struct global_opts *global, void *o, char **args,
		  size_t n_args, size_t dashes, struct err *err);

static const char *const path_examples[] = {
	"ls $(kiln store path v6.1-debug)",
	"kiln run $(kiln store path 3f786850e387)        by the first digits of its ID",
	NULL,
};

const struct cmd cmd_store_path = {
	.name = "store path",
	.args = "CELL",
	.summary = "print the folder of a cell",
	.examples = path_examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct store_opts),
	.facts = true,
	.run = run_path,
};

static const char *const rm_examples[] = {
	"kiln store rm v6.1-debug && kiln store gc --older-than 1d",
	NULL,
};

const struct cmd cmd_store_rm = {
	.name = "store rm",
	.args = "REF...",
	.summary = "remove names of cells, so that gc may remove these",
	.examples = rm_examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct store_opts),
	.acts = true,
	.run = run_rm,
};

static int print_path(struct out *out, const struct sto *s, const char *name, struct err *err)
{
	auto_free char *path = NULL;
	char id[STO_ID + 1];
	int r = sto_find(s, name, id, err);

	if (r < 0)
		return r;
	if (sto_cell_path(s, id, &path) < 0)
		return err_set(err, -ENOENT, "the cell '%.12s' was removed just now", id);
	if (out->json)
		out_json(out, json_pack("{s:s, s:o}", "id", id, "path", out_json_text(path)));
	else
		out_print(out, "%s\n", path);
	return EXIT_OK;
}

static int run_path(struct out *out, const struct global_opts *global, void *o, char **args,
		    size_t n_args, size_t dashes, struct err *err)
{
	const struct store_opts *so = o;
	struct sto *s = NULL;
	int r;

	if (n_args != 1)
		return usage_error(&cmd_store_path, err, "name one cell");
	r = sto_open(so->store, false, &s, err);
	if (r == 0)
		r = print_path(out, s, args[0], err);
	sto_close(s);
	return r;
}

/* Modules of a cell may be built this moment, on top of those that are to go. */
static int remove_ref(struct sto *s, const char *name, struct err *err)
{
	char below[STO_ID + 1];
	auto_close int lock = -1;
	int r;

	if (!sto_over_below(name, below))
		return sto_ref_remove(s, name, err);
	r = sto_over_lock(s, &lock, err);
	return r < 0 ? r : sto_over_remove(s, below, err);
}

/* What is no ref is told before any is removed. */
static int remove_refs(struct out *out, struct sto *s, char **names, size_t n, bool dry_run,
		       struct err *err)
{
	char id[STO_ID + 1];
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = sto_ref_get(s, names[i], id, err);
		if (r == 0 && dry_run)
			out_print(out, "rm %s (%.12s)\n", names[i], id);
	}
	for (size_t i = 0; r == 0 && !dry_run && i < n; i++)
		r = remove_ref(s, names[i], err);
	return r;
}

static int run_rm(struct out *out, const struct global_opts *global, void *o, char **args,
		  size_t n_args, size_t dashes, struct err *err)
{
	const struct store_opts *so = o;
	struct sto *s = NULL;
	int r;

	if (!n_args)
		return usage_error(&cmd_store_rm, err, "which names are to be removed?");
	r = sto_open(so->store, false, &s, err);
	if (r == 0)
		r = remove_refs(out, s, args, n_args, global->dry_run, err);
	sto_close(s);
	return r;
}
