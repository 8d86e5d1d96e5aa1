/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every character of what is printed here is scripts/kconfig/conf.c's: programs and people read it. */
#include "cmd/conf_ask.h"

#include "kconfig/conffile.h"
#include "kconfig/relations.h"

#include <ctype.h>
#include <stdlib.h>

static void print_help(struct ask *a, const struct kc_menu *m)
{
	auto_str struct str text = { 0 };

	kc_add_help(a->c, &text, a->prefix, m);
	fprintf(a->out, "\n%s\n", str_c(&text));
}

static void read_line(struct ask *a)
{
	fflush(a->out);
	if (!fgets(a->line, sizeof(a->line), a->in)) {
		fprintf(a->err, "\nError in reading or end of file.\n");
	}
	if (a->echo)
		fputs(a->line, a->out);
}

static void strip(char *s)
{
	size_t skip = strspn(s, " \t\n\v\f\r"), n = strlen(s + skip);

	while (n && isspace((unsigned char)s[skip + n - 1]))
		n--;
	memmove(s, s + skip, n);
	s[n] = '\0';
}

/* Asks for the value of s, def being its value now. False: there is nothing to ask. */
static bool ask_value(struct ask *a, const struct kc_sym *s, const char *def)
{
	bool has = kc_has_user(a->c, s);

	if (!has)
		fprintf(a->out, "(NEW) ");
	snprintf(a->line, sizeof(a->line), "\n");
	if (!kc_changeable(a->c, s) || (a->mode == ASK_NEW && has)) {
		fprintf(a->out, "%s\n", def);
		return false;
	}
	read_line(a);
	return true;
}

static void ask_text(struct ask *a, const struct kc_menu *m)
{
	struct kc_sym *s = m->sym;

	for (;;) {
		auto_free char *def = xstrdup(kc_value_text(a->c, s));
		const char *answer = def;

		fprintf(a->out, "%*s%s (%s) [%s] ", a->indent - 1, "", m->prompt->text, s->name,
			def);
		if (!ask_value(a, s, def))
			return;
		if (!strcmp(a->line, "?\n")) {
			print_help(a, m);
			answer = NULL;
		} else if (a->line[0] != '\n') {
			a->line[strcspn(a->line, "\n")] = '\0';
			answer = a->line;
		}
		if (answer && kc_set_text(a->c, s, answer))
			return;
		/* older programs ask for ever */
		if (feof(a->in)) {
			fprintf(a->err, "\nerror: no value for new symbol '%s' at end of input\n",
				s->name);
			a->gave_up = true;
			return;
		}
	}
}

/* n, no, m, y, yes; -1: none of them; -2: help. */
static int answer_tri(const char *line, enum kc_tri now)
{
	switch (*line) {
	case '\0':
		return (int)now;
	case 'n':
	case 'N':
		return !line[1] || !strcmp(line + 1, "o") ? KC_N : -1;
	case 'm':
	case 'M':
		return !line[1] ? KC_M : -1;
	case 'y':
	case 'Y':
		return !line[1] || !strcmp(line + 1, "es") ? KC_Y : -1;
	case '?':
		return -2;
	default:
		return -1;
	}
}

static void print_tri_prompt(struct ask *a, const struct kc_menu *m)
{
	static const char upper[] = "NMY", lower[] = "nmy";
	const struct kc_sym *s = m->sym;
	enum kc_tri now = kc_tri_of(a->c, s);

	fprintf(a->out, "%*s%s ", a->indent - 1, "", m->prompt->text);
	if (s->name)
		fprintf(a->out, "(%s) ", s->name);
	fprintf(a->out, "[%c", upper[now]);
	for (int tri = KC_N; tri <= KC_Y; tri++)
		if (tri != (int)now && kc_tri_allowed(a->c, s, (enum kc_tri)tri))
			fprintf(a->out, "/%c", lower[tri]);
	fprintf(a->out, "/?] ");
}

