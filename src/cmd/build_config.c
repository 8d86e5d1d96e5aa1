/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration of a cell: base and parts in the tree, every line verified. */
#include "cmd/build_plan.h"

#include "base/path.h"
#include "build/elsewhere.h"
#include "cmd/config_tell.h"

#include <errno.h>

struct work {
	struct build_plan *p;
	struct build_cell *c;
	struct config_tree tree;
	struct config_renames renames;
	struct kc_wishes wishes;
	struct config_made made;
};

static int add_parts(struct work *w, const struct strv *parts, struct err *err)
{
	int r = 0;

	for (size_t i = 0; parts && i < parts->n && r == 0; i++)
		r = config_part(&w->tree, parts->v[i], &w->wishes, err);
	return r;
}

/* Tells of the lines that do not hold; how many there are. A line that a later one overrides need not. */
static size_t verify(struct work *w)
{
	size_t failed = 0;

	for (size_t i = 0; i < w->wishes.n; i++) {
		const struct kc_wish *wish = &w->wishes.v[i];
		struct kc_explanation e;
		struct kc_renamed renamed;

		if (kc_holds(w->made.conf, wish) || wish->optional)
			continue;
		kc_explain(w->made.conf, wish, &w->wishes, &e);
		config_explain_renamed(&w->renames, &w->tree, w->made.conf, wish, &e, &renamed);
		if (e.reason != KC_HOLDS && e.reason != KC_LATER_LINE) {
			failed++;
			if (!wish->silent)
				config_tell_failure(w->p->out, w->tree.arch, wish, &e, NULL);
		}
		kc_renamed_release(&renamed);
		kc_explanation_release(&e);
	}
	return failed;
}

/* The command that says which lines would help. */
static char *resolve_command(const struct work *w)
{
	const struct bld_cell *cell = w->c->cell;
	struct strv argv = { 0 };
	char *line;

	strv_adds(&argv, "kiln", "config", "resolve", "--tree", w->c->tree.path, "--arch",
		  cell->arch, "--base", cell->kernel->base ? cell->kernel->base : "defconfig",
		  "--fix", "-o", "/dev/null", NULL);
	strv_extend(&argv, cell->kernel->config.v);
	if (cell->variant_parts)
		strv_extend(&argv, cell->variant_parts->v);
	line = strv_quoted(argv.v);
	strv_release(&argv);
	return line;
}

static int make(struct work *w, struct err *err)
{
	const struct bld_cell *cell = w->c->cell;
	struct config_opts o = {
		.tree = w->c->tree.path,
		.arch = cell->arch,
		.lines_of = w->p->project.path ? path_base(w->p->project.path) : NULL,
		.line = (int)cell->kernel->line,
		.env = w->c->toolchain.make.v,
	};
	static char *const none[] = { NULL };
	auto_strv struct strv outer = { 0 };
	struct bld_elsewhere place;
	size_t failed;
	int r;

	o.elsewhere = bld_elsewhere_of(&w->c->toolchain, w->c->tree.path, &place);
	/* as make will have it: a CC of the user's would say another compiler's words here */
	if (!o.elsewhere)
		bld_toolchain_env(&w->c->toolchain, NULL, &outer);
	o.outer = outer.v ?: none;
	r = config_tree_open(&w->tree, &o, w->p->out, err);

	if (r == 0)
		r = add_parts(w, &cell->kernel->config, err);
	if (r == 0)
		r = add_parts(w, cell->variant_parts, err);
	if (r == 0)
		r = config_make(&w->tree, cell->kernel->base ? cell->kernel->base : "defconfig",
				&w->wishes, &w->made, err);
	if (r < 0)
		return r;
	failed = verify(w);
	if (failed) {
		auto_free char *line = resolve_command(w);

		err_set(err, -EINVAL, "%zu of %zu lines asked for do not hold", failed,
			w->wishes.n);
		err_hint(err, -EINVAL, "which lines would help: %s", line);
		return 1;
	}
	w->c->config = str_take(&w->made.text);
	w->c->srcarch = xstrdup(w->tree.srcarch);
	return 0;
}

int build_config(struct build_plan *p, struct build_cell *c, struct err *err)
{
	struct work w = { .p = p, .c = c, .tree = { .dirfd = -1 }, .renames = { .out = p->out } };
	int r = make(&w, err);

	config_made_release(&w.made);
	kc_wishes_release(&w.wishes);
	config_renames_release(&w.renames);
	config_tree_release(&w.tree);
	return r;
}
