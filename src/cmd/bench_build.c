/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kiln bench build: what kiln costs beside make, in one run, in turns, on a copy of the tree in a scratch folder. Both work on
 * one build folder with the very same arguments, so what is left is what kiln does around make.
 */
#include "cmd/bench_series.h"
#include "cmd/build_plan.h"
#include "cmd/cmd.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/path.h"
#include "build/identity.h"
#include "build/relabel.h"
#include "source/tree_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#define MAX_SOURCE (1 << 20)
#define MAX_CONFIG (16 << 20)

extern const struct cmd cmd_bench_build;

struct bench_build_opts {
	struct build_opts build; /* which cell */
	const char *file;
	uint64_t runs;
	bool keep;
};

#define B(member) offsetof(struct bench_build_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	{ "runs", 0, OPT_U64, B(runs), "N", "measure each this many times, in turns (default: 5)", .min = 1, .max = 1000 },
	{ "file", 0, OPT_STRING, B(file), "FILE", "the source file that is changed (default: init/main.c)" },
	{ "keep", 0, OPT_FLAG, B(keep), NULL, "keep the scratch folder, so that the next bench need not build first" },
	{ "jobs", 'j', OPT_U64, B(build.jobs), "N", "commands at once (default: as many as processors)", .min = 1, .max = 4096 },
	/* clang-format on */
};

enum { MAKE_NONE, KILN_NONE, MAKE_ONE, MAKE_NAMED, KILN_ONE, N_SERIES };

/* What kiln took more than make in the same round, in ms: the machine is another from one minute to the next. */
struct overhead {
	double *v;
	size_t n, cap;
};

struct bench {
	struct out *out;
	const struct bench_build_opts *o;
	char *dir; /* scratch; has tree/, store/, cache/, config */
	char *tree, *store, *config, *file;
	char *build; /* the build folder that both work in */
	char *jobs;  /* -jN */
	struct strv kiln, make, env;
	unsigned edits;
	struct bench_series series[N_SERIES];
	struct overhead over, over_named;
};

static void bench_release(struct bench *b)
{
	bench_series_release(b->series, N_SERIES);
	free(b->over.v);
	free(b->over_named.v);
	strv_release(&b->kiln);
	strv_release(&b->make);
	strv_release(&b->env);
	free(b->dir);
	free(b->tree);
	free(b->store);
	free(b->config);
	free(b->file);
	free(b->build);
	free(b->jobs);
}

/* Preparations */

static int one_cell(struct build_plan *p, struct err *err)
{
	int r;

	if (p->cells.n != 1)
		return err_set(err, -EINVAL, "%zu cells are meant: name one", p->cells.n);
	r = build_plan_cell(p, &p->cells.v[0], err);
	return r > 0 ? -EINVAL : r;
}

static int copy_tree(const struct bench *b, const struct src_tree *from, struct err *err)
{
	const struct src_progress say = { out_on_progress, b->out };
	auto_free char *mark = path_join(b->dir, "source");
	auto_str struct str was = { 0 };
	int r;

	if (file_read(AT_FDCWD, mark, 2 * DIGEST_HEX, &was, NULL) == 0 &&
	    str_eq(str_c(&was), from->digest))
		return 0;
	/* a build folder of another tree would take its objects for newer */
	r = rm_rf(b->dir, err);
	if (r == 0)
		r = mkdir_p(b->tree, 0700, err);
	if (r == 0)
		r = src_tree_copy(from->path, b->tree, from->ours, &say, err);
	out_progress_end(b->out);
	return r < 0 ? r : file_publish(mark, from->digest, strlen(from->digest), 0600, err);
}

/* The cell as it is asked for here becomes one of the scratch folder: by options, since its source is another. */
static void set_words(struct bench *b, const struct build_cell *c)
{
	strv_adds(&b->kiln, "/proc/self/exe", "build", "--name", "bench", "--source", NULL);
	strv_addf(&b->kiln, "dir:%s", b->tree);
	strv_adds(&b->kiln, "--arch", c->cell->arch, "--toolchain", c->cell->toolchain, "--base",
		  b->config, "--store", b->store, b->jobs, NULL);
	if (c->cell->kernel->launcher)
		strv_adds(&b->kiln, "--launcher", c->cell->kernel->launcher, NULL);
}

static int take_cell(struct bench *b, char **words, size_t n, struct err *err)
{
	struct build_plan p;
	int r = build_plan_open(&p, b->out, &b->o->build, words, n, err);

	if (r == 0)
		r = one_cell(&p, err);
	if (r == 0)
		r = copy_tree(b, &p.cells.v[0].tree, err);
	if (r == 0)
		r = file_publish(b->config, p.cells.v[0].config, strlen(p.cells.v[0].config), 0600,
				 err);
	if (r == 0)
		set_words(b, &p.cells.v[0]);
	build_plan_release(&p);
	return r;
}

