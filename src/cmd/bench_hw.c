/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kiln bench hw: what it costs to know a tree's drivers, and to find those of a machine, beside the tree's own
 * streamline_config.pl (make localmodconfig). The machine is made up of devices that the tree has drivers for. Everything is
 * done in turns, in one run; the tree is only read.
 */
#include "cmd/bench_series.h"
#include "cmd/cmd.h"
#include "cmd/hw_find.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>

#define DEVICES 60
#define MODULES 100

extern char **environ;
extern const struct cmd cmd_bench_hw;

struct bench_hw_opts {
	struct hw_find_opts find;
	uint64_t runs;
};

#define B(member) offsetof(struct bench_hw_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	{ "tree", 't', OPT_STRING, B(find.tree), "DIR", "the kernel source (default: the current folder)", .complete = OC_DIR },
	{ "arch", 'a', OPT_STRING, B(find.arch), "ARCH", "x86_64, arm64, ... as make's ARCH (default: this machine's)" },
	{ "runs", 0, OPT_U64, B(runs), "N", "measure each this many times, in turns (default: 5)", .min = 1, .max = 1000 },
	/* clang-format on */
};

enum { MADE, LOADED, FOUND, DRIVERS, SYMBOLS, STREAMLINE, N_SERIES };

struct bench {
	struct out *out;
	const struct bench_hw_opts *o;
	struct hw_find find;
	struct hw_inventory inv;
	char *dir; /* scratch */
	bool has_perl;
	struct bench_series series[N_SERIES];
};

static struct hw_index_spec index_spec(const struct bench *b)
{
	return (struct hw_index_spec){ .tree = b->find.tree, .srcarch = b->find.srcarch };
}

static int get(struct bench *b, int which, bool again, struct err *err)
{
	struct hw_index_spec spec = index_spec(b);
	auto_hw_index struct hw_index ix = { 0 };
	const uint64_t begin = now_ns();
	int r;

	spec.again = again;
	r = hw_index_get(&spec, &ix, err);
	if (r == 0)
		vm_series_add(&b->series[which].times, now_ns() - begin);
	return r;
}

static int made(struct bench *b, struct err *err)
{
	return get(b, MADE, true, err);
}

static int loaded(struct bench *b, struct err *err)
{
	return get(b, LOADED, false, err);
}

static int found(struct bench *b, struct err *err)
{
	const uint64_t begin = now_ns();
	size_t n = 0;

	for (size_t i = 0; i < b->inv.n; i++) {
		struct hw_matches m = { 0 };

		hw_match_device(&b->find.index[0], &b->inv.v[i], NULL, NULL, &m);
		hw_matches_sort(&m, &b->inv.v[i], b->find.order);
		n += m.n > 0;
		hw_matches_release(&m);
	}
	if (n < b->inv.n)
		return err_set(err, -EIO, "%zu of %zu devices have no driver", b->inv.n - n,
			       b->inv.n);
	vm_series_add(&b->series[FOUND].times, now_ns() - begin);
	return 0;
}

static int run_words(struct bench *b, int which, const char *const *words, const char *const *more,
		     const char *cwd, const char *lsmod, struct err *err)
{
	auto_strv struct strv argv = { 0 }, env = { 0 };
	struct proc_spec spec = { .cwd = cwd };

	strv_extend(&argv, (char *const *)words);
	strv_extend(&argv, (char *const *)more);
	strv_extend(&env, environ);
	strv_addf(&env, "LSMOD=%s", lsmod ? lsmod : "");
	strv_adds(&env, "SRCARCH=x86", "srctree=.", NULL);
	spec.argv = argv.v;
	spec.env = env.v;
	return bench_series_run(&b->series[which], &spec, EXIT_NO, err);
}

static int drivers(struct bench *b, struct err *err)
{
	auto_free char *list = path_join(b->dir, "devices");
	const char *const words[] = { "/proc/self/exe", "hw",	  "drivers", "--tree",
				      b->find.tree,	"--from", list,	     NULL };

	return run_words(b, DRIVERS, words, NULL, NULL, NULL, err);
}

static int symbols(struct bench *b, struct err *err)
{
	auto_free char *list = path_join(b->dir, "lsmod");
	const char *const words[] = { "/proc/self/exe", "hw",	  "symbols", "--module", "--tree",
				      b->find.tree,	"--from", list,	     NULL };

	return run_words(b, SYMBOLS, words, NULL, NULL, NULL, err);
}

/* It takes the configuration in .config: there is none in a folder of ours, and it goes through all makefiles all the same. */
static int streamline(struct bench *b, struct err *err)
{
	auto_free char *list = path_join(b->dir, "lsmod"),
		       *script = path_join(b->find.tree, "scripts/kconfig/streamline_config.pl");
	const char *const words[] = { "perl", script, b->find.tree, "Kconfig", NULL };

	return b->has_perl ? run_words(b, STREAMLINE, words, NULL, b->dir, list, err) : 0;
}

/* A modalias that fits a pattern: with zeros where that has a wildcard. */
static char *alias_of(const char *pattern)
{
	struct str s = { 0 };

	for (; *pattern; pattern++)
		str_addc(&s, *pattern == '*' || *pattern == '?' ? '0' : *pattern);
	return str_take(&s);
}

