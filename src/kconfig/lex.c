/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Characters to tokens, as scripts/kconfig/lexer.l has them. Words are slices of the file's text; only what was
 * quoted or expanded is copied. Unknown characters are warned of and passed over.
 */
#include "kconfig/read.h"

#include "base/file.h"
#include "kconfig/snapshot.h"

#include <errno.h>
#include <fcntl.h>

#define MAX_FILE   (16 << 20)
#define MAX_DEPTH  200
#define MAX_OPENED 100000

enum { WORD = 1, BLANK = 2 };

static const uint8_t class[256] = {
	['0' ... '9'] = WORD, ['A' ... 'Z'] = WORD, ['a' ... 'z'] = WORD, ['_'] = WORD,
	['-'] = WORD,	      [' '] = BLANK,	    ['\t'] = BLANK,
};

static bool is(char c, uint8_t what)
{
	return class[(unsigned char)c] & what;
}

static const struct keyword {
	const char *word;
	enum kc_token token;
} keywords[] = {
	/* clang-format off */
	{ "if", T_IF }, { "on", T_ON }, { "hex", T_HEX }, { "int", T_INT }, { "bool", T_BOOL }, { "help", T_HELP },
	{ "menu", T_MENU }, { "endif", T_ENDIF }, { "imply", T_IMPLY }, { "range", T_RANGE },
	{ "choice", T_CHOICE }, { "config", T_CONFIG }, { "prompt", T_PROMPT }, { "select", T_SELECT },
	{ "source", T_SOURCE }, { "string", T_STRING }, { "comment", T_COMMENT }, { "default", T_DEFAULT },
	{ "depends", T_DEPENDS }, { "endmenu", T_ENDMENU }, { "modules", T_MODULES }, { "visible", T_VISIBLE },
	{ "def_bool", T_DEF_BOOL }, { "mainmenu", T_MAINMENU }, { "optional", T_OPTIONAL },
	{ "tristate", T_TRISTATE }, { "endchoice", T_ENDCHOICE }, { "menuconfig", T_MENUCONFIG },
	{ "def_tristate", T_DEF_TRISTATE }, { "transitional", T_TRANSITIONAL },
	/* clang-format on */
};

static enum kc_token keyword(const struct kc_reader *r, const char *s, size_t n)
{
	if (*s < 'b' || *s > 'v' || n > 12)
		return T_WORD;
	for (size_t i = 0; i < countof(keywords); i++) {
		const struct keyword *k = &keywords[i];

		if (*k->word != *s || strncmp(k->word, s, n) != 0 || k->word[n])
			continue;
		/* the word of old choices, and a new one */
		if ((k->token == T_OPTIONAL && r->tree->dialect.plain_choices) ||
		    (k->token == T_TRANSITIONAL && !r->tree->dialect.transitional))
			return T_WORD;
		return k->token;
	}
	return T_WORD;
}

/* One of a few buffers for text that is not in the file as it is. */
static struct str *scratch(struct kc_reader *r)
{
	struct str *s = &r->scratch[r->n_scratch++ % countof(r->scratch)];

	str_clear(s);
	str_add(s, "", 0);
	return s;
}

static void give(struct kc_reader *r, const struct str *s)
{
	r->text = str_c(s);
	r->len = s->n;
}

static const char *line_end(const struct kc_file *f)
{
	const char *nl = memchr(f->p, '\n', (size_t)(f->end - f->p));

	return nl ? nl : f->end;
}

static enum kc_token lex_string(struct kc_reader *r)
{
	struct kc_file *f = r->file;
	char quote = *f->p++;
	struct str *s = scratch(r);

	while (f->p < f->end && !r->fatal) {
		char c = *f->p;

		if (c == quote) {
			f->p++;
			break;
		}
		if (c == '\n') {
			kc_say(r, true, "%s:%d:warning: multi-line strings not supported\n",
			       r->stmt_file, r->stmt_line);
			break;
		}
		f->p++;
		if (c == '$') {
			kc_macro_dollar(r, &f->p, line_end(f), s);
			continue;
		}
		if (c == '\\') {
			if (f->p == f->end || *f->p == '\n')
				continue;
			c = *f->p++;
		}
		str_addc(s, c);
	}
	give(r, s);
	return T_QUOTE;
}

