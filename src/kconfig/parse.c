/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grammar of scripts/kconfig/parser.y, by recursive descent. Errors are worded and recovered from as there: the
 * rest of the line is passed over and reading goes on, so that one run tells of all of them.
 *
 * One token is looked at ahead, and only where the original needs it too: the line that a message names is that of
 * the statement whose first token was read last.
 */
#include "kconfig/parse.h"

#include "kconfig/read.h"

#include <errno.h>

#define MAX_NEST 500

struct parser {
	struct kc_reader r;
	enum kc_token peeked;
	bool has_peeked;
	unsigned quiet; /* tokens until a syntax error is told of again */
	unsigned nest;	/* blocks and parentheses */
};

static enum kc_token peek(struct parser *p)
{
	if (!p->has_peeked) {
		p->peeked = kc_lex(&p->r);
		p->has_peeked = true;
	}
	return p->peeked;
}

static enum kc_token next(struct parser *p)
{
	enum kc_token token = peek(p);

	p->has_peeked = false;
	if (p->quiet)
		p->quiet--;
	return token;
}

static bool accept(struct parser *p, enum kc_token token)
{
	if (peek(p) != token)
		return false;
	next(p);
	return true;
}

void kc_say(struct kc_reader *r, bool err, const char *fmt, ...)
{
	auto_free char *line = NULL;
	va_list ap;

	if (!r->spec->say)
		return;
	va_start(ap, fmt);
	line = xvasprintf(fmt, ap);
	va_end(ap);
	r->spec->say(r->spec->ctx, err, line);
}

static void syntax_error(struct parser *p)
{
	struct kc_reader *r = &p->r;

	if (!p->quiet && !r->fatal) {
		kc_say(r, true, "%s:%d: syntax error\n", r->stmt_file,
		       r->stmt_line + !r->tree->dialect.include_by_stack);
		r->bad++;
	}
	p->quiet = 3;
}

static void error(struct parser *p, const char *fmt, ...) PRINTF(2, 3);
static void error(struct parser *p, const char *fmt, ...)
{
	auto_free char *words = NULL;
	va_list ap;

	va_start(ap, fmt);
	words = xvasprintf(fmt, ap);
	va_end(ap);
	kc_say(&p->r, true, "%s:%d: %s\n", p->r.stmt_file, p->r.stmt_line, words);
	p->r.bad++;
}

/* The rest of the statement. What is thrown away does not count for telling of the next error. */
static void skip_line(struct parser *p)
{
	unsigned quiet = p->quiet;

	while (peek(p) != T_EOL && peek(p) != T_EOF)
		next(p);
	p->quiet = quiet;
	accept(p, T_EOL);
}

static bool expect(struct parser *p, enum kc_token token)
{
	if (accept(p, token))
		return true;
	syntax_error(p);
	return false;
}

static struct kc_sym *symbol_of(struct parser *p, unsigned flags)
{
	auto_free char *long_name = NULL;
	char name[128];

	if (p->r.len < sizeof(name)) {
		memcpy(name, p->r.text, p->r.len);
		name[p->r.len] = '\0';
		return kc_sym_lookup(p->r.tree, name, flags);
	}
	long_name = xstrndup(p->r.text, p->r.len);
	return kc_sym_lookup(p->r.tree, long_name, flags);
}

/* A symbol by its bare name; NULL: none stands there. */
static struct kc_sym *bare_symbol(struct parser *p)
{
	return expect(p, T_WORD) ? symbol_of(p, 0) : NULL;
}

static struct kc_sym *any_symbol(struct parser *p)
{
	if (accept(p, T_QUOTE))
		return symbol_of(p, KC_CONST);
	return bare_symbol(p);
}

static const struct {
	enum kc_token token;
	enum kc_op op;
} comparisons[] = {
	{ T_EQ, KC_EQ }, { T_NE, KC_NE }, { T_LT, KC_LT },
	{ T_LE, KC_LE }, { T_GT, KC_GT }, { T_GE, KC_GE },
};

