/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln config menu`: a chooser that writes a part. Here is what keys do. */
#include "cmd/cmd.h"
#include "cmd/menu.h"
#include "kconfig/confline.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>
#include <wchar.h>

#define AHEAD_MS   80 /* without a key, before one change is tried out */
#define PAGE	   10
#define MAX_TYPED  1000
#define LAST_ASCII 0x7e

extern const struct cmd cmd_config_menu;

struct menu_opts {
	struct config_opts config;
	const char *base, *output;
};

#define M(member) offsetof(struct menu_opts, member)
static const struct opt opts[] = {
	/* clang-format off */
	CONFIG_OPTS(M(config)),
	{ "base", 'b', OPT_STRING, M(base), "BASE", "what the parts are put on (default: the tree's .config, else alldefconfig)", .complete = OC_FILE },
	{ "output", 'o', OPT_STRING, M(output), "FILE", "the part to change or to make (default: asked for)", .complete = OC_FILE },
	/* clang-format on */
};

static void say(struct menu *m, const char *fmt, ...) PRINTF(2, 3);
static void say(struct menu *m, const char *fmt, ...)
{
	auto_free char *words = NULL;
	va_list ap;

	va_start(ap, fmt);
	words = xvasprintf(fmt, ap);
	va_end(ap);
	str_clear(&m->message);
	str_adds(&m->message, words);
}

static void say_err(struct menu *m, const struct err *err)
{
	say(m, "%s", err->msg ? err->msg : "that failed");
}

/* Sets a value and says what came of it. */
static void choose(struct menu *m, struct kc_sym *s, const char *value)
{
	auto_err struct err err = { 0 };
	size_t others = 0, broken;

	if (!kc_has_prompt(s)) {
		say(m, "%s has no prompt: only selects and defaults set it", s->name);
		return;
	}
	if (m->ahead.sym != s || !str_eq(m->ahead.value, value))
		menu_look_ahead(m, s, value, &err);
	others = m->ahead.others.n;
	if (err.code || menu_set(m, s, value, &err) < 0)
		say_err(m, &err);
	else if (menu_wish_fails(m, s, NULL))
		say(m, "%s=%s is noted, but does not hold; the reason is below", s->name, value);
	else
		say(m, "%s=%s, and %zu other%s changed", s->name, value, others,
		    others == 1 ? "" : "s");
	broken = err.code ? 0 : menu_broken(m);
	if (broken)
		str_addf(&m->message, "; %zu line%s of other parts no longer hold%s", broken,
			 broken == 1 ? "" : "s", broken == 1 ? "s" : "");
}

/* Whether its choice makes it y, and would have to have another member without it. */
static bool is_only_by_choice(const struct menu *m, const struct kc_sym *s)
{
	return kc_is_member(s) && s->choice && kc_tri_of(m->now.made.conf, s) == KC_Y &&
	       !(s->choice->sym && s->choice->sym->flags & KC_OPTIONAL &&
		 !m->tree.tree->dialect.plain_choices);
}

static void choose_tri(struct menu *m, struct kc_sym *s, const char *value)
{
	if (!kc_is_tri(s))
		say(m, "%s is a %s: Enter changes it", s->name, kc_type_name(s->type));
	else if (str_eq(value, "m") && s->type == KC_BOOL)
		say(m, "%s is a bool: y or n", s->name);
	else if (str_eq(value, "n") && is_only_by_choice(m, s))
		say(m, "%s is of a choice: take another of its members", s->name);
	else
		choose(m, s, value);
}

static void take_back(struct menu *m, struct kc_sym *s)
{
	auto_err struct err err = { 0 };
	const struct kc_wish *w = menu_wish(m, s);

	if (!w)
		say(m, "you have not chosen %s", s->name);
	else if (menu_set(m, s, NULL, &err) < 0)
		say_err(m, &err);
	else if (menu_wish(m, s))
		say(m, "%s is asked for in %s", s->name, menu_wish(m, s)->pos.file);
	else
		say(m, "%s is as it would be without you", s->name);
}

static void undo(struct menu *m)
{
	auto_err struct err err = { 0 };

	if (!menu_undo(m, &err))
		say(m, "there is nothing to undo");
	else if (err.code)
		say_err(m, &err);
	else
		say(m, "undone");
}

static void begin_edit(struct menu *m, const char *text, bool file)
{
	str_clear(&m->edit);
	str_adds(&m->edit, text);
	m->edits = true;
	m->edit_file = file;
}

static void saved(struct menu *m)
{
	say(m, "saved to %s", m->file);
	m->done = m->quit_after;
	m->quit_after = false;
}

static void save(struct menu *m)
{
	auto_err struct err err = { 0 };
	bool over = m->over;
	int r;

	m->over = false;
	if (!m->file) {
		begin_edit(m, "", true);
		return;
	}
	r = menu_save(m, over, &err);
	if (r == -EEXIST && !over) {
		m->over = true;
		say(m, "%s; save again to replace it", err.msg);
	} else if (r < 0) {
		/* perhaps it can be saved elsewhere */
		say_err(m, &err);
		begin_edit(m, m->file, true);
		return;
	} else {
		saved(m);
	}
	m->quit_after = false;
}

static void quit(struct menu *m)
{
	m->done = !menu_changed(m);
	m->asks_quit = !m->done;
	if (m->asks_quit)
		say(m, "There are changes that were not saved.");
}

static void quit_key(struct menu *m, int key)
{
	m->asks_quit = false;
	switch (key) {
	case 's':
	case TERM_F2:
		m->quit_after = true;
		save(m);
		break;
	case 'd':
		m->done = true;
		break;
	case TERM_ESC:
		break;
	default:
		quit(m);
	}
}

/* Appends a character; removes the last one. */
static void type(struct str *to, int key)
{
	char bytes[MB_LEN_MAX];
	mbstate_t state = { 0 };
	size_t n;

	if (key == TERM_BACKSPACE) {
		while (to->n && (to->s[--to->n] & 0xc0) == 0x80)
			;
		if (to->s)
			to->s[to->n] = '\0';
		return;
	}
	if (key < ' ' || key >= TERM_UP || key == LAST_ASCII + 1 || to->n > MAX_TYPED)
		return;
	n = wcrtomb(bytes, (wchar_t)key, &state);
	if (n != (size_t)-1)
		str_add(to, bytes, n);
}

/* The text being edited as a value of s; NULL and a message: it is none. */
static char *edited_value(struct menu *m, struct kc_sym *s)
{
	const char *text = str_c(&m->edit);
	const bool bare = s->type == KC_HEX && strncasecmp(text, "0x", 2) != 0;
	const struct kc_prop *range = kc_active(m->now.made.conf, s, KC_P_RANGE);
	auto_str struct str value = { 0 };

	if (s->type == KC_STRING) {
		kc_add_quoted(&value, text);
		return str_take(&value);
	}
	if (!kc_text_valid(s->type, text)) {
		say(m, "%s takes %s number", s->name,
		    s->type == KC_HEX ? "a hexadecimal" : "a decimal");
		return NULL;
	}
	if (!kc_text_allowed(m->now.made.conf, s, text) && range) {
		kc_add_expr_values(m->now.made.conf, &value, range->expr);
		say(m, "the range of %s is %s", s->name, str_c(&value));
		return NULL;
	}
	return xasprintf("%s%s", bare ? "0x" : "", text);
}

static void end_file(struct menu *m)
{
	auto_err struct err err = { 0 };

	if (!m->edit.n) {
		say(m, "the part needs a name");
		return;
	}
	if (menu_save_as(m, str_c(&m->edit), &err) < 0) {
		say_err(m, &err);
		return;
	}
	m->edits = false;
	saved(m);
}

static void end_value(struct menu *m)
{
	struct kc_sym *s = menu_row_at(m)->sym;
	auto_free char *value = edited_value(m, s);

	if (!value)
		return;
	m->edits = false;
	choose(m, s, value);
}

static void edit_key(struct menu *m, int key)
{
	switch (key) {
	case TERM_ESC:
		m->edits = m->quit_after = false;
		break;
	case TERM_ENTER:
		if (m->edit_file)
			end_file(m);
		else
			end_value(m);
		break;
	case 'U' - '@':
		str_clear(&m->edit);
		break;
	default:
		/* what is wrong with it value_ahead() says */
		type(&m->edit, key);
	}
}

static void move(struct menu *m, long by)
{
	long last = (long)m->rows.n - 1, to = MIN((long)m->cursor + by, last);

	m->cursor = (size_t)MAX(to, 0L);
	m->in_list = m->rows.n > 0;
}

static bool move_key(struct menu *m, int key)
{
	switch (key) {
	case TERM_UP:
		/* above the first is the search */
		if (m->in_list && !m->cursor)
			m->in_list = false;
		else
			move(m, -1);
		return true;
	case TERM_DOWN:
		move(m, m->in_list ? 1 : 0);
		return true;
	case TERM_PAGE_UP:
		move(m, -PAGE);
		return true;
	case TERM_PAGE_DOWN:
		move(m, PAGE);
		return true;
	case TERM_HOME:
		move(m, -(long)m->rows.n);
		return true;
	case TERM_END:
		move(m, (long)m->rows.n);
		return true;
	default:
		return false;
	}
}

static void show_whole(struct menu *m)
{
	m->whole = menu_row_at(m) != NULL;
	m->scroll = 0;
}

/* What was asked for comes first: it may differ from what is, where it does not hold. */
static void edit_value(struct menu *m, const struct kc_sym *s)
{
	const struct kc_wish *w = menu_wish(m, s);
	auto_free char *text = w && s->type == KC_STRING ? kc_unquoted(w->value) : NULL;

	if (w && s->type != KC_STRING && !str_eq(w->value, "n"))
		text = xstrdup(w->value);
	begin_edit(m, text ? text : kc_value_text(m->now.made.conf, s), false);
}

/* Enter: a menu opens, a number or a text is changed, else all is shown. */
static void enter(struct menu *m)
{
	const struct menu_row *row = menu_row_at(m);

	if (!row || menu_enter(m, row->menu))
		return;
	if (row->sym && !kc_is_tri(row->sym) && row->sym->type != KC_UNKNOWN &&
	    kc_has_prompt(row->sym))
		edit_value(m, row->sym);
	else
		show_whole(m);
}

static void back(struct menu *m)
{
	if (m->in_list && m->search.n) {
		m->in_list = false;
	} else if (m->search.n) {
		str_clear(&m->search);
		menu_list(m);
	} else if (!menu_enter(m, NULL)) {
		quit(m);
	}
}

/* What works wherever one is. */
static bool common_key(struct menu *m, int key)
{
	switch (key) {
	case TERM_F1:
		m->help = true;
		return true;
	case TERM_F2:
		save(m);
		return true;
	case TERM_F3:
		undo(m);
		return true;
	case TERM_F10:
		quit(m);
		return true;
	default:
		return false;
	}
}

/* y, m, n, blank and the like for the entry under the cursor. */
static bool value_key(struct menu *m, int key)
{
	const struct menu_row *row = menu_row_at(m);
	struct kc_sym *s = row ? row->sym : NULL;

	switch (key) {
	case 'y':
	case 'm':
	case 'n':
	case 'r':
	case ' ':
	case TERM_DELETE:
		break;
	default:
		return false;
	}
	if (!s)
		say(m, "this is no symbol; Enter opens a menu");
	else if (key == 'r' || key == TERM_DELETE)
		take_back(m, s);
	else if (key == ' ' && !kc_is_tri(s))
		enter(m);
	else
		choose_tri(m, s, key == ' ' ? menu_next_value(m, s) : (char[2]){ (char)key, '\0' });
	return true;
}

static void list_key(struct menu *m, int key)
{
	switch (key) {
	case 'u':
		undo(m);
		break;
	case 's':
		save(m);
		break;
	case 'q':
		quit(m);
		break;
	case '?':
		m->help = true;
		break;
	case 'i':
		show_whole(m);
		break;
	case TERM_BACKSPACE:
	case '/':
	case TERM_TAB:
		m->in_list = false;
		break;
	default:
		if (key != TERM_OTHER)
			say(m, "? shows the keys; Tab leads to the search");
	}
}

static void search_key(struct menu *m, int key)
{
	auto_free char *before = xstrdup(str_c(&m->search));

	if (key == TERM_TAB)
		m->in_list = m->rows.n > 0;
	else if (key == 'U' - '@')
		str_clear(&m->search);
	else
		type(&m->search, key);
	if (!str_eq(before, str_c(&m->search)))
		menu_list(m);
}

static void whole_key(struct menu *m, int key)
{
	switch (key) {
	case TERM_UP:
		m->scroll--;
		break;
	case TERM_DOWN:
		m->scroll++;
		break;
	case TERM_PAGE_UP:
		m->scroll -= PAGE;
		break;
	case TERM_PAGE_DOWN:
		m->scroll += PAGE;
		break;
	case TERM_ESC:
	case TERM_ENTER:
	case 'q':
	case 'i':
		m->whole = false;
		break;
	default:
		if (!common_key(m, key))
			value_key(m, key);
	}
}

static void main_key(struct menu *m, int key)
{
	if (common_key(m, key) || move_key(m, key))
		return;
	if (key == TERM_ENTER)
		enter(m);
	else if (key == TERM_ESC)
		back(m);
	else if (!m->in_list)
		search_key(m, key);
	else if (!value_key(m, key))
		list_key(m, key);
}

static void take_key(struct menu *m, int key)
{
	str_clear(&m->message);
	if (key != TERM_F2 && key != 's')
		m->over = false;
	if (m->asks_quit)
		quit_key(m, key);
	else if (m->help)
		m->help = false;
	else if (m->edits)
		edit_key(m, key);
	else if (m->whole)
		whole_key(m, key);
	else
		main_key(m, key);
}

/* The value that would be tried out now; NULL: none, or it is known. Freed by the caller. */
static char *value_ahead(struct menu *m)
{
	const struct menu_row *row = menu_row_at(m);
	const char *next;
	auto_free char *value = NULL;

	if (!row || !row->sym || !kc_has_prompt(row->sym) || (m->edits && m->edit_file))
		return NULL;
	if (m->edits) {
		value = edited_value(m, row->sym);
	} else {
		next = menu_next_value(m, row->sym);
		value = next ? xstrdup(next) : NULL;
	}
	if (!value || (m->ahead.sym == row->sym && str_eq(m->ahead.value, value)))
		return NULL;
	return take_ptr(value);
}

static void loop(struct menu *m, struct term *t)
{
	bool tired = false; /* the last look ahead failed: none before another key */

	while (!m->done) {
		auto_free char *ahead = tired ? NULL : value_ahead(m);
		auto_err struct err err = { 0 };
		int key;

		menu_draw(m, t);
		key = term_key(t, ahead ? AHEAD_MS : -1);
		if (key == TERM_STOP)
			return;
		tired = false;
		if (key == TERM_NONE && menu_look_ahead(m, menu_row_at(m)->sym, ahead, &err) < 0) {
			say_err(m, &err);
			tired = true;
		} else if (key != TERM_NONE && key != TERM_RESIZE) {
			take_key(m, key);
		}
	}
}

static void tell(struct menu *m, struct out *out)
{
	size_t n = m->now.wishes.n - m->under.n, failures = menu_failures(m),
	       broken = menu_broken(m);

	if (menu_changed(m))
		out_note(out, "the changes were dropped");
	else if (m->file && !m->there)
		out_note(out, "nothing was chosen: there is no '%s'", m->file);
	else if (m->file && failures)
		out_note(out, "'%s': %zu line%s, %zu of which do%s not hold", m->file, n,
			 n == 1 ? "" : "s", failures, failures == 1 ? "es" : "");
	else if (m->file)
		out_note(out, "'%s': %zu line%s, all hold", m->file, n, n == 1 ? "" : "s");
	if (broken && m->there && !menu_changed(m))
		out_note(out, "%zu line%s of other parts no longer hold%s", broken,
			 broken == 1 ? "" : "s", broken == 1 ? "s" : "");
}

static int need_terminal(struct err *err)
{
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return 0;
	err_set(err, -ENOTTY, "the chooser needs a terminal as standard input and output");
	return err_hint(
		err, -ENOTTY,
		"without one: 'kiln config search' finds symbols, 'kiln config resolve' checks a part");
}

static int run_config_menu(struct out *out, const struct global_opts *global, void *o, char **args,
			   size_t n_args, size_t dashes, struct err *err)
{
	const struct menu_opts *mo = o;
	struct menu m = { .tree.dirfd = -1 };
	struct term *t = NULL;
	int r = need_terminal(err);

	if (r == 0)
		r = menu_open(&m, &mo->config, mo->base, mo->output, args, n_args, out, err);
	if (r == 0)
		r = term_open(&t, out->color_result, err);
	if (r == 0) {
		menu_list(&m);
		loop(&m, t);
		/* does not come back from a signal */
		term_close(t);
		tell(&m, out);
	}
	menu_release(&m);
	return r;
}

static const char *const examples[] = {
	"kiln config menu --tree linux --base defconfig -o my.config",
	"kiln config menu --tree linux --arch arm64 --base tinyconfig kiln:guest -o net.config",
	NULL,
};

const struct cmd cmd_config_menu = {
	.name = "config menu",
	.args = "[PART...]",
	.summary = "choose in a terminal, see what follows, save a part",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.opts_size = sizeof(struct menu_opts),
	.run = run_config_menu,
};
