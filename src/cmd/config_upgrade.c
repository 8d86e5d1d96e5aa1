/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln config upgrade`: what becomes of a configuration in another kernel, before anything is built. */
#include "base/file.h"
#include "cmd/cmd.h"
#include "cmd/config_renames.h"
#include "kconfig/diff.h"
#include "kconfig/upgrade.h"

#include <errno.h>
#include <sys/stat.h>

#define MAX_VALUES 40

struct upgrade_opts {
	struct config_opts config; /* tree is the new one */
	const char *from, *renames, *output;
};

#define U(member) offsetof(struct upgrade_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	{ "from", 'f', OPT_STRING, U(from), "DIR", "the kernel source that the configuration was made for", .complete = OC_DIR },
	{ "to", 't', OPT_STRING, U(config.tree), "DIR", "the kernel source that it is to be for (default: the current folder)", .complete = OC_DIR },
	{ "arch", 'a', OPT_STRING, U(config.arch), "ARCH", "x86_64, arm64, ... as make's ARCH (default: this machine's)" },
	{ "cross", 0, OPT_STRING, U(config.cross), "PREFIX", "of the compiler and its tools: aarch64-linux-gnu-" },
	{ "no-cache", 0, OPT_FLAG, U(config.no_cache), NULL, "ask compilers anew, read all files" },
	{ "output", 'o', OPT_STRING, U(output), "FILE", "write the new configuration there", .complete = OC_FILE },
	{ "renames", 0, OPT_STRING, U(renames), "FILE", "the table of renamed symbols (default: kiln's own)", .complete = OC_FILE },
	/* clang-format on */
};

struct upgrading {
	struct out *out;
	const struct upgrade_opts *o;
	const char *name;
	struct str text;
	struct config_tree old, new;
	struct config_renames renames;
	struct kc_conf *from;
	struct kc_upgrade result;
};

static int read_tree(struct upgrading *u, struct config_tree *t, const char *dir, const char *what,
		     struct err *err)
{
	struct config_opts o = u->o->config;
	int r;

	o.tree = dir;
	out_progress(u->out, what, 0, 0);
	r = config_tree_open(t, &o, u->out, err);
	out_progress_end(u->out);
	return r;
}

static int read_trees(struct upgrading *u, struct err *err)
{
	int r = config_read(u->name, &u->text, err);

	if (r == 0)
		r = config_renames_open(&u->renames, u->o->renames, u->out, err);
	if (r == 0 && u->o->from)
		r = read_tree(u, &u->old, u->o->from, "reading the old kernel's Kconfig files",
			      err);
	if (r == 0)
		r = read_tree(u, &u->new, u->o->config.tree,
			      "reading the new kernel's Kconfig files", err);
	return r;
}

static struct kc_conf *conf_of(const struct upgrading *u)
{
	const struct kc_files files = config_files(&u->old);

	return u->o->from ? kc_conf_from_text(u->old.tree, &files, &u->text) : NULL;
}

static const char *const titles[] = {
	[KC_UP_RENAMED] = "renamed, carried over",
	[KC_UP_REMOVED] = "removed",
	[KC_UP_TYPE] = "of another type",
	[KC_UP_FAILS] = "no longer holds",
	[KC_UP_NEW] = "new questions, at their defaults",
	[KC_UP_DEFAULT] = "another default; the value stays",
	[KC_UP_VALUE] = "no line, and another default: the value changes",
};

static void print_lines(struct upgrading *u, const struct strv *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		out_print(u->out, "      %s\n", lines->v[i]);
}

static void print_renamed(struct upgrading *u, const struct kc_upgrade_item *i)
{
	out_print(u->out, "  %s:%d: CONFIG_%s=%s: %s\n", u->name, i->line, i->symbol, i->was,
		  i->why.v[0]);
	for (size_t n = 1; n < i->why.n; n++)
		out_print(u->out, "      %s\n", i->why.v[n]);
}

static void print_removed(struct upgrading *u, const struct kc_upgrade_item *i)
{
	out_print(u->out, "  %s:%d: CONFIG_%s=%s%s: %s\n", u->name, i->line, i->symbol, i->was,
		  i->asked ? "" : " (a default)",
		  i->why.n ? i->why.v[0] : "the new kernel has no such symbol");
}

static void print_item(struct upgrading *u, const struct kc_upgrade_item *i)
{
	switch (i->kind) {
	case KC_UP_RENAMED:
		print_renamed(u, i);
		return;
	case KC_UP_REMOVED:
		print_removed(u, i);
		return;
	case KC_UP_TYPE:
		out_print(u->out, "  %s:%d: %s was %s, is %s\n", u->name, i->line, i->symbol,
			  i->was, i->is);
		return;
	case KC_UP_FAILS:
		out_print(u->out, "  %s:%d: CONFIG_%s=%s: it is %s\n", u->name, i->line, i->symbol,
			  i->was, i->is ? i->is : "unknown");
		print_lines(u, &i->why);
		return;
	case KC_UP_NEW:
		out_print(u->out, "  CONFIG_%s=%s  %s\n", i->symbol, i->is ? i->is : "", i->prompt);
		print_lines(u, &i->why);
		return;
	default:
		out_print(u->out, "  %s: was %s, is %s\n", i->symbol,
			  i->was ? i->was : "without a value", i->is ? i->is : "without a value");
	}
}

/* Defaults of two kernels may differ by thousands. */
static bool is_too_many(const struct upgrading *u, enum kc_upgrade_kind kind, size_t told)
{
	if (kind != KC_UP_VALUE || told < MAX_VALUES)
		return false;
	out_print(u->out, "  ... and %zu more (--json: all)\n", u->result.n[kind] - told);
	return true;
}

static void print_kind(struct upgrading *u, enum kc_upgrade_kind kind)
{
	size_t told = 0;

	if (!u->result.n[kind])
		return;
	out_print(u->out, "%s:\n", titles[kind]);
	for (size_t i = 0; i < u->result.all.n; i++) {
		if (u->result.all.v[i].kind != kind)
			continue;
		if (is_too_many(u, kind, told++))
			return;
		print_item(u, &u->result.all.v[i]);
	}
}

static json_t *json_item(const struct kc_upgrade_item *i)
{
	return json_pack("{s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o}", "symbol",
			 out_json_text(i->symbol), "line",
			 i->line ? json_integer(i->line) : json_null(), "asked", i->asked, "was",
			 out_json_text(i->was), "is", out_json_text(i->is), "prompt",
			 out_json_text(i->prompt), "names", out_json_texts(&i->names), "why",
			 out_json_texts(&i->why));
}

static void print_json(struct upgrading *u, bool written)
{
	json_t *v = json_pack("{s:b, s:b, s:o, s:o, s:I, s:I}", "ok", u->result.lost == 0,
			      "written", written, "from", out_json_text(u->old.version), "to",
			      out_json_text(u->new.version), "carried",
			      (json_int_t)u->result.carried, "lost", (json_int_t)u->result.lost);

	for (int kind = 0; kind < KC_UP_KINDS; kind++) {
		json_t *list = json_array();

		for (size_t i = 0; i < u->result.all.n; i++)
			if (u->result.all.v[i].kind == (enum kc_upgrade_kind)kind)
				json_array_append_new(list, json_item(&u->result.all.v[i]));
		json_object_set_new(v, kc_upgrade_kind_name(kind), list);
	}
	out_json(u->out, v);
}

static void report(struct upgrading *u)
{
	if (u->out->json) {
		print_json(u, u->o->output != NULL);
		return;
	}
	for (int kind = 0; kind < KC_UP_KINDS; kind++)
		print_kind(u, kind);
	out_note(u->out, "%zu lines carried over, %zu renamed, %zu of what was asked for lost%s",
		 u->result.carried, u->result.n[KC_UP_RENAMED], u->result.lost,
		 u->o->output ? "" : "; nothing was written (-o FILE)");
}

/* Written onto itself, the old configuration is kept, as make keeps it. */
static int keep_old(const struct upgrading *u, struct err *err)
{
	auto_free char *old = xasprintf("%s.old", u->o->output);
	struct stat in, to;

	if (stat(u->name, &in) < 0 || stat(u->o->output, &to) < 0 || in.st_dev != to.st_dev ||
	    in.st_ino != to.st_ino || !S_ISREG(to.st_mode))
		return 0;
	return file_write_out(old, str_c(&u->text), u->text.n, err);
}

static int write_result(struct upgrading *u, struct err *err)
{
	auto_str struct str text = { 0 };
	int r;

	if (!u->o->output)
		return 0;
	r = keep_old(u, err);
	if (r < 0)
		return r;
	kc_conf_text(u->result.conf, "CONFIG_", &text);
	return file_write_out(u->o->output, str_c(&text), text.n, err);
}

static int upgrade(struct upgrading *u, struct err *err)
{
	int r = read_trees(u, err);

	if (r < 0)
		return r;
	u->from = conf_of(u);
	kc_upgrade_make(
		&(struct kc_upgrade_spec){
			.text = &u->text,
			.name = u->name,
			.from = u->from,
			.to = u->new.tree,
			.files = config_files(&u->new),
			.version = u->new.version,
			.srcarch = u->new.srcarch,
			.renames = config_renames_table(&u->renames),
		},
		&u->result);
	r = write_result(u, err);
	if (r < 0)
		return r;
	report(u);
	return u->result.lost ? EXIT_NO : EXIT_OK;
}

static int run_config_upgrade(struct out *out, const struct global_opts *global, void *o,
			      char **args, size_t n_args, size_t dashes, struct err *err);

static const char *const examples[] = {
	"kiln config upgrade --from linux-6.1 --to linux-6.12 old.config -o linux-6.12/.config",
	"kiln config upgrade --to linux-6.12 --json old.config",
	NULL,
};

const struct cmd cmd_config_upgrade = {
	.name = "config upgrade",
	.args = "CONFIG",
	.summary = "what becomes of a configuration in another kernel",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct upgrade_opts),
	.facts = true,
	.run = run_config_upgrade,
};

static int run_config_upgrade(struct out *out, const struct global_opts *global, void *o,
			      char **args, size_t n_args, size_t dashes, struct err *err)
{
	struct upgrading u = { .out = out, .o = o, .old = { .dirfd = -1 }, .new = { .dirfd = -1 } };
	int r;

	if (n_args != 1)
		return usage_error(&cmd_config_upgrade, err, "one configuration is upgraded");
	u.name = args[0];
	r = upgrade(&u, err);
	kc_upgrade_release(&u.result);
	kc_conf_free(u.from);
	str_release(&u.text);
	config_renames_release(&u.renames);
	config_tree_release(&u.old);
	config_tree_release(&u.new);
	return r;
}
