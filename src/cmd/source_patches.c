/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln source patches`: what becomes of each patch of a series on each of some trees, as a table. */
#include "base/path.h"
#include "cmd/cmd.h"
#include "cmd/patch_table.h"
#include "cmd/source_tree.h"

#include <errno.h>

struct patches_opts {
	struct strv trees;
};

#define P(member) offsetof(struct patches_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	{ "tree", 't', OPT_LIST, P(trees), "DIR", "a kernel source; may stand more than once (default: the current folder)", .complete = OC_DIR },
	/* clang-format on */
};

static const char *const examples[] = {
	"kiln source patches --tree linux-6.1 --tree linux-6.12 patches/",
	"kiln source patches 0001-fix.patch",
	NULL,
};

static int run_source_patches(struct out *out, const struct global_opts *global, void *options,
			      char **args, size_t n_args, size_t dashes, struct err *err);

static void release_opts(void *options)
{
	strv_release(&((struct patches_opts *)options)->trees);
}

const struct cmd cmd_source_patches = {
	.name = "source patches",
	.args = "PATCH...",
	.summary = "whether patches apply to kernel sources, and where they do not",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct patches_opts),
	.facts = true,
	.run = run_source_patches,
	.release = release_opts,
};

struct trying {
	struct src_tree tree;
	struct src_verdicts verdicts;
};

static int try_all(struct trying *v, const struct strv *trees, const struct src_series *series,
		   struct patch_table *to, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < MAX(trees->n, (size_t)1) && r == 0; i++) {
		r = source_tree_open(trees->n ? trees->v[i] : ".", &v[i].tree, err);
		if (r == 0)
			r = src_series_try(series, &v[i].tree, &v[i].verdicts, err);
		vec_push(to, ((struct patch_column){ &v[i].tree, &v[i].verdicts, NULL }));
	}
	return r;
}

static int run_source_patches(struct out *out, const struct global_opts *global, void *options,
			      char **args, size_t n_args, size_t dashes, struct err *err)
{
	const struct patches_opts *o = options;
	struct src_series series = { 0 };
	struct patch_table table = { .out = out, .series = &series };
	struct trying *v = xcalloc(o->trees.n + 1, sizeof(*v));
	int r;

	if (!n_args)
		r = usage_error(&cmd_source_patches, err, "no patches");
	else
		r = src_series_read(args, n_args, &series, err);
	if (r == 0)
		r = try_all(v, &o->trees, &series, &table, err);
	if (r == 0)
		r = patch_table_print(&table, err);
	if (r >= 0 && out->json)
		out_json(out, patch_table_json(&table));
	patch_table_release(&table);
	for (size_t i = 0; i <= o->trees.n; i++) {
		source_tree_release(&v[i].tree);
		src_verdicts_release(&v[i].verdicts);
	}
	free(v);
	src_series_release(&series);
	return r;
}
