/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of makefiles. A line that continues is put together first, then comments go, then it is a directive, an assignment or
 * a rule, in this order. Lines that begin with a tab behind a rule are commands; kbuild's files indent assignments by tabs too.
 */
#include "kbuild/make.h"

#include "base/file.h"
#include "base/path.h"

#include <ctype.h>
#include <fcntl.h>

#define MAX_FILE  (4 << 20)
#define MAX_FILES 16 /* one in another */
#define MAX_IFS	  64

struct branch {
	bool here;  /* its lines count */
	bool taken; /* one of the branches did */
	bool outer; /* what is around it counts */
	/* without a configuration: what is around it, and what else its next branch hangs on */
	const struct kb_cond *around, *rest;
	const char *symbol; /* that has to be set for it */
};

struct reader {
	struct kb_mk *m;
	const char *file;
	char *rest;
	int line, next; /* of the logical line; of the one behind it */
	struct branch ifs[MAX_IFS];
	size_t n_ifs, too_deep;
	bool in_rule;
	int in_define; /* depth */
	struct str define;
	char *define_name;
};

void kb_mk_init(struct kb_mk *m, const char *tree, const struct kb_mk *outer, struct arena *arena,
		uint64_t *work)
{
	*m = (struct kb_mk){ .tree = tree, .outer = outer, .arena = arena, .work = work };
	m->open = outer ? outer->open : NULL;
	m->rules = outer ? outer->rules : NULL;
}

static void var_free(void *p)
{
	struct kb_mk_var *v = p;

	if (v)
		free(v->v);
	free(v);
}

void kb_mk_release(struct kb_mk *m)
{
	map_release(&m->vars, var_free);
}

/* Variables */

static struct kb_mk_var *own_var(struct kb_mk *m, const char *name)
{
	struct kb_mk_var *v = map_get(&m->vars, name);
	const struct kb_mk_var *outer;

	if (v)
		return v;
	v = xnew(struct kb_mk_var);
	outer = m->outer ? kb_mk_find(m->outer, name) : NULL;
	if (outer) {
		v->simple = outer->simple;
		for (size_t i = 0; i < outer->n; i++)
			vec_push(v, outer->v[i]);
	}
	map_set(&m->vars, name, v);
	return v;
}

void kb_mk_set(struct kb_mk *m, const char *name, const char *value)
{
	struct kb_mk_var *v = own_var(m, name);

	v->n = 0;
	v->simple = true;
	vec_push(v, ((struct kb_mk_part){
			    .text = arena_strdup(m->arena, value), .simple = true, .file = "" }));
}

/* The first CONFIG_ name of a text, without that; NULL: none. */
static const char *symbol_in(struct kb_mk *m, const char *s, size_t n)
{
	for (const char *p = s; n >= 8 && (p = memmem(p, n - (size_t)(p - s), "CONFIG_", 7));
	     p += 7) {
		const char *name = p + 7;
		size_t len = 0;

		while (name + len < s + n &&
		       (isalnum((unsigned char)name[len]) || name[len] == '_'))
			len++;
		if (len)
			return arena_strndup(m->arena, name, len);
	}
	return NULL;
}

static const char *symbol_around(const struct reader *r)
{
	for (size_t i = r->n_ifs; i > 0; i--)
		if (r->ifs[i - 1].symbol)
			return r->ifs[i - 1].symbol;
	return NULL;
}

enum op { OP_SET, OP_SIMPLE, OP_DEFAULT, OP_ADD, OP_SHELL };

struct assignment {
	const char *name; /* as it stands */
	size_t name_n;
	enum op op;
	const char *value;
};

/* Without a configuration: a line for each name and each value that it may have. */

struct one_way {
	struct reader *r;
	const struct assignment *a;
	struct kb_mk_var *v;
	const struct kb_cond *cond; /* of the name */
	bool sets, any_cond;
	struct {
		struct kb_mk_part *v;
		size_t n, cap;
	} words;
};

static void try_name(void *ctx, struct str *ret)
{
	struct one_way *w = ctx;

	kb_mk_expand(w->r->m, w->a->name, w->a->name_n, ret);
}

