/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each line of the old file becomes a wish in the new tree, under the name that it has there. What was asked for is what
 * savedefconfig keeps of the file in the old tree; a line beyond that says what held anyway, and is carried too, but
 * nothing is lost with it. A line that the old tree does not know says nothing that held anyway, and so it is asked for. Without
 * the old tree every line but "is not set" counts.
 *
 * Of several lines that come to one symbol, one under its own name and others under former ones, the greatest value is the
 * wish: a part of what is one thing now was wanted, so the whole is.
 */
#include "kconfig/upgrade.h"

#include "kconfig/diff.h"
#include "kconfig/dotconfig.h"

#include <stdlib.h>

#define HELP_LINES 4

/* A line of the old file. */
struct line {
	const char *name, *value;
	int number;
};

/* What is known of the wish of the same index. */
struct source {
	bool counts;  /* it was asked for and could be: that it fails is a loss */
	bool renamed; /* it stands under a former name */
};

struct upgrade {
	const struct kc_upgrade_spec *spec;
	struct kc_upgrade *ret;
	struct kc_wishes wishes;
	struct {
		struct source *v;
		size_t n, cap;
	} sources;
	struct map by_name;	     /* of wishes: index + 1 */
	struct dotconfig kept, file; /* what was asked for; all lines */
};

static const char *const kind_names[] = {
	[KC_UP_RENAMED] = "renamed", [KC_UP_REMOVED] = "removed", [KC_UP_TYPE] = "type",
	[KC_UP_FAILS] = "fails",     [KC_UP_NEW] = "new",	  [KC_UP_DEFAULT] = "default",
	[KC_UP_VALUE] = "value",
};

const char *kc_upgrade_kind_name(enum kc_upgrade_kind kind)
{
	return kind_names[kind];
}

static struct kc_upgrade_item *add(struct upgrade *u, enum kc_upgrade_kind kind, const char *symbol,
				   int line)
{
	struct kc_upgrade_item item = { .kind = kind, .symbol = xstrdup(symbol), .line = line };

	u->ret->n[kind]++;
	return vec_push(&u->ret->all, item);
}

/* Whether the configuration asks for a line, or says what held anyway. */
static bool is_asked(const struct upgrade *u, const char *name, const char *value)
{
	if (!u->spec->from || !kc_sym_defined(u->spec->from->tree, name))
		return !str_eq(value, "n");
	return map_has(&u->kept.value, name);
}

/* Whether anybody could have set it: the old tree's own business is not told of. */
static bool was_settable(const struct upgrade *u, const char *name)
{
	struct kc_sym *s = u->spec->from ? kc_sym_defined(u->spec->from->tree, name) : NULL;

	return !s || kc_changeable(u->spec->from, s);
}

static bool counts(const struct upgrade *u, const struct line *l)
{
	return is_asked(u, l->name, l->value) && was_settable(u, l->name);
}

/* Whether both are numbers, or y, m and n, and a is the greater one. */
static bool is_greater(const struct kc_sym *s, const char *a, const char *b)
{
	if (kc_is_tri(s))
		return (*a == 'y' && *b != 'y') || (*a == 'm' && *b == 'n');
	if (s->type == KC_STRING)
		return false;
	return kc_text_valid(s->type, a) &&
	       (!kc_text_valid(s->type, b) ||
		strtoull(a, NULL, s->type == KC_HEX ? 16 : 10) >
			strtoull(b, NULL, s->type == KC_HEX ? 16 : 10));
}

static void put_wish(struct upgrade *u, size_t i, const char *name, const struct line *l,
		     bool renamed)
{
	u->wishes.v[i] = (struct kc_wish){
		.name = name,
		.value = arena_strdup(&u->wishes.text, l->value),
		.pos = { .file = u->spec->name, .line = l->number },
	};
	u->sources.v[i] = (struct source){ .counts = counts(u, l), .renamed = renamed };
}