static void ask_tri(struct ask *a, const struct kc_menu *m)
{
	for (;;) {
		enum kc_tri now = kc_tri_of(a->c, m->sym);
		int answer;

		print_tri_prompt(a, m);
		if (!ask_value(a, m->sym, kc_value_text(a->c, m->sym)))
			return;
		strip(a->line);
		answer = answer_tri(a->line, now);
		if (answer == -1 && !feof(a->in))
			continue;
		if (answer >= 0 && kc_set_tri(a->c, m->sym, (enum kc_tri)answer))
			return;
		print_help(a, m);
		if (feof(a->in)) {
			a->gave_up = true;
			return;
		}
	}
}

/* The members as a numbered list. Returns their number; *ret_def is that of the chosen one. */
static int print_members(struct ask *a, const struct kc_menu *m, const struct kc_sym *chosen,
			 int *ret_def, bool *ret_new)
{
	int n = 0;

	*ret_def = 0;
	for (const struct kc_menu *child = m->list; child; child = child->next) {
		const char *title = child->prompt ? child->prompt->text : "";

		if (!kc_menu_shown(a->c, child))
			continue;
		if (!child->sym) {
			fprintf(a->out, "%*c %s\n", a->indent, '*', title);
			continue;
		}
		n++;
		if (child->sym == chosen)
			*ret_def = n;
		fprintf(a->out, "%*c %d. %s", a->indent, child->sym == chosen ? '>' : ' ', n,
			title);
		if (child->sym->name)
			fprintf(a->out, " (%s)", child->sym->name);
		if (!kc_has_user(a->c, child->sym)) {
			*ret_new = true;
			fprintf(a->out, " (NEW)");
		}
		fprintf(a->out, "\n");
	}
	return n;
}

static const struct kc_menu *nth_member(struct ask *a, const struct kc_menu *m, int n)
{
	for (const struct kc_menu *child = m->list; child; child = child->next)
		if (child->sym && kc_menu_shown(a->c, child) && !--n)
			return child;
	return NULL;
}

static void ask_menu(struct ask *a, const struct kc_menu *m);

static void choose(struct ask *a, const struct kc_menu *m, const struct kc_menu *member)
{
	if (a->c->tree->dialect.plain_choices) {
		kc_choice_set(a->c, m, member->sym);
		return;
	}
	kc_set_tri(a->c, member->sym, KC_Y);
	for (const struct kc_menu *child = member->list; child; child = child->next) {
		a->indent += 2;
		ask_menu(a, child);
		a->indent -= 2;
	}
}

/* Old choices: y, m or n as such. Returns whether one member is to be chosen. */
static bool ask_old_mode(struct ask *a, const struct kc_menu *m)
{
	struct kc_sym *s = m->sym;
	bool can = kc_changeable(a->c, s);

	if (can) {
		ask_tri(a, m);
		kc_calc(a->c, s);
	}
	if (kc_tri_of(a->c, s) == KC_M && !can)
		fprintf(a->out, "%*s%s\n", a->indent - 1, "", m->prompt->text);
	return kc_tri_of(a->c, s) == KC_Y;
}

static struct kc_sym *chosen_member(struct ask *a, const struct kc_menu *m)
{
	if (a->c->tree->dialect.plain_choices)
		return kc_choice_settle(a->c, m);
	return kc_v(a->c, m->sym)->chosen;
}

/* The number of a member, from the user or as it is; 0: asked anew. */
static int ask_number(struct ask *a, const struct kc_menu *m, int n, int def, bool is_new)
{
	fprintf(a->out, "%*schoice", a->indent - 1, "");
	if (n == 1) {
		fprintf(a->out, "[1]: 1\n");
		return 1;
	}
	fprintf(a->out, "[1-%d?]: ", n);
	if (a->mode == ASK_NEW && !is_new) {
		fprintf(a->out, "%d\n", def);
		return def;
	}
	read_line(a);
	strip(a->line);
	if (a->line[0] == '?') {
		print_help(a, m);
		return 0;
	}
	if (!a->line[0])
		return def;
	return isdigit((unsigned char)a->line[0]) ? (int)strtol(a->line, NULL, 10) : 0;
}

