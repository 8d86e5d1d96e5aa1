/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln module build`: modules out of tree for a kernel that was built, checked before anybody loads them. */
#include "cmd/cmd.h"
#include "cmd/store.h"

#include "module/module.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

struct module_opts {
	const char *to, *name, *recipe, *subdir, *log, *store;
	struct strv cells, make;
	uint64_t jobs;
	bool force;
};

#define M(member) offsetof(struct module_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	{ "for", 'f', OPT_LIST, M(cells), "CELL", "the kernel: a cell of the store, or a folder with its usr/src/linux-headers-RELEASE and lib/modules; may be given several times", .complete = OC_CELL },
	{ "to", 'o', OPT_STRING, M(to), "FOLDER", "write the modules there (default: what 'kiln run CELL' sees; for a folder NAME-RELEASE here)", .complete = OC_DIR },
	{ "name", 0, OPT_STRING, M(name), "NAME", "what these modules are called among those of the cell, in updates/NAME (default: the source's name)" },
	{ "recipe", 'r', OPT_STRING, M(recipe), "NAME", "how it is built: one of kiln's recipes, or a file", .complete = OC_FILE },
	{ "subdir", 's', OPT_STRING, M(subdir), "FOLDER", "where in the source the module lies" },
	{ "make", 'm', OPT_LIST, M(make), "NAME=VALUE", "one more argument for make, such as CROSS_COMPILE=aarch64-linux-gnu-" },
	{ "jobs", 'j', OPT_U64, M(jobs), "N", "how many compilers run at once (default: as many as processors)", .min = 1, .max = 4096 },
	{ "log", 'l', OPT_STRING, M(log), "FILE", "keep what the build says", .complete = OC_FILE },
	{ "force", 0, OPT_FLAG, M(force), NULL, "write the modules in spite of what speaks against them" },
	STORE_OPT(M(store)),
	/* clang-format on */
};

/* A kernel that modules are built for, as it was asked for. */
struct asked {
	const char *word;  /* as it was given */
	struct sto *store; /* NULL: a folder */
	int hold;
	char id[STO_ID + 1];
	struct mod_target cell;
};

static volatile sig_atomic_t is_ended;

static void end_it(int sig)
{
	is_ended = sig;
}

/* A second one ends kiln at once, whatever it does. */
static void catch_signals(void)
{
	const struct sigaction sa = { .sa_handler = end_it, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

/* By the signal, as whoever called kiln expects. */
static int end_by_signal(struct out *out, struct err *err)
{
	const int sig = is_ended;

	out_note(out, "ended; nothing of what was under way is left");
	err_release(err);
	signal(sig, SIG_DFL);
	raise(sig);
	return EXIT_KILN;
}

struct report {
	struct out *out;
	const struct module_opts *o;
	const struct asked *asked;
	const struct mod_target *cell;
	const char *source;
	int log;
	json_t *results;
	char *to; /* NULL: into the store */
	struct mod_findings found;
	struct mod_over_result over;
	struct strv files;
};

static json_t *finding_json(const struct mod_finding *f)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o}", "kind", mod_misfit_name(f->kind), "module",
			 out_json_text(f->module), "symbol", out_json_text(f->symbol), "text",
			 out_json_text(f->text), "hint", out_json_text(f->hint));
}

/* One kernel; err: what failed, NULL where nothing did. The same keys whatever became of it. */
static void add_json(const struct report *r, const struct asked *t, const struct mod_build *m,
		     const struct err *err)
{
	json_t *found = json_array(), *steps = json_array();

	for (size_t i = 0; i < r->found.n; i++)
		json_array_append_new(found, finding_json(&r->found.v[i]));
	for (size_t i = 0; i < m->steps.n; i++)
		json_array_append_new(steps, json_pack("{s:o, s:o}", "cwd",
						       out_json_text(m->steps.v[i].cwd), "argv",
						       out_json_texts(&m->steps.v[i].argv)));
	json_array_append_new(
		r->results,
		json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			  "source", out_json_text(r->source), "for", out_json_text(t->word), "cell",
			  out_json_text(*t->id ? t->id : NULL), "release",
			  out_json_text(t->cell.release), "kind",
			  m->top ? json_string(mod_kind_name(m->kind)) : json_null(), "recipe",
			  out_json_text(m->recipe.name), "to",
			  out_json_text(r->files.n ? r->to : NULL), "modules",
			  out_json_texts(&r->files), "displaced",
			  out_json_texts(&r->over.displaced), "findings", found, "steps", steps,
			  "error", out_json_text(err ? err->msg : NULL), "hint",
			  out_json_text(err ? err->hint : NULL), "log", out_json_text(r->o->log)));
}

static void print_text(const struct report *r)
{
	for (size_t i = 0; i < r->found.n; i++) {
		const struct mod_finding *f = &r->found.v[i];

		out_print(r->out, "%s%s%s\n", f->module ?: "", f->module ? ": " : "", f->text);
		if (f->hint)
			out_print(r->out, "  hint: %s\n", f->hint);
	}
	for (size_t i = 0; i < r->files.n; i++)
		out_print(r->out, "%s/%s\n", r->to, r->files.v[i]);
	for (size_t i = 0; i < r->over.displaced.n; i++)
		out_note(r->out, "%s has no '%s' any more: a module of that name was built now",
			 r->asked->word, r->over.displaced.v[i]);
	if (r->found.n && !r->files.n)
		out_note(r->out, "kernel %s would not take %s; nothing was written",
			 r->cell->release, r->found.v[0].module ? "this" : "it");
}

/* What these modules are called among those of a cell. */
static char *name_of(const struct report *r)
{
	return r->o->name ? xstrdup(r->o->name) : mod_over_name(r->source);
}

/* What would be run, and where the modules would go. */
static void print_plan(const struct report *r, const struct mod_build *m)
{
	for (size_t i = 0; i < m->steps.n; i++) {
		auto_free char *line = strv_quoted(m->steps.v[i].argv.v);
		auto_str struct str cwd = { 0 };

		str_add_quoted(&cwd, m->steps.v[i].cwd);
		out_print(r->out, "cd %s && %s\n", str_c(&cwd), line);
	}
	if (r->to) {
		out_print(r->out, "# to %s/lib/modules/%s/updates\n", r->to, r->cell->release);
	} else {
		auto_free char *name = name_of(r);

		out_print(r->out, "# to the modules of '%s', lib/modules/%s/updates/%s\n",
			  r->asked->word, r->cell->release, name);
	}
}

static int open_log(const char *path, int *ret, struct err *err)
{
	*ret = path ? open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666)
		    : memfd_create("kiln-log", MFD_CLOEXEC);
	return *ret < 0 ? err_sys(err, "cannot write the log '%s'", path ?: "in memory") : 0;
}

/*
 * In JSON it is part of the result: there is one document, with what became of the others. Ended by a signal is nothing of this
 * kernel's.
 */
static int tell_failed(const struct report *r, const struct mod_build *m, int e, struct err *err)
{
	if (e == -EINTR)
		return e;
	if (r->out->json) {
		add_json(r, r->asked, m, err);
	} else {
		if (r->o->cells.n > 1)
			err_wrap(err, e, "for '%s'", r->asked->word);
		out_error(r->out, err);
		if (e == -ECHILD && r->o->log)
			out_note(r->out, "all it said is in '%s'", r->o->log);
	}
	err_release(err);
	/* a module that does not compile is an answer, not a failure of kiln's */
	return e == -ECHILD ? EXIT_NO : EXIT_KILN;
}

static int publish(struct report *r, struct mod_build *m, struct err *err)
{
	auto_free char *name = name_of(r);
	const struct mod_over over = { r->asked->store, r->asked->id, name };
	int e;

	if (r->to)
		return mod_publish(m, r->to, r->o->force, &r->found, &r->files, err);
	e = mod_publish_over(m, &over, r->o->force, &r->found, &r->over, err);
	if (e == 0 && r->over.path) {
		r->to = xstrdup(r->over.path);
		strv_extend(&r->files, r->over.files.v);
	}
	return e;
}

static int build_open(struct report *r, struct mod_build *m, bool dry_run, struct err *err)
{
	int e = 0;

	if (!r->found.n && dry_run && !r->out->json) {
		print_plan(r, m);
		return EXIT_OK;
	}
	if (!r->found.n && !dry_run) {
		out_detail(r->out, "building '%s' (%s) for %s", r->source,
			   m->recipe.name ?: mod_kind_name(m->kind), r->cell->release);
		e = mod_make(m, err);
		if (e == 0)
			e = publish(r, m, err);
	}
	if (e < 0)
		return tell_failed(r, m, e, err);
	if (r->out->json)
		add_json(r, r->asked, m, NULL);
	else
		print_text(r);
	return r->found.n ? EXIT_NO : EXIT_OK;
}

static int build(struct report *r, bool dry_run, struct err *err)
{
	const struct module_opts *o = r->o;
	struct mod_spec spec = {
		.source = r->source,
		.subdir = o->subdir,
		.recipe = o->recipe,
		.cell = r->cell,
		.make = o->make.v,
		.jobs = o->jobs ? (unsigned)o->jobs
				: (unsigned)MAX(sysconf(_SC_NPROCESSORS_ONLN), 1L),
		.log_fd = r->log,
		.ended = &is_ended,
	};
	struct mod_build m;
	int e = mod_open(&m, &spec, &r->found, err);

	if (e < 0)
		return tell_failed(r, &m, e, err);
	e = build_open(r, &m, dry_run, err);
	mod_release(&m);
	return e;
}

/* Kernels. */

static void asked_release(struct asked *t)
{
	close_fd(t->hold);
	sto_close(t->store);
	mod_target_release(&t->cell);
}

static int open_stored(struct asked *t, const char *store, struct err *err)
{
	auto_free char *path = NULL;
	int r = sto_open(store, false, &t->store, err);

	if (r == 0)
		r = sto_find(t->store, t->word, t->id, err);
	if (r == 0)
		r = sto_use(t->store, t->id, &t->hold, err);
	if (r == 0)
		r = sto_cell_path(t->store, t->id, &path);
	return r < 0 ? r : mod_target_open(path, &t->cell, err);
}

/* What is there as a folder is that folder, as for 'kiln run'. */
static int asked_open(struct asked *t, const char *store, struct err *err)
{
	auto_err struct err why = { 0 };
	int r;

	if (access(t->word, F_OK) == 0)
		return mod_target_open(t->word, &t->cell, err);
	r = open_stored(t, store, &why);
	if (r == -ENOENT && !*t->id) {
		err_set(err, r, "there is no kernel '%s': no such folder, and %s", t->word,
			why.msg);
		return why.hint ? err_hint(err, r, "%s", why.hint) : r;
	}
	if (r < 0)
		err_move(err, &why);
	return r;
}

/* "hello-6.1.192" for /x/hello, /x/hello.tar.gz and /x/hello.rpm. */
static char *default_to(const char *source, const char *release)
{
	auto_free char *name = mod_over_name(source);

	return xasprintf("%s-%s", name, release);
}

static int run_module_build(struct out *out, const struct global_opts *global, void *o, char **args,
			    size_t n_args, size_t dashes, struct err *err);

static void release_opts(void *o)
{
	strv_release(&((struct module_opts *)o)->cells);
	strv_release(&((struct module_opts *)o)->make);
}

static const char *const examples[] = {
	"kiln module build ./hello --for guest/x86_64/release && kiln run guest/x86_64/release -- modprobe hello",
	"kiln module build mlnx-ofa_kernel-source-5.6.rpm --for guest/x86_64/release --for guest/x86_64/debug",
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

/* One kernel: the source is unpacked, configured and built for it alone. */
static int build_for(struct report *r, const struct asked *t, bool dry_run, struct err *err)
{
	int e;

	r->asked = t;
	r->cell = &t->cell;
	if (r->o->to || !t->store)
		r->to = r->o->to ? xstrdup(r->o->to) : default_to(r->source, t->cell.release);
	e = build(r, dry_run, err);
	mod_findings_release(&r->found);
	mod_over_result_release(&r->over);
	strv_release(&r->files);
	free(take_ptr(r->to));
	return e;
}

/* The others are built too where one would not take it, or it does not compile for that. */
static int build_all(struct report *r, const struct asked *asked, bool dry_run, struct err *err)
{
	int status = EXIT_OK, e = 0;

	for (size_t i = 0; i < r->o->cells.n && e >= 0 && status != EXIT_KILN; i++) {
		e = build_for(r, &asked[i], dry_run, err);
		status = MAX(status, e);
	}
	return e < 0 ? e : status;
}

/* All of them before anything is built: a name that is wrong shows at once, and so do two. */
static int open_kernels(struct report *r, struct asked *asked)
{
	const struct mod_build none = { 0 };
	int status = EXIT_OK;

	for (size_t i = 0; i < r->o->cells.n; i++) {
		auto_err struct err err = { 0 };

		asked[i] = (struct asked){ .word = r->o->cells.v[i], .hold = -1 };
		if (asked_open(&asked[i], r->o->store, &err) == 0)
			continue;
		status = EXIT_KILN;
		if (r->out->json)
			add_json(r, &asked[i], &none, &err);
		else
			out_error(r->out, &err);
	}
	return status;
}

/* Folders of one release have one NAME-RELEASE to write to: the second would replace what the first got. */
static int check_places(const struct report *r, const struct asked *asked, struct err *err)
{
	for (size_t i = 0; i < r->o->cells.n; i++)
		for (size_t k = 0; k < i; k++) {
			if (asked[i].store || asked[k].store ||
			    !str_eq(asked[i].cell.release, asked[k].cell.release))
				continue;
			err_set(err, -EEXIST, "'%s' and '%s' are both %s: one folder is for both",
				asked[k].word, asked[i].word, asked[i].cell.release);
			return err_hint(err, -EEXIST,
					"build for one after the other, each with --to FOLDER");
		}
	return 0;
}

static int open_and_build(struct report *r, bool dry_run, struct err *err)
{
	const size_t n = r->o->cells.n;
	auto_free struct asked *asked = xcalloc(n, sizeof(*asked));
	int e = open_kernels(r, asked);

	if (e == EXIT_OK)
		e = check_places(r, asked, err);
	if (e == EXIT_OK)
		e = build_all(r, asked, dry_run, err);
	for (size_t i = 0; i < n; i++)
		asked_release(&asked[i]);
	if (r->out->json && e >= 0 && json_array_size(r->results))
		out_json(r->out, n == 1 ? json_incref(json_array_get(r->results, 0))
					: json_incref(r->results));
	return e;
}

static int check_words(const struct module_opts *o, size_t n_args, struct err *err)
{
	auto_free char *name = o->name ? mod_over_name(o->name) : NULL;

	if (n_args != 1)
		return usage_error(&cmd_module_build, err, "which module is to be built?");
	if (!o->cells.n)
		return usage_error(&cmd_module_build, err, "for which kernel? --for says it");
	if (o->to && o->cells.n > 1)
		return usage_error(&cmd_module_build, err, "--to is for one kernel alone");
	if (!str_eq(name, o->name))
		return usage_error(&cmd_module_build, err,
				   "'%s' cannot be a name of modules: letters, digits, _ + - . "
				   "and no suffix of an archive",
				   o->name);
	for (size_t i = 0; i < o->make.n; i++)
		if (!strchr(o->make.v[i], '='))
			return usage_error(&cmd_module_build, err, "'%s' is not NAME=VALUE",
					   o->make.v[i]);
	return 0;
}

static int run_module_build(struct out *out, const struct global_opts *global, void *opts_of,
			    char **args, size_t n_args, size_t dashes, struct err *err)
{
	const struct module_opts *o = opts_of;
	struct report r = { .out = out, .o = o };
	auto_close int log = -1;
	int e = check_words(o, n_args, err);

	if (e == 0)
		e = open_log(global->dry_run ? NULL : o->log, &log, err);
	if (e < 0)
		return e;
	r.source = args[0];
	r.log = log;
	r.results = json_array();
	catch_signals();
	e = open_and_build(&r, global->dry_run, err);
	json_decref(r.results);
	return e == -EINTR && is_ended ? end_by_signal(out, err) : e;
}