/* The right side of an assignment: the rest of the line behind blanks, as it is. */
static enum kc_token lex_value(struct kc_reader *r)
{
	struct kc_file *f = r->file;
	const char *end = line_end(f);

	while (f->p < end && is(*f->p, BLANK))
		f->p++;
	if (f->p == end)
		return T_EOL;
	r->text = f->p;
	r->len = (size_t)(end - f->p);
	f->p = end;
	return T_VALUE;
}

/* A word, a keyword, or a word with macros in it; T_EOL: it expanded to nothing. */
static enum kc_token lex_word(struct kc_reader *r)
{
	struct kc_file *f = r->file;
	const char *start = f->p, *p = start;
	struct str *s;

	while (p < f->end && is(*p, WORD))
		p++;
	if (p == f->end || *p != '$') {
		f->p = p;
		r->text = start;
		r->len = (size_t)(p - start);
		return keyword(r, start, r->len);
	}
	s = scratch(r);
	kc_macro_word(r, &f->p, line_end(f), s);
	if (f->p == start)
		f->p++; /* cannot be: a word or '$' stands there */
	give(r, s);
	return s->n ? T_WORD : T_EOL;
}

struct op {
	char text[3];
	enum kc_token token;
};

/* Longer ones first. */
static const struct op ops[] = {
	/* clang-format off */
	{ "||", T_OR }, { "&&", T_AND }, { "!=", T_NE }, { "<=", T_LE }, { ">=", T_GE }, { ":=", T_COLON_EQ },
	{ "+=", T_PLUS_EQ }, { "=", T_EQ }, { "<", T_LT }, { ">", T_GT }, { "!", T_NOT }, { "(", T_OPEN },
	{ ")", T_CLOSE },
	/* clang-format on */
};

static enum kc_token lex_op(struct kc_file *f)
{
	for (size_t i = 0; i < countof(ops); i++) {
		size_t n = ops[i].text[1] ? 2 : 1;

		if ((size_t)(f->end - f->p) >= n && !memcmp(f->p, ops[i].text, n)) {
			f->p += n;
			return ops[i].token;
		}
	}
	return T_EOF;
}

static void end_file(struct kc_reader *r)
{
	struct kc_file *f = r->file;

	r->file = f->parent;
	r->depth--;
	str_release(&f->text);
	free(f);
}

static bool at_statement(const struct kc_reader *r)
{
	return r->before == T_EOL || r->before == T_HELPTEXT;
}

/* Where an error at the end of everything is said to be. */
static void end_of_all(struct kc_reader *r, const struct kc_file *f)
{
	if (!at_statement(r))
		return;
	r->stmt_line = f->line;
	if (!r->tree->dialect.include_by_stack)
		r->stmt_file = "<none>";
}

static enum kc_token lex_eof(struct kc_reader *r)
{
	struct kc_file *f = r->file;

	if (!f)
		return T_EOF;
	if (!at_statement(r))
		kc_say(r, true, "%s:%d:warning: no new line at end of file\n", f->name, f->line);
	r->value_next = false;
	if (!f->parent)
		end_of_all(r, f);
	end_file(r);
	/* of the last file newer programs do not take the end for the end of a line */
	return r->file || !r->tree->dialect.include_by_stack ? T_EOL : T_EOF;
}

