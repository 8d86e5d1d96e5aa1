/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln config set`: values in a .config, with what they need and what follows from them. */
#include "base/file.h"
#include "base/path.h"
#include "cmd/cmd.h"
#include "cmd/config_tell.h"
#include "cmd/config_tree.h"
#include "kconfig/diff.h"

struct set_opts {
	struct config_opts config;
	const char *file;
	bool with_deps;
};

#define S(member) offsetof(struct set_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	CONFIG_OPTS(S(config)),
	{ "config", 'c', OPT_STRING, S(file), "FILE", "the configuration that is changed (default: the tree's .config)", .complete = OC_FILE },
	{ "with-deps", 'd', OPT_FLAG, S(with_deps), NULL, "set what these depend on too, as little as can be" },
	/* clang-format on */
};

struct set {
	struct out *out;
	const struct set_opts *o;
	struct config_tree tree;
	char *path;
	struct kc_wishes wishes;
	size_t asked_for; /* wishes[0..) the user's, then those that --with-deps added */
	struct config_made before, made;
	struct kc_fixer *fixer;
	struct config_start start;
	json_t *failures, *changes;
};

static void make(struct set *s)
{
	kc_fixer_free(s->fixer);
	s->fixer = NULL;
	config_make_on(&s->tree, &s->start, &s->wishes, &s->made);
}

static bool all_hold(const struct set *s)
{
	for (size_t i = 0; i < s->wishes.n; i++)
		if (!kc_holds(s->made.conf, &s->wishes.v[i]))
			return false;
	return true;
}

static void add_deps(struct set *s)
{
	struct kc_fix fix;

	s->fixer = config_fixer(s->out, &s->made, &s->wishes);
	if (!s->fixer)
		return;
	kc_fix_all(s->fixer, &fix);
	for (size_t i = 0; i < fix.lines.n; i++)
		vec_push(&s->wishes, ((struct kc_wish){ .name = fix.lines.v[i].sym->name,
							.value = kc_tri_text(fix.lines.v[i].tri),
							.pos = { "--with-deps", (int)i + 1 } }));
	kc_fix_release(&fix);
	make(s);
}

static void tell_failure(struct set *s, const struct kc_wish *w)
{
	struct config_renames renames = { .out = s->out };
	struct kc_renamed renamed;
	struct kc_explanation e;
	struct kc_fix fix = { 0 };
	bool has_fix;

	kc_explain(s->made.conf, w, &s->wishes, &e);
	config_explain_renamed(&renames, &s->tree, s->made.conf, w, &e, &renamed);
	has_fix = kc_reason_has_fix(e.reason) && s->fixer;
	if (has_fix)
		kc_fix_one(s->fixer, w, &fix);
	if (e.reason != KC_HOLDS) {
		config_tell_failure(s->out, s->tree.arch, w, &e, has_fix ? &fix : NULL);
		json_array_append_new(s->failures,
				      config_failure_json(w, &e, has_fix ? &fix : NULL, &renamed));
	}
	kc_fix_release(&fix);
	kc_renamed_release(&renamed);
	config_renames_release(&renames);
	kc_explanation_release(&e);
}

static void tell_failures(struct set *s)
{
	if (!s->fixer)
		s->fixer = config_fixer(s->out, &s->made, &s->wishes);
	for (size_t i = 0; i < s->asked_for; i++)
		tell_failure(s, &s->wishes.v[i]);
}

static const char *cause(const struct set *s, const char *name)
{
	for (size_t i = 0; i < s->wishes.n; i++)
		if (str_eq(s->wishes.v[i].name, name))
			return i < s->asked_for ? "asked" : "needed";
	return "followed";
}

/* "n", "16", "\"text\""; of a symbol without a line "n" */
static char *shown(const struct kc_conf *c, const struct kc_sym *sym)
{
	char *value = kc_v(c, sym)->flags & KC_WRITE ? kc_file_value(c, sym) : NULL;

	return value ? value : xstrdup("n");
}

/* Those changes that have that cause. */
static void tell_changes_by(struct set *s, const char *by)
{
	for (uint32_t i = KC_Y + 1; i < s->tree.tree->n_syms; i++) {
		struct kc_sym *sym = s->tree.tree->by_id[i];
		auto_free char *was = NULL, *is = NULL;

		if (!sym->name || !sym->defs || kc_is_choice(sym) ||
		    !str_eq(cause(s, sym->name), by))
			continue;
		was = shown(s->before.conf, sym);
		is = shown(s->made.conf, sym);
		if (str_eq(was, is))
			continue;
		json_array_append_new(s->changes, json_pack("{s:s, s:o, s:o, s:s}", "symbol",
							    sym->name, "was", out_json_text(was),
							    "is", out_json_text(is), "cause", by));
		if (!s->out->json)
			out_print(s->out, "%-8s CONFIG_%s: %s -> %s\n", by, sym->name, was, is);
	}
}

static void tell_changes(struct set *s)
{
	tell_changes_by(s, "asked");
	tell_changes_by(s, "needed");
	tell_changes_by(s, "followed");
}

/* As conf does: the former file beside it as FILE.old. */
static int write_config(struct set *s, struct err *err)
{
	auto_free char *old = xasprintf("%s.old", s->path);
	int r = file_write_out(old, s->start.text.s, s->start.text.n, err);

	return r < 0 ? r : file_write_out(s->path, s->made.text.s, s->made.text.n, err);
}

static int finish(struct set *s, bool dry_run, struct err *err)
{
	bool good = all_hold(s);
	bool changes = good && !str_eq(str_c(&s->before.text), str_c(&s->made.text));
	bool write = changes && !dry_run;
	int r = write ? write_config(s, err) : 0;

	if (r < 0)
		return r;
	if (good)
		tell_changes(s);
	else
		tell_failures(s);
	if (s->out->json)
		out_json(s->out, json_pack("{s:b, s:b, s:O, s:O}", "ok", good, "written", write,
					   "changes", s->changes, "failures", s->failures));
	if (!good)
		out_note(s->out, "'%s' was not changed%s", s->path,
			 s->o->with_deps ? "" : "; --with-deps sets what is needed as well");
	else if (!changes)
		out_note(s->out, "'%s' says so already", s->path);
	return good ? EXIT_OK : EXIT_NO;
}

static int set(struct set *s, bool dry_run, struct err *err)
{
	int r = config_start_read(&s->tree, s->path, &s->start, err);

	if (r < 0)
		return err_hint(err, r, "'kiln config resolve -o %s' makes one", s->path);
	config_make_on(&s->tree, &s->start, &(struct kc_wishes){ 0 }, &s->before);
	make(s);
	if (s->o->with_deps && !all_hold(s))
		add_deps(s);
	return finish(s, dry_run, err);
}

static int run_config_set(struct out *out, const struct global_opts *global, void *o, char **args,
			  size_t n_args, size_t dashes, struct err *err);

static const char *const examples[] = {
	"kiln config set --tree linux DEBUG_INFO_NONE=n KASAN=y --with-deps",
	"kiln config set --dry-run -c my.config NR_CPUS=16 LOCALVERSION=-mine",
	NULL,
};

const struct cmd cmd_config_set = {
	.name = "config set",
	.args = "SYMBOL=VALUE...",
	.summary = "change values in a .config, and show what follows",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct set_opts),
	.facts = true,
	.acts = true,
	.run = run_config_set,
};

static int run_config_set(struct out *out, const struct global_opts *global, void *o, char **args,
			  size_t n_args, size_t dashes, struct err *err)
{
	struct set s = { .out = out, .o = o, .tree = { .dirfd = -1 } };
	int r;

	if (!n_args)
		return usage_error(&cmd_config_set, err, "no SYMBOL=VALUE given");
	s.path = s.o->file ? xstrdup(s.o->file)
			   : path_join(s.o->config.tree ? s.o->config.tree : ".", ".config");
	s.failures = json_array();
	s.changes = json_array();
	r = config_tree_open(&s.tree, &s.o->config, out, err);
	for (size_t i = 0; i < n_args && r == 0; i++)
		if (config_wish_arg(&s.tree, args[i], &s.wishes, err) < 0)
			r = usage_error_of(&cmd_config_set, err);
	s.asked_for = s.wishes.n;
	if (r == 0)
		r = set(&s, global->dry_run, err);
	json_decref(s.failures);
	json_decref(s.changes);
	kc_fixer_free(s.fixer);
	config_made_release(&s.made);
	config_made_release(&s.before);
	kc_wishes_release(&s.wishes);
	config_tree_release(&s.tree);
	config_start_release(&s.start);
	free(s.path);
	return r;
}
