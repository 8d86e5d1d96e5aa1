/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The screen of the chooser: a title, the search, the list, what is known of the entry under the cursor, a message,
 * the keys. All is drawn each time; ncurses sends what differs.
 */
#include "cmd/menu.h"
#include "kconfig/origin.h"

#include <limits.h>

#define MIN_ROWS    10
#define MIN_COLUMNS 40
#define ABOVE	    2 /* title, search */
#define BELOW	    2 /* message, keys */

struct view {
	struct menu *m;
	struct term *t;
	int rows, columns;
};

static const char *const help_lines[] = {
	"Type to search names, prompts and help; all words must match.",
	"",
	"  Up Down PgUp PgDn   move; then keys change values, and Tab, / or Backspace lead",
	"                      back to the search",
	"  Enter               open a menu; type in a number or text; else show all about the entry",
	"  Esc                 back: to the search, out of the search, out of the menu, out",
	"",
	"In the list:",
	"  Space               the next value: n, m, y",
	"  y m n               this value",
	"  r, Delete           take back what you chose",
	"  i                   show all about the entry",
	"  u                   undo        s  save        q  quit        ?  this help",
	"",
	"Everywhere: F1 help, F2 save, F3 undo, F10 quit, Ctrl-C quit without saving",
	"",
	"In front of a name:   + you chose it and it holds    ! you or a part below did, and it does not",
	"Values:               [*] y   <M> m   -*- cannot be changed from here",
	"What is dim is not visible now; what it depends on is shown below.",
	"Saved is a part: the lines you chose and no others.",
	NULL,
};

static void put_line(struct view *v, int row, const char *text, unsigned style)
{
	term_put(v->t, row, 0, v->columns, text, style);
}

static void draw_title(struct view *v)
{
	const struct menu *m = v->m;
	auto_free char *title =
		xasprintf(" kiln config menu   Linux %s %s   %s%s", m->tree.version, m->tree.arch,
			  m->file ? m->file : "(a new part)", menu_changed(m) ? " (changed)" : "");

	put_line(v, 0, title, TERM_REVERSE);
}

/* The end of a text that is being typed, as much of it as fits. */
static const char *end_of(const char *text, int room, int *ret_used)
{
	while (term_fit(text, INT_MAX, ret_used), *ret_used > room) {
		text++;
		while ((*text & 0xc0) == 0x80)
			text++;
	}
	return text;
}

static void draw_search(struct view *v)
{
	const struct menu *m = v->m;
	const char *text = str_c(&m->search);
	auto_free char *path = kc_menu_path(m->at);
	const char *here = m->at->prompt && m->at->parent ? m->at->prompt->text : "";
	int used;

	text = end_of(text, v->columns - 10, &used);
	term_put(v->t, 1, 0, 8, "Search: ", TERM_BOLD);
	term_put(v->t, 1, 8, v->columns - 8, text, TERM_PLAIN);
	if (!m->search.n && *here) {
		auto_free char *place = xasprintf("in: %s%s%s", path, *path ? " > " : "", here);

		term_put(v->t, 1, 10, v->columns - 10, place, TERM_DIM);
	}
	if (!m->in_list && !m->edits)
		term_cursor(v->t, 1, 8 + used);
}

/* The value of a bool or tristate in brackets that tell what may be done with it. */
static void box(const struct menu *m, const struct kc_sym *s, char ret[4])
{
	static const char signs[] = { ' ', 'M', '*' };
	const char *ends = kc_type_now(m->now.made.conf, s) == KC_BOOL ? "[]" : "<>";

	if (kc_is_member(s))
		ends = "()";
	if (!kc_changeable(m->now.made.conf, s))
		ends = "--";
	ret[0] = ends[0];
	ret[1] = signs[kc_tri_of(m->now.made.conf, s)];
	ret[2] = ends[1];
	ret[3] = '\0';
	if (kc_is_member(s) && ret[1] == '*' && ends[0] == '(')
		ret[1] = 'X';
}