/* The same call of make that kiln makes there. */
static int take_make(struct bench *b, const struct build_opts *o, struct err *err)
{
	struct build_plan p;
	int r = build_plan_open(&p, b->out, o, NULL, 0, err);

	if (r == 0)
		r = one_cell(&p, err);
	if (r == 0) {
		bld_job_make(&p.cells.v[0].job, &b->make, &b->env);
		b->build = xstrdup(p.cells.v[0].build);
		strv_add(&b->make, b->jobs);
	}
	build_plan_release(&p);
	return r;
}

static int find_make(struct bench *b, struct err *err)
{
	auto_free char *source = xasprintf("dir:%s", b->tree);
	struct build_opts o = {
		.name = "bench", .source = source, .base = b->config, .store = b->store
	};
	int r;

	for (size_t i = 0; i + 1 < b->kiln.n; i++) {
		if (str_eq(b->kiln.v[i], "--arch"))
			strv_add(&o.arch, b->kiln.v[i + 1]);
		if (str_eq(b->kiln.v[i], "--toolchain"))
			strv_add(&o.toolchains, b->kiln.v[i + 1]);
		if (str_eq(b->kiln.v[i], "--launcher"))
			o.launcher = b->kiln.v[i + 1];
	}
	r = take_make(b, &o, err);
	strv_release(&o.arch);
	strv_release(&o.toolchains);
	return r;
}

/* Measuring */

/* Another file of that name, not through a hard link into the tree it comes from. */
static int edit(struct bench *b, struct err *err)
{
	auto_str struct str text = { 0 };
	int r = file_read(AT_FDCWD, b->file, MAX_SOURCE, &text, err);

	if (r < 0)
		return r;
	str_addf(&text, "/* bench %d %u */\n", (int)getpid(), b->edits++);
	return file_publish(b->file, str_c(&text), text.n, 0644, err);
}

/* kiln waits for the disk where make does not, and must not wait for what make wrote: all of that is there before each run. */
static int run_one(struct bench *b, int which, const struct strv *argv, char *const *env,
		   struct err *err)
{
	const struct proc_fd to_stderr = { 2, 2 };
	const struct proc_spec spec = {
		.argv = argv->v, .env = env, .fds = &to_stderr, .n_fds = 1
	};

	sync();
	return bench_series_run(&b->series[which], &spec, 0, err);
}

static int run_kiln(struct bench *b, int which, struct err *err)
{
	return run_one(b, which, &b->kiln, NULL, err);
}

static int run_make(struct bench *b, int which, struct err *err)
{
	return run_one(b, which, &b->make, b->env.v, err);
}

/* What a changed source does to the kernel's release, by hand: the last digits of CONFIG_LOCALVERSION. */
static int rename_kernel(struct bench *b, struct err *err)
{
	auto_free char *path = path_join(b->build, ".config");
	auto_str struct str old = { 0 }, now = { 0 };
	int r = file_read(AT_FDCWD, path, MAX_CONFIG, &old, err);
	const char *value;
	char *last;
	size_t n;

	if (r < 0)
		return r;
	value = bld_localversion(str_c(&old), &n);
	if (!n)
		return err_set(err, -EINVAL, "'%s' has no CONFIG_LOCALVERSION", path);
	str_add(&now, old.s, old.n);
	last = now.s + (value - old.s) + n - 1;
	*last = *last == '0' ? '1' : '0';
	r = bld_relabel(b->build, str_c(&old), str_c(&now), err);
	return r < 0 ? r : r ? 0 : err_set(err, -EINVAL, "'%s' cannot be renamed", path);
}

static int first_build(struct bench *b, struct err *err)
{
	int r = edit(b, err);

	if (r == 0)
		r = run_kiln(b, KILN_ONE, err);
	b->series[KILN_ONE].times.times.n = 0;
	return r;
}

static double more_ms(const struct bench *b, int peer)
{
	return ((double)b->series[KILN_ONE].last_ns - (double)b->series[peer].last_ns) / 1e6;
}

