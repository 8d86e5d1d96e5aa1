/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln config diff`: two configurations by what they mean; with --blame where each line of one comes from. */
#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/config_blame.h"
#include "cmd/config_renames.h"
#include "kconfig/diff.h"
#include "kconfig/dotconfig.h"
#include "kconfig/explain.h"

#include <errno.h>

struct diff_opts {
	struct config_opts config;
	const char *renames, *output;
	bool on_file, no_tree, blame;
};

#define D(member) offsetof(struct diff_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	CONFIG_OPTS(D(config)),
	{ "on-file", 0, OPT_FLAG, D(on_file), NULL, "all lines of A stay, also those that say what would hold anyway" },
	{ "output", 'o', OPT_STRING, D(output), "FILE", "write the lines asked for there, as a part", .complete = OC_FILE },
	{ "no-tree", 0, OPT_FLAG, D(no_tree), NULL, "compare the lines of two files, without a kernel source" },
	{ "blame", 0, OPT_FLAG, D(blame), NULL, "where each line of one configuration, with parts on it, comes from" },
	{ "renames", 0, OPT_STRING, D(renames), "FILE", "the table of renamed symbols (default: kiln's own)", .complete = OC_FILE },
	/* clang-format on */
};

static int run_config_diff(struct out *out, const struct global_opts *global, void *o, char **args,
			   size_t n_args, size_t dashes, struct err *err);

static const char *const examples[] = {
	"kiln config diff --tree linux old.config new.config",
	"kiln config diff --tree linux --arch arm64 defconfig my.config",
	"kiln config diff --blame --tree linux .config my.config",
	NULL,
};

const struct cmd cmd_config_diff = {
	.name = "config diff",
	.args = "A B | --blame BASE [PART...]",
	.summary = "what differs between two configurations: what was asked for, and what followed",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct diff_opts),
	.facts = true,
	.run = run_config_diff,
};

struct side {
	const char *name;
	struct config_made made;
};

struct diffing {
	struct out *out;
	const struct diff_opts *o;
	struct config_tree tree;
	struct config_renames renames;
	struct side a, b;
	struct kc_diff diff;
	json_t *unknown; /* with --json */
	size_t n_unknown;
	const struct side *side; /* whose lines are looked at */
};

/* Lines by name, without a tree. */

struct lines {
	struct out *out;
	struct dotconfig a, b;
	size_t n;
	json_t *list;
};

static void tell_line(struct lines *l, const char *name, const char *a, const char *b)
{
	l->n++;
	if (l->out->json)
		json_array_append_new(l->list,
				      json_pack("{s:o, s:o, s:o}", "symbol", out_json_text(name),
						"a", out_json_text(a), "b", out_json_text(b)));
	else if (str_eq(b, "n"))
		out_print(l->out, "  %-50s was %s\n", name, a);
	else
		out_print(l->out, "  CONFIG_%s=%-*s was %s\n", name,
			  (int)(strlen(name) < 42 ? 42 - strlen(name) : 0), b, a);
}

static void compare_lines(struct lines *l)
{
	const struct map *of_a = &l->a.value, *of_b = &l->b.value;

	for (size_t i = 0; i < of_a->n; i++) {
		const char *b = dotconfig_get(&l->b, of_a->v[i].key);

		if (!str_eq(of_a->v[i].value, b))
			tell_line(l, of_a->v[i].key, of_a->v[i].value, b);
	}
	for (size_t i = 0; i < of_b->n; i++)
		if (!map_has(of_a, of_b->v[i].key) && !str_eq(of_b->v[i].value, "n"))
			tell_line(l, of_b->v[i].key, "n", of_b->v[i].value);
}

static int read_lines(const char *path, struct dotconfig *ret, struct err *err)
{
	auto_str struct str text = { 0 };
	int r = config_read(path, &text, err);

	if (r < 0)
		return r;
	dotconfig_parse(ret, str_c(&text), text.n);
	return 0;
}

static int diff_without_tree(struct out *out, const char *a, const char *b, struct err *err)
{
	struct lines l = { .out = out };
	int r = read_lines(a, &l.a, err);

	if (r == 0)
		r = read_lines(b, &l.b, err);
	if (r == 0) {
		out_note(out,
			 "without a kernel source (--tree) what was asked for cannot be told from "
			 "what followed");
		l.list = out->json ? json_array() : NULL;
		compare_lines(&l);
		if (out->json)
			out_json(out, json_pack("{s:b, s:b, s:o}", "equal", l.n == 0, "separated",
						false, "differs", l.list));
	}
	dotconfig_release(&l.a);
	dotconfig_release(&l.b);
	return r < 0 ? r : l.n ? EXIT_NO : EXIT_OK;
}

/* What the tree does not know. */

static void tell_unknown(struct diffing *d, const char *name, const char *value, int line,
			 const struct kc_renamed *r)
{
	auto_free char *words = r->entry ? kc_renamed_words(r) : NULL;

	if (d->out->json)
		json_array_append_new(d->unknown,
				      json_pack("{s:o, s:i, s:o, s:o, s:o, s:o}", "file",
						out_json_text(d->side->name), "line", line,
						"symbol", out_json_text(name), "value",
						out_json_text(value), "known", out_json_text(words),
						"renamed", out_json_texts(&r->names)));
	else
		out_print(d->out, "%s  %s:%d: CONFIG_%s=%s%s%s\n",
			  d->n_unknown ? "" : "unknown to this tree:\n", d->side->name, line, name,
			  value, words ? ": " : "", words ? words : "");
	d->n_unknown++;
}

static void look_at_line(void *ctx, const char *name, const char *value, int line)
{
	struct diffing *d = ctx;
	const struct kc_sym *s = kc_sym_find(d->tree.tree, name);
	struct kc_renamed renamed;

	if ((s && s->defs) || str_eq(value, "n"))
		return;
	config_renamed(&d->renames, &d->tree, name, &renamed);
	tell_unknown(d, name, value, line, &renamed);
	kc_renamed_release(&renamed);
}

static void find_unknown(struct diffing *d, const struct side *s)
{
	d->side = s;
	dotconfig_each(str_c(&s->made.start.text), s->made.start.text.n, look_at_line, d);
}

/* The differences. */

static void print_one(struct diffing *d, const struct kc_difference *x)
{
	auto_free char *line = x->line ? xstrdup(x->line)
			       : x->b  ? xasprintf("CONFIG_%s=%s", x->sym->name, x->b)
				       : xasprintf("CONFIG_%s without a value", x->sym->name);

	if (x->kind == KC_ASKED && str_eq(x->a, x->b))
		out_print(d->out, "  %-50s as it was\n", line);
	else
		out_print(d->out, "  %-50s was %s%s%s\n", line, x->a ? x->a : "without a value",
			  x->cause ? "; " : "", x->cause ? x->cause : "");
}

static void print_kind(struct diffing *d, enum kc_diff_kind kind, const char *title)
{
	if (!d->diff.n[kind])
		return;
	out_print(d->out, "%s:\n", title);
	for (size_t i = 0; i < d->diff.all.n; i++)
		if (d->diff.all.v[i].kind == kind)
			print_one(d, &d->diff.all.v[i]);
}

static json_t *json_kind(const struct diffing *d, enum kc_diff_kind kind)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->diff.all.n; i++) {
		const struct kc_difference *x = &d->diff.all.v[i];

		if (x->kind != kind)
			continue;
		json_array_append_new(
			list,
			json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "symbol",
				  out_json_text(x->sym->name), "a", out_json_text(x->a), "b",
				  out_json_text(x->b), "line", out_json_text(x->line), "cause",
				  out_json_text(x->cause), "origin",
				  out_json_text(x->cause ? kc_origin_name(x->origin) : NULL)));
	}
	return list;
}

static bool is_equal(const struct kc_diff *d)
{
	for (size_t i = 0; i < d->all.n; i++)
		if (d->all.v[i].kind != KC_ASKED || !str_eq(d->all.v[i].a, d->all.v[i].b))
			return false;
	return true;
}

static void summarize(struct diffing *d)
{
	const size_t *n = d->diff.n;

	if (is_equal(&d->diff))
		out_note(d->out, "they are equal");
	else if (n[KC_REMAINS])
		out_note(d->out,
			 "%zu asked for, %zu followed; %zu remain: no lines were found that turn "
			 "%s into %s",
			 n[KC_ASKED], n[KC_FOLLOWED], n[KC_REMAINS], d->a.name, d->b.name);
	else
		out_note(d->out, "%zu asked for, %zu followed: %s with these lines is %s",
			 n[KC_ASKED], n[KC_FOLLOWED], d->a.name, d->b.name);
	if (!is_equal(&d->diff) && !d->diff.on_file)
		out_note(d->out,
			 "of %s those lines count that say more than its defaults (--on-file: all)",
			 d->a.name);
}

static void report(struct diffing *d)
{
	if (!d->out->json) {
		print_kind(d, KC_ASKED, "asked for");
		print_kind(d, KC_FOLLOWED, "followed");
		print_kind(d, KC_REMAINS, "remains");
		find_unknown(d, &d->a);
		find_unknown(d, &d->b);
		summarize(d);
		return;
	}
	d->unknown = json_array();
	find_unknown(d, &d->a);
	find_unknown(d, &d->b);
	out_json(d->out, json_pack("{s:b, s:b, s:b, s:b, s:o, s:o, s:o, s:o}", "equal",
				   is_equal(&d->diff), "separated", true, "verified",
				   !d->diff.n[KC_REMAINS], "on_file", d->diff.on_file, "asked",
				   json_kind(d, KC_ASKED), "followed", json_kind(d, KC_FOLLOWED),
				   "remains", json_kind(d, KC_REMAINS), "unknown", d->unknown));
}

static int write_part(const struct diffing *d, struct err *err)
{
	auto_str struct str text = { 0 };

	if (!d->o->output)
		return 0;
	for (size_t i = 0; i < d->diff.all.n; i++)
		if (d->diff.all.v[i].line)
			str_addf(&text, "%s\n", d->diff.all.v[i].line);
	return file_write_out(d->o->output, str_c(&text), text.n, err);
}

static int make_side(const struct diffing *d, struct side *s, struct err *err)
{
	const struct kc_wishes none = { 0 };

	return config_make(&d->tree, s->name, &none, &s->made, err);
}

static int diff(struct diffing *d, struct err *err)
{
	struct kc_files files = config_files(&d->tree);
	int r = make_side(d, &d->a, err);

	if (r == 0)
		r = make_side(d, &d->b, err);
	if (r < 0)
		return r;
	/* a part is put on a whole file */
	kc_diff_make(d->a.made.conf, d->b.made.conf, &files, d->o->on_file || d->o->output,
		     &d->diff);
	/* nothing is reported of a part that could not be written */
	r = write_part(d, err);
	if (r < 0)
		return r;
	report(d);
	return is_equal(&d->diff) ? EXIT_OK : EXIT_NO;
}

static void release(struct diffing *d)
{
	kc_diff_release(&d->diff);
	config_made_release(&d->a.made);
	config_made_release(&d->b.made);
	config_renames_release(&d->renames);
	config_tree_release(&d->tree);
}

/* Whether an option was given that means nothing without a tree. */
static bool wants_tree(const struct diff_opts *o)
{
	return o->on_file || o->output || o->renames || o->config.tree || o->config.arch ||
	       o->config.cross;
}

/* Whether two files can be compared without the tree that could not be opened. */
static bool can_do_without(const struct diff_opts *o, int r, char **args)
{
	return r == -ENOENT && !wants_tree(o) && access(args[0], R_OK) == 0 &&
	       access(args[1], R_OK) == 0;
}

static int run_diff(struct out *out, const struct diff_opts *o, char **args, struct err *err)
{
	struct diffing d = { .out = out, .o = o, .tree = { .dirfd = -1 } };
	auto_err struct err no_tree = { 0 };
	int r;

	d.a.name = args[0];
	d.b.name = args[1];
	if (o->no_tree)
		return diff_without_tree(out, args[0], args[1], err);
	r = config_renames_open(&d.renames, o->renames, out, err);
	if (r < 0)
		return r;
	out_progress(out, "reading the Kconfig files", 0, 0);
	r = config_tree_open(&d.tree, &o->config, out, &no_tree);
	out_progress_end(out);
	if (r == 0)
		r = diff(&d, err);
	else if (can_do_without(o, r, args))
		r = diff_without_tree(out, args[0], args[1], err);
	else
		err_move(err, &no_tree);
	release(&d);
	return r;
}

static int run_config_diff(struct out *out, const struct global_opts *global, void *options,
			   char **args, size_t n_args, size_t dashes, struct err *err)
{
	const struct diff_opts *o = options;

	if (o->blame && (o->no_tree || o->on_file || o->output || o->renames))
		return usage_error(
			&cmd_config_diff, err,
			"--blame goes with none of --no-tree, --on-file, --output, --renames");
	if (o->no_tree && wants_tree(o))
		return usage_error(&cmd_config_diff, err,
				   "--no-tree goes with none of --tree, --arch, --cross, "
				   "--on-file, --output, --renames");
	if (o->blame && !n_args)
		return usage_error(&cmd_config_diff, err, "--blame wants a configuration");
	if (o->blame)
		return config_blame(out, &o->config, args[0], args + 1, n_args - 1, err);
	if (n_args != 2)
		return usage_error(&cmd_config_diff, err, "two configurations are compared");
	return run_diff(out, o, args, err);
}
