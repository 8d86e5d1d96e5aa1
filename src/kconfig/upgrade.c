/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each line of the old file becomes a wish in the new tree, under the name that it has there. What was asked for is what
 * savedefconfig keeps of the file in the old tree; a line beyond that says what held anyway, and is carried too, but
 * nothing is lost with it. Without the old tree every line but "is not set" counts as asked for.
 */
#include "kconfig/upgrade.h"

#include "kconfig/diff.h"
#include "kconfig/dotconfig.h"

#include <stdlib.h>

#define HELP_LINES 4

struct upgrade {
	const struct kc_upgrade_spec *spec;
	struct kc_upgrade *ret;
	struct kc_wishes wishes;
	struct dotconfig kept, file; /* what was asked for; all lines */
};

static const char *const kind_names[] = {
	[KC_UP_RENAMED] = "renamed", [KC_UP_REMOVED] = "removed", [KC_UP_TYPE] = "type",
	[KC_UP_FAILS] = "fails",     [KC_UP_NEW] = "new",	  [KC_UP_DEFAULT] = "default",
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

static struct kc_sym *defined(const struct kc_tree *t, const char *name)
{
	struct kc_sym *s = kc_sym_find(t, name);

	return s && s->defs && !kc_is_choice(s) ? s : NULL;
}

/* Whether the configuration asks for a line, or says what held anyway. */
static bool is_asked(const struct upgrade *u, const char *name, const char *value)
{
	if (!u->spec->from)
		return !str_eq(value, "n");
	return map_has(&u->kept.value, name);
}

/* Whether anybody could have set it: the old tree's own business is not told of. */
static bool was_settable(const struct upgrade *u, const char *name)
{
	struct kc_sym *s;

	if (!u->spec->from)
		return true;
	s = defined(u->spec->from->tree, name);
	return s && kc_changeable(u->spec->from, s);
}

static void wish(struct upgrade *u, const char *name, const char *value, int line)
{
	struct kc_sym *s = defined(u->spec->to, name);

	/* what was a module cannot be one any more: built in is nearer than nothing */
	if (s && s->type == KC_BOOL && str_eq(value, "m"))
		value = "y";
	vec_push(&u->wishes, ((struct kc_wish){
				     .name = arena_strdup(&u->wishes.text, name),
				     .value = arena_strdup(&u->wishes.text, value),
				     .pos = { .file = u->spec->name, .line = line },
			     }));
}

static void compare_types(struct upgrade *u, const struct kc_sym *s, int line)
{
	const struct kc_sym *old = u->spec->from ? defined(u->spec->from->tree, s->name) : NULL;
	struct kc_upgrade_item *item;

	if (!old || old->type == s->type || !was_settable(u, s->name))
		return;
	item = add(u, KC_UP_TYPE, s->name, line);
	item->was = xstrdup(kc_type_name(old->type));
	item->is = xstrdup(kc_type_name(s->type));
}

static void carry_renamed(struct upgrade *u, const struct kc_renamed *r, const char *name,
			  const char *value, int line)
{
	struct kc_upgrade_item *item;
	const bool off = str_eq(value, "n");

	/* of several that became one, one that is off says nothing; nor where the file has the new name */
	if (off && r->entry->kind != KC_RENAMED)
		return;
	for (size_t i = 0; i < r->names.n; i++)
		if (!map_has(&u->file.value, r->names.v[i]))
			wish(u, r->names.v[i], value, line);
	if (off)
		return;
	item = add(u, KC_UP_RENAMED, name, line);
	item->asked = is_asked(u, name, value);
	item->was = xstrdup(value);
	strv_extend(&item->names, r->names.v);
	strv_take(&item->why, kc_renamed_words(r));
}

static void drop(struct upgrade *u, const struct kc_renamed *r, const char *name, const char *value,
		 int line)
{
	struct kc_upgrade_item *item;

	if (str_eq(value, "n") || !was_settable(u, name))
		return;
	item = add(u, KC_UP_REMOVED, name, line);
	item->asked = is_asked(u, name, value);
	item->was = xstrdup(value);
	if (r->entry)
		strv_take(&item->why, kc_renamed_words(r));
	u->ret->lost += item->asked;
}

static void take_line(void *ctx, const char *name, const char *value, int line)
{
	struct upgrade *u = ctx;
	struct kc_sym *s = defined(u->spec->to, name);
	struct kc_renamed renamed;

	if (s) {
		compare_types(u, s, line);
		wish(u, name, value, line);
		u->ret->carried++;
		return;
	}
	kc_renames_find(u->spec->renames, u->spec->to, u->spec->version, u->spec->srcarch, name,
			&renamed);
	if (renamed.names.n)
		carry_renamed(u, &renamed, name, value, line);
	else
		drop(u, &renamed, name, value, line);
	kc_renamed_release(&renamed);
}

static struct kc_conf *make_new(const struct upgrade *u)
{
	auto_str struct str text = { 0 };

	for (size_t i = 0; i < u->wishes.n; i++)
		str_addf(&text, "CONFIG_%s=%s\n", u->wishes.v[i].name, u->wishes.v[i].value);
	return kc_conf_from_text(u->spec->to, &u->spec->files, &text);
}

/* Whether the wish counts: it was asked for, perhaps under its former name. */
static bool counts(const struct upgrade *u, const struct kc_wish *w)
{
	if (defined(u->spec->to, w->name) && map_has(&u->file.value, w->name))
		return is_asked(u, w->name, w->value) && was_settable(u, w->name);
	return !str_eq(w->value, "n");
}

static void look_at(struct upgrade *u, const struct kc_wish *w)
{
	struct kc_upgrade_item *item;
	struct kc_explanation e;

	if (!counts(u, w))
		return;
	kc_explain(u->ret->conf, w, &u->wishes, &e);
	if (e.reason != KC_HOLDS && e.reason != KC_LATER_LINE) {
		item = add(u, KC_UP_FAILS, w->name, w->pos.line);
		item->asked = true;
		item->was = xstrdup(w->value);
		item->is = take_ptr(e.now);
		strv_extend(&item->why, e.lines.v);
		u->ret->lost++;
	}
	kc_explanation_release(&e);
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
	if (u->spec->from && defined(u->spec->from->tree, s->name))
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

/* Of what the configuration leaves to its default, and keeps because its line says so. */
static void compare_default(struct upgrade *u, struct kc_conf *from, struct kc_sym *s)
{
	struct kc_sym *old = defined(from->tree, s->name);
	struct kc_upgrade_item *item;
	const char *was, *is;

	if (!old || old->type != s->type || s->choice || is_asked(u, s->name, "") ||
	    !map_has(&u->file.value, s->name) || !kc_changeable(from, old) ||
	    !kc_changeable(u->ret->conf, s))
		return;
	was = kc_default_text(from, old);
	is = kc_default_text(u->ret->conf, s);
	if (str_eq(was, is) || !str_eq(was, kc_value_text(from, old)))
		return;
	item = add(u, KC_UP_DEFAULT, s->name, 0);
	item->was = xstrdup(was);
	item->is = xstrdup(is);
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
	struct kc_conf *copy;

	dotconfig_parse(&u->file, str_c(u->spec->text), u->spec->text->n);
	if (!u->spec->from)
		return;
	copy = kc_conf_copy(u->spec->from);
	kc_conf_minimal(copy, "CONFIG_", &kept);
	kc_conf_free(copy);
	dotconfig_parse(&u->kept, str_c(&kept), kept.n);
}

void kc_upgrade_make(const struct kc_upgrade_spec *spec, struct kc_upgrade *ret)
{
	struct upgrade u = { .spec = spec, .ret = ret };

	*ret = (struct kc_upgrade){ 0 };
	read_kept(&u);
	dotconfig_each(str_c(spec->text), spec->text->n, take_line, &u);
	ret->conf = make_new(&u);
	for (size_t i = 0; i < u.wishes.n; i++)
		look_at(&u, &u.wishes.v[i]);
	find_questions(&u);
	find_defaults(&u);
	kc_wishes_release(&u.wishes);
	dotconfig_release(&u.kept);
	dotconfig_release(&u.file);
}

void kc_upgrade_release(struct kc_upgrade *u)
{
	for (size_t i = 0; i < u->all.n; i++) {
		struct kc_upgrade_item *item = &u->all.v[i];

		free(item->symbol);
		free(item->was);
		free(item->is);
		free(item->prompt);
		strv_release(&item->names);
		strv_release(&item->why);
	}
	free(u->all.v);
	kc_conf_free(u->conf);
	*u = (struct kc_upgrade){ 0 };
}
