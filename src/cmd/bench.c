/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kiln bench run: what a run costs beside the least it could cost, the plain way, and the peers. */
#include "cmd/bench.h"
#include "cmd/cmd.h"
#include "cmd/env.h"

#include "base/clock.h"
#include "base/path.h"

#include <fcntl.h>

#define MAX_FLOORS  4
#define MAX_SERIES  8
#define DEADLINE_NS (120 * NSEC_PER_SEC)

extern char **environ;
extern const struct cmd cmd_bench_run;

struct bench_opts {
	uint64_t runs;
	int accel, fs;
};

#define O(field) offsetof(struct bench_opts, field)
static const struct opt bench_options[] = {
	/* clang-format off */
	{ "runs", 0, OPT_U64, O(runs), "N", "measure each this many times, in turns (default: 5)", .min = 1, .max = 1000 },
	{ "accel", 0, OPT_ENUM, O(accel), "HOW", "acceleration", vm_accel_names, OC_ENUM },
	{ "fs", 0, OPT_ENUM, O(fs), "HOW", "how files are shared", vm_fs_names, OC_ENUM },
	/* clang-format on */
};

static const char *const bench_examples[] = {
	"kiln bench run linux-image-6.1.0-56-amd64.deb",
	"kiln bench run --runs 20 --json . > bench.json",
	NULL,
};

struct bench {
	struct out *out;
	const struct bench_opts *opts;
	struct vm_run_spec spec;
	struct vm_plan plan;
	struct vm_series series[MAX_SERIES]; /* [0] is the floor */
	size_t n;
	/* Where kiln's own time goes, one series a part. */
	struct vm_series part[5];
};

static const char *const part_names[] = {
	"before QEMU starts", "boot, to PID 1", "mounting, to the command", "the command", "ending",
};

/* The series. */

static void add_kiln(struct bench *b, const char *kernel)
{
	struct vm_series *s = &b->series[b->n++];

	s->name = xstrdup("kiln run -- true");
	strv_adds(&s->argv, "/proc/self/exe", "run", "-q", "--accel",
		  vm_accel_names[b->opts->accel], "--fs", vm_fs_names[b->opts->fs], NULL);
	if (kernel)
		strv_add(&s->argv, kernel);
	strv_adds(&s->argv, "--", "true", NULL);
}

/* Peers are given the image, which all of them take; the command lines are those of their manuals.
 */
static void add_peers(struct bench *b)
{
	static const struct {
		const char *program;
		const char *before[4], *after[4];
	} peers[] = {
		{ "vng", { "--user", "root", "--run" }, { "--exec", "true" } },
		{ "vmtest", { "--kernel" }, { "true" } },
	};

	for (size_t i = 0; i < countof(peers) && b->n < MAX_SERIES; i++) {
		struct vm_series *s = &b->series[b->n];
		auto_free char *path = NULL;

		if (path_find_program(peers[i].program, NULL, &path) < 0)
			continue;
		s->name = xasprintf("%s -- true", peers[i].program);
		strv_add(&s->argv, path);
		for (size_t j = 0; j < 4 && peers[i].before[j]; j++)
			strv_add(&s->argv, peers[i].before[j]);
		strv_add(&s->argv, b->plan.kernel.image);
		for (size_t j = 0; j < 4 && peers[i].after[j]; j++)
			strv_add(&s->argv, peers[i].after[j]);
		b->n++;
	}
}

/* The fastest of three tries, each of which something else on this host may have slowed down. */
static uint64_t best_of(const struct vm_series *s)
{
	return s->times.v[0];
}

/* The floor is the fastest candidate of those that never failed in three tries. */
static int choose_floor(struct bench *b, struct vm_series *floors, size_t n, struct err *err)
{
	struct vm_series *best = NULL;
	int r = 0;

	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; r == 0 && i < n; i++) {
			out_progress(b->out, floors[i].name, (uint64_t)round * n + i, 3 * n);
			if (!floors[i].failed)
				r = vm_series_run(&floors[i], DEADLINE_NS / 8, err);
		}
	}
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (floors[i].failed)
			out_warn(b->out, "%s: it failed, and is no floor", floors[i].name);
		else if (!best || best_of(&floors[i]) < best_of(best))
			best = &floors[i];
	}
	if (r == 0 && !best)
		r = err_set(err, -EIO, "the kernel did not boot by any plain QEMU line");
	if (r < 0)
		return r;
	b->series[0] = *best;
	*best = (struct vm_series){ 0 };
	/* The trial is not a part of the measurement. */
	b->series[0].times.n = 0;
	return 0;
}

