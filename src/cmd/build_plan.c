/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/build_plan.h"

#include "base/path.h"
#include "cmd/cmd.h"
#include "kconfig/env.h"

#include <errno.h>

static void cell_release(struct build_cell *c)
{
	src_series_release(&c->series);
	src_verdicts_release(&c->verdicts);
	src_tree_release(&c->tree);
	bld_toolchain_release(&c->toolchain);
	str_release(&c->inputs);
	free(c->srcarch);
	free(c->label);
	free(c->config);
	free(c->build);
}

void build_plan_release(struct build_plan *p)
{
	for (size_t i = 0; i < p->cells.n; i++)
		cell_release(&p->cells.v[i]);
	free(p->cells.v);
	for (size_t i = 0; i < p->sources.n; i++) {
		src_tree_release(&p->sources.v[i]->tree);
		free(p->sources.v[i]);
	}
	free(p->sources.v);
	bld_cells_release(&p->all);
	bld_project_release(&p->project);
	strv_release(&p->env);
	free(p->told);
	sto_close(p->store);
}

/* One kernel from options. Its paths are the user's: below the current folder. */
static int take_options(struct build_plan *p, struct err *err)
{
	const struct build_opts *o = p->o;
	struct bld_kernel k = { .name = xstrdup(o->name ? o->name : "kernel") };
	struct bld_named source = { 0 };

	strv_add(&source.values, o->source);
	vec_push(&k.sources, source);
	strv_extend(&k.arch, o->arch.v);
	strv_extend(&k.config, o->config.v);
	strv_extend(&k.patches, o->patches.v);
	strv_extend(&k.toolchains, o->toolchains.v);
	k.base = o->base ? xstrdup(o->base) : NULL;
	k.launcher = o->launcher ? xstrdup(o->launcher) : NULL;
	k.debug_info = o->debug_info;
	p->project.dir = path_abs(".");
	vec_push(&p->project.kernels, k);
	return bld_kernel_finish(&p->project.kernels.v[0], p->project.dir, err);
}

/* An option that says what --source is made of. Left out without a word it would be something asked for and lost. */
static const char *option_of_source(const struct build_opts *o)
{
	const struct {
		bool given;
		const char *name;
	} options[] = {
		{ o->name, "name" },	     { o->arch.n, "arch" },
		{ o->base, "base" },	     { o->config.n, "config" },
		{ o->patches.n, "patch" },   { o->toolchains.n, "toolchain" },
		{ o->launcher, "launcher" }, { o->debug_info, "debug-info" },
	};

	for (size_t i = 0; i < countof(options); i++)
		if (options[i].given)
			return options[i].name;
	return NULL;
}

static int read_project(struct build_plan *p, struct err *err)
{
	const char *option = option_of_source(p->o);
	auto_free char *path = NULL;
	int r;

	if (p->o->source)
		return take_options(p, err);
	if (option) {
		err_set(err, ERR_USAGE, "--%s goes with --source", option);
		return err_hint(err, ERR_USAGE,
				"a kernel of " BLD_PROJECT_FILE
				" is changed there; CELL names some of them");
	}
	path = bld_project_find(".");
	if (!path) {
		err_set(err, -ENOENT, "there is no " BLD_PROJECT_FILE " here or above");
		return err_hint(err, -ENOENT,
				"write one ('kiln help build' has an example), or name a source: "
				"kiln build --source DIR --base defconfig");
	}
	r = bld_project_read(path, &p->project, err);
	if (r == 0 && !p->project.kernels.n)
		r = err_hint(err, err_set(err, -EINVAL, "'%s' names no kernels", path),
			     "'kiln help build' has an example");
	return r;
}

static int no_cell(const struct build_plan *p, const char *word, struct err *err)
{
	auto_strv struct strv names = { 0 };
	const char *near;

	for (size_t i = 0; i < p->all.n; i++)
		strv_add(&names, p->all.v[i].name);
	near = str_nearest(word, (const char *const *)names.v, names.n);
	err_set(err, -ENOENT, "there is no cell '%s'", word);
	return near ? err_hint(err, -ENOENT, "did you mean '%s'?", near)
		    : err_hint(err, -ENOENT, "'kiln build --list' shows all");
}

static int choose(struct build_plan *p, char **words, size_t n, struct err *err)
{
	for (size_t w = 0; w < n; w++) {
		bool found = false;

		for (size_t i = 0; i < p->all.n && !found; i++)
			found = bld_cell_matches(&p->all.v[i], words[w]);
		if (!found)
			return no_cell(p, words[w], err);
	}
	for (size_t i = 0; i < p->all.n; i++) {
		bool is_meant = !n;

		for (size_t w = 0; w < n && !is_meant; w++)
			is_meant = bld_cell_matches(&p->all.v[i], words[w]);
		if (is_meant)
			vec_push(&p->cells, ((struct build_cell){ .cell = &p->all.v[i],
								  .tree = { .hold = -1 } }));
	}
	return 0;
}