/* Of a choice: the member that it has. */
static const char *chosen(const struct menu *m, const struct kc_menu *choice)
{
	const struct kc_sym *s = kc_choice_chosen(m->now.made.conf, choice);

	return s ? s->name : "none";
}

static char *prompt_words(const struct menu *m, const struct menu_row *row)
{
	const char *prompt = row->menu->prompt ? row->menu->prompt->text : "(no prompt)";
	const char *arrow =
		row->menu->prompt && row->menu->prompt->type == KC_P_MENU ? " --->" : "";
	int indent = 2 * MIN(row->depth, 8);

	if (row->sym && !kc_is_tri(row->sym))
		return xasprintf("%*s%s (%s)", indent, "", prompt,
				 kc_value_text(m->now.made.conf, row->sym));
	if (row->menu->members)
		return xasprintf("%*s%s (%s)", indent, "", prompt, chosen(m, row->menu));
	if (row->menu->prompt && row->menu->prompt->type == KC_P_COMMENT)
		return xasprintf("%*s*** %s ***", indent, "", prompt);
	return xasprintf("%*s%s%s", indent, "", prompt, arrow);
}

static void draw_row(struct view *v, int at, size_t i)
{
	struct menu *m = v->m;
	const struct menu_row *row = &m->rows.v[i];
	const bool chose = row->sym && menu_wish(m, row->sym);
	const bool fails = row->sym && menu_wish_fails(m, row->sym, NULL);
	const int width = MIN(v->columns / 3, 34);
	unsigned style = menu_row_shown(m, row) ? TERM_PLAIN : TERM_DIM;
	auto_free char *words = prompt_words(m, row);
	char value[4] = "   ";

	if (chose || fails)
		style = fails ? TERM_BAD : TERM_GOOD;
	if (i == m->cursor)
		style = TERM_REVERSE | (m->in_list ? TERM_BOLD : TERM_PLAIN);
	if (row->sym && kc_is_tri(row->sym))
		box(m, row->sym, value);
	term_put(v->t, at, 0, 2, fails ? "! " : chose ? "+ " : "  ", style);
	term_put(v->t, at, 2, width, row->sym ? row->sym->name : "", style);
	term_put(v->t, at, width + 2, 5, value, style);
	term_put(v->t, at, width + 6, v->columns - width - 6, words, style);
}

static void draw_list(struct view *v, int height)
{
	struct menu *m = v->m;

	if (m->cursor < m->top)
		m->top = m->cursor;
	if (m->cursor >= m->top + (size_t)height)
		m->top = m->cursor - (size_t)height + 1;
	for (size_t i = m->top; i < MIN(m->rows.n, m->top + (size_t)height); i++)
		draw_row(v, ABOVE + (int)(i - m->top), i);
	if (!m->rows.n)
		put_line(v, ABOVE, m->search.n ? "  nothing matches" : "  nothing is in this menu",
			 TERM_DIM);
}

static void draw_bar(struct view *v, int at)
{
	const struct menu *m = v->m;
	auto_free char *words =
		m->rows.n < m->total
			? xasprintf(" %zu of %zu (the best %zu are listed)", m->cursor + 1,
				    m->total, m->rows.n)
			: xasprintf(" %zu of %zu", m->rows.n ? m->cursor + 1 : 0, m->total);

	put_line(v, at, words, TERM_REVERSE);
}

/* Where a line is broken: behind the last blank that fits. */
static size_t break_at(const char *text, int width)
{
	size_t n = term_fit(text, width, NULL), blank;

	if (!text[n])
		return n;
	for (blank = n; blank > 0 && text[blank] != ' ';)
		blank--;
	/* blanks in front are no place to break at */
	return blank > strspn(text, " ") ? blank : MAX(n, (size_t)1);
}

static void wrap(struct strv *to, const char *text, int width)
{
	int indent = (int)MIN(strspn(text, " "), (size_t)width / 2);
	size_t n = break_at(text, width);

	strv_addf(to, "%.*s", (int)n, text);
	while (text += n, text += strspn(text, " "), *text) {
		n = break_at(text, width - indent);
		strv_addf(to, "%*s%.*s", indent, "", (int)n, text);
	}
}

