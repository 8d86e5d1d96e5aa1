/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln module build`: modules out of tree for a kernel that was built, checked before anybody loads them. */
#include "base/path.h"
#include "build/module.h"
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

struct module_opts {
	const char *cell, *to, *recipe, *subdir, *log;
	struct strv make;
	uint64_t jobs;
	bool force;
};

#define M(member) offsetof(struct module_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	{ "for", 'f', OPT_STRING, M(cell), "FOLDER", "the kernel: a folder with its usr/src/linux-headers-RELEASE and lib/modules", .complete = OC_DIR },
	{ "to", 'o', OPT_STRING, M(to), "FOLDER", "where the modules go (default: NAME-RELEASE here)", .complete = OC_DIR },
	{ "recipe", 'r', OPT_STRING, M(recipe), "NAME", "how it is built: one of kiln's recipes, or a file", .complete = OC_FILE },
	{ "subdir", 's', OPT_STRING, M(subdir), "FOLDER", "where in the source the module lies" },
	{ "make", 'm', OPT_LIST, M(make), "NAME=VALUE", "one more argument for make, such as CROSS_COMPILE=aarch64-linux-gnu-" },
	{ "jobs", 'j', OPT_U64, M(jobs), "N", "how many compilers run at once (default: as many as processors)", .min = 1, .max = 4096 },
	{ "log", 'l', OPT_STRING, M(log), "FILE", "keep what the build says", .complete = OC_FILE },
	{ "force", 0, OPT_FLAG, M(force), NULL, "write the modules in spite of what speaks against them" },
	/* clang-format on */
};

struct report {
	struct out *out;
	const struct module_opts *o;
	const struct bld_cell *cell;
	const char *source;
	char *to;
	struct bld_findings found;
	struct strv files;
};

static json_t *finding_json(const struct bld_finding *f)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o}", "kind", bld_misfit_name(f->kind), "module",
			 out_json_text(f->module), "symbol", out_json_text(f->symbol), "text",
			 out_json_text(f->text), "hint", out_json_text(f->hint));
}

static void print_json(const struct report *r, const struct bld_module *m)
{
	json_t *found = json_array(), *steps = json_array();

	for (size_t i = 0; i < r->found.n; i++)
		json_array_append_new(found, finding_json(&r->found.v[i]));
	for (size_t i = 0; i < m->steps.n; i++)
		json_array_append_new(steps, json_pack("{s:o, s:o}", "cwd",
						       out_json_text(m->steps.v[i].cwd), "argv",
						       out_json_texts(&m->steps.v[i].argv)));
	out_json(r->out,
		 json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "source",
			   out_json_text(r->source), "release", out_json_text(r->cell->release),
			   "kind",
			   m->top ? json_string(bld_module_kind_name(m->kind)) : json_null(),
			   "recipe", out_json_text(m->recipe.name), "to",
			   out_json_text(r->files.n ? r->to : NULL), "modules",
			   out_json_texts(&r->files), "findings", found, "steps", steps));
}

static void print_text(const struct report *r)
{
	for (size_t i = 0; i < r->found.n; i++) {
		const struct bld_finding *f = &r->found.v[i];

		out_print(r->out, "%s%s%s\n", f->module ?: "", f->module ? ": " : "", f->text);
		if (f->hint)
			out_print(r->out, "  hint: %s\n", f->hint);
	}
	for (size_t i = 0; i < r->files.n; i++)
		out_print(r->out, "%s/%s\n", r->to, r->files.v[i]);
	if (r->found.n && !r->files.n)
		out_note(r->out, "kernel %s would not take %s; nothing was written",
			 r->cell->release, r->found.v[0].module ? "this" : "it");
}

/* What would be run, and where the modules would go. */
static void print_plan(const struct report *r, const struct bld_module *m)
{
	for (size_t i = 0; i < m->steps.n; i++) {
		auto_free char *line = strv_quoted(m->steps.v[i].argv.v);
		auto_str struct str cwd = { 0 };

		str_add_quoted(&cwd, m->steps.v[i].cwd);
		out_print(r->out, "cd %s && %s\n", str_c(&cwd), line);
	}
	out_print(r->out, "# to %s/lib/modules/%s/updates\n", r->to, r->cell->release);
}

static int open_log(const char *path, int *ret, struct err *err)
{
	*ret = path ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666)
		    : memfd_create("kiln-log", MFD_CLOEXEC);
	return *ret < 0 ? err_sys(err, "cannot write the log '%s'", path ?: "in memory") : 0;
}

/* A module that does not compile is an answer, not a failure of kiln's. */
static int tell_failed(const struct report *r, struct err *err)
{
	out_error(r->out, err);
	if (r->o->log)
		out_note(r->out, "all it said is in '%s'", r->o->log);
	return EXIT_NO;
}

static int build_open(struct report *r, struct bld_module *m, bool dry_run, struct err *err)
{
	int e = 0;

	if (!r->found.n && dry_run && !r->out->json) {
		print_plan(r, m);
		return EXIT_OK;
	}
	if (!r->found.n && !dry_run) {
		out_detail(r->out, "building '%s' (%s) for %s", r->source,
			   m->recipe.name ?: bld_module_kind_name(m->kind), r->cell->release);
		e = bld_module_make(m, err);
		if (e == -ECHILD)
			return tell_failed(r, err);
		if (e == 0)
			e = bld_module_publish(m, r->to, r->o->force, &r->found, &r->files, err);
	}
	if (e < 0)
		return e;
	if (r->out->json)
		print_json(r, m);
	else
		print_text(r);
	return r->found.n ? EXIT_NO : EXIT_OK;
}

static int build(struct report *r, bool dry_run, struct err *err)
{
	const struct module_opts *o = r->o;
	auto_close int log = -1;
	struct bld_module_spec spec = {
		.source = r->source,
		.subdir = o->subdir,
		.recipe = o->recipe,
		.cell = r->cell,
		.make = o->make.v,
		.jobs = o->jobs ? (unsigned)o->jobs
				: (unsigned)MAX(sysconf(_SC_NPROCESSORS_ONLN), 1L),
	};
	struct bld_module m;
	int e = open_log(dry_run ? NULL : o->log, &log, err);

	spec.log_fd = log;
	if (e == 0)
		e = bld_module_open(&m, &spec, &r->found, err);
	if (e < 0)
		return e;
	e = build_open(r, &m, dry_run, err);
	bld_module_release(&m);
	return e;
}

/* "hello-6.1.192" for /x/hello, /x/hello.tar.gz and /x/hello.rpm. */
static char *default_to(const char *source, const char *release)
{
	static const char *const ends[] = { ".rpm",	".tar.gz",  ".tgz", ".tar.xz",
					    ".tar.bz2", ".tar.zst", ".tar" };
	auto_free char *abs = path_abs(source);
	const char *name = path_base(abs);
	size_t n = strlen(name);

	for (size_t i = 0; i < countof(ends); i++)
		if (str_ends(name, ends[i])) {
			n -= strlen(ends[i]);
			break;
		}
	return xasprintf("%.*s-%s", (int)n, name, release);
}

static int run_module_build(struct out *out, const struct global_opts *global, void *o, char **args,
			    size_t n_args, size_t dashes, struct err *err);

static void release_opts(void *o)
{
	strv_release(&((struct module_opts *)o)->make);
}

static const char *const examples[] = {
	"kiln module build ./hello --for out/6.1.192",
	"kiln module build mlnx-ofa_kernel-source-5.6.rpm --for out/6.1.192 --to ofed",
	"kiln module build v4l2loopback-0.12.7.tar.gz --for out/6.1.192 --dry-run",
	NULL,
};

const struct cmd cmd_module_build = {
	.name = "module build",
	.args = "DIR|RPM|TARBALL",
	.summary = "build modules out of tree for a kernel, and check that it would load them",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct module_opts),
	.acts = true,
	.facts = true,
	.run = run_module_build,
	.release = release_opts,
};

static int run_module_build(struct out *out, const struct global_opts *global, void *opts_of,
			    char **args, size_t n_args, size_t dashes, struct err *err)
{
	const struct module_opts *o = opts_of;
	auto_cell struct bld_cell cell = { 0 };
	struct report r = { .out = out, .o = o, .cell = &cell };
	int e;

	if (n_args != 1)
		return usage_error(&cmd_module_build, err, "which module is to be built?");
	if (!o->cell)
		return usage_error(&cmd_module_build, err, "for which kernel? --for says it");
	for (size_t i = 0; i < o->make.n; i++)
		if (!strchr(o->make.v[i], '='))
			return usage_error(&cmd_module_build, err, "'%s' is not NAME=VALUE",
					   o->make.v[i]);
	e = bld_cell_open(o->cell, &cell, err);
	if (e < 0)
		return e;
	r.source = args[0];
	r.to = o->to ? xstrdup(o->to) : default_to(args[0], cell.release);
	e = build(&r, global->dry_run, err);
	bld_findings_release(&r.found);
	strv_release(&r.files);
	free(r.to);
	return e;
}
