/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln config search`: symbols by what their names, prompts and help say, the best first. */
#include "cmd/cmd.h"
#include "cmd/config_tree.h"
#include "kconfig/explain.h"
#include "kconfig/find.h"

#include <errno.h>

#define DEFAULT_LIMIT 20

extern const struct cmd cmd_config_search;

struct search_opts {
	struct config_opts config;
	const char *base;
	uint64_t limit;
};

#define S(member) offsetof(struct search_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	CONFIG_OPTS(S(config)),
	{ "base", 'b', OPT_STRING, S(base), "BASE", "the configuration whose values are shown (default: the tree's .config, else alldefconfig)", .complete = OC_FILE },
	{ "limit", 'l', OPT_U64, S(limit), "N", "show the N best (default: 20)", .min = 1, .max = 1000000 },
	/* clang-format on */
};

struct search {
	struct out *out;
	const struct search_opts *o;
	struct config_tree tree;
	struct kc_wishes wishes;
	struct config_made made;
};

static const char *prompt_of(const struct kc_found *f)
{
	return f->menu->prompt ? f->menu->prompt->text : NULL;
}

/* What stands for the name where there is none. */
static const char *kind_of(const struct kc_found *f)
{
	if (f->menu->sym)
		return "choice";
	return f->menu->prompt->type == KC_P_MENU ? "menu" : "comment";
}

/* As in .config; NULL: it has none. */
static char *value_of(struct search *s, const struct kc_found *f)
{
	if (!f->sym)
		return NULL;
	kc_calc(s->made.conf, f->sym);
	return kc_quoted_value(s->made.conf, f->sym);
}

static bool is_visible(struct search *s, const struct kc_found *f)
{
	if (!f->sym)
		return kc_menu_shown(s->made.conf, f->menu);
	kc_calc(s->made.conf, f->sym);
	return kc_v(s->made.conf, f->sym)->visible != KC_N;
}

static json_t *json_of(struct search *s, const struct kc_found *f)
{
	auto_free char *path = kc_menu_path(f->menu);

	if (f->sym)
		kc_calc(s->made.conf, f->sym);
	return json_pack("{s:o, s:o, s:s, s:o, s:b, s:o, s:i, s:o, s:s}", "symbol",
			 out_json_text(f->sym ? f->sym->name : NULL), "value",
			 out_json_text(f->sym ? kc_value_text(s->made.conf, f->sym) : NULL), "type",
			 f->sym ? kc_type_name(f->sym->type) : kind_of(f), "prompt",
			 out_json_text(prompt_of(f)), "visible", is_visible(s, f), "file",
			 out_json_text(f->menu->pos.file), "line", f->menu->pos.line, "path",
			 out_json_text(path), "in", kc_found_name(f->in));
}

static void print_json(struct search *s, const char *text, const struct kc_founds *all,
		       const struct strv *near)
{
	json_t *found = json_array();

	for (size_t i = 0; i < all->n; i++)
		json_array_append_new(found, json_of(s, &all->v[i]));
	out_json(s->out,
		 json_pack("{s:o, s:I, s:o, s:o}", "text", out_json_text(text), "total",
			   (json_int_t)all->total, "found", found, "near", out_json_texts(near)));
}

static void add_row(struct search *s, struct table *t, const struct kc_found *f)
{
	const enum table_color color = is_visible(s, f) ? TABLE_PLAIN : TABLE_DIM;
	auto_free char *value = value_of(s, f);
	auto_free char *place = xasprintf("%s:%d", f->menu->pos.file, f->menu->pos.line);
	auto_free char *kind = f->sym ? NULL : xasprintf("(%s)", kind_of(f));

	table_row(t);
	table_cell_color(t, f->sym ? f->sym->name : kind, color);
	table_cell_color(t, value, color);
	table_cell_color(t, place, color);
	table_cell_color(t, prompt_of(f), color);
}

static int print_table(struct search *s, const struct kc_founds *all, struct err *err)
{
	static const char *const columns[] = { "SYMBOL", "VALUE", "PLACE", "PROMPT" };
	struct table *t = table_new(columns, countof(columns));
	int r;

	for (size_t i = 0; i < all->n; i++)
		add_row(s, t, &all->v[i]);
	r = table_print(t, s->out, err);
	table_free(t);
	if (r == 0 && all->n < all->total)
		out_note(s->out, "the best %zu of %zu (--limit)", all->n, all->total);
	return r;
}

static void tell_nothing(struct search *s, const char *text, const struct strv *near)
{
	out_note(s->out, "nothing in this tree for %s matches '%s'", s->tree.arch, text);
	for (size_t i = 0; i < near->n; i++)
		fprintf(s->out->message, "    %s %s\n", i ? "or" : "did you mean", near->v[i]);
}

static int search(struct search *s, const char *text, struct err *err)
{
	struct kc_finder *finder = kc_finder_new(s->tree.tree);
	auto_strv struct strv near = { 0 };
	const char *name = text;
	struct kc_founds all;
	int r = 0;

	kc_find(finder, text, s->o->limit ? s->o->limit : DEFAULT_LIMIT, &all);
	str_skip(&name, "CONFIG_");
	if (!all.n)
		kc_near_names(s->tree.tree, name, &near);
	if (s->out->json)
		print_json(s, text, &all, &near);
	else if (all.n)
		r = print_table(s, &all, err);
	if (!all.n)
		tell_nothing(s, text, &near);
	if (r == 0)
		r = all.n ? EXIT_OK : EXIT_NO;
	free(all.v);
	kc_finder_free(finder);
	return r;
}

/* The tree, and the values of the configuration asked about. */
static int make(struct search *s, char **parts, size_t n, struct err *err)
{
	auto_free char *base = config_base(&s->o->config, s->o->base);
	int r = config_tree_open(&s->tree, &s->o->config, s->out, err);

	for (size_t i = 0; i < n && r == 0; i++) {
		r = config_part(&s->tree, parts[i], &s->wishes, err);
		if (r == -ENOENT)
			err_hint(
				err, r,
				"behind the text come parts; several words are one text in quotes");
	}
	return r < 0 ? r : config_make(&s->tree, base, &s->wishes, &s->made, err);
}

static int run_config_search(struct out *out, const struct global_opts *global, void *o,
			     char **args, size_t n_args, size_t dashes, struct err *err)
{
	struct search s = { .out = out, .o = o, .tree = { .dirfd = -1 } };
	int r;

	if (!n_args || !args[0][strspn(args[0], " \t\n")])
		return usage_error(&cmd_config_search, err, "no text to search for");
	r = make(&s, args + 1, n_args - 1, err);
	if (r == 0)
		r = search(&s, args[0], err);
	config_made_release(&s.made);
	kc_wishes_release(&s.wishes);
	config_tree_release(&s.tree);
	return r;
}

static const char *const examples[] = {
	"kiln config search --tree linux tun",
	"kiln config search --tree linux --base defconfig 'usb serial' --limit 5",
	NULL,
};

const struct cmd cmd_config_search = {
	.name = "config search",
	.args = "TEXT [PART...]",
	.summary = "symbols by what their names, prompts and help say",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct search_opts),
	.facts = true,
	.run = run_config_search,
};