static const struct kc_expr *comparison(struct parser *p)
{
	struct kc_sym *left = any_symbol(p), *right;

	if (!left)
		return NULL;
	for (size_t i = 0; i < countof(comparisons); i++) {
		if (peek(p) != comparisons[i].token)
			continue;
		next(p);
		right = any_symbol(p);
		return right ? kc_expr_cmp(p->r.tree, comparisons[i].op, left, right) : NULL;
	}
	return kc_expr_sym(p->r.tree, left);
}

static const struct kc_expr *expression(struct parser *p);

/* NULL: a syntax error, told of. */
static const struct kc_expr *operand(struct parser *p)
{
	const struct kc_expr *e = NULL;

	if (p->nest >= MAX_NEST) {
		kc_fatal(&p->r, "expression nested too deep");
		return NULL;
	}
	p->nest++;
	if (accept(p, T_NOT)) {
		e = operand(p);
		e = e ? kc_expr_not(p->r.tree, e) : NULL;
	} else if (accept(p, T_OPEN)) {
		e = expression(p);
		if (e && !expect(p, T_CLOSE))
			e = NULL;
	} else {
		e = comparison(p);
	}
	p->nest--;
	return e;
}

/* Operands joined by one operator. Simplifying walks the chain recursively: it has an end. */
static const struct kc_expr *chain(struct parser *p, enum kc_token token, enum kc_op op,
				   const struct kc_expr *(*part)(struct parser *))
{
	const struct kc_expr *e = part(p), *right;

	for (unsigned n = 0; e && accept(p, token); n++) {
		if (n > 4 * MAX_NEST || e->height > KC_MAX_HEIGHT) {
			kc_fatal(&p->r, "expression too long");
			return NULL;
		}
		right = part(p);
		e = right ? kc_expr_join(p->r.tree, op, e, right) : NULL;
	}
	return e;
}

static const struct kc_expr *conjunction(struct parser *p)
{
	return chain(p, T_AND, KC_AND, operand);
}

static const struct kc_expr *expression(struct parser *p)
{
	return chain(p, T_OR, KC_OR, conjunction);
}

/* "if EXPR" or nothing (*ret NULL). */
static bool condition(struct parser *p, const struct kc_expr **ret)
{
	*ret = NULL;
	if (!accept(p, T_IF))
		return true;
	*ret = expression(p);
	return *ret != NULL;
}

/* A quoted text, kept. */
static bool text(struct parser *p, const char **ret)
{
	if (!expect(p, T_QUOTE))
		return false;
	*ret = kc_region_strndup(&p->r.tree->mem, p->r.text, p->r.len);
	return true;
}

static bool prompt_line(struct parser *p, int type)
{
	const struct kc_expr *cond;
	const char *words;

	if (!text(p, &words) || !condition(p, &cond) || !expect(p, T_EOL))
		return false;
	kc_menu_prompt(&p->r, (enum kc_prop_type)type, words, cond);
	return true;
}

/* "bool", "tristate" and the others, with a prompt or without. */
static bool type_line(struct parser *p, int type)
{
	if (peek(p) == T_QUOTE) {
		if (!prompt_line(p, KC_P_PROMPT))
			return false;
	} else if (!expect(p, T_EOL)) {
		return false;
	}
	kc_menu_type(&p->r, (enum kc_type)type);
	return true;
}

static bool default_line(struct parser *p, int type)
{
	const struct kc_expr *value = expression(p), *cond;

	if (!value || !condition(p, &cond) || !expect(p, T_EOL))
		return false;
	kc_menu_prop(&p->r, KC_P_DEFAULT, value, cond);
	if (type != KC_UNKNOWN)
		kc_menu_type(&p->r, (enum kc_type)type);
	return true;
}

/* select, imply, and a choice's default. */
static bool symbol_line(struct parser *p, int type)
{
	struct kc_sym *s = bare_symbol(p);
	const struct kc_expr *cond;

	if (!s || !condition(p, &cond) || !expect(p, T_EOL))
		return false;
	kc_menu_prop(&p->r, (enum kc_prop_type)type, kc_expr_sym(p->r.tree, s), cond);
	return true;
}

static bool range_line(struct parser *p, int none)
{
	struct kc_sym *low = any_symbol(p), *high = low ? any_symbol(p) : NULL;
	const struct kc_expr *cond;

	if (!high || !condition(p, &cond) || !expect(p, T_EOL))
		return false;
	kc_menu_prop(&p->r, KC_P_RANGE, kc_expr_cmp(p->r.tree, KC_RANGE, low, high), cond);
	return true;
}

