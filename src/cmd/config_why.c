/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln config why` and `why-not`: where a value comes from, and what stands in the way of another. */
#include "cmd/cmd.h"
#include "cmd/config_tell.h"
#include "kconfig/expr.h"
#include "kconfig/relations.h"

#include <errno.h>

struct why_opts {
	struct config_opts config;
	const char *base;
};

#define W(member) offsetof(struct why_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	CONFIG_OPTS(W(config)),
	{ "base", 'b', OPT_STRING, W(base), "BASE", "the configuration asked about (default: the tree's .config, else alldefconfig)", .complete = OC_FILE },
	/* clang-format on */
};

struct why {
	struct out *out;
	struct config_tree tree;
	struct kc_wishes wishes;
	struct config_made made;
};

static void why_release(struct why *w)
{
	config_made_release(&w->made);
	kc_wishes_release(&w->wishes);
	config_tree_release(&w->tree);
}

static int open_tree(struct why *w, const struct why_opts *o, char **parts, size_t n,
		     struct err *err)
{
	int r = config_tree_open(&w->tree, &o->config, w->out, err);

	for (size_t i = 0; i < n && r == 0; i++)
		r = config_part(&w->tree, parts[i], &w->wishes, err);
	return r;
}

static int make(struct why *w, const struct why_opts *o, struct err *err)
{
	auto_free char *base = config_base(&o->config, o->base);

	return config_make(&w->tree, base, &w->wishes, &w->made, err);
}

static const char *prompt_of(const struct kc_sym *s)
{
	for (const struct kc_menu *m = s->defs; m; m = m->next_def)
		if (m->prompt)
			return m->prompt->text;
	return NULL;
}

static json_t *json_places(const struct kc_sym *s)
{
	json_t *a = json_array();

	for (const struct kc_menu *m = s->defs; m; m = m->next_def)
		json_array_append_new(a, json_pack("{s:o, s:i}", "file", out_json_text(m->pos.file),
						   "line", m->pos.line));
	return a;
}

static void print_json(struct why *w, struct kc_sym *s, const char *value, enum kc_origin origin,
		       const char *words)
{
	auto_str struct str dep = { 0 }, relations = { 0 };
	const char *help = NULL;

	for (const struct kc_menu *m = s->defs; m && !help; m = m->next_def)
		help = m->help;
	kc_add_expr_values(w->made.conf, &dep, s->dir_dep);
	kc_add_relations(w->made.conf, &relations, s);
	out_json(w->out,
		 json_pack("{s:o, s:o, s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "symbol",
			   out_json_text(s->name), "value", out_json_text(value), "type",
			   kc_type_name(s->type), "prompt", out_json_text(prompt_of(s)), "origin",
			   kc_origin_name(origin), "set_by", out_json_text(words), "defined",
			   json_places(s), "depends_on", out_json_text(str_c(&dep)), "relations",
			   out_json_text(str_c(&relations)), "help", out_json_text(help)));
}

static void print_text(struct why *w, struct kc_sym *s, const char *line, const char *words)
{
	auto_str struct str rest = { 0 };

	kc_add_help(w->made.conf, &rest, "CONFIG_", s->defs);
	out_print(w->out, "%sset by %s\n\n%s", line, words, str_c(&rest));
}

static int why(struct why *w, const char *name, struct err *err)
{
	auto_free char *words = NULL;
	auto_str struct str line = { 0 };
	const struct kc_prop *p;
	enum kc_origin origin;
	struct kc_sym *s = config_symbol(&w->tree, name, err);

	if (!s)
		return err->code;
	kc_calc(w->made.conf, s);
	kc_conf_line(w->made.conf, "CONFIG_", s, &line);
	origin = kc_origin_of(w->made.conf, s, &p);
	words = config_origin_words(w->made.conf, &w->wishes, s, origin, p);
	if (w->out->json)
		print_json(w, s, kc_value_text(w->made.conf, s), origin, words);
	else
		print_text(w, s, str_c(&line), words);
	return EXIT_OK;
}

static int run_why(struct out *out, const struct global_opts *global, void *o, char **args,
		   size_t n_args, size_t dashes, struct err *err);
static int run_why_not(struct out *out, const struct global_opts *global, void *o, char **args,
		       size_t n_args, size_t dashes, struct err *err);

static const char *const why_examples[] = {
	"kiln config why --tree linux DEBUG_INFO_BTF",
	"kiln config why --tree linux --base defconfig TUN my.config",
	NULL,
};

const struct cmd cmd_config_why = {
	.name = "config why",
	.args = "SYMBOL [PART...]",
	.summary = "where the value of a symbol comes from",
	.examples = why_examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct why_opts),
	.facts = true,
	.run = run_why,
};

static const char *const why_not_examples[] = {
	"kiln config why-not --tree linux DEBUG_INFO_BTF=y",
	NULL,
};

const struct cmd cmd_config_why_not = {
	.name = "config why-not",
	.args = "SYMBOL=VALUE [PART...]",
	.summary = "what stands in the way of a value",
	.examples = why_not_examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct why_opts),
	.facts = true,
	.run = run_why_not,
};

static int run_why(struct out *out, const struct global_opts *global, void *o, char **args,
		   size_t n_args, size_t dashes, struct err *err)
{
	struct why w = { .out = out, .tree = { .dirfd = -1 } };
	int r;

	if (!n_args)
		return usage_error(&cmd_config_why, err, "no symbol given");
	r = open_tree(&w, o, args + 1, n_args - 1, err);
	if (r == 0)
		r = make(&w, o, err);
	if (r == 0)
		r = why(&w, args[0], err);
	why_release(&w);
	return r;
}

static void tell(struct why *w, const struct kc_wish *wish, const struct kc_explanation *e,
		 const struct kc_fix *fix, const struct kc_renamed *renamed)
{
	auto_strv struct strv words = { 0 };
	auto_free char *line = config_wish_line(wish);

	for (size_t i = 0; i < e->lines.n; i++)
		strv_add(&words, e->lines.v[i]);
	for (size_t i = 0; i < e->near.n; i++)
		strv_addf(&words, "%s %s", i ? "or" : "did you mean", e->near.v[i]);
	if (fix)
		config_fix_words(fix, &words);
	if (w->out->json) {
		json_t *json = config_failure_json(wish, e, fix, renamed);

		json_object_set_new(json, "holds", json_boolean(e->reason == KC_HOLDS));
		out_json(w->out, json);
	} else if (e->reason == KC_HOLDS) {
		out_print(w->out, "%s holds once it is asked for\n", line);
	} else {
		out_print(w->out, "%s: it would be %s\n", line,
			  e->now ? e->now : "unknown to this tree");
		for (size_t i = 0; i < words.n; i++)
			out_print(w->out, "  %s\n", words.v[i]);
	}
}

/* Explains the last wish. */
static int why_not(struct why *w)
{
	const struct kc_wish *wish = &w->wishes.v[w->wishes.n - 1];
	struct kc_fixer *fixer = NULL;
	struct kc_explanation e;
	struct config_renames renames = { .out = w->out };
	struct kc_renamed renamed;
	struct kc_fix fix = { 0 };
	bool holds;

	kc_explain(w->made.conf, wish, &w->wishes, &e);
	config_explain_renamed(&renames, &w->tree, w->made.conf, wish, &e, &renamed);
	holds = e.reason == KC_HOLDS;
	if (kc_reason_has_fix(e.reason))
		fixer = config_fixer(w->out, &w->made, &w->wishes);
	if (fixer)
		kc_fix_one(fixer, wish, &fix);
	tell(w, wish, &e, fixer ? &fix : NULL, &renamed);
	kc_fix_release(&fix);
	kc_fixer_free(fixer);
	kc_renamed_release(&renamed);
	config_renames_release(&renames);
	kc_explanation_release(&e);
	return holds ? EXIT_OK : EXIT_NO;
}

static int run_why_not(struct out *out, const struct global_opts *global, void *o, char **args,
		       size_t n_args, size_t dashes, struct err *err)
{
	struct why w = { .out = out, .tree = { .dirfd = -1 } };
	int r;

	if (!n_args)
		return usage_error(&cmd_config_why_not, err, "no SYMBOL=VALUE given");
	r = open_tree(&w, o, args + 1, n_args - 1, err);
	if (r == 0)
		r = config_wish_arg(&w.tree, args[0], &w.wishes, err) < 0
			    ? usage_error_of(&cmd_config_why_not, err)
			    : 0;
	if (r == 0)
		r = make(&w, o, err);
	if (r == 0)
		r = why_not(&w);
	why_release(&w);
	return r;
}