/* One token; T_EOL also for the ends of files. */
static enum kc_token lex_one(struct kc_reader *r)
{
	while (!r->fatal) {
		struct kc_file *f = r->file;
		enum kc_token token;

		if (!f || f->p == f->end)
			return lex_eof(r);
		if (*f->p == '\n') {
			f->p++;
			f->line++;
			r->value_next = false;
			return T_EOL;
		}
		if (r->value_next) {
			token = lex_value(r);
			if (token == T_VALUE)
				return token;
			continue;
		}
		if (is(*f->p, BLANK)) {
			f->p++;
		} else if (*f->p == '#') {
			f->p = line_end(f);
		} else if (*f->p == '\\' && f->end - f->p > 1 && f->p[1] == '\n') {
			f->p += 2;
			f->line++;
		} else if (is(*f->p, WORD) || *f->p == '$') {
			token = lex_word(r);
			if (token != T_EOL)
				return token;
		} else if (*f->p == '"' || *f->p == '\'') {
			return lex_string(r);
		} else {
			token = lex_op(f);
			if (token != T_EOF)
				return token;
			kc_say(r, true, "%s:%d:warning: ignoring unsupported character '%c'\n",
			       f->name, f->line, *f->p);
			f->p++;
		}
	}
	return T_EOF;
}

enum kc_token kc_lex(struct kc_reader *r)
{
	enum kc_token token;

	do {
		token = lex_one(r);
	} while (token == T_EOL && at_statement(r));
	if (at_statement(r) && r->file) {
		r->stmt_line = r->file->line;
		r->stmt_file = r->file->name;
	}
	if (r->before_that == T_EOL && r->before == T_WORD &&
	    (token == T_EQ || token == T_COLON_EQ || token == T_PLUS_EQ))
		r->value_next = true;
	r->before_that = r->before;
	r->before = token;
	return token;
}

/*
 * Blanks at the begin of a line of help. False: less than the first line had, which ends the text. first: 0 until
 * the first line is known.
 */
static bool help_indent(struct kc_file *f, int *last, int first, struct str *out)
{
	int column = 0;

	for (; f->p < f->end && is(*f->p, BLANK); f->p++)
		column = *f->p == '\t' ? (column & ~7) + 8 : column + 1;
	*last = column;
	if (!first)
		return true;
	if (column < first)
		return false;
	for (; column > first; column--)
		str_addc(out, ' ');
	return true;
}

/* Behind the end of a line: blank lines up to the next text. False: that stands at column 0. */
static bool help_newline(struct kc_file *f, struct str *out)
{
	f->p++;
	f->line++;
	if (f->p < f->end && *f->p != '\n' && !is(*f->p, BLANK))
		return false;
	str_addc(out, '\n');
	return true;
}

static void help_text(struct kc_file *f, struct str *out)
{
	const char *start = f->p, *end = line_end(f);

	f->p = end;
	while (end > start && is(end[-1], BLANK))
		end--;
	str_add(out, start, (size_t)(end - start));
}

const char *kc_lex_help(struct kc_reader *r)
{
	struct kc_file *f = r->file;
	auto_str struct str out = { 0 };
	int last = 0, first = 0;

	while (f && f->p < f->end) {
		const char *p = f->p;

		while (p < f->end && is(*p, BLANK))
			p++;
		if (p < f->end && *p == '\n') {
			f->p = p;
			if (!help_newline(f, &out))
				break;
		} else if (p > f->p) {
			if (!help_indent(f, &last, first, &out))
				break;
		} else {
			help_text(f, &out);
			if (!first)
				first = last;
		}
	}
	/* what is said of the text names the line behind it */
	if (f)
		r->stmt_line = f->line;
	r->before_that = r->before;
	r->before = T_HELPTEXT;
	return kc_region_strndup(&r->tree->mem, str_c(&out), out.n);
}

static int open_at(const struct kc_parse *spec, const char *path, struct stat *ret_st)
{
	int fd = openat(spec->dirfd, path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && fstat(fd, ret_st) < 0)
		fd = close_fd(fd);
	if (spec->turn)
		spec->turn(spec->ctx);
	if (spec->inputs)
		kc_inputs_file(spec->inputs, path, fd < 0 ? NULL : ret_st);
	return fd;
}

static int open_below(const struct kc_parse *spec, const char *name, struct stat *ret_st)
{
	auto_free char *path = NULL;
	const char *srctree;
	int fd = open_at(spec, name, ret_st);

	if (fd >= 0 || *name == '/')
		return fd;
	srctree = env_get(spec->env, "srctree");
	if (!srctree)
		return fd;
	path = xasprintf("%s/%s", srctree, name);
	return open_at(spec, path, ret_st);
}