static int make_series(struct bench *b, const char *kernel, struct err *err)
{
	struct vm_series floors[MAX_FLOORS] = { 0 };
	size_t n = 0;
	int r = vm_bench_lines(&b->plan, floors, MAX_FLOORS, &n, &b->series[1], err);

	if (r == 0)
		r = choose_floor(b, floors, n, err);
	for (size_t i = 0; i < n; i++)
		vm_series_release(&floors[i]);
	b->n = 2;
	if (r < 0)
		return r;
	add_kiln(b, kernel);
	add_peers(b);
	return 0;
}

/* One run inside this process, to see where the time goes. */
static int measure_parts(struct bench *b, struct err *err)
{
	struct vm_outcome o = { 0 };
	struct vm_plan p;
	uint64_t begin = now_ns(), marks[6];
	int r = vm_plan_make(&b->spec, &p, err);

	if (r < 0)
		return r;
	r = vm_plan_run(&b->spec, &p, &o, err);
	marks[0] = begin;
	marks[1] = o.times.begin;
	marks[2] = o.times.hello;
	marks[3] = o.times.run;
	marks[4] = o.times.exit;
	marks[5] = o.times.end;
	if (r == 0 && o.end != VM_END_EXIT)
		r = err_set(err, -EIO, "the kernel did not come up under kiln run");
	for (size_t i = 0; r == 0 && i < countof(b->part); i++)
		vm_series_add(&b->part[i], marks[i + 1] - marks[i]);
	vm_outcome_release(&o);
	vm_plan_release(&p);
	return r;
}

static int measure(struct bench *b, struct err *err)
{
	uint64_t runs = b->opts->runs ? b->opts->runs : 5;
	int r = 0;

	for (uint64_t round = 0; r == 0 && round < runs; round++) {
		for (size_t i = 0; r == 0 && i < b->n; i++) {
			out_progress(b->out, b->series[i].name, round * b->n + i, runs * b->n);
			r = vm_series_run(&b->series[i], DEADLINE_NS, err);
		}
		if (r == 0)
			r = measure_parts(b, err);
	}
	out_progress_end(b->out);
	return r;
}

static int print(const struct bench *b, struct err *err)
{
	const struct bench_report report = {
		.kernel = b->plan.kernel.image,
		.accel = vm_accel_name(b->plan.accel.accel),
		.cpu = b->plan.accel.cpu,
		.series = b->series,
		.n_series = b->n,
		.parts = b->part,
		.n_parts = countof(b->part),
	};

	return bench_report_print(&report, b->out, err);
}

static int bench(struct bench *b, const char *kernel, struct err *err)
{
	int r = vm_plan_make(&b->spec, &b->plan, err);

	if (r < 0)
		return r;
	r = make_series(b, kernel, err);
	for (size_t i = 0; i < countof(b->part); i++)
		b->part[i].name = xasprintf("  %s", part_names[i]);
	if (r == 0)
		r = measure(b, err);
	if (r == 0)
		r = print(b, err);
	vm_plan_release(&b->plan);
	return r;
}

static int run(struct out *out, const struct global_opts *global, void *opts, char **args,
	       size_t n_args, size_t dashes, struct err *err)
{
	const struct bench_opts *o = opts;
	char *command[] = { (char[]){ "true" }, NULL };
	struct krn_progress progress = { out_on_progress, out };
	auto_strv struct strv env = { 0 };
	auto_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct bench b = {
		.out = out,
		.opts = o,
		.spec = { .kernel = n_args ? args[0] : NULL,
			  .root = "host",
			  .argv = command,
			  .accel = (enum vm_accel)o->accel,
			  .fs = (enum vm_fs)o->fs,
			  .fds = { null, null, null },
			  .console_fd = -1,
			  .progress = &progress },
	};
	int r;

	if (n_args > 1)
		return usage_error(&cmd_bench_run, err, "one kernel at a time: '%s' is too many",
				   args[1]);
	r = path_check_current(err);
	if (r < 0)
		return r;
	env_for_guest(environ, &(struct strv){ 0 }, &env);
	b.spec.env = env.v;
	r = bench(&b, b.spec.kernel, err);
	for (size_t i = 0; i < countof(b.series); i++)
		vm_series_release(&b.series[i]);
	for (size_t i = 0; i < countof(b.part); i++)
		vm_series_release(&b.part[i]);
	return r;
}

const struct cmd cmd_bench_run = {
	.name = "bench run",
	.args = "[KERNEL]",
	.summary =
		"measure kiln run beside the least a boot can cost, the plain way, and the peers",
	.examples = bench_examples,
	.opts = bench_options,
	.n_opts = countof(bench_options),
	.opts_size = sizeof(struct bench_opts),
	.style = OPT_MIXED,
	.facts = true,
	.run = run,
};
