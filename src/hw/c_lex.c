/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree has hundreds of megabytes of C, of which little is of interest: characters are told apart by one table, and no
 * loop looks at a character twice.
 */
#include "hw/c_lex.h"

#include <string.h>

enum { C_OTHER, C_SPACE, C_NEWLINE, C_LETTER, C_DIGIT, C_QUOTE };

static const uint8_t classes[256] = {
	[' '] = C_SPACE,  ['\t'] = C_SPACE,   ['\r'] = C_SPACE,		['\f'] = C_SPACE,
	['\v'] = C_SPACE, ['\n'] = C_NEWLINE, ['a' ... 'z'] = C_LETTER, ['A' ... 'Z'] = C_LETTER,
	['_'] = C_LETTER, ['$'] = C_LETTER,   ['0' ... '9'] = C_DIGIT,	['"'] = C_QUOTE,
	['\''] = C_QUOTE,
};

static uint8_t class_of(char c)
{
	return classes[(uint8_t)c];
}

void hw_c_lex_init(struct hw_c_lex *l, const char *text, size_t n, uint32_t line, bool first)
{
	*l = (struct hw_c_lex){ .p = text, .end = text + n, .line = line, .first = first };
}

/* The length of a continued line's end at p: a backslash and a newline. */
static size_t splice(const char *p, const char *end)
{
	if (*p != '\\' || p + 1 >= end)
		return 0;
	if (p[1] == '\n')
		return 2;
	return p[1] == '\r' && p + 2 < end && p[2] == '\n' ? 3 : 0;
}

static void block_comment(struct hw_c_lex *l)
{
	const char *p = l->p + 2;

	while (p < l->end) {
		if (*p == '*' && p + 1 < l->end && p[1] == '/') {
			l->p = p + 2;
			return;
		}
		l->line += *p++ == '\n';
	}
	l->p = l->end;
}

static void line_comment(struct hw_c_lex *l)
{
	while (l->p < l->end && *l->p != '\n') {
		const size_t n = splice(l->p, l->end);

		l->line += n > 0;
		l->p += n ? n : 1;
	}
}

/* At white space, a comment or a continued line: moves behind it. */
static bool skip_one(struct hw_c_lex *l)
{
	const char *p = l->p;
	size_t n;

	switch (class_of(*p)) {
	case C_SPACE:
		l->p++;
		return true;
	case C_NEWLINE:
		l->p++;
		l->line++;
		l->first = true;
		return true;
	default:
		break;
	}
	if (*p == '/' && p + 1 < l->end && (p[1] == '*' || p[1] == '/')) {
		if (p[1] == '*')
			block_comment(l);
		else
			line_comment(l);
		return true;
	}
	n = splice(p, l->end);
	l->line += n > 0;
	l->p += n;
	return n > 0;
}

static void word(struct hw_c_lex *l)
{
	while (l->p < l->end && (class_of(*l->p) == C_LETTER || class_of(*l->p) == C_DIGIT))
		l->p++;
}

/* As the preprocessor has numbers: 0x1p-3, 1.5e+3 and 10UL are one. */
static void number(struct hw_c_lex *l)
{
	while (l->p < l->end) {
		const char c = *l->p;

		if ((c == '+' || c == '-') && !strchr("eEpP", l->p[-1]))
			return;
		if (c != '+' && c != '-' && c != '.' && class_of(c) != C_LETTER &&
		    class_of(c) != C_DIGIT)
			return;
		l->p++;
	}
}

/* To the same quote, or the end of the line: what is open there is not C. */
static void quoted(struct hw_c_lex *l)
{
	const char quote = *l->p++;

	while (l->p < l->end && *l->p != quote && *l->p != '\n') {
		const size_t n = splice(l->p, l->end);

		l->line += n > 0;
		l->p += n ? n : (*l->p == '\\' && l->p + 1 < l->end ? 2 : 1);
	}
	if (l->p < l->end && *l->p == quote)
		l->p++;
}

static void mark(struct hw_c_lex *l, struct hw_c_tok *t)
{
	static const char pairs[][3] = {
		"##", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "->"
	};
	const char *p = l->p;

	t->punct = (uint8_t)*p;
	l->p++;
	if (p + 2 < l->end && p[0] == '.' && p[1] == '.' && p[2] == '.') {
		t->punct = HW_C_DOTS;
		l->p = p + 3;
		return;
	}
	for (size_t i = 0; i < countof(pairs) && p + 1 < l->end; i++)
		if (p[0] == pairs[i][0] && p[1] == pairs[i][1]) {
			t->punct = HW_C_2(p[0], p[1]);
			l->p = p + 2;
			return;
		}
}

bool hw_c_lex_next(struct hw_c_lex *l, struct hw_c_tok *ret)
{
	const char *before = l->p;

	while (l->p < l->end && skip_one(l))
		;
	*ret = (struct hw_c_tok){
		.s = l->p, .line = l->line, .first = l->first, .space = l->p > before
	};
	if (l->p >= l->end)
		return false;
	l->first = false;
	switch (class_of(*l->p)) {
	case C_LETTER:
		ret->kind = HW_C_IDENT;
		word(l);
		break;
	case C_DIGIT:
		ret->kind = HW_C_NUMBER;
		number(l);
		break;
	case C_QUOTE:
		ret->kind = *l->p == '"' ? HW_C_STRING : HW_C_CHAR;
		quoted(l);
		break;
	default:
		ret->kind = HW_C_PUNCT;
		mark(l, ret);
	}
	ret->n = (uint32_t)(l->p - ret->s);
	return true;
}

void hw_c_lex_line(struct hw_c_lex *l, const char **ret, size_t *ret_n)
{
	const char *begin = l->p;

	while (l->p < l->end && *l->p != '\n') {
		const char c = *l->p;

		if (class_of(c) == C_QUOTE)
			quoted(l);
		else if (class_of(c) == C_SPACE || c == '/' || c == '\\')
			l->p += skip_one(l) ? 0 : 1;
		else
			l->p++;
	}
	*ret = begin;
	*ret_n = (size_t)(l->p - begin);
}

bool hw_c_named(const struct hw_c_tok *t, const char *name)
{
	return t->kind == HW_C_IDENT && strlen(name) == t->n && !memcmp(t->s, name, t->n);
}

bool hw_c_is_symbol(const struct hw_c_tok *t)
{
	return t->kind == HW_C_IDENT && t->n > 7 && !memcmp(t->s, "CONFIG_", 7);
}