static char *with_blanks(const char *text)
{
	struct str s = { 0 };

	for (; *text; text++)
		str_adds(&s, *text == '\t' ? "        " : (char[2]){ *text, '\0' });
	return str_take(&s);
}

static int clamp(int n, int most)
{
	n = MIN(n, most);
	return MAX(n, 0);
}

static void draw_about(struct view *v, int at, int height, int scroll)
{
	auto_strv struct strv lines = { 0 }, wrapped = { 0 };

	menu_describe(v->m, &lines);
	for (size_t i = 0; i < lines.n; i++) {
		auto_free char *line = with_blanks(lines.v[i]);

		wrap(&wrapped, line, v->columns - 1);
	}
	if (v->m->whole)
		v->m->scroll = scroll = clamp(scroll, (int)wrapped.n - height);
	for (int i = 0; i < height && (size_t)(i + scroll) < wrapped.n; i++)
		put_line(v, at + i, wrapped.v[i + scroll], i + scroll ? TERM_PLAIN : TERM_BOLD);
	if (!v->m->whole && wrapped.n > (size_t)height)
		put_line(v, at + height - 1, "... (i shows all)", TERM_DIM);
}

static const char *keys_of(const struct menu *m)
{
	if (m->help)
		return " any key: back";
	if (m->asks_quit)
		return " s save   d drop the changes   Esc stay";
	if (m->whole)
		return " Up Down scroll   Space y m n change   Esc back";
	if (m->in_list)
		return " Space y m n change  r take back  Enter open  Tab search  u undo  s save  q quit  ? help";
	return " type to search  Down list  Enter open  Esc back  F1 help  F2 save  F3 undo  F10 quit";
}

static void draw_edit(struct view *v, int at)
{
	const struct menu *m = v->m;
	const struct menu_row *row = menu_row_at(m);
	auto_free char *label =
		m->edit_file ? xstrdup("Save the part as: ") : xasprintf("%s = ", row->sym->name);
	const char *text;
	int n, used;

	term_fit(label, v->columns / 2, &n);
	term_put(v->t, at, 0, n, label, TERM_BOLD);
	text = end_of(str_c(&m->edit), v->columns - n - 2, &used);
	term_put(v->t, at, n, v->columns - n, text, TERM_PLAIN);
	term_cursor(v->t, at, n + used);
}

static void draw_below(struct view *v)
{
	const struct menu *m = v->m;

	put_line(v, v->rows - 2, str_c(&m->message), TERM_BOLD);
	if (m->edits)
		draw_edit(v, v->rows - 1);
	else
		put_line(v, v->rows - 1, keys_of(m), TERM_REVERSE);
}

static void draw_help(struct view *v)
{
	for (int i = 0; help_lines[i] && i + 1 < v->rows - BELOW; i++)
		put_line(v, i + 1, help_lines[i], TERM_PLAIN);
}

static void draw_parts(struct view *v)
{
	const int room = v->rows - ABOVE - BELOW - 1, list = MAX(room / 2, 3);

	draw_title(v);
	if (v->m->help) {
		draw_help(v);
	} else if (v->m->whole) {
		draw_about(v, 1, v->rows - 1 - BELOW, v->m->scroll);
	} else {
		draw_search(v);
		draw_list(v, list);
		draw_bar(v, ABOVE + list);
		draw_about(v, ABOVE + list + 1, room - list, 0);
	}
	draw_below(v);
}

void menu_draw(struct menu *m, struct term *t)
{
	struct view v = { .m = m, .t = t };

	term_size(t, &v.rows, &v.columns);
	term_clear(t);
	term_cursor(t, -1, 0);
	if (v.rows < MIN_ROWS || v.columns < MIN_COLUMNS)
		put_line(&v, 0, "too small: 40x10 is the least", TERM_PLAIN);
	else
		draw_parts(&v);
	term_show(t);
}