/* The same for all builds, so that when and where one is made does not show. */
static void set_env(struct build_plan *p)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	uint64_t seconds = 0;
	char text[64];
	struct tm tm;
	time_t t;

	if (epoch && !str_u64(epoch, &seconds))
		out_warn(p->out,
			 "SOURCE_DATE_EPOCH is '%s', which is no number of seconds: 0 is taken",
			 epoch);
	t = (time_t)seconds;
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", gmtime_r(&t, &tm));
	strv_addf(&p->env, "KBUILD_BUILD_HOST=kiln");
	strv_addf(&p->env, "KBUILD_BUILD_TIMESTAMP=%s", text);
	strv_addf(&p->env, "KBUILD_BUILD_USER=kiln");
	strv_addf(&p->env, "KBUILD_BUILD_VERSION=1");
	strv_addf(&p->env, "SOURCE_DATE_EPOCH=%llu", (unsigned long long)seconds);
}

int build_plan_open(struct build_plan *p, struct out *out, const struct build_opts *o, char **words,
		    size_t n, struct err *err)
{
	int r;

	*p = (struct build_plan){ .out = out, .o = o };
	set_env(p);
	r = read_project(p, err);
	if (r < 0)
		return r;
	bld_cells_of(&p->project, &p->all);
	r = choose(p, words, n, err);
	if (r < 0)
		return r;
	r = sto_open(o->store, false, &p->store, err);
	return r == -ENOENT ? 0 : r;
}

/* Of the same text, and proved by the same: a tree is only good for who asked for what it was held against. */
static bool is_same_source(const struct build_source *s, const struct build_cell *c)
{
	const struct bld_kernel *a = s->kernel, *b = c->cell->kernel;

	return str_eq(s->text, c->cell->source) && str_eq(a->sha256, b->sha256) &&
	       str_eq(a->keyring, b->keyring) && str_eq(a->sign, b->sign);
}

static int open_source(struct build_plan *p, struct build_cell *c, struct err *err)
{
	const struct src_progress say = { out_on_progress, p->out };
	const struct bld_kernel *k = c->cell->kernel;
	struct src_spec spec = { 0 };
	struct build_source *s;
	int r;

	for (size_t i = 0; i < p->sources.n; i++) {
		if (is_same_source(p->sources.v[i], c)) {
			c->source = &p->sources.v[i]->tree;
			return 0;
		}
	}
	s = xnew(struct build_source);
	s->text = c->cell->source;
	s->kernel = k;
	r = src_spec_parse(s->text, p->project.dir, &spec, err);
	if (r == 0)
		r = src_spec_prove(&spec, p->project.dir, k->sha256, k->keyring, k->sign, err);
	if (r == 0)
		r = src_tree_open(&spec, p->o->offline, &say, &s->tree, err);
	out_progress_end(p->out);
	src_spec_release(&spec);
	if (r < 0) {
		free(s);
		return r;
	}
	vec_push(&p->sources, s);
	c->source = &s->tree;
	return 0;
}

int build_plan_patches(struct build_plan *p, struct build_cell *c, struct err *err)
{
	const struct strv *patches = &c->cell->kernel->patches;
	int r = open_source(p, c, err);

	if (r == 0 && patches->n)
		r = src_series_read(patches->v, patches->n, &c->series, err);
	return r < 0 ? r : src_series_try(&c->series, c->source, &c->verdicts, err);
}

static int no_patches(const struct build_cell *c, struct err *err)
{
	for (size_t i = 0; i < c->verdicts.n; i++) {
		const struct src_verdict *v = &c->verdicts.v[i];

		if (v->outcome != SRC_REBASE && v->outcome != SRC_BAD)
			continue;
		err_set(err, -EINVAL, "'%s' %s%s%s", c->series.v[i].name,
			src_outcome_name(v->outcome), v->why ? ": " : "", v->why ? v->why : "");
		break;
	}
	return err_hint(err, -EINVAL, "'kiln build --patches-only' shows all of them");
}

/* The tree that is built, and the digests of the patches in it. */
static int make_tree(struct build_plan *p, struct build_cell *c, struct strv *ret_applied,
		     struct err *err)
{
	const struct src_progress say = { out_on_progress, p->out };
	int r;

	for (size_t i = 0; i < c->verdicts.n; i++)
		if (c->verdicts.v[i].outcome == SRC_APPLIES)
			strv_add(ret_applied, c->series.v[i].digest);
	if (c->verdicts.n && !c->verdicts.good)
		return no_patches(c, err);
	r = src_series_tree(&c->series, &c->verdicts, c->source, &say, &c->tree, err);
	out_progress_end(p->out);
	return r;
}

