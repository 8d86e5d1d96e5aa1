/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration of a cell: base and parts in the tree, every line verified. */
#include "cmd/build_plan.h"

#include "base/path.h"
#include "build/elsewhere.h"
#include "cmd/config_resolved.h"
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

/* Worked out and every line verified; 1: some do not hold, and it was told which. */
static int resolve(struct work *w, struct config_start *start, struct err *err)
{
	size_t failed;

	config_start_take(&w->tree, start);
	config_make_on(&w->tree, start, &w->wishes, &w->made);
	failed = verify(w);
	if (failed) {
		auto_free char *line = resolve_command(w);

		err_set(err, -EINVAL, "%zu of %zu lines asked for do not hold", failed,
			w->wishes.n);
		err_hint(err, -EINVAL, "which lines would help: %s", line);
		return 1;
	}
	w->c->config = str_take(&w->made.text);
	return 0;
}

static int find_or_resolve(struct work *w, struct err *err)
{
	const char *base = w->c->cell->kernel->base ?: "defconfig";
	cleanup(config_start_release) struct config_start start = { 0 };
	auto_str struct str text = { 0 };
	char key[33];
	bool has_key;
	int r = config_start_text(&w->tree, base, &start, err);

	if (r < 0)
		return r;
	has_key = config_resolved_key(&w->tree, &start, &w->wishes, key);
	if (has_key && config_resolved_find(key, &text)) {
		w->c->config = str_take(&text);
		return 0;
	}
	r = resolve(w, &start, err);
	if (r == 0 && has_key)
		config_resolved_keep(key, w->c->config);
	return r;
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
		r = find_or_resolve(w, err);
	if (r != 0)
		return r;
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