static bool modules_line(struct parser *p, int none)
{
	struct kc_tree *t = p->r.tree;

	if (!expect(p, T_EOL))
		return false;
	if (t->modules != t->no)
		error(p, "symbol '%s' redefines option 'modules' already defined by symbol '%s'",
		      p->r.entry->sym->name, t->modules->name);
	t->modules = p->r.entry->sym;
	return true;
}

/* "on X", and in newer trees "on X if Y", which means X || Y = n. */
static bool depends_line(struct parser *p, int none)
{
	const struct kc_expr *dep, *cond = NULL;
	struct kc_tree *t = p->r.tree;

	if (!expect(p, T_ON))
		return false;
	dep = expression(p);
	if (!dep || (t->dialect.conditional_deps && !condition(p, &cond)) || !expect(p, T_EOL))
		return false;
	if (cond)
		dep = kc_expr_join(t, KC_OR, dep, kc_expr_compared(t, cond, KC_EQ, t->no));
	kc_menu_dep(&p->r, dep);
	return true;
}

static bool visible_line(struct parser *p, int none)
{
	const struct kc_expr *cond;

	if (!condition(p, &cond) || !expect(p, T_EOL))
		return false;
	kc_menu_visible(&p->r, cond);
	return true;
}

/* In older trees a warning only. behind: what those say of it more. */
static void bad_entry(struct parser *p, const char *words, const char *behind)
{
	if (p->r.tree->dialect.strict_entries)
		error(p, "%s", words);
	else
		kc_say(&p->r, true, "%s:%d: warning: %s%s\n", p->r.stmt_file, p->r.stmt_line, words,
		       behind);
}

static void bad_help(struct parser *p, const char *what, const char *behind)
{
	const struct kc_sym *s = p->r.entry->sym;
	auto_free char *words =
		xasprintf("'%s' defined with %s", s && s->name ? s->name : "<choice>", what);

	bad_entry(p, words, behind);
}

static bool help_lines(struct parser *p, int none)
{
	const char *text;

	if (!expect(p, T_EOL))
		return false;
	text = kc_lex_help(&p->r);
	if (p->r.entry->help)
		bad_help(p, "more than one help text", " -- only the last one will be used");
	if (!text[strspn(text, " \f\n\r\t\v")])
		bad_help(p, "blank help text", "");
	p->r.entry->help = text;
	return true;
}

static bool flag_line(struct parser *p, int flag)
{
	if (!expect(p, T_EOL))
		return false;
	p->r.entry->sym->flags |= (unsigned)flag;
	return true;
}

/* A line of an entry: what it begins with, what reads the rest of it. */
struct line {
	enum kc_token token;
	bool (*read)(struct parser *p, int arg);
	int arg;
};

/* clang-format off */
static const struct line config_lines[] = {
	{ T_BOOL,         type_line,    KC_BOOL },
	{ T_TRISTATE,     type_line,    KC_TRISTATE },
	{ T_INT,          type_line,    KC_INT },
	{ T_HEX,          type_line,    KC_HEX },
	{ T_STRING,       type_line,    KC_STRING },
	{ T_PROMPT,       prompt_line,  KC_P_PROMPT },
	{ T_DEFAULT,      default_line, KC_UNKNOWN },
	{ T_DEF_BOOL,     default_line, KC_BOOL },
	{ T_DEF_TRISTATE, default_line, KC_TRISTATE },
	{ T_SELECT,       symbol_line,  KC_P_SELECT },
	{ T_IMPLY,        symbol_line,  KC_P_IMPLY },
	{ T_RANGE,        range_line,   0 },
	{ T_MODULES,      modules_line, 0 },
	{ T_TRANSITIONAL, flag_line,    KC_TRANSITIONAL },
	{ T_DEPENDS,      depends_line, 0 },
	{ T_HELP,         help_lines,   0 },
	{ T_EOF },
}, plain_choice_lines[] = {
	{ T_PROMPT,       prompt_line,  KC_P_PROMPT },
	{ T_DEFAULT,      symbol_line,  KC_P_DEFAULT },
	{ T_DEPENDS,      depends_line, 0 },
	{ T_HELP,         help_lines,   0 },
	{ T_EOF },
}, bool_choice_lines[] = {
	{ T_PROMPT,       prompt_line,  KC_P_PROMPT },
	{ T_BOOL,         prompt_line,  KC_P_PROMPT },
	{ T_DEFAULT,      symbol_line,  KC_P_DEFAULT },
	{ T_DEPENDS,      depends_line, 0 },
	{ T_HELP,         help_lines,   0 },
	{ T_EOF },
}, old_choice_lines[] = {
	{ T_PROMPT,       prompt_line,  KC_P_PROMPT },
	{ T_BOOL,         type_line,    KC_BOOL },
	{ T_TRISTATE,     type_line,    KC_TRISTATE },
	{ T_OPTIONAL,     flag_line,    KC_OPTIONAL },
	{ T_DEFAULT,      symbol_line,  KC_P_DEFAULT },
	{ T_DEPENDS,      depends_line, 0 },
	{ T_HELP,         help_lines,   0 },
	{ T_EOF },
}, menu_lines[] = {
	{ T_VISIBLE,      visible_line, 0 },
	{ T_DEPENDS,      depends_line, 0 },
	{ T_EOF },
}, comment_lines[] = {
	{ T_DEPENDS,      depends_line, 0 },
	{ T_EOF },
};
/* clang-format on */