static void set_job(struct build_plan *p, struct build_cell *c)
{
	c->job = (struct bld_job){
		.name = c->cell->name,
		.id = c->id,
		.inputs = str_c(&c->inputs),
		.tree = &c->tree,
		.toolchain = &c->toolchain,
		.arch = c->cell->arch,
		.srcarch = c->srcarch,
		.config = c->config,
		.debug_info = c->cell->kernel->debug_info,
		.env = p->env.v,
		.build = c->build,
	};
}

static int identify(struct build_plan *p, struct build_cell *c, const struct strv *applied,
		    struct err *err)
{
	struct bld_inputs in = {
		.source = c->source->digest,
		.version = c->source->version,
		.patches = applied,
		.arch = c->cell->arch,
		.config = c->config,
		.toolchain = str_c(&c->toolchain.probe),
		.env = p->env.v,
		.debug_info = c->cell->kernel->debug_info,
	};
	auto_free char *path = NULL, *plain = NULL;
	auto_str struct str tools = { 0 };
	int r = bld_tools_probe(&c->toolchain, c->config, &tools, err);

	if (r < 0)
		return r;
	in.tools = str_c(&tools);
	in.label = c->label = bld_label(c->config, c->cell->name);
	r = bld_identity_text(&in, &c->inputs, err);
	if (r == 0)
		r = bld_identity(&in, c->id, err);
	if (r < 0)
		return r;
	plain = c->config;
	c->config = bld_config_named(plain, in.version, c->label, c->id);
	c->there = p->store && sto_cell_path(p->store, c->id, &path) == 0;
	return 0;
}

/* With the cell's build folder, which a container is to see and is named after. */
static int open_toolchain(struct build_cell *c, struct err *err)
{
	const struct bld_cell *cell = c->cell;
	struct bld_toolchain_ask ask = {
		.spec = cell->toolchain,
		.arch = cell->arch,
		.launcher = cell->kernel->launcher,
		.tree = c->tree.path,
		.build = c->build,
	};

	return bld_toolchain_find(&ask, &c->toolchain, err);
}

static int find_toolchain(struct build_cell *c, struct err *err)
{
	const struct bld_cell *cell = c->cell;
	int r = bld_job_folder(cell->name, &c->tree, cell->arch, cell->toolchain, &c->build, err);

	return r < 0 ? r : open_toolchain(c, err);
}

/* What is built once more is built in a folder of its own. The tools are those of the identity: an image's tag may have moved. */
static int turn_to_verify(struct build_cell *c, struct err *err)
{
	auto_free char *folder = c->build, *was = str_take(&c->toolchain.probe);
	int r;

	c->build = xasprintf("%s.verify", folder);
	bld_toolchain_release(&c->toolchain);
	r = open_toolchain(c, err);
	if (r == 0 && !str_eq(was, str_c(&c->toolchain.probe)))
		r = err_set(err, -ESTALE, "'%s' has become another toolchain meanwhile",
			    c->cell->toolchain);
	return r;
}

/*
 * Kconfig asks the compiler by way of shell scripts: where a tool of theirs is missing the answer is wrong, or is that the compiler
 * is not supported. Then the missing tool is what there is to say.
 */
static int work_out_config(struct build_plan *p, struct build_cell *c, struct err *err)
{
	auto_err struct err tools = { 0 };
	int r = build_config(p, c, err), missing;

	if (r == 0)
		return 0;
	missing = bld_tools_check(&c->toolchain, "", false, &tools);
	if (missing == 0)
		return r;
	err_move(err, &tools);
	return missing;
}

int build_plan_cell(struct build_plan *p, struct build_cell *c, struct err *err)
{
	auto_strv struct strv applied = { 0 };
	int r = build_plan_patches(p, c, err);

	if (r == 0)
		r = make_tree(p, c, &applied, err);
	if (r == 0)
		r = src_tree_check_clean(&c->tree, kc_srcarch(c->cell->arch), err);
	if (r == 0)
		r = find_toolchain(c, err);
	if (r == 0)
		r = work_out_config(p, c, err);
	if (r == 0)
		r = identify(p, c, &applied, err);
	if (r == 0 && c->there && p->o->verify)
		r = turn_to_verify(c, err);
	if (r == 0)
		set_job(p, c);
	return r;
}

int build_plan_tools(struct build_plan *p, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < p->cells.n && r == 0; i++) {
		const struct build_cell *c = &p->cells.v[i];
		const bool anew = p->o->verify || p->o->fresh;

		if (!c->bad && (!c->there || p->o->verify))
			r = bld_tools_check(&c->toolchain, c->config,
					    !anew && bld_job_was_built(&c->job), err);
	}
	return r;
}