static void try_value(void *ctx, struct str *ret)
{
	struct one_way *w = ctx;

	kb_mk_expand(w->r->m, w->a->value, strlen(w->a->value), ret);
}

static void push_way(struct one_way *w, const char *text, bool simple, const struct kb_cond *cond)
{
	struct reader *r = w->r;
	const struct kb_mk_part part = { .text = text,
					 .simple = simple,
					 .file = r->file,
					 .line = r->line,
					 .cond = cond,
					 .sets = w->sets };

	vec_push(w->v, part);
	w->sets = false;
}

static void keep_word(void *ctx, const char *word, size_t n, const struct kb_mk_part *part,
		      const struct kb_cond *cond)
{
	struct one_way *w = ctx;
	struct kb_mk *m = w->r->m;
	const struct kb_mk_part one = { .text = arena_strndup(m->arena, word, n), .cond = cond };

	w->any_cond |= cond != NULL;
	vec_push(&w->words, one);
}

/* What other lists hang on goes with their words. */
static void push_simple(struct one_way *w)
{
	struct kb_mk *m = w->r->m;
	auto_str struct str value = { 0 };

	if (strchr(w->a->value, '$'))
		kb_mk_raw_words(m, w->a->value, keep_word, w);
	for (size_t i = 0; i < w->words.n && w->any_cond; i++)
		push_way(w, w->words.v[i].text, true,
			 kb_cond_join(m->arena, w->words.v[i].cond, w->cond));
	free(w->words.v);
	if (w->any_cond)
		return;
	kb_mk_expand(m, w->a->value, strlen(w->a->value), &value);
	push_way(w, arena_strndup(m->arena, str_c(&value), value.n), true, w->cond);
}

static void push_ways(struct one_way *w)
{
	struct kb_mk *m = w->r->m;
	struct kb_table t;

	if (!strstr(w->a->value, "CONFIG_")) {
		if (w->v->simple)
			push_simple(w);
		else
			push_way(w, arena_strdup(m->arena, w->a->value), false, w->cond);
		return;
	}
	kb_table_make(m, try_value, w, &t);
	for (size_t i = 0; i < t.results.n; i++)
		push_way(w, arena_strdup(m->arena, t.results.v[i]), true,
			 kb_table_cond(m, &t, i, w->cond, w->r->file, w->r->line));
	kb_table_release(&t);
}

/* "libs-y := arch/arm64/lib/ $(libs-y)" adds. */
static bool names_itself(const char *value, const char *name)
{
	const size_t n = strlen(name);

	for (const char *p = value; (p = strchr(p, '$')); p++)
		if ((p[1] == '(' || p[1] == '{') && !strncmp(p + 2, name, n) &&
		    (p[2 + n] == ')' || p[2 + n] == '}'))
			return true;
	return false;
}

static void assign_one_way(struct reader *r, const struct assignment *a, const char *name,
			   const struct kb_cond *cond)
{
	struct one_way w = { .r = r,
			     .a = a,
			     .cond = cond,
			     .sets = a->op != OP_ADD && !names_itself(a->value, name) };

	if (a->op == OP_DEFAULT && kb_mk_find(r->m, name))
		return;
	w.v = own_var(r->m, name);
	if (a->op != OP_ADD)
		w.v->simple = a->op == OP_SIMPLE;
	if (w.sets && !cond)
		w.v->n = 0;
	if (a->op == OP_SHELL)
		push_way(&w, "", true, cond);
	else
		push_ways(&w);
}

static void assign_open(struct reader *r, const struct assignment *a)
{
	struct one_way w = { .r = r, .a = a };
	struct kb_table t;

	kb_table_make(r->m, try_name, &w, &t);
	for (size_t i = 0; i < t.results.n; i++) {
		const char *name = t.results.v[i];

		/* nothing reads "obj-" */
		if (!*name || (t.results.n > 1 && str_ends(name, "-")))
			continue;
		assign_one_way(r, a, name,
			       kb_table_cond(r->m, &t, i, r->m->cond, r->file, r->line));
	}
	kb_table_release(&t);
}