/* Wishes for the line under the name that it has in the new tree: s. */
static void wish(struct upgrade *u, const struct kc_sym *s, const struct line *from, bool renamed)
{
	struct line l = *from;
	size_t i = (size_t)(intptr_t)map_get(&u->by_name, s->name);

	/* what was a module cannot be one any more: built in is nearer than nothing */
	if (s->type == KC_BOOL && str_eq(l.value, "m"))
		l.value = "y";
	if (!i) {
		vec_push(&u->wishes, (struct kc_wish){ 0 });
		vec_push(&u->sources, (struct source){ 0 });
		map_set(&u->by_name, s->name, (void *)(intptr_t)u->wishes.n);
		put_wish(u, u->wishes.n - 1, s->name, &l, renamed);
		return;
	}
	/* of lines under one name the last one holds, as in any such file */
	if ((!renamed && (!u->sources.v[i - 1].renamed || s->type == KC_STRING)) ||
	    is_greater(s, l.value, u->wishes.v[i - 1].value))
		put_wish(u, i - 1, s->name, &l, renamed);
}

static void compare_types(struct upgrade *u, const struct kc_sym *s, int line)
{
	const struct kc_sym *old =
		u->spec->from ? kc_sym_defined(u->spec->from->tree, s->name) : NULL;
	struct kc_upgrade_item *item;

	if (!old || old->type == s->type || !was_settable(u, s->name))
		return;
	item = add(u, KC_UP_TYPE, s->name, line);
	item->was = xstrdup(kc_type_name(old->type));
	item->is = xstrdup(kc_type_name(s->type));
}

static struct kc_upgrade_item *add_line(struct upgrade *u, enum kc_upgrade_kind kind,
					const struct line *l)
{
	struct kc_upgrade_item *item = add(u, kind, l->name, l->number);

	item->asked = is_asked(u, l->name, l->value);
	item->was = xstrdup(l->value);
	return item;
}

static void carry_renamed(struct upgrade *u, const struct kc_renamed *r, const struct line *l)
{
	struct kc_upgrade_item *item;

	/* of several that were merged into one that was there, one that is off says nothing */
	if (str_eq(l->value, "n") && r->entry->kind == KC_MERGED)
		return;
	for (size_t i = 0; i < r->names.n; i++)
		wish(u, kc_sym_defined(u->spec->to, r->names.v[i]), l, true);
	if (!was_settable(u, l->name))
		return;
	item = add_line(u, KC_UP_RENAMED, l);
	strv_extend(&item->names, r->names.v);
	strv_take(&item->why, kc_renamed_words(r));
}

static void drop(struct upgrade *u, const struct kc_renamed *r, const struct line *l)
{
	struct kc_upgrade_item *item;

	if (str_eq(l->value, "n") || !was_settable(u, l->name))
		return;
	item = add_line(u, KC_UP_REMOVED, l);
	if (r->entry)
		strv_take(&item->why, kc_renamed_words(r));
	u->ret->lost += item->asked;
}

/* Whether the line may stand under that name: one that has lost its prompt may have another name for what was asked. */
static bool is_at_home(const struct upgrade *u, const struct kc_sym *s, const struct line *l,
		       const struct kc_renamed *r)
{
	if (!s)
		return false;
	return kc_has_prompt(s) || r->back || !r->names.n || !counts(u, l);
}

static void take_line(void *ctx, const char *name, const char *value, int number)
{
	const struct line l = { name, value, number };
	struct upgrade *u = ctx;
	struct kc_sym *s = kc_sym_defined(u->spec->to, name);
	struct kc_renamed renamed = { 0 };

	if (!s || !kc_has_prompt(s))
		kc_renames_find(u->spec->renames, u->spec->to, u->spec->version, u->spec->srcarch,
				name, &renamed);
	if (is_at_home(u, s, &l, &renamed)) {
		compare_types(u, s, number);
		wish(u, s, &l, false);
		u->ret->carried++;
	} else if (renamed.names.n) {
		carry_renamed(u, &renamed, &l);
	} else {
		drop(u, &renamed, &l);
	}
	kc_renamed_release(&renamed);
}

static struct kc_conf *make_new(const struct upgrade *u)
{
	auto_str struct str text = { 0 };

	for (size_t i = 0; i < u->wishes.n; i++)
		str_addf(&text, "CONFIG_%s=%s\n", u->wishes.v[i].name, u->wishes.v[i].value);
	return kc_conf_from_text(u->spec->to, &u->spec->files, &text);
}

