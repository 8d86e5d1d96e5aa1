/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kiln bench config: what a configuration costs beside the tree's own conf and merge_config.sh. Everything is done in turns,
 * in one run, in a scratch folder that is removed; the tree is only read.
 */
#include "cmd/bench_series.h"
#include "cmd/cmd.h"
#include "cmd/config_tree.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>

#define LINES	  2000
#define CELLS	  100
#define MAX_BUILD (UINT64_C(600) * NSEC_PER_SEC)

extern char **environ;
extern const struct cmd cmd_bench_config;

struct bench_config_opts {
	struct config_opts config;
	uint64_t runs;
};

#define B(member) offsetof(struct bench_config_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	CONFIG_OPTS(B(config)),
	{ "runs", 0, OPT_U64, B(runs), "N", "measure each this many times, in turns (default: 5)", .min = 1, .max = 1000 },
	/* clang-format on */
};

enum { CONF, COLD, WARM, MERGE, RESOLVE, MATRIX, N_SERIES };

struct bench {
	struct out *out;
	const struct bench_config_opts *o;
	struct config_tree tree;
	char *dir;	/* scratch */
	char *tree_dir; /* absolute */
	char *conf;	/* the tree's own, built there */
	struct bench_series series[N_SERIES];
};

static char *in(const struct bench *b, const char *name)
{
	return path_join(b->dir, name);
}

/* The environment of the tree's conf, with KCONFIG_CONFIG and kiln's cache in the scratch folder; or a user's own. */
static void make_env(const struct bench *b, const char *cache, struct strv *ret)
{
	char *const *from = cache ? b->tree.env.v : environ;

	for (; *from; from++)
		if (!cache || !str_starts(*from, "srctree="))
			strv_add(ret, *from);
	if (cache) {
		/* as with make O=: conf makes files where it runs */
		strv_addf(ret, "srctree=%s", b->tree_dir);
		strv_addf(ret, "KCONFIG_CONFIG=%s/o.config", b->dir);
		strv_addf(ret, "XDG_CACHE_HOME=%s/%s", b->dir, cache);
	} else {
		strv_addf(ret, "ARCH=%s", b->tree.arch);
	}
}

static int put_config(const struct bench *b, const char *name, const char *base, struct err *err)
{
	const struct kc_wishes none = { 0 };
	cleanup(config_made_release) struct config_made made = { 0 };
	auto_free char *path = in(b, name);
	int r = config_make(&b->tree, base, &none, &made, err);

	return r < 0 ? r : file_publish(path, made.text.s, made.text.n, 0600, err);
}

/* A defconfig as it comes, for conf to complete. */
static int put_defconfig(const struct bench *b, struct err *err)
{
	auto_free char *from = in(b, "defconfig"), *to = in(b, "o.config");
	auto_str struct str text = { 0 };
	int r = file_read(AT_FDCWD, from, KC_MAX_CONFIG, &text, err);

	return r < 0 ? r : file_publish(to, text.s, text.n, 0600, err);
}

static int run_command(struct bench *b, int which, const char *const *words, const char *cwd,
		       const char *cache, int max_status, struct err *err)
{
	auto_strv struct strv argv = { 0 }, env = { 0 };
	struct proc_spec spec = { .cwd = cwd };

	for (; *words; words++)
		strv_add(&argv, *words);
	make_env(b, cache, &env);
	spec.argv = argv.v;
	spec.env = env.v;
	return bench_series_run(&b->series[which], &spec, max_status, err);
}

static int conf(struct bench *b, struct err *err)
{
	const char *words[] = { b->conf, "--olddefconfig", "Kconfig", NULL };
	auto_free char *objects = in(b, "build");
	int r = put_defconfig(b, err);

	return r < 0 ? r : run_command(b, CONF, words, objects, "none", 0, err);
}

static int kiln_conf(struct bench *b, int which, const char *cache, struct err *err)
{
	static const char *const words[] = { "/proc/self/exe", "config",  "conf",
					     "--olddefconfig", "Kconfig", NULL };
	auto_free char *objects = in(b, "build");
	int r = put_defconfig(b, err);

	return r < 0 ? r : run_command(b, which, words, objects, cache, 0, err);
}

static int cold(struct bench *b, struct err *err)
{
	auto_free char *cache = in(b, "cold");
	int r = rm_rf(cache, err);

	return r < 0 ? r : kiln_conf(b, COLD, "cold", err);
}

