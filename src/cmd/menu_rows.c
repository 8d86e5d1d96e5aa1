/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the chooser lists: what is found, or a menu; and what it says about one entry. */
#include "cmd/config_tell.h"
#include "cmd/menu.h"
#include "kconfig/expr.h"
#include "kconfig/relations.h"

#define MAX_FOUND  1000
#define MAX_OTHERS 12

static bool is_menu(const struct kc_menu *m)
{
	return m->prompt && m->prompt->type == KC_P_MENU;
}

static void add_row(struct menu *m, const struct kc_menu *entry, int depth)
{
	struct menu_row row = { .menu = entry, .depth = depth };

	if (entry->sym && entry->sym->name && !kc_is_choice(entry->sym))
		row.sym = entry->sym;
	vec_push(&m->rows, row);
}

/* What stands in a menu; entries below others than menus are listed with it. */
static void add_entries(struct menu *m, const struct kc_menu *in, int depth)
{
	for (const struct kc_menu *e = in->list; e; e = e->next) {
		if (e->prompt)
			add_row(m, e, depth);
		if (!is_menu(e))
			add_entries(m, e, depth + (e->prompt != NULL));
	}
}

static void add_found(struct menu *m)
{
	struct kc_founds found;

	kc_find(m->finder, str_c(&m->search), MAX_FOUND, &found);
	for (size_t i = 0; i < found.n; i++)
		add_row(m, found.v[i].menu, 0);
	m->total = found.total;
	free(found.v);
}

void menu_list(struct menu *m)
{
	m->rows.n = m->cursor = m->top = 0;
	if (str_c(&m->search)[strspn(str_c(&m->search), " ")]) {
		add_found(m);
		return;
	}
	add_entries(m, m->at, 0);
	m->total = m->rows.n;
}

bool menu_enter(struct menu *m, const struct kc_menu *into)
{
	const struct kc_menu *from = m->at;

	if (into && !is_menu(into))
		return false;
	if (!into) {
		for (into = from->parent; into && into->parent && !is_menu(into);)
			into = into->parent;
		if (!into)
			return false;
	}
	m->at = into;
	str_clear(&m->search);
	menu_list(m);
	for (size_t i = 0; i < m->rows.n; i++)
		if (m->rows.v[i].menu == from)
			m->cursor = i;
	return true;
}

/* Several lines, each behind blanks. */
static void add_lines(struct strv *to, const char *indent, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		strv_addf(to, "%s%.*s", indent, (int)n, text);
		text += n + (text[n] == '\n');
	}
}

static void add_all(struct strv *to, const char *indent, const struct strv *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		strv_addf(to, "%s%s", indent, lines->v[i]);
}

static void add_place(struct strv *to, const struct kc_menu *e)
{
	auto_free char *path = kc_menu_path(e);

	strv_addf(to, "%s:%d%s%s", e->pos.file, e->pos.line, *path ? "   " : "", path);
}

static void add_dep(struct menu *m, struct strv *to, const struct kc_expr *e)
{
	auto_str struct str text = { 0 };

	if (kc_expr_is_yes(m->tree.tree, e))
		return;
	kc_eval(m->now.made.conf, e);
	kc_add_expr_values(m->now.made.conf, &text, e);
	strv_addf(to, "depends on: %s", str_c(&text));
}

/* What the user asked for, and whether it holds. */
static void add_wish(struct menu *m, struct strv *to, const struct kc_sym *s)
{
	const struct kc_wish *w = menu_asked(m, s);
	const char *who = menu_wish(m, s) ? "you chose" : "a part below asks for";
	struct kc_explanation why;

	if (!w)
		return;
	if (!menu_wish_fails(m, s, &why)) {
		strv_addf(to, "%s %s (%s:%d)", who, w->value, w->pos.file, w->pos.line);
		return;
	}
	strv_addf(to, "%s %s (%s:%d), but that does not hold:", who, w->value, w->pos.file,
		  w->pos.line);
	add_all(to, "  ", &why.lines);
	kc_explanation_release(&why);
}