static void ask_choice(struct ask *a, const struct kc_menu *m)
{
	bool plain = a->c->tree->dialect.plain_choices;
	bool is_new = !plain && !kc_has_user(a->c, m->sym);

	if (!plain && !ask_old_mode(a, m))
		return;
	for (;;) {
		const struct kc_menu *member;
		bool new_member = false;
		int n, def;

		fprintf(a->out, "%*s%s\n", a->indent - 1, "", m->prompt->text);
		a->line[0] = '\0';
		n = print_members(a, m, chosen_member(a, m), &def, &new_member);
		if (plain)
			is_new |= new_member;
		n = ask_number(a, m, n, def, is_new);
		member = n > 0 ? nth_member(a, m, n) : NULL;
		if (member && a->line[0] && a->line[strlen(a->line) - 1] == '?') {
			print_help(a, member);
		} else if (member) {
			choose(a, m, member);
			return;
		}
		if (a->mode == ASK_NEW && !is_new)
			return; /* no member can be */
		if (feof(a->in)) {
			a->gave_up = true;
			return;
		}
	}
}

static void check_menu(struct ask *a, const struct kc_menu *m);

static void ask_children(struct ask *a, const struct kc_menu *m)
{
	int step = m->sym ? 2 : 0;

	a->indent += step;
	for (const struct kc_menu *child = m->list; child && !a->gave_up; child = child->next)
		ask_menu(a, child);
	a->indent -= step;
}

static void print_heading(struct ask *a, const char *title)
{
	fprintf(a->out, "%*c\n%*c %s\n%*c\n", a->indent, '*', a->indent, '*', title, a->indent,
		'*');
}

static void ask_menu(struct ask *a, const struct kc_menu *m)
{
	struct kc_sym *s = m->sym;

	if (!kc_menu_shown(a->c, m))
		return;
	if (m->prompt && m->prompt->type == KC_P_MENU && a->mode != ASK_ALL && a->root != m) {
		/* of other menus only what is new */
		check_menu(a, m);
		return;
	}
	if (m->prompt && (m->prompt->type == KC_P_MENU || m->prompt->type == KC_P_COMMENT))
		print_heading(a, m->prompt->text);
	if (s && kc_is_choice(s)) {
		ask_choice(a, m);
		if (a->c->tree->dialect.plain_choices || kc_tri_of(a->c, s) != KC_M)
			return;
	} else if (s && (s->type == KC_INT || s->type == KC_HEX || s->type == KC_STRING)) {
		ask_text(a, m);
	} else if (s) {
		ask_tri(a, m);
	}
	ask_children(a, m);
}

static const struct kc_menu *menu_around(const struct ask *a, const struct kc_menu *m)
{
	while (m != a->c->tree->root && !(m->prompt && m->prompt->type == KC_P_MENU))
		m = m->parent;
	return m;
}

static void meet_new(struct ask *a, const struct kc_menu *m)
{
	auto_str struct str line = { 0 };

	switch (a->mode) {
	case ASK_LIST:
		if (!m->sym->name)
			return;
		kc_conf_line(a->c, a->prefix, m->sym, &line);
		fputs(str_c(&line), a->out);
		return;
	case ASK_HELP:
		fprintf(a->out, "-----\n");
		print_help(a, m);
		fprintf(a->out, "-----\n");
		return;
	default:
		if (!a->asked++)
			fprintf(a->out, "*\n* Restart config...\n*\n");
		a->root = menu_around(a, m);
		ask_menu(a, a->root);
	}
}

static bool is_new(struct ask *a, const struct kc_sym *s)
{
	if (kc_has_user(a->c, s))
		return false;
	if (kc_changeable(a->c, s))
		return true;
	return !a->c->tree->dialect.plain_choices && kc_is_choice(s) && kc_tri_of(a->c, s) == KC_Y;
}

static void check_menu(struct ask *a, const struct kc_menu *m)
{
	if (a->gave_up || !kc_menu_shown(a->c, m))
		return;
	if (m->sym && is_new(a, m->sym))
		meet_new(a, m);
	for (const struct kc_menu *child = m->list; child; child = child->next)
		check_menu(a, child);
}

bool ask_all(struct ask *a)
{
	a->indent = 1;
	if (a->mode == ASK_ALL) {
		a->root = a->c->tree->root;
		ask_menu(a, a->root);
		a->mode = ASK_NEW;
	}
	do {
		a->asked = 0;
		check_menu(a, a->c->tree->root);
	} while (a->asked && !a->gave_up);
	return !a->gave_up;
}