/* The wishes that have a report of their own, or need none: where they fail, the chain goes no deeper. Points into u. */
static struct kc_wishes told_of(const struct upgrade *u)
{
	struct kc_wishes all = { 0 };

	for (size_t i = 0; i < u->wishes.n; i++)
		if (u->sources.v[i].counts || kc_holds(u->ret->conf, &u->wishes.v[i]))
			vec_push(&all, u->wishes.v[i]);
	return all;
}

static void look_at(struct upgrade *u, const struct kc_wish *w, const struct kc_wishes *all)
{
	struct kc_upgrade_item *item;
	struct kc_explanation e;

	kc_explain(u->ret->conf, w, all, &e);
	if (e.reason != KC_HOLDS) {
		item = add(u, KC_UP_FAILS, w->name, w->pos.line);
		item->asked = true;
		item->was = xstrdup(w->value);
		item->is = take_ptr(e.now);
		strv_extend(&item->why, e.lines.v);
		u->ret->lost++;
	}
	kc_explanation_release(&e);
}

static void look_at_all(struct upgrade *u)
{
	struct kc_wishes all = told_of(u);

	for (size_t i = 0; i < u->wishes.n; i++)
		if (u->sources.v[i].counts)
			look_at(u, &u->wishes.v[i], &all);
	kc_wishes_release(&all);
}

/* A string cannot be greater: which other value the new name has instead of that of the renamed line. */
static const struct kc_wish *other_text(const struct upgrade *u, const struct kc_upgrade_item *item)
{
	for (size_t i = 0; i < item->names.n; i++) {
		const struct kc_sym *s = kc_sym_defined(u->spec->to, item->names.v[i]);
		size_t at = (size_t)(intptr_t)map_get(&u->by_name, item->names.v[i]);

		if (s->type == KC_STRING && !str_eq(u->wishes.v[at - 1].value, item->was))
			return &u->wishes.v[at - 1];
	}
	return NULL;
}

/* Whether the new tree has something else by default where a renamed line says n. */
static bool is_against_default(struct upgrade *u, const struct kc_upgrade_item *item)
{
	for (size_t i = 0; i < item->names.n; i++) {
		struct kc_sym *s = kc_sym_defined(u->spec->to, item->names.v[i]);

		kc_calc(u->ret->conf, s);
		if (kc_is_tri(s) && kc_changeable(u->ret->conf, s) &&
		    kc_tri_of(u->ret->conf, s) == KC_N &&
		    !str_eq(kc_default_text(u->ret->conf, s), "n"))
			return true;
	}
	return false;
}

/* Of a renamed line: whether it is to be told of. One that is off says nothing new where off is the default. */
static bool review(struct upgrade *u, struct kc_upgrade_item *item)
{
	const struct kc_wish *w;

	if (item->kind != KC_UP_RENAMED)
		return true;
	if (str_eq(item->was, "n")) {
		if (!is_against_default(u, item))
			return false;
		strv_add(&item->why, "it is off, and would be on by default");
		return true;
	}
	w = other_text(u, item);
	if (!w)
		return true;
	u->ret->n[KC_UP_RENAMED]--;
	u->ret->n[KC_UP_FAILS]++;
	item->kind = KC_UP_FAILS;
	item->is = xstrdup(w->value);
	strv_addf(&item->why, "%s has the value of %s:%d", w->name, w->pos.file, w->pos.line);
	u->ret->lost += item->asked;
	return true;
}

static void release_item(struct kc_upgrade_item *item)
{
	free(item->symbol);
	free(item->was);
	free(item->is);
	free(item->prompt);
	strv_release(&item->names);
	strv_release(&item->why);
}

static void review_renamed(struct upgrade *u)
{
	size_t n = 0;

	for (size_t i = 0; i < u->ret->all.n; i++) {
		struct kc_upgrade_item *item = &u->ret->all.v[i];

		if (review(u, item)) {
			u->ret->all.v[n++] = *item;
			continue;
		}
		u->ret->n[item->kind]--;
		release_item(item);
	}
	u->ret->all.n = n;
}

static void add_help(struct strv *to, const char *help)
{
	for (size_t i = 0; help && *help && i < HELP_LINES; i++) {
		size_t n = strcspn(help, "\n");

		if (n)
			strv_take(to, xstrndup(help, n));
		help += n + (help[n] == '\n');
	}
}