static bool is_plain(const char *pattern)
{
	return str_starts(pattern, "pci:v0000") && !strchr(pattern, '[') &&
	       strncmp(pattern + 13, "d*", 2);
}

/* Devices from all over the index, as a list of modaliases, and the modules that drive them, as lsmod lists them. */
static int make_machine(struct bench *b, struct err *err)
{
	const struct hw_index *ix = &b->find.index[0];
	auto_str struct str devices = { 0 }, modules = { 0 };
	auto_free char *list = path_join(b->dir, "devices"), *lsmod = path_join(b->dir, "lsmod");
	int r;

	str_adds(&modules, "Module                  Size  Used by\n");
	for (size_t i = 0, n = 0; i < ix->alias.n && n < DEVICES; i += 37) {
		const char *pattern = hw_ix_text(ix, ix->alias.v[i].text);
		auto_free char *alias = is_plain(pattern) ? alias_of(pattern) : NULL;
		struct hw_device *d;

		if (!alias)
			continue;
		r = hw_inventory_add(&b->inv, &d, err);
		if (r < 0)
			return r;
		d->bus = "pci";
		d->addr = "";
		d->alias = hw_inventory_texts(&b->inv, &(struct strv){ .v = &alias, .n = 1 });
		d->n_alias = 1;
		str_addf(&devices, "%s\n", alias);
		n++;
	}
	for (size_t i = 0, n = 0; i < ix->alias.n && n < MODULES; i += 137, n++)
		str_addf(&modules, "%-23s 16384  0\n",
			 hw_ix_text(ix, ix->module[ix->alias.v[i].module].name));
	r = file_publish(list, devices.s, devices.n, 0600, err);
	return r < 0 ? r : file_publish(lsmod, modules.s, modules.n, 0600, err);
}

static int measure(struct bench *b, struct err *err)
{
	static int (*const each[])(struct bench * b, struct err * err) = {
		[MADE] = made,	     [LOADED] = loaded,	  [FOUND] = found,
		[DRIVERS] = drivers, [SYMBOLS] = symbols, [STREAMLINE] = streamline,
	};
	const uint64_t runs = b->o->runs ? b->o->runs : 5;
	int r = 0;

	for (uint64_t round = 0; round < runs && r == 0; round++)
		for (int i = 0; i < N_SERIES && r == 0; i++) {
			out_progress(b->out, b->series[i].times.name,
				     round * N_SERIES + (uint64_t)i, runs * N_SERIES);
			r = each[i](b, err);
		}
	out_progress_end(b->out);
	return r;
}

static int print(const struct bench *b, struct err *err)
{
	const size_t n = b->has_perl ? N_SERIES : STREAMLINE;

	if (!b->out->json)
		return bench_series_table(b->series, n, b->out, err);
	out_json(b->out, json_pack("{s:o, s:I, s:o}", "tree", out_json_text(b->find.tree),
				   "aliases", (json_int_t)b->find.index[0].alias.n, "series",
				   bench_series_json(b->series, n)));
	return 0;
}

static void name_series(struct bench *b)
{
	static const char *const names[] = {
		[MADE] = "index of a tree, all sources read",
		[LOADED] = "index loaded",
		[FOUND] = "drivers of 60 devices found",
		[DRIVERS] = "kiln hw drivers, 60 devices",
		[SYMBOLS] = "kiln hw symbols, 100 modules",
		[STREAMLINE] = "streamline_config.pl, 100 modules",
	};

	for (int i = 0; i < N_SERIES; i++) {
		b->series[i].times.name = xstrdup(names[i]);
		b->series[i].peer = i == SYMBOLS && b->has_perl ? STREAMLINE : -1;
	}
}

static int run(struct out *out, const struct global_opts *global, void *o, char **args,
	       size_t n_args, size_t dashes, struct err *err)
{
	struct bench b = { .out = out, .o = o };
	auto_free char *perl = NULL;
	auto_close int lock = -1;
	int r;

	if (n_args)
		return usage_error(&cmd_bench_hw, err, "'%s' is too many", args[0]);
	b.has_perl = path_find_program("perl", NULL, &perl) == 0;
	if (!b.has_perl)
		out_note(out, "there is no perl: streamline_config.pl is left out");
	name_series(&b);
	r = bench_scratch("bench", false, &b.dir, &lock, err);
	if (r == 0)
		r = hw_find_open(&b.find, out, &b.o->find, err);
	if (r == 0)
		r = hw_order_read(&b.find.order, err);
	if (r == 0)
		r = make_machine(&b, err);
	if (r == 0)
		r = measure(&b, err);
	if (r == 0)
		r = print(&b, err);
	if (b.dir)
		rm_rf(b.dir, NULL);
	bench_series_release(b.series, N_SERIES);
	hw_inventory_release(&b.inv);
	hw_find_release(&b.find);
	free(b.dir);
	return r;
}

static const char *const examples[] = {
	"kiln bench hw --tree linux",
	NULL,
};

const struct cmd cmd_bench_hw = {
	.name = "bench hw",
	.summary =
		"measure how a tree's drivers are known and found, beside localmodconfig's script",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct bench_hw_opts),
	.facts = true,
	.run = run,
};