/* All lines that belong to an entry, up to one that is none. False: one of them was bad. */
static bool lines(struct parser *p, const struct line *known)
{
	const struct line *l = known;

	while (l->token != T_EOF) {
		if (peek(p) != l->token) {
			l++;
			continue;
		}
		next(p);
		if (!l->read(p, l->arg))
			return false;
		l = known;
	}
	return true;
}

static void statements(struct parser *p, bool in_choice);

static const struct block {
	const char *name;
	enum kc_token end;
} blocks[] = {
	{ "menu", T_ENDMENU },
	{ "choice", T_ENDCHOICE },
	{ "if", T_ENDIF },
};

static void missing_end(struct parser *p, const struct kc_menu *m)
{
	if (!p->r.fatal) /* conf is gone by then */
		kc_say(&p->r, true, "%s:%d: missing end statement for this entry\n", m->pos.file,
		       m->pos.line);
	if (p->r.menu == m)
		kc_menu_close(&p->r);
}

/* What stands at the end of a block belongs to it, and in the same file. */
static void check_end(struct parser *p, const char *found, const char *wanted)
{
	struct kc_reader *r = &p->r;
	const char *here = r->file ? r->file->name : "<none>";

	if (strcmp(found, wanted) != 0) {
		error(p, "unexpected '%s' within %s block", found, wanted);
	} else if (r->menu->pos.file != here) {
		error(p, "'%s' in different file than '%s'", found, wanted);
		kc_say(r, true, "%s:%d: location of the '%s'\n", r->menu->pos.file,
		       r->menu->pos.line, wanted);
	} else {
		kc_menu_close(r);
		return;
	}
	r->bad++;
}

/* Statements up to the end of the block m, which is r->menu. False: that is missing. */
static bool block_body(struct parser *p, const char *wanted, bool in_choice)
{
	struct kc_menu *m = p->r.menu;

	if (p->nest >= MAX_NEST) {
		kc_fatal(&p->r, "blocks nested too deep");
		return false;
	}
	p->nest++;
	statements(p, in_choice);
	p->nest--;
	for (size_t i = 0; i < countof(blocks); i++) {
		if (peek(p) != blocks[i].end)
			continue;
		next(p);
		if (!expect(p, T_EOL))
			break;
		if (!strcmp(wanted, "choice"))
			p->r.choice = NULL;
		check_end(p, blocks[i].name, wanted);
		return true;
	}
	if (peek(p) == T_EOF)
		syntax_error(p);
	missing_end(p, m);
	p->r.bad++;
	return false;
}

static void entry_error(struct parser *p, const char *what)
{
	const struct kc_menu *e = p->r.entry;

	kc_say(&p->r, true, "%s:%d: error: %s\n", e->pos.file, e->pos.line, what);
	p->r.bad++;
}

