/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln source rebase`: carries a series from one kernel source to another with git, and writes it back. */
#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
#include "cmd/cmd.h"
#include "cmd/source_tree.h"
#include "kernel/cache.h"
#include "source/rebase.h"

#include <errno.h>

struct rebase_opts {
	const char *from, *to, *output, *keep;
	bool go_on;
};

#define R(member) offsetof(struct rebase_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	{ "from", 0, OPT_STRING, R(from), "DIR", "the kernel source that the patches are made for", .complete = OC_DIR },
	{ "to", 0, OPT_STRING, R(to), "DIR", "the kernel source that they should apply to", .complete = OC_DIR },
	{ "output", 'o', OPT_STRING, R(output), "DIR", "write all patches there (default: those carried, to where they are)", .complete = OC_DIR },
	{ "keep", 0, OPT_STRING, R(keep), "DIR", "keep git's repository there, to resolve conflicts in", .complete = OC_DIR },
	{ "continue", 0, OPT_FLAG, R(go_on), NULL, "go on in --keep DIR where git had stopped" },
	/* clang-format on */
};

static const char *const examples[] = {
	"kiln source rebase --from linux-6.1 --to linux-6.12 -o patches-6.12 patches/",
	"kiln source rebase --from linux-6.1 --to linux-6.12 --keep work patches/",
	"kiln source rebase --continue --keep work",
	NULL,
};

static int run_source_rebase(struct out *out, const struct global_opts *global, void *options,
			     char **args, size_t n_args, size_t dashes, struct err *err);

const struct cmd cmd_source_rebase = {
	.name = "source rebase",
	.args = "[PATCH...]",
	.summary = "carry patches from one kernel source to another with git",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct rebase_opts),
	.acts = true,
	.facts = true,
	.run = run_source_rebase,
};

struct rebasing {
	struct out *out;
	const struct rebase_opts *o;
	bool dry_run;
	struct src_series series;
	struct src_rebase r;
};

/* Writing. */

/* Whether the patch's bytes are others than they were. */
static bool is_new(const struct rebasing *b, size_t i)
{
	return b->r.patches.v[i].how == SRC_CARRIED || b->r.patches.v[i].how == SRC_RESOLVED;
}

/* Whether a folder of the patches alone would have them in another order, or for other versions. */
static bool wants_list(const struct src_series *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct src_patch *p = &s->v[i];

		if ((i && str_vercmp(s->v[i - 1].name, p->name) >= 0) || strchr(p->name, '/') ||
		    !str_eq(p->since, p->diff->since) || !str_eq(p->until, p->diff->until))
			return true;
	}
	return false;
}

static void add_yaml_text(struct str *b, const char *key, const char *value)
{
	if (!value)
		return;
	str_addf(b, "    %s: '", key);
	for (; *value; value++)
		str_adds(b, *value == '\'' ? "''" : (char[]){ *value, 0 });
	str_adds(b, "'\n");
}

static int write_list(const struct rebasing *b, struct err *err)
{
	auto_free char *path = path_join(b->r.output, "series.yaml");
	auto_str struct str text = { 0 };

	if (!wants_list(&b->series))
		return 0;
	str_adds(&text, "patches:\n");
	for (size_t i = 0; i < b->series.n; i++) {
		const struct src_patch *p = &b->series.v[i];

		if (b->r.patches.v[i].how == SRC_IN_IT)
			continue;
		str_adds(&text, "  -\n");
		add_yaml_text(&text, "file", p->name);
		add_yaml_text(&text, "since", p->since);
		add_yaml_text(&text, "until", p->until);
	}
	return file_publish(path, text.s, text.n, 0644, err);
}

static int write_patch(const struct rebasing *b, size_t i, struct err *err)
{
	const struct src_patch *p = &b->series.v[i];
	auto_free char *path = NULL, *folder = NULL;
	auto_str struct str text = { 0 };
	int r;

	if (b->r.patches.v[i].how == SRC_IN_IT || (!b->r.output && !is_new(b, i)))
		return 0;
	r = src_rebase_text(&b->r, &b->series, i, &text, err);
	if (r < 0)
		return r;
	if (!b->r.output)
		return file_write_out(p->path, text.s, text.n, err);
	path = path_join(b->r.output, p->name);
	folder = path_dir(path);
	r = mkdir_p(folder, 0755, err);
	return r < 0 ? r : file_publish(path, text.s, text.n, 0644, err);
}

static int check_names(const struct src_series *s, struct err *err)
{
	struct map seen = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n; i++)
		if (map_set(&seen, s->v[i].name, &seen))
			r = err_set(err, -EEXIST, "two patches are called '%s'", s->v[i].name);
	map_release(&seen, NULL);
	return r;
}

static int write_all_patches(const struct rebasing *b, struct err *err)
{
	int r = 0;

	if (b->dry_run)
		return 0;
	if (b->r.output)
		r = mkdir_p(b->r.output, 0755, err);
	for (size_t i = 0; r == 0 && i < b->series.n; i++)
		r = write_patch(b, i, err);
	return r == 0 && b->r.output ? write_list(b, err) : r;
}

/* Reporting. */

static json_t *conflicts_json(const struct rebasing *b)
{
	json_t *list = json_array();

	for (size_t i = 0; i < b->r.conflicts.n; i++) {
		const struct src_conflict *c = &b->r.conflicts.v[i];

		json_array_append_new(list,
				      json_pack("{s:o, s:i, s:o}", "file", out_json_text(c->file),
						"line", c->line, "why", out_json_text(c->why)));
	}
	return list;
}

static void report_json(const struct rebasing *b, bool finished)
{
	json_t *patches = json_array();

	for (size_t i = 0; i < b->series.n; i++)
		json_array_append_new(
			patches,
			json_pack("{s:o, s:o}", "patch", out_json_text(b->series.v[i].name),
				  "result",
				  out_json_text(!finished && i == b->r.next
							? "conflict"
							: src_carry_name(b->r.patches.v[i].how))));
	out_json(b->out, json_pack("{s:b, s:o, s:o, s:o, s:o}", "done", finished, "output",
				   out_json_text(b->r.output), "keep", out_json_text(b->o->keep),
				   "patches", patches, "conflicts", conflicts_json(b)));
}

static int report_table(const struct rebasing *b, bool finished, struct err *err)
{
	static const char *const titles[] = { "PATCH", "RESULT" };
	struct table *t = table_new(titles, countof(titles));
	int r;

	for (size_t i = 0; i < b->series.n; i++) {
		bool here = !finished && i == b->r.next;

		table_row(t);
		table_cell(t, b->series.v[i].name);
		table_cell_color(t, here ? "conflict" : src_carry_name(b->r.patches.v[i].how),
				 here		? TABLE_BAD
				 : is_new(b, i) ? TABLE_GOOD
						: TABLE_DIM);
	}
	r = table_print(t, b->out, err);
	table_free(t);
	return r;
}

static void report_conflicts(const struct rebasing *b)
{
	auto_str struct str dir = { 0 };

	out_print(b->out, "\n%s:\n", b->series.v[b->r.next].name);
	for (size_t i = 0; i < b->r.conflicts.n; i++) {
		const struct src_conflict *c = &b->r.conflicts.v[i];

		if (c->line)
			out_print(b->out, "  %s:%u: %s\n", c->file, c->line, c->why);
		else
			out_print(b->out, "  %s: %s\n", c->file, c->why);
	}
	if (!b->o->keep) {
		out_note(
			b->out,
			"nothing was written; with --keep DIR git's repository stays, to resolve it in");
		return;
	}
	str_add_quoted(&dir, b->o->keep);
	out_note(
		b->out,
		"nothing was written; edit these files in '%s', then: git -C %s add FILE..., and: kiln source rebase --continue --keep %s",
		b->o->keep, str_c(&dir), str_c(&dir));
}

static int report(const struct rebasing *b, bool finished, struct err *err)
{
	int r = 0;

	if (b->out->json) {
		report_json(b, finished);
	} else {
		r = report_table(b, finished, err);
		if (!finished)
			report_conflicts(b);
	}
	return r < 0 ? r : finished ? EXIT_OK : EXIT_NO;
}

/* Doing. */

static int go(struct rebasing *b, struct err *err)
{
	int r = src_rebase_go(&b->r, &b->series, err);

	if (r > 0) {
		int w = write_all_patches(b, err);

		if (w < 0)
			return w;
	}
	return r < 0 ? r : report(b, r > 0, err);
}

static int begin(struct rebasing *b, char **args, size_t n_args, const char *dir, struct err *err)
{
	struct src_tree from = { 0 }, to = { 0 };
	int r = src_series_read(args, n_args, &b->series, err);

	if (r == 0 && b->o->output)
		r = check_names(&b->series, err);
	if (r == 0)
		r = source_tree_open(b->o->from, &from, err);
	if (r == 0)
		r = source_tree_open(b->o->to, &to, err);
	if (r == 0)
		r = src_rebase_begin(&b->r, &b->series, &from, &to, dir, b->o->output, err);
	source_tree_release(&from);
	source_tree_release(&to);
	return r < 0 ? r : go(b, err);
}

/* In a folder of the cache that goes with the end of this run. */
static int begin_hidden(struct rebasing *b, char **args, size_t n_args, struct err *err)
{
	auto_cached struct krn_cached c = KRN_CACHED_NONE;
	auto_free char *key = xasprintf("%08x%08x", random_u32(), random_u32());
	int r = krn_cached_begin(&c, "rebase", key, NULL, err);
	auto_free char *lock = c.dir ? xasprintf("%s.lock", c.dir) : NULL;

	if (r == 0)
		r = begin(b, args, n_args, c.tmp, err);
	krn_cached_end(&c);
	if (lock)
		unlink(lock);
	return r;
}

static int check_usage(const struct rebase_opts *o, size_t n_args, struct err *err)
{
	if (o->go_on && (o->from || o->to || o->output || n_args || !o->keep))
		return usage_error(&cmd_source_rebase, err,
				   "--continue goes with --keep alone: the rest is known there");
	if (!o->go_on && (!o->from || !o->to))
		return usage_error(&cmd_source_rebase, err, "--from and --to are wanted");
	if (!o->go_on && !n_args)
		return usage_error(&cmd_source_rebase, err, "no patches");
	return 0;
}

static int run_source_rebase(struct out *out, const struct global_opts *global, void *options,
			     char **args, size_t n_args, size_t dashes, struct err *err)
{
	struct rebasing b = { .out = out, .o = options, .dry_run = global->dry_run };
	int r = check_usage(b.o, n_args, err);

	if (r == 0)
		r = path_check_current(err);
	if (r < 0)
		return r;
	if (b.o->go_on) {
		r = src_rebase_open(&b.r, b.o->keep, &b.series, err);
		if (r == 0)
			r = go(&b, err);
	} else if (b.o->keep) {
		r = mkdir_p(b.o->keep, 0755, err);
		if (r == 0)
			r = begin(&b, args, n_args, b.o->keep, err);
	} else {
		r = begin_hidden(&b, args, n_args, err);
	}
	src_rebase_release(&b.r);
	src_series_release(&b.series);
	return r;
}