static int warm(struct bench *b, struct err *err)
{
	return kiln_conf(b, WARM, "warm", err);
}

static int merge(struct bench *b, struct err *err)
{
	auto_free char *script = path_join(b->tree_dir, "scripts/kconfig/merge_config.sh");
	auto_free char *to = in(b, "merge"), *base = in(b, "tiny.config"),
		       *part = in(b, "part.config");
	const char *words[] = { "/bin/sh", script, "-O", to, base, part, NULL };
	int r = mkdir_p(to, 0700, err);

	return r < 0 ? r : run_command(b, MERGE, words, b->tree_dir, NULL, 0, err);
}

static int resolve(struct bench *b, struct err *err)
{
	auto_free char *to = in(b, "resolved"), *base = in(b, "tiny.config"),
		       *part = in(b, "part.config");
	const char *words[] = { "/proc/self/exe",
				"config",
				"resolve",
				"--keep-going",
				"--tree",
				b->tree_dir,
				"--arch",
				b->tree.arch,
				"--base",
				base,
				"-o",
				to,
				part,
				NULL };

	/* 1: lines do not hold, and it was told which */
	return run_command(b, RESOLVE, words, NULL, "warm", EXIT_NO, err);
}

/* Configurations of one tree, each with one option other than the defconfig has it, and their texts. */
static int matrix(struct bench *b, struct err *err)
{
	uint64_t begin = now_ns();
	struct config_tree tree;
	auto_free char *base = in(b, "full.config");
	cleanup(config_start_release) struct config_start start = { 0 };
	cleanup(config_made_release) struct config_made made = { 0 };
	int r = config_tree_open(&tree, &b->o->config, b->out, err);
	uint32_t id = 0;

	if (r == 0)
		r = config_start_read(&tree, base, &start, err);
	for (int cell = 0; cell < CELLS && r == 0; cell++) {
		struct kc_wish wish = { .value = "y", .pos = { "cell", cell } };
		const struct kc_wishes wishes = { .v = &wish, .n = 1 };

		do
			id = (id + 97) % tree.tree->n_syms;
		while (!tree.tree->by_id[id]->defs || tree.tree->by_id[id]->type != KC_TRISTATE);
		wish.name = tree.tree->by_id[id]->name;
		config_make_on(&tree, &start, &wishes, &made);
	}
	config_tree_release(&tree);
	if (r == 0)
		vm_series_add(&b->series[MATRIX].times, now_ns() - begin);
	return r;
}

/* Preparations. */

/* So many lines of a whole configuration, from all of it. */
static int put_part(const struct bench *b, struct err *err)
{
	auto_free char *from = in(b, "full.config"), *to = in(b, "part.config");
	auto_str struct str text = { 0 }, part = { 0 };
	auto_strv struct strv lines = { 0 };
	int r = file_read(AT_FDCWD, from, KC_MAX_CONFIG, &text, err);

	if (r < 0)
		return r;
	for (char *p = text.s; *p;) {
		size_t n = strcspn(p, "\n");
		auto_free char *line = xstrndup(p, n);

		if (str_starts(line, "CONFIG_") || str_ends(line, " is not set"))
			strv_add(&lines, line);
		p += n + (p[n] == '\n');
	}
	for (size_t i = 0; i < LINES && lines.n; i++)
		str_addf(&part, "%s\n", lines.v[i * lines.n / LINES]);
	return file_publish(to, part.s, part.n, 0600, err);
}

/* Has the tree build its conf in the scratch folder. */
static int build_conf(struct bench *b, struct err *err)
{
	auto_free char *to = in(b, "build"), *out = xasprintf("O=%s", to);
	const char *words[] = { "make", "-s", "-C", b->tree_dir, out, "defconfig", NULL };
	auto_strv struct strv argv = { 0 };
	auto_proc_result struct proc_result result = { 0 };
	struct proc_spec spec = { .env = environ };
	int r;

	for (size_t i = 0; words[i]; i++)
		strv_add(&argv, words[i]);
	strv_addf(&argv, "ARCH=%s", b->tree.arch);
	spec.argv = argv.v;
	out_progress(b->out, "building the tree's own conf", 0, 0);
	r = proc_run(&spec, NULL, MAX_BUILD, 1 << 16, &result, err);
	out_progress_end(b->out);
	if (r < 0)
		return r;
	if (result.status) {
		err_set(err, -EIO, "the tree's own conf cannot be built");
		return err_hint(err, -EIO, "%s", str_c(&result.errout));
	}
	b->conf = path_join(to, "scripts/kconfig/conf");
	return 0;
}