/* Plain choices: what was read is a member of the choice around it. */
static void add_member(struct parser *p)
{
	struct kc_menu *e = p->r.entry;
	struct kc_members *all = p->r.choice->members;

	if (!e->prompt)
		entry_error(p, "choice member must have a prompt");
	if (e->sym->type != KC_BOOL)
		entry_error(p, "choice member must be bool");
	if (kc_is_member(e->sym))
		return;
	e->sym->flags |= KC_MEMBER;
	vec_push(all, e->sym);
}

static bool config_stmt(struct parser *p, bool menu)
{
	struct kc_sym *s = bare_symbol(p);

	if (!s || !expect(p, T_EOL))
		return false;
	if (!p->r.tree->dialect.plain_choices)
		s->flags |= KC_OPTIONAL;
	kc_menu_entry(&p->r, s);
	if (!lines(p, config_lines))
		return false;
	if (!menu) {
		if (p->r.choice)
			add_member(p);
	} else if (p->r.entry->prompt) {
		p->r.entry->prompt->type = KC_P_MENU;
	} else {
		bad_entry(p, "menuconfig statement without prompt", "");
	}
	return true;
}

static struct kc_sym *choice_symbol(struct parser *p, bool plain)
{
	if (!plain && accept(p, T_WORD))
		return symbol_of(p, KC_CHOICE);
	return kc_sym_lookup(p->r.tree, NULL, KC_CHOICE);
}

static const struct line *choice_lines(const struct kc_dialect *d)
{
	if (!d->plain_choices)
		return old_choice_lines;
	return d->bool_choices ? bool_choice_lines : plain_choice_lines;
}

static bool choice_stmt(struct parser *p)
{
	bool plain = p->r.tree->dialect.plain_choices;
	struct kc_sym *s = choice_symbol(p, plain);

	if (!expect(p, T_EOL))
		return false;
	s->flags |= KC_NO_WRITE;
	kc_menu_entry(&p->r, s);
	if (plain)
		kc_menu_type(&p->r, KC_BOOL);
	else
		kc_menu_prop(&p->r, KC_P_CHOICE, NULL, NULL);
	p->r.entry->members = kc_region_alloc(&p->r.tree->mem, sizeof(struct kc_members));
	vec_push(&p->r.tree->choices, p->r.entry);
	if (!lines(p, choice_lines(&p->r.tree->dialect)))
		return false;
	if (plain && !p->r.entry->prompt)
		entry_error(p, "choice must have a prompt");
	kc_menu_open(&p->r);
	p->r.choice = plain ? p->r.menu : NULL;
	return block_body(p, "choice", true);
}

static bool if_stmt(struct parser *p, bool in_choice)
{
	const struct kc_expr *e = expression(p);

	if (!e || !expect(p, T_EOL))
		return false;
	kc_menu_entry(&p->r, NULL);
	kc_menu_dep(&p->r, e);
	kc_menu_open(&p->r);
	return block_body(p, "if", in_choice);
}

/* menu, comment: a text alone. */
static bool text_stmt(struct parser *p, enum kc_prop_type type)
{
	const char *words;

	if (!text(p, &words) || !expect(p, T_EOL))
		return false;
	kc_menu_entry(&p->r, NULL);
	kc_menu_prompt(&p->r, type, words, NULL);
	return true;
}

static bool menu_stmt(struct parser *p)
{
	if (!text_stmt(p, KC_P_MENU) || !lines(p, menu_lines))
		return false;
	kc_menu_open(&p->r);
	return block_body(p, "menu", false);
}

static bool comment_stmt(struct parser *p)
{
	return text_stmt(p, KC_P_COMMENT) && lines(p, comment_lines);
}

static bool source_stmt(struct parser *p)
{
	auto_free char *name = NULL;

	if (!expect(p, T_QUOTE))
		return false;
	name = xstrndup(p->r.text, p->r.len);
	if (!expect(p, T_EOL))
		return false;
	kc_lex_source(&p->r, name);
	return true;
}