static void assign(struct reader *r, const struct assignment *a)
{
	struct kb_mk *m = r->m;
	auto_str struct str name = { 0 }, value = { 0 };
	struct kb_mk_part part = { .file = r->file, .line = r->line };
	struct kb_mk_var *v;

	if (m->open) {
		assign_open(r, a);
		return;
	}
	kb_mk_expand(m, a->name, a->name_n, &name);
	if (!name.n || (a->op == OP_DEFAULT && kb_mk_find(m, str_c(&name))))
		return;
	v = own_var(m, str_c(&name));
	if (a->op != OP_ADD)
		v->simple = a->op == OP_SIMPLE;
	part.simple = v->simple;
	if (v->simple)
		kb_mk_expand(m, a->value, strlen(a->value), &value);
	else if (a->op != OP_SHELL)
		str_adds(&value, a->value);
	part.text = arena_strndup(m->arena, str_c(&value), value.n);
	part.symbol = symbol_in(m, a->name, a->name_n);
	if (!part.symbol)
		part.symbol = symbol_in(m, a->value, strlen(a->value));
	if (!part.symbol)
		part.symbol = symbol_around(r);
	if (a->op != OP_ADD)
		v->n = 0;
	vec_push(v, part);
}

/* The operator outside of brackets. A colon that is no part of one makes it a rule. */
static bool find_operator(const char *line, struct assignment *ret)
{
	static const struct {
		const char *text;
		enum op op;
	} ops[] = {
		{ ":::=", OP_SET }, { "::=", OP_SIMPLE }, { ":=", OP_SIMPLE }, { "?=", OP_DEFAULT },
		{ "+=", OP_ADD },   { "!=", OP_SHELL },	  { "=", OP_SET },
	};

	for (const char *p = line; *p; p++) {
		if (*p == '$' && (p[1] == '(' || p[1] == '{')) {
			p += 2 + kb_mk_close(p + 2, strlen(p + 2), p[1], p[1] == '(' ? ')' : '}');
			if (!*p)
				return false;
			continue;
		}
		for (size_t i = 0; i < countof(ops) && strchr(":?+!=", *p); i++) {
			const char *value = p;

			if (!str_skip(&value, ops[i].text))
				continue;
			ret->name = line;
			ret->name_n = (size_t)(p - line);
			while (ret->name_n && isspace((unsigned char)line[ret->name_n - 1]))
				ret->name_n--;
			ret->op = ops[i].op;
			ret->value = value + strspn(value, " \t");
			return ret->name_n > 0;
		}
		if (*p == ':')
			return false;
	}
	return false;
}

/* Conditionals */

