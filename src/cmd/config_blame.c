/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where each line of a configuration comes from. A .config has a line for everything, also for what would hold anyway; so
 * the symbols are looked at in a configuration made of those lines alone that savedefconfig keeps.
 */
#include "cmd/config_blame.h"

#include "cmd/cmd.h"
#include "kconfig/diff.h"
#include "kconfig/dotconfig.h"
#include "kconfig/origin.h"

struct blame {
	struct out *out;
	const char *base;
	struct config_tree tree;
	struct kc_wishes wishes;
	struct config_made whole; /* with all lines */
	struct kc_conf *kept;	  /* with those that are no defaults */
	struct map lines;	  /* of the base: name -> line number */
	json_t *list;
};

static void take_line(void *ctx, const char *name, const char *value, int line)
{
	map_set(ctx, name, (void *)(intptr_t)line);
}

static bool asks_for(const struct kc_wish *w, const char *value)
{
	return w && str_eq(w->value, value);
}

/* Of a choice the member that was asked for is the one whose line counts. */
static bool is_asked_member(const struct blame *b, const struct kc_sym *s)
{
	const struct kc_value *v = kc_v(b->kept, s);

	return kc_has_user(b->kept, s) && v->user_tri == KC_Y && v->tri == KC_Y;
}

/* Of a part's line that holds in part: what it is limited by; NULL: it does not hold at all. */
static char *partly(struct blame *b, struct kc_sym *s, const struct kc_wish *w, const char *value)
{
	const struct kc_prop *range;

	if (kc_is_tri(s))
		return str_eq(w->value, "y") && str_eq(value, "m")
			       ? xasprintf("%s:%d, limited to m", w->pos.file, w->pos.line)
			       : NULL;
	range = kc_text_valid(s->type, w->value) ? kc_active(b->whole.conf, s, KC_P_RANGE) : NULL;
	if (!range || s->type == KC_STRING)
		return NULL;
	return xasprintf("%s:%d, moved by the range at %s:%d", w->pos.file, w->pos.line,
			 range->pos.file, range->pos.line);
}

/* A part's line that says what holds is its origin, whatever would hold without it. */
static char *words_of(struct blame *b, struct kc_sym *s, const char *value, enum kc_origin *origin)
{
	const struct kc_wish *w = kc_last_wish(&b->wishes, s->name);
	const struct kc_prop *p;
	int line = (int)(intptr_t)map_get(&b->lines, s->name);
	char *words = NULL;

	*origin = kc_origin_of(b->kept, s, &p);
	if (w && kc_changeable(b->whole.conf, s))
		words = asks_for(w, value) ? xasprintf("%s:%d", w->pos.file, w->pos.line)
					   : partly(b, s, w, value);
	if (words) {
		*origin = KC_BY_USER;
		return words;
	}
	if (*origin == KC_BY_CHOICE && is_asked_member(b, s))
		*origin = KC_BY_USER;
	if (*origin != KC_BY_USER)
		return kc_origin_words(b->kept, s, *origin, p);
	return line ? xasprintf("%s:%d", b->base, line) : xstrdup(b->base);
}

static void tell(struct blame *b, struct kc_sym *s, const char *line, const char *value)
{
	enum kc_origin origin;
	auto_free char *words = words_of(b, s, value, &origin);

	if (b->out->json)
		json_array_append_new(
			b->list, json_pack("{s:o, s:o, s:s, s:o}", "symbol", out_json_text(s->name),
					   "value", out_json_text(value), "origin",
					   kc_origin_name(origin), "set_by", out_json_text(words)));
	else
		out_print(b->out, "%-50s %s\n", line, words);
}

/* The lines of the text in their order. */
static void tell_line(void *ctx, const char *name, const char *value, int number)
{
	struct blame *b = ctx;
	struct kc_sym *s = kc_sym_find(b->tree.tree, name);
	auto_free char *line = str_eq(value, "n") && s && kc_is_tri(s)
				       ? xasprintf("# CONFIG_%s is not set", name)
				       : xasprintf("CONFIG_%s=%s", name, value);

	if (s)
		tell(b, s, line, value);
}

static void look(struct blame *b)
{
	const struct kc_files files = config_files(&b->tree);
	auto_str struct str kept = { 0 };

	kc_conf_kept(b->whole.conf, "CONFIG_", &kept);
	b->kept = kc_conf_from_text(b->tree.tree, &files, &kept);
	dotconfig_each(str_c(&b->whole.start.text), b->whole.start.text.n, take_line, &b->lines);
	b->list = b->out->json ? json_array() : NULL;
	dotconfig_each(str_c(&b->whole.text), b->whole.text.n, tell_line, b);
	if (b->out->json)
		out_json(b->out, b->list);
}

int config_blame(struct out *out, const struct config_opts *o, const char *base, char **parts,
		 size_t n_parts, struct err *err)
{
	struct blame b = { .out = out, .base = base, .tree = { .dirfd = -1 } };
	int r;

	out_progress(out, "reading the Kconfig files", 0, 0);
	r = config_tree_open(&b.tree, o, out, err);
	out_progress_end(out);
	for (size_t i = 0; i < n_parts && r == 0; i++)
		r = config_part(&b.tree, parts[i], &b.wishes, err);
	if (r == 0)
		r = config_make(&b.tree, base, &b.wishes, &b.whole, err);
	if (r == 0)
		look(&b);
	kc_conf_free(b.kept);
	config_made_release(&b.whole);
	map_release(&b.lines, NULL);
	kc_wishes_release(&b.wishes);
	config_tree_release(&b.tree);
	return r;
}