static int prepare(struct bench *b, struct err *err)
{
	int r = build_conf(b, err);

	if (r == 0)
		r = put_config(b, "full.config", "defconfig", err);
	if (r == 0)
		r = put_config(b, "defconfig", "defconfig", err);
	if (r == 0)
		r = put_config(b, "tiny.config", "tinyconfig", err);
	if (r == 0)
		r = put_part(b, err);
	/* what is remembered when it is run again */
	if (r == 0)
		r = warm(b, err);
	b->series[WARM].times.times.n = 0;
	if (r == 0)
		r = resolve(b, err);
	b->series[RESOLVE].times.times.n = 0;
	return r;
}

static int measure(struct bench *b, struct err *err)
{
	static int (*const each[])(struct bench * b, struct err * err) = {
		[CONF] = conf,	 [COLD] = cold,	      [WARM] = warm,
		[MERGE] = merge, [RESOLVE] = resolve, [MATRIX] = matrix,
	};
	uint64_t runs = b->o->runs ? b->o->runs : 5;
	int r = 0;

	for (uint64_t round = 0; round < runs && r == 0; round++) {
		for (int i = 0; i < N_SERIES && r == 0; i++) {
			/* it takes longer than all others together */
			if (i == MERGE && round % 5)
				continue;
			out_progress(b->out, b->series[i].times.name,
				     round * N_SERIES + (uint64_t)i, runs * N_SERIES);
			r = each[i](b, err);
		}
	}
	out_progress_end(b->out);
	return r;
}

static int print(const struct bench *b, struct err *err)
{
	if (!b->out->json)
		return bench_series_table(b->series, N_SERIES, b->out, err);
	out_json(b->out, json_pack("{s:o, s:o, s:o}", "version", out_json_text(b->tree.version),
				   "arch", out_json_text(b->tree.arch), "series",
				   bench_series_json(b->series, N_SERIES)));
	return 0;
}

static void name_series(struct bench *b)
{
	static const struct {
		const char *name;
		int peer;
	} names[] = {
		[CONF] = { "conf --olddefconfig", -1 },
		[COLD] = { "kiln, nothing remembered", CONF },
		[WARM] = { "kiln, remembered", CONF },
		[MERGE] = { "merge_config.sh, 2000 lines", -1 },
		[RESOLVE] = { "kiln config resolve, 2000 lines", MERGE },
		[MATRIX] = { "100 configurations of one tree", -1 },
	};

	for (size_t i = 0; i < N_SERIES; i++) {
		b->series[i].times.name = xstrdup(names[i].name);
		b->series[i].peer = names[i].peer;
	}
}

static int run(struct out *out, const struct global_opts *global, void *o, char **args,
	       size_t n_args, size_t dashes, struct err *err)
{
	const struct bench_config_opts *bo = o;
	struct bench b = { .out = out, .o = bo, .tree = { .dirfd = -1 } };
	auto_close int lock = -1;
	int r;

	if (n_args)
		return usage_error(&cmd_bench_config, err, "'%s' is too many", args[0]);
	r = path_check_current(err);
	if (r < 0)
		return r;
	b.tree_dir = path_abs(bo->config.tree ? bo->config.tree : ".");
	name_series(&b);
	r = bench_scratch("bench", false, &b.dir, &lock, err);
	if (r == 0)
		r = config_tree_open(&b.tree, &bo->config, out, err);
	if (r == 0)
		r = prepare(&b, err);
	if (r == 0)
		r = measure(&b, err);
	if (r == 0)
		r = print(&b, err);
	if (b.dir)
		rm_rf(b.dir, NULL);
	bench_series_release(b.series, N_SERIES);
	config_tree_release(&b.tree);
	free(b.conf);
	free(b.dir);
	free(b.tree_dir);
	return r;
}

static const char *const examples[] = {
	"kiln bench config --tree linux",
	"kiln bench config --tree linux --arch x86_64 --runs 9 --json",
	NULL,
};

const struct cmd cmd_bench_config = {
	.name = "bench config",
	.summary = "measure kiln config beside the tree's own conf and merge_config.sh",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct bench_config_opts),
	.facts = true,
	.run = run,
};
