/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln build`: the cells of kiln.yaml, or one kernel from options, each built once into the store. */
#include "base/clock.h"
#include "cmd/build_run.h"
#include "cmd/cmd.h"
#include "cmd/patch_table.h"
#include "cmd/store.h"
#include "kernel/cache.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#define B(member) offsetof(struct build_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	{ "list", 'l', OPT_FLAG, B(list), NULL, "show the cells, what each is made from and whether it is built" },
	{ "patches-only", 0, OPT_FLAG, B(patches_only), NULL, "show what becomes of each patch in each cell, and build nothing" },
	{ "why", 0, OPT_FLAG, B(explain), NULL, "print the inputs that make the identity" },
	{ "jobs", 'j', OPT_U64, B(jobs), "N", "commands at once, for all cells together (default: as processors and memory allow)", .min = 1, .max = 4096 },
	{ "keep-going", 'k', OPT_FLAG, B(keep_going), NULL, "build the other cells where one fails" },
	{ "fresh", 0, OPT_FLAG, B(fresh), NULL, "in empty build folders" },
	{ "verify", 0, OPT_FLAG, B(verify), NULL, "build what is built already once more, elsewhere, and compare all bytes" },
	{ "offline", 0, OPT_FLAG, B(offline), NULL, "download nothing" },
	STORE_OPT(B(store)),
	{ "source", 's', OPT_STRING, B(source), "SOURCE", "without kiln.yaml: dir:PATH, tarball:PATH, git:URL#REF, debian:PACKAGE", .complete = OC_DIR },
	{ "name", 0, OPT_STRING, B(name), "NAME", "with --source: of the kernel (default: kernel)" },
	{ "arch", 'a', OPT_LIST, B(arch), "ARCH", "with --source: x86_64, arm64, ... (default: this machine's)" },
	{ "base", 'b', OPT_STRING, B(base), "BASE", "with --source: defconfig, tinyconfig, NAME_defconfig, a file (default: defconfig)", .complete = OC_FILE },
	{ "config", 'c', OPT_LIST, B(config), "PART", "with --source: a part, kiln:NAME or CONFIG_X=V", .complete = OC_PART },
	{ "patch", 0, OPT_LIST, B(patches), "PATH", "with --source: a patch or a folder of patches", .complete = OC_FILE },
	{ "toolchain", 0, OPT_LIST, B(toolchains), "SPEC", "with --source: gcc, clang, gcc-12, PREFIX-gcc (default: gcc)" },
	{ "launcher", 0, OPT_STRING, B(launcher), "NAME", "with --source: ccache, distcc or icecc" },
	{ "debug-info", 0, OPT_FLAG, B(debug_info), NULL, "with --source: keep vmlinux" },
	/* clang-format on */
};

static void release_opts(void *p)
{
	struct build_opts *o = p;

	strv_release(&o->arch);
	strv_release(&o->config);
	strv_release(&o->patches);
	strv_release(&o->toolchains);
}

static json_t *cell_json(const struct build_cell *c, const char *state, const char *error)
{
	return json_pack("{s:s, s:s, s:o, s:s, s:s, s:o, s:s, s:o}", "cell", c->cell->name, "state",
			 state, "id", out_json_text(*c->id ? c->id : NULL), "source",
			 c->cell->source, "arch", c->cell->arch, "variant",
			 out_json_text(c->cell->variant), "toolchain", c->cell->toolchain, "error",
			 out_json_text(error));
}

/* Of cells that fail for the same reason it is told once. */
static void tell_bad(struct build_plan *p, const struct build_cell *c, const struct err *err)
{
	if (p->told && str_eq(p->told, err->msg)) {
		out_warn(p->out, "nor can '%s', for the same reason", c->cell->name);
		return;
	}
	out_warn(p->out, "'%s' cannot be built: %s", c->cell->name, err->msg);
	if (err->hint)
		out_note(p->out, "%s", err->hint);
	free(p->told);
	p->told = xstrdup(err->msg);
}

/* Works out a cell; a failure is told, and makes it bad. Negative where nothing can go on. */
static int plan_cell(struct build_plan *p, struct build_cell *c, json_t *results)
{
	auto_err struct err err = { 0 };
	int r = build_plan_cell(p, c, &err);

	if (r == 0)
		return 0;
	c->bad = true;
	tell_bad(p, c, &err);
	json_array_append_new(results, cell_json(c, "bad", err.msg));
	return r;
}

static void tell_there(struct build_plan *p, const struct build_cell *c, json_t *results)
{
	json_array_append_new(results, cell_json(c, "unchanged", NULL));
	if (!p->out->json)
		out_print(p->out, "%s: unchanged, %.12s\n", c->cell->name, c->id);
}

/* How many cannot be built. */
static size_t plan_all(struct build_plan *p, json_t *results)
{
	size_t bad = 0;

	for (size_t i = 0; i < p->cells.n; i++) {
		struct build_cell *c = &p->cells.v[i];

		if (plan_cell(p, c, results) != 0)
			bad++;
		else if (p->o->explain && !p->out->json)
			out_print(p->out, "%s %s\n%s", c->cell->name, c->id, str_c(&c->inputs));
		else if (p->o->explain)
			json_array_append_new(results,
					      json_pack("{s:s, s:s, s:o}", "cell", c->cell->name,
							"id", c->id, "inputs",
							out_json_text(str_c(&c->inputs))));
	}
	return bad;
}

static int show_list(struct build_plan *p, json_t *results, struct err *err)
{
	static const char *const columns[] = { "CELL", "STATE",	    "IDENTITY", "VERSION",
					       "ARCH", "TOOLCHAIN", "SOURCE" };
	struct table *t = table_new(columns, countof(columns));
	bool good = true;
	int r;

	for (size_t i = 0; i < p->cells.n; i++) {
		const struct build_cell *c = &p->cells.v[i];
		auto_free char *id = xasprintf("%.12s", c->id);

		good &= !c->bad;
		if (!c->bad)
			json_array_append_new(results,
					      cell_json(c, c->there ? "built" : "not built", NULL));
		table_row(t);
		table_cell(t, c->cell->name);
		table_cell_color(t,
				 c->bad	    ? "cannot be built"
				 : c->there ? "built"
					    : "not built",
				 c->bad	    ? TABLE_BAD
				 : c->there ? TABLE_GOOD
					    : TABLE_PLAIN);
		table_cell(t, id);
		table_cell(t, c->source ? c->source->version : "");
		table_cell(t, c->cell->arch);
		table_cell(t, c->toolchain.name ? c->toolchain.name : c->cell->toolchain);
		table_cell(t, c->cell->source);
	}
	r = p->out->json ? 0 : table_print(t, p->out, err);
	table_free(t);
	return r < 0 ? r : good ? EXIT_OK : EXIT_NO;
}

/* Cells of the same name as before are what their name says. */
static int set_refs(struct build_plan *p, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < p->cells.n && r == 0; i++) {
		struct build_cell *c = &p->cells.v[i];

		if (!c->there)
			continue;
		r = sto_ref_set(p->store, c->cell->name, c->id, err);
		/* gc took it meanwhile: it had no name */
		c->there = r != -ENOENT;
		if (r == -ENOENT)
			err_release(err);
		r = r == -ENOENT ? 0 : r;
	}
	return r;
}

static int build_all(struct build_plan *p, json_t *results, size_t bad, struct err *err)
{
	size_t failed = 0;
	int r = set_refs(p, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < p->cells.n; i++)
		if (p->cells.v[i].there && !p->o->verify)
			tell_there(p, &p->cells.v[i], results);
	if (bad && !p->o->keep_going) {
		out_note(p->out, "nothing was built (--keep-going builds the others)");
		return EXIT_NO;
	}
	r = build_plan_tools(p, err);
	if (r == 0)
		r = build_run(p, &failed, results, err);
	return r < 0 ? r : bad || failed ? EXIT_NO : EXIT_OK;
}

static void show_dry_run(const struct build_plan *p, json_t *results)
{
	for (size_t i = 0; i < p->cells.n; i++) {
		const struct build_cell *c = &p->cells.v[i];
		auto_strv struct strv argv = { 0 }, env = { 0 };
		auto_free char *line = NULL;

		if (c->bad || c->there)
			continue;
		bld_job_make(&c->job, &argv, &env);
		line = strv_quoted(argv.v);
		if (p->out->json)
			json_array_append_new(results,
					      json_pack("{s:s, s:o}", "cell", c->cell->name, "argv",
							out_json_texts(&argv)));
		else
			out_print(p->out, "%s\n", line);
	}
}

/* Columns are trees: cells of other architectures and variants have the same. */
static void add_column(struct patch_table *t, const struct build_cell *c)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].tree == c->source)
			return;
	vec_push(t, ((struct patch_column){ c->source, &c->verdicts, NULL }));
}

/* A kernel's series on all of its sources. */
static int show_patches_of(struct build_plan *p, const struct bld_kernel *k, json_t *results,
			   struct err *err)
{
	struct patch_table t = { .out = p->out };
	int r;

	for (size_t i = 0; i < p->cells.n; i++) {
		const struct build_cell *c = &p->cells.v[i];

		if (c->cell->kernel != k || c->bad)
			continue;
		t.series = &c->series;
		add_column(&t, c);
	}
	if (!t.series || !t.series->n) {
		patch_table_release(&t);
		return EXIT_OK;
	}
	if (!p->out->json)
		out_print(p->out, "%s\n", k->name);
	r = patch_table_print(&t, err);
	if (p->out->json)
		json_array_append_new(results, json_pack("{s:s, s:o}", "kernel", k->name, "series",
							 patch_table_json(&t)));
	patch_table_release(&t);
	return r;
}

static int show_patches(struct build_plan *p, json_t *results, struct err *err)
{
	int status = EXIT_OK;

	for (size_t i = 0; i < p->cells.n; i++) {
		auto_err struct err why = { 0 };

		if (build_plan_patches(p, &p->cells.v[i], &why) == 0)
			continue;
		p->cells.v[i].bad = true;
		status = EXIT_NO;
		out_warn(p->out, "'%s': %s", p->cells.v[i].cell->name, why.msg);
	}
	for (size_t i = 0; i < p->project.kernels.n; i++) {
		int r = show_patches_of(p, &p->project.kernels.v[i], results, err);

		if (r < 0)
			return r;
		status = MAX(status, r);
	}
	return status;
}

static int build(struct build_plan *p, json_t *results, bool dry_run, struct err *err)
{
	size_t bad;

	if (p->o->patches_only)
		return show_patches(p, results, err);
	bad = plan_all(p, results);
	if (p->o->explain)
		return bad ? EXIT_NO : EXIT_OK;
	if (p->o->list)
		return show_list(p, results, err);
	if (dry_run)
		show_dry_run(p, results);
	if (dry_run)
		return bad ? EXIT_NO : EXIT_OK;
	return build_all(p, results, bad, err);
}

/* Before workers are there nothing has to be waited for: what is under way is made anew, or gone on with, by the next call. */
static void end_plan(int sig)
{
	static const char words[] = "\nkiln: ended; " BUILD_ENDED "\n";
	/* on a terminal progress may stand in the line */
	const size_t from = isatty(STDERR_FILENO) ? 0 : 1;

	(void)!write(STDERR_FILENO, words + from, sizeof(words) - 1 - from);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void catch_signals(void)
{
	const struct sigaction sa = { .sa_handler = end_plan };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

static int run_build(struct out *out, const struct global_opts *global, void *o, char **args,
		     size_t n_args, size_t dashes, struct err *err)
{
	struct build_plan p;
	json_t *results = json_array();
	int r;

	catch_signals();
	r = build_plan_open(&p, out, o, args, n_args, err);

	if (r == 0)
		r = build(&p, results, global->dry_run, err);
	if (r >= 0 && out->json)
		out_json(out, json_incref(results));
	json_decref(results);
	build_plan_release(&p);
	if (!global->dry_run)
		krn_cache_prune(time(NULL));
	return r;
}

static const char *const examples[] = {
	"kiln build",
	"kiln build guest/arm64 -j 8",
	"kiln build --source linux --base defconfig --config kiln:guest --config CONFIG_DEBUG_INFO_NONE=y",
	"kiln build --list",
	NULL,
};

const struct cmd cmd_build = {
	.name = "build",
	.args = "[CELL...]",
	.summary = "build kernels, each once, into the store",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct build_opts),
	.facts = true,
	.acts = true,
	.run = run_build,
	.release = release_opts,
};