static void add_question(struct upgrade *u, const struct kc_menu *m)
{
	struct kc_conf *c = u->ret->conf;
	struct kc_upgrade_item *item = add(u, KC_UP_NEW, m->sym->name, 0);

	item->prompt = xstrdup(m->prompt->text);
	item->is = kc_file_value(c, m->sym);
	add_help(&item->why, m->help);
}

static bool is_new(const struct upgrade *u, const struct kc_menu *m)
{
	const struct kc_sym *s = m->sym;

	if (!s || kc_is_choice(s) || !s->name || !m->prompt || kc_has_user(u->ret->conf, s))
		return false;
	if (u->spec->from && kc_sym_defined(u->spec->from->tree, s->name))
		return false;
	return kc_changeable(u->ret->conf, s) && kc_menu_shown(u->ret->conf, m);
}

static void find_questions(struct upgrade *u)
{
	const struct kc_menu *root = u->spec->to->root;

	for (const struct kc_menu *m = kc_menu_next(root, root); m; m = kc_menu_next(m, root))
		if (is_new(u, m))
			add_question(u, m);
}

static void add_change(struct upgrade *u, enum kc_upgrade_kind kind, const struct kc_sym *s,
		       char *was, char *is)
{
	struct kc_upgrade_item *item = add(u, kind, s->name, 0);

	item->was = was;
	item->is = is;
}

/* Of what the configuration leaves to its default: it keeps it because its line says so, or, without a line, does not. */
static void compare_default(struct upgrade *u, struct kc_conf *from, struct kc_sym *s)
{
	struct kc_sym *old = kc_sym_defined(from->tree, s->name);
	struct kc_conf *to = u->ret->conf;
	const char *was, *is;

	if (!old || old->type != s->type || s->choice || map_has(&u->kept.value, s->name) ||
	    !kc_changeable(from, old) || !kc_changeable(to, s))
		return;
	if (!map_has(&u->file.value, s->name)) {
		if (!map_has(&u->by_name, s->name) &&
		    !str_eq(kc_value_text(from, old), kc_value_text(to, s)))
			add_change(u, KC_UP_VALUE, s, kc_file_value(from, old),
				   kc_file_value(to, s));
		return;
	}
	was = kc_default_text(from, old);
	is = kc_default_text(to, s);
	if (!str_eq(was, is) && str_eq(was, kc_value_text(from, old)))
		add_change(u, KC_UP_DEFAULT, s, xstrdup(was), xstrdup(is));
}

static void find_defaults(struct upgrade *u)
{
	for (uint32_t i = 0; u->spec->from && i < u->spec->to->n_syms; i++) {
		struct kc_sym *s = u->spec->to->by_id[i];

		if (s->name && s->defs && !kc_is_choice(s))
			compare_default(u, u->spec->from, s);
	}
}

static void read_kept(struct upgrade *u)
{
	auto_str struct str kept = { 0 };

	dotconfig_parse(&u->file, str_c(u->spec->text), u->spec->text->n);
	if (!u->spec->from)
		return;
	kc_conf_kept(u->spec->from, "CONFIG_", &kept);
	dotconfig_parse(&u->kept, str_c(&kept), kept.n);
}

void kc_upgrade_make(const struct kc_upgrade_spec *spec, struct kc_upgrade *ret)
{
	struct upgrade u = { .spec = spec, .ret = ret };

	*ret = (struct kc_upgrade){ 0 };
	read_kept(&u);
	dotconfig_each(str_c(spec->text), spec->text->n, take_line, &u);
	ret->conf = make_new(&u);
	review_renamed(&u);
	look_at_all(&u);
	find_questions(&u);
	find_defaults(&u);
	kc_wishes_release(&u.wishes);
	free(u.sources.v);
	map_release(&u.by_name, NULL);
	dotconfig_release(&u.kept);
	dotconfig_release(&u.file);
}

void kc_upgrade_release(struct kc_upgrade *u)
{
	for (size_t i = 0; i < u->all.n; i++)
		release_item(&u->all.v[i]);
	free(u->all.v);
	kc_conf_free(u->conf);
	*u = (struct kc_upgrade){ 0 };
}