static int one_round(struct bench *b, struct err *err)
{
	int r = run_make(b, MAKE_NONE, err);

	if (r == 0)
		r = run_kiln(b, KILN_NONE, err);
	if (r == 0)
		r = edit(b, err);
	if (r == 0)
		r = run_make(b, MAKE_ONE, err);
	if (r == 0)
		r = edit(b, err);
	if (r == 0)
		r = rename_kernel(b, err);
	if (r == 0)
		r = run_make(b, MAKE_NAMED, err);
	if (r == 0)
		r = edit(b, err);
	if (r == 0)
		r = run_kiln(b, KILN_ONE, err);
	if (r < 0)
		return r;
	vec_push(&b->over, more_ms(b, MAKE_ONE));
	vec_push(&b->over_named, more_ms(b, MAKE_NAMED));
	return 0;
}

static int measure(struct bench *b, struct err *err)
{
	uint64_t runs = b->o->runs ? b->o->runs : 5;
	int r = 0;

	for (uint64_t i = 0; i < runs && r == 0; i++) {
		out_progress(b->out, "measuring", i, runs);
		r = one_round(b, err);
	}
	out_progress_end(b->out);
	return r;
}

/* The report */

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_of(struct overhead *o)
{
	qsort(o->v, o->n, sizeof(*o->v), by_value);
	return o->n ? (o->v[o->n / 2] + o->v[(o->n - 1) / 2]) / 2 : 0;
}

static void print_overhead(const struct bench *b, struct overhead *o, const char *when)
{
	const double median = median_of(o);

	if (o->n)
		out_print(b->out, "%s: %.0f ms more than make in the same round (%.0f to %.0f)\n",
			  when, median, o->v[0], o->v[o->n - 1]);
}

static int print(struct bench *b, struct err *err)
{
	int r;

	if (b->out->json) {
		out_json(b->out,
			 json_pack("{s:o, s:f, s:f}", "series",
				   bench_series_json(b->series, N_SERIES), "overhead_ms",
				   median_of(&b->over), "own_ms", median_of(&b->over_named)));
		return 0;
	}
	r = bench_series_table(b->series, N_SERIES, b->out, err);
	print_overhead(b, &b->over, "one file changed");
	print_overhead(b, &b->over_named, "one file and the release changed");
	return r;
}

static void name_series(struct bench *b)
{
	static const struct {
		const char *name;
		int peer;
	} names[] = {
		[MAKE_NONE] = { "make, nothing changed", -1 },
		[KILN_NONE] = { "kiln build, nothing changed", MAKE_NONE },
		[MAKE_ONE] = { "make, one file changed", -1 },
		[MAKE_NAMED] = { "make, one file and the release changed", -1 },
		[KILN_ONE] = { "kiln build, one file changed", MAKE_ONE },
	};

	for (size_t i = 0; i < N_SERIES; i++) {
		b->series[i].times.name = xstrdup(names[i].name);
		b->series[i].peer = names[i].peer;
	}
}

static int prepare(struct bench *b, char **words, size_t n, struct err *err)
{
	auto_free char *cache = path_join(b->dir, "cache");
	const struct build_opts *o = &b->o->build;
	int r;

	b->tree = path_join(b->dir, "tree");
	b->store = path_join(b->dir, "store");
	b->config = path_join(b->dir, "config");
	b->file = path_join(b->tree, b->o->file ? b->o->file : "init/main.c");
	b->jobs = xasprintf("-j%ld",
			    o->jobs ? (long)o->jobs : MAX(sysconf(_SC_NPROCESSORS_ONLN), 1L));
	name_series(b);
	r = take_cell(b, words, n, err);
	if (r == 0 && setenv("XDG_CACHE_HOME", cache, 1) < 0)
		r = err_sys(err, "cannot set XDG_CACHE_HOME");
	if (r == 0)
		r = first_build(b, err);
	return r < 0 ? r : find_make(b, err);
}

static int run(struct out *out, const struct global_opts *global, void *o, char **args,
	       size_t n_args, size_t dashes, struct err *err)
{
	cleanup(bench_release) struct bench b = { .out = out, .o = o };
	auto_close int lock = -1;
	int r = path_check_current(err);

	if (r == 0)
		r = bench_scratch("bench-build", b.o->keep, &b.dir, &lock, err);
	if (r == 0)
		r = prepare(&b, args, n_args, err);
	if (r == 0)
		r = measure(&b, err);
	if (r == 0)
		r = print(&b, err);
	if (b.dir && !b.o->keep)
		rm_rf(b.dir, NULL);
	return r;
}

static const char *const examples[] = {
	"kiln bench build guest/x86_64/release",
	"kiln bench build --runs 9 --keep --json guest/x86_64/release",
	NULL,
};

const struct cmd cmd_bench_build = {
	.name = "bench build",
	.args = "CELL",
	.summary = "measure kiln build beside make",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct bench_build_opts),
	.facts = true,
	.run = run,
};