/* A word at the begin of a statement: only an assignment is fine. */
static void word_stmt(struct parser *p)
{
	auto_free char *name = xstrndup(p->r.text, p->r.len), *value = NULL;
	enum kc_token op = peek(p);

	if (op != T_EQ && op != T_COLON_EQ && op != T_PLUS_EQ) {
		syntax_error(p);
		skip_line(p);
		error(p, "unknown statement \"%s\"", name);
		return;
	}
	next(p);
	value = accept(p, T_VALUE) ? xstrndup(p->r.text, p->r.len) : xstrdup("");
	if (!accept(p, T_EOL)) {
		syntax_error(p);
		skip_line(p);
		error(p, "unknown statement \"%s\"", name);
		return;
	}
	kc_macro_set(&p->r, name, value,
		     op == T_EQ		? KC_RECURSIVE
		     : op == T_COLON_EQ ? KC_SIMPLE
					: KC_APPEND);
}

enum taken { NOT_TAKEN, TAKEN, TAKEN_BAD };

static enum taken taken(bool good)
{
	return good ? TAKEN : TAKEN_BAD;
}

/* Statements that may stand anywhere. */
static enum taken common_stmt(struct parser *p, bool in_choice)
{
	switch (peek(p)) {
	case T_CONFIG:
		return next(p), taken(config_stmt(p, false));
	case T_COMMENT:
		return next(p), taken(comment_stmt(p));
	case T_IF:
		return next(p), taken(if_stmt(p, in_choice));
	default:
		return NOT_TAKEN;
	}
}

static enum taken full_stmt(struct parser *p)
{
	switch (peek(p)) {
	case T_MENUCONFIG:
		return next(p), taken(config_stmt(p, true));
	case T_CHOICE:
		return next(p), taken(choice_stmt(p));
	case T_MENU:
		return next(p), taken(menu_stmt(p));
	case T_SOURCE:
		return next(p), taken(source_stmt(p));
	case T_WORD:
		next(p);
		word_stmt(p);
		return TAKEN;
	default:
		return NOT_TAKEN;
	}
}

/* Up to the end of a block or of everything. */
static void statements(struct parser *p, bool in_choice)
{
	while (!p->r.fatal) {
		enum kc_token token = peek(p);
		enum taken got;

		if (token == T_EOF)
			return;
		if ((token == T_ENDMENU || token == T_ENDCHOICE || token == T_ENDIF) && p->nest)
			return;
		got = common_stmt(p, in_choice);
		if (got == NOT_TAKEN && !in_choice)
			got = full_stmt(p);
		if (got == TAKEN)
			continue;
		if (got == NOT_TAKEN)
			syntax_error(p);
		if (p->r.fatal || peek(p) == T_EOF)
			continue;
		skip_line(p);
		error(p, "invalid statement");
	}
}

static void mainmenu(struct parser *p)
{
	const char *words;

	if (!accept(p, T_MAINMENU))
		return;
	if (text(p, &words) && expect(p, T_EOL)) {
		kc_menu_prompt(&p->r, KC_P_MENU, words, NULL);
		return;
	}
	skip_line(p);
	error(p, "invalid statement");
}

static bool parse_all(struct parser *p)
{
	struct kc_reader *r = &p->r;

	kc_menu_begin(r);
	mainmenu(p);
	statements(p, false);
	if (r->fatal || r->bad || r->unknown)
		return false;
	if (!r->tree->root->prompt) {
		r->entry = r->tree->root;
		kc_menu_prompt(r, KC_P_MENU, kc_region_strdup(&r->tree->mem, "Main menu"), NULL);
	}
	kc_menu_finalize(r);
	if (!r->fatal)
		r->bad += kc_check_cycles(r);
	if (r->bad || r->fatal)
		return false;
	kc_tree_seal(r->tree);
	return true;
}

int kc_tree_parse(const struct kc_parse *spec, const char *file, struct kc_tree **ret_tree)
{
	struct parser p = { .r = { .spec = spec, .before = T_EOL, .before_that = T_EOL } };
	struct kc_tree *t = kc_tree_new(spec->dialect);
	bool good = false;

	p.r.tree = t;
	if (kc_lex_open(&p.r, file))
		good = parse_all(&p);
	else
		kc_say(&p.r, true, "can't find file %s\n", file);
	kc_macro_release(&p.r);
	kc_lex_release(&p.r);
	if (!good) {
		kc_tree_free(t);
		return p.r.unknown ? -EAGAIN : -EINVAL;
	}
	*ret_tree = t;
	return 0;
}