static bool counts(const struct reader *r)
{
	return !r->too_deep && (!r->n_ifs || r->ifs[r->n_ifs - 1].here);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* "(a,b)" or "'a' "b"": both sides, not expanded. */
static bool two_sides(const char *s, const char **a, size_t *a_n, const char **b, size_t *b_n)
{
	s += strspn(s, " \t");
	if (*s == '(') {
		const size_t end = kb_mk_close(s + 1, strlen(s + 1), '(', ')');
		int depth = 0;

		for (size_t i = 0; i < end; i++) {
			const char c = s[1 + i];

			depth += (c == '(' || c == '{') - (c == ')' || c == '}');
			if (c != ',' || depth)
				continue;
			*a = s + 1;
			*a_n = i;
			*b = s + 2 + i;
			*b_n = end - i - 1;
			return true;
		}
		return false;
	}
	for (int i = 0; i < 2; i++) {
		const char quote = *s, *end;

		if ((quote != '\'' && quote != '"') || !(end = strchr(s + 1, quote)))
			return false;
		*(i ? b : a) = s + 1;
		*(i ? b_n : a_n) = (size_t)(end - s - 1);
		s = end + 1 + strspn(end + 1, " \t");
	}
	return true;
}

static void trim(struct str *s)
{
	const size_t lead = s->n ? strspn(s->s, " \t") : 0;

	while (s->n && is_space(s->s[s->n - 1]))
		s->s[--s->n] = '\0';
	if (lead && s->n)
		memmove(s->s, s->s + lead, s->n - MIN(lead, s->n) + 1);
	s->n -= MIN(lead, s->n);
}

/*
 * *symbol: what has to be set. For "ifeq ($(CONFIG_X),y)", "ifneq ($(CONFIG_X),)" and "ifdef CONFIG_X", not where the
 * condition is that it is not.
 */
static bool test_equal(struct reader *r, const char *s, bool wanted, const char **symbol)
{
	auto_str struct str a = { 0 }, b = { 0 };
	const char *sa, *sb;
	size_t na, nb;

	if (!two_sides(s, &sa, &na, &sb, &nb))
		return false;
	kb_mk_expand(r->m, sa, na, &a);
	kb_mk_expand(r->m, sb, nb, &b);
	trim(&a);
	trim(&b);
	if (wanted != (b.n == 0) && !str_eq(str_c(&b), "n"))
		*symbol = symbol_in(r->m, sa, na);
	return str_eq(str_c(&a), str_c(&b)) == wanted;
}

static bool test_defined(struct reader *r, const char *s, bool wanted, const char **symbol)
{
	auto_str struct str name = { 0 }, value = { 0 };
	const struct kb_mk_var *v;

	kb_mk_expand(r->m, s, strlen(s), &name);
	trim(&name);
	v = kb_mk_find(r->m, str_c(&name));
	for (size_t i = 0; v && i < v->n; i++) /* its text counts, not its value */
		str_adds(&value, v->v[i].text);
	if (!v)
		kb_mk_value(r->m, str_c(&name), &value);
	if (wanted)
		*symbol = symbol_in(r->m, str_c(&name), name.n);
	return (value.n > 0) == wanted;
}

static bool test(struct reader *r, const char *s, const char **symbol)
{
	*symbol = NULL;
	if (str_skip(&s, "ifeq"))
		return test_equal(r, s, true, symbol);
	if (str_skip(&s, "ifneq"))
		return test_equal(r, s, false, symbol);
	if (str_skip(&s, "ifdef"))
		return test_defined(r, s, true, symbol);
	if (str_skip(&s, "ifndef"))
		return test_defined(r, s, false, symbol);
	return false;
}

static bool starts_word(const char *s, const char *word)
{
	const size_t n = strlen(word);

	return !strncmp(s, word, n) &&
	       (!s[n] || is_space(s[n]) || s[n] == '(' || s[n] == '\'' || s[n] == '"');
}

static bool is_if(const char *s)
{
	return starts_word(s, "ifeq") || starts_word(s, "ifneq") || starts_word(s, "ifdef") ||
	       starts_word(s, "ifndef");
}

/* Without a configuration. */

struct test_of {
	struct reader *r;
	const char *text;
};

static void try_test(void *ctx, struct str *ret)
{
	struct test_of *t = ctx;
	const char *symbol;

	str_adds(ret, test(t->r, t->text, &symbol) ? "y" : "n");
}

/* Begins a branch with that test ("": always), where what the last ones left over holds. */
static void test_open(struct reader *r, const char *s, struct branch *b)
{
	struct kb_mk *m = r->m;
	struct test_of test = { r, s };
	const struct kb_cond *last = b->rest;
	struct kb_table t;

	m->cond = last;
	b->here = true;
	b->taken = !*s;
	if (b->taken)
		return;
	kb_table_make(m, try_test, &test, &t);
	for (size_t i = 0; i < t.results.n && t.results.n > 1; i++)
		*(*t.results.v[i] == 'y' ? &m->cond : &b->rest) =
			kb_table_cond(m, &t, i, last, r->file, r->line);
	if (t.results.n == 1 && !t.more)
		b->here = b->taken = *t.results.v[0] == 'y';
	kb_table_release(&t);
}

static void begin_if(struct reader *r, const char *s)
{
	const bool outer = counts(r);
	struct branch b = { .outer = outer, .around = r->m->cond, .rest = r->m->cond };

	if (r->n_ifs == MAX_IFS) {
		r->too_deep++;
		return;
	}
	if (outer && r->m->open)
		test_open(r, s, &b);
	else if (outer)
		b.here = b.taken = test(r, s, &b.symbol);
	r->ifs[r->n_ifs++] = b;
}

static void next_branch(struct reader *r, const char *s)
{
	struct branch *b = r->n_ifs ? &r->ifs[r->n_ifs - 1] : NULL;

	if (!b || r->too_deep)
		return;
	b->symbol = NULL;
	b->here = false;
	if (!b->outer || b->taken)
		return;
	if (r->m->open) {
		test_open(r, is_if(s) ? s : "", b);
		return;
	}
	b->here = b->taken = !is_if(s) || test(r, s, &b->symbol);
}

static void end_if(struct reader *r)
{
	if (r->too_deep) {
		r->too_deep--;
	} else if (r->n_ifs) {
		r->n_ifs--;
		r->m->cond = r->ifs[r->n_ifs].around;
	}
}

/* True when the line was one of a conditional. */
static bool conditional(struct reader *r, const char *s)
{
	if (is_if(s))
		begin_if(r, s);
	else if (starts_word(s, "else"))
		next_branch(r, s + 4 + strspn(s + 4, " \t"));
	else if (starts_word(s, "endif"))
		end_if(r);
	else
		return false;
	return true;
}

/* Directives */

static void each_word(struct reader *r, const char *names,
		      void (*take)(struct reader *r, const char *word))
{
	auto_str struct str text = { 0 };
	const char *s, *word, *end;
	size_t n;

	kb_mk_expand(r->m, names, strlen(names), &text);
	s = str_c(&text);
	end = s + text.n;
	while (kb_mk_word(&s, end, &word, &n)) {
		auto_free char *one = xstrndup(word, n);

		take(r, one);
	}
}

static void include(struct reader *r, const char *path)
{
	if (str_skip(&path, r->m->tree))
		path += strspn(path, "/");
	/* what the configuration says was set before */
	if (*path != '/' && !str_starts(path, "include/"))
		kb_mk_read(r->m, path);
}

static void export(struct reader *r, const char *name)
{
	own_var(r->m, name)->exported = true;
}

static void begin_define(struct reader *r, const char *name)
{
	size_t n = strcspn(name, " \t=:+?");

	free(r->define_name);
	r->define_name = xstrndup(name, n);
	r->in_define = 1;
	str_clear(&r->define);
}

static void in_define(struct reader *r, const char *line)
{
	const char *s = line + strspn(line, " \t");

	if (starts_word(s, "define"))
		r->in_define++;
	if (starts_word(s, "endef") && !--r->in_define) {
		if (counts(r))
			assign(r, &(struct assignment){ r->define_name, strlen(r->define_name),
							OP_SET, str_c(&r->define) });
		return;
	}
	str_addf(&r->define, "%s%s", r->define.n ? "\n" : "", line);
}

/* Words in front of an assignment. */
static const char *skip_modifiers(const char *s, bool *exported)
{
	static const char *const words[] = { "export", "override", "private", "unexport" };

	for (size_t i = 0; i < countof(words); i++)
		if (starts_word(s, words[i])) {
			*exported |= i == 0;
			s += strlen(words[i]);
			s += strspn(s, " \t");
			i = (size_t)-1; /* again from the first */
		}
	return s;
}

static void statement(struct reader *r, const char *s)
{
	struct assignment a;
	bool exported = false;

	if (starts_word(s, "include") || starts_word(s, "-include") || starts_word(s, "sinclude")) {
		each_word(r, s + strcspn(s, " \t"), include);
		return;
	}
	s = skip_modifiers(s, &exported);
	if (starts_word(s, "define")) {
		begin_define(r, s + 6 + strspn(s + 6, " \t"));
		return;
	}
	if (find_operator(s, &a)) {
		assign(r, &a);
		if (exported) {
			auto_free char *name = xstrndup(a.name, a.name_n);

			each_word(r, name, export);
		}
		return;
	}
	if (exported) {
		each_word(r, s, export);
		return;
	}
	if (kb_mk_is_rule(s)) {
		r->in_rule = true;
		kb_mk_take_rule(r->m, s);
	} else if (strchr(s, '$')) { /* $(eval ...), $(call ...) */
		auto_str struct str text = { 0 };

		kb_mk_expand(r->m, s, strlen(s), &text);
	}
}

/* Lines */

/* A comment begins at a # that has no backslash before it, and stands in no brackets. */
static void cut_comment(char *line)
{
	for (char *p = line; *p; p++) {
		if (*p == '\\' && p[1] == '#') {
			memmove(p, p + 1, strlen(p));
			continue;
		}
		if (*p == '$' && (p[1] == '(' || p[1] == '{')) {
			const size_t left = strlen(p + 2);
			const size_t end = kb_mk_close(p + 2, left, p[1], p[1] == '(' ? ')' : '}');

			if (end < left)
				p += 2 + end;
			continue;
		}
		if (*p == '#') {
			*p = '\0';
			return;
		}
	}
}

static bool continues(const char *line)
{
	size_t n = strlen(line), slashes = 0;

	while (n && line[n - 1] == '\\') {
		n--;
		slashes++;
	}
	return slashes % 2;
}

static char *physical(struct reader *r)
{
	char *line = strsep(&r->rest, "\n");
	size_t n;

	if (!line || (!*line && !r->rest))
		return NULL;
	r->next++;
	n = strlen(line);
	if (n && line[n - 1] == '\r')
		line[n - 1] = '\0';
	return line;
}

/* Lines put together: a backslash and the blanks around it are one blank. */
static bool logical(struct reader *r, struct str *ret)
{
	char *line = physical(r);

	str_clear(ret);
	r->line = r->next;
	if (!line)
		return false;
	str_adds(ret, line);
	while (continues(str_c(ret))) {
		ret->s[--ret->n] = '\0';
		while (ret->n && is_space(ret->s[ret->n - 1]))
			ret->s[--ret->n] = '\0';
		line = physical(r);
		if (!line)
			break;
		str_addf(ret, " %s", line + strspn(line, " \t"));
	}
	return true;
}

static void one_line(struct reader *r, char *line)
{
	char *s;
	size_t n;

	if (r->in_define) {
		in_define(r, line);
		return;
	}
	if (*line == '\t' && r->in_rule)
		return;
	cut_comment(line);
	s = line + strspn(line, " \t");
	n = strlen(s);
	while (n && is_space(s[n - 1]))
		s[--n] = '\0';
	if (!*s || conditional(r, s))
		return;
	if (!counts(r)) {
		/* what stands in a definition is no directive */
		if (starts_word(s, "define"))
			begin_define(r, s + 6 + strspn(s + 6, " \t"));
		return;
	}
	r->in_rule = false;
	statement(r, s);
}

void kb_mk_read_text(struct kb_mk *m, char *text, const char *file)
{
	struct reader r = { .m = m, .file = file, .rest = text };
	const struct kb_cond *around = m->cond;
	auto_str struct str line = { 0 };

	if (m->depth >= 100)
		return;
	m->depth++;
	while (logical(&r, &line) && kb_mk_work(m, line.n + 1)) {
		if (!line.n)
			continue;
		one_line(&r, line.s);
	}
	m->cond = around;
	m->depth--;
	str_release(&r.define);
	free(r.define_name);
}

bool kb_mk_read(struct kb_mk *m, const char *path)
{
	auto_free char *full = path_join(m->tree, path);
	auto_str struct str text = { 0 };
	bool there;

	if (m->depth >= MAX_FILES * 4 || file_read(AT_FDCWD, full, MAX_FILE, &text, NULL) < 0)
		return false;
	there = true;
	m->depth += 3; /* a file counts more than an expansion: it takes more of the stack */
	if (text.n)
		kb_mk_read_text(m, text.s, arena_strdup(m->arena, path));
	m->depth -= 3;
	return there;
}