static const char *intern_file(struct kc_reader *r, const char *name)
{
	char *known = map_get(&r->files, name);

	if (known)
		return known;
	known = kc_region_strdup(&r->tree->mem, name);
	map_set(&r->files, name, known);
	vec_push(&r->tree->files, known);
	return known;
}

static bool read_file(struct kc_file *f, int fd, const struct stat *st)
{
	ssize_t n;

	if (!S_ISREG(st->st_mode) || st->st_size > MAX_FILE)
		return false;
	n = read_full(fd, str_room(&f->text, (size_t)st->st_size + 1), (size_t)st->st_size);
	if (n < 0)
		return false;
	f->text.n = (size_t)n;
	f->p = f->text.s;
	f->end = f->p + f->text.n;
	return true;
}

bool kc_lex_open(struct kc_reader *r, const char *name)
{
	struct stat st;
	auto_close int fd = open_below(r->spec, name, &st);
	struct kc_file *f;

	if (fd < 0)
		return false;
	f = xnew(struct kc_file);
	if (!read_file(f, fd, &st)) {
		str_release(&f->text);
		free(f);
		return false;
	}
	if (++r->opened > MAX_OPENED)
		kc_fatal(r, "too many files");
	f->name = intern_file(r, name);
	f->line = 1;
	f->source_line = r->stmt_line;
	f->parent = r->file;
	r->file = f;
	r->depth++;
	return true;
}

/* False, and told: newer trees include a file once only. */
static bool is_first_inclusion(struct kc_reader *r, const char *name)
{
	const struct kc_pos *first = map_get(&r->included, name);
	struct kc_pos *here;

	if (!r->tree->dialect.include_once)
		return true;
	if (first) {
		kc_say(r, true,
		       "%s:%d: error: repeated inclusion of %s\n"
		       "%s:%d: note: location of first inclusion of %s\n",
		       r->stmt_file, r->stmt_line, name, first->file, first->line, name);
		r->fatal = true;
		return false;
	}
	here = kc_region_alloc(&r->tree->mem, sizeof(*here));
	*here = (struct kc_pos){ r->stmt_file, r->stmt_line };
	map_set(&r->included, name, here);
	return true;
}

/* Says by which way a file came to include itself; older trees go no further up than that file. */
static void say_recursion(struct kc_reader *r, const char *name)
{
	int line = r->stmt_line;

	kc_say(r, true, "Recursive inclusion detected.\nInclusion path:\n  current file : %s\n",
	       name);
	for (const struct kc_file *f = r->file; f; f = f->parent) {
		kc_say(r, true, "  included from: %s:%d\n", f->name, line);
		line = f->source_line;
		if (!r->tree->dialect.include_by_stack && !strcmp(f->name, name))
			break;
	}
	r->fatal = true;
}

void kc_lex_source(struct kc_reader *r, const char *name)
{
	if (r->unknown && strchr(name, KC_UNKNOWN_ANSWER))
		return;
	for (const struct kc_file *f = r->file; f; f = f->parent) {
		if (strcmp(f->name, name) != 0)
			continue;
		say_recursion(r, name);
		return;
	}
	if (r->depth >= MAX_DEPTH) {
		kc_fatal(r, "files included too deep");
		return;
	}
	if (!is_first_inclusion(r, name))
		return;
	if (!kc_lex_open(r, name)) {
		kc_say(r, true, "%s:%d: can't open file \"%s\"\n", r->stmt_file, r->stmt_line,
		       name);
		r->fatal = true;
	}
}

void kc_lex_release(struct kc_reader *r)
{
	while (r->file)
		end_file(r);
	for (size_t i = 0; i < countof(r->scratch); i++)
		str_release(&r->scratch[i]);
	map_release(&r->files, NULL);
	map_release(&r->included, NULL);
}