/* Some in one line; all of them only on the whole screen. */
static void add_some(const struct menu *m, struct str *line, const struct strv *what)
{
	size_t most = m->whole ? what->n : MIN(what->n, (size_t)MAX_OTHERS);

	for (size_t i = 0; i < most; i++)
		str_addf(line, "%s%s", i ? ", " : "", what->v[i]);
	if (most < what->n)
		str_addf(line, " and %zu more", what->n - most);
}

/* The symbols that would change with it. */
static void add_others(const struct menu *m, struct strv *to)
{
	const struct strv *others = &m->ahead.others;
	auto_str struct str line = { 0 };

	str_addf(&line, "choosing %s would change %zu other%s: ", m->ahead.value, others->n,
		 others->n == 1 ? "" : "s");
	add_some(m, &line, others);
	strv_add(to, str_c(&line));
}

static void add_broken(const struct menu *m, struct strv *to)
{
	const struct strv *broken = &m->ahead.broken;
	auto_str struct str line = { 0 };

	str_addf(&line,
		 "choosing %s: %zu line%s of other parts would no longer hold: ", m->ahead.value,
		 broken->n, broken->n == 1 ? "" : "s");
	add_some(m, &line, broken);
	strv_add(to, str_c(&line));
}

static void add_ahead(struct menu *m, struct strv *to, const struct kc_sym *s)
{
	const struct menu_ahead *a = &m->ahead;
	const struct kc_wish *w = menu_wish(m, s);

	if (a->sym != s || (w && str_eq(w->value, a->value)))
		return;
	if (!a->holds) {
		strv_addf(to, "choosing %s: it would be %s", a->value, a->why.now);
		add_all(to, "  ", &a->why.lines);
	}
	if (a->broken.n)
		add_broken(m, to);
	if (a->others.n)
		add_others(m, to);
	else if (a->holds)
		strv_addf(to, "choosing %s would change nothing else", a->value);
}

static void add_origin(struct menu *m, struct strv *to, struct kc_sym *s)
{
	const struct kc_prop *p;
	enum kc_origin origin = kc_origin_of(m->now.made.conf, s, &p);
	auto_free char *words = config_origin_words(m->now.made.conf, &m->now.wishes, s, origin, p);

	strv_addf(to, "set by %s", words);
}

static void describe_symbol(struct menu *m, struct strv *to, const struct menu_row *row)
{
	const char *value = kc_value_text(m->now.made.conf, row->sym);
	const char *quote = row->sym->type == KC_STRING ? "\"" : "";

	strv_addf(to, "%s = %s%s%s   (%s) %s", row->sym->name, quote, value, quote,
		  kc_type_name(row->sym->type), row->menu->prompt ? row->menu->prompt->text : "");
	add_place(to, row->menu);
	add_wish(m, to, row->sym);
	add_ahead(m, to, row->sym);
	add_origin(m, to, row->sym);
	add_dep(m, to, row->sym->dir_dep);
}

static const char *help_of(const struct menu_row *row)
{
	const char *help = row->menu->help;

	for (const struct kc_menu *e = row->sym ? row->sym->defs : NULL; e && !help;
	     e = e->next_def)
		help = e->help;
	return help;
}

void menu_describe(struct menu *m, struct strv *ret)
{
	const struct menu_row *row = menu_row_at(m);
	auto_str struct str relations = { 0 };
	const char *help;

	if (!row)
		return;
	help = help_of(row);
	if (row->sym) {
		describe_symbol(m, ret, row);
	} else {
		strv_add(ret, row->menu->prompt->text);
		add_place(ret, row->menu);
		add_dep(m, ret, row->menu->dep);
	}
	if (help) {
		strv_add(ret, "");
		add_lines(ret, "", help);
	}
	if (!m->whole || !row->sym)
		return;
	strv_add(ret, "");
	kc_add_relations(m->now.made.conf, &relations, row->sym);
	add_lines(ret, "", str_c(&relations));
}
