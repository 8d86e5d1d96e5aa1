/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GNU make's functions on text. Those that tell, or run something, give nothing. */
#include "kbuild/make.h"

#include "base/path.h"

#include <glob.h>
#include <stdio.h>

#define MAX_ARGS 9
#define MAX_GLOB 10000

bool kb_mk_word(const char **s, const char *end, const char **word, size_t *n)
{
	const char *p = *s;

	while (p < end && strchr(" \t\n", *p))
		p++;
	if (p >= end)
		return false;
	*word = p;
	while (p < end && !strchr(" \t\n", *p))
		p++;
	*n = (size_t)(p - *word);
	*s = p;
	return true;
}

static void add_word(struct str *to, size_t from, const char *word, size_t n)
{
	if (to->n > from)
		str_addc(to, ' ');
	str_add(to, word, n);
}

bool kb_mk_match(const char *pattern, size_t pattern_n, const char *word, size_t n,
		 const char **stem, size_t *stem_n)
{
	const char *percent = memchr(pattern, '%', pattern_n);
	const size_t before = percent ? (size_t)(percent - pattern) : 0;
	const size_t behind = percent ? pattern_n - before - 1 : 0;

	if (!percent) {
		*stem = word;
		*stem_n = 0;
		return n == pattern_n && !memcmp(word, pattern, n);
	}
	if (n < before + behind || memcmp(word, pattern, before) ||
	    memcmp(word + n - behind, percent + 1, behind))
		return false;
	*stem = word + before;
	*stem_n = n - before - behind;
	return true;
}

void kb_mk_patsubst(struct kb_mk *m, const char *from, size_t from_n, const char *to, size_t to_n,
		    const char *text, size_t n, struct str *ret)
{
	const char *end = text + n, *word, *stem, *percent = memchr(to, '%', to_n);
	const size_t begin = ret->n;
	size_t word_n, stem_n;

	while (kb_mk_word(&text, end, &word, &word_n) && kb_mk_work(m, word_n + to_n) &&
	       ret->n < KB_MK_MAX) {
		if (!kb_mk_match(from, from_n, word, word_n, &stem, &stem_n)) {
			add_word(ret, begin, word, word_n);
		} else if (!percent || !memchr(from, '%', from_n)) {
			add_word(ret, begin, to, to_n);
		} else {
			add_word(ret, begin, to, (size_t)(percent - to));
			str_add(ret, stem, stem_n);
			str_add(ret, percent + 1, to_n - (size_t)(percent - to) - 1);
		}
	}
}

/* One call of a function: its arguments as they stand, and expanded when asked for. */
struct call {
	struct kb_mk *m;
	const char *raw[MAX_ARGS];
	size_t raw_n[MAX_ARGS];
	size_t n;
	struct str text[MAX_ARGS];
	bool known[MAX_ARGS];
	struct str *ret;
};

/* Splits at commas outside of brackets; the last one keeps what is left. */
static void split(struct call *c, const char *s, size_t n, size_t max)
{
	size_t begin = 0;
	int depth = 0;

	for (size_t i = 0; i <= n; i++) {
		if (i < n && (s[i] == '(' || s[i] == '{'))
			depth++;
		else if (i < n && (s[i] == ')' || s[i] == '}'))
			depth--;
		if (i < n && (s[i] != ',' || depth || c->n + 1 >= max))
			continue;
		c->raw[c->n] = s + begin;
		c->raw_n[c->n++] = i - begin;
		begin = i + 1;
	}
}

static const struct str *arg(struct call *c, size_t i)
{
	if (i < c->n && !c->known[i]) {
		kb_mk_expand(c->m, c->raw[i], c->raw_n[i], &c->text[i]);
		c->known[i] = true;
	}
	return &c->text[i];
}

static const char *arg_c(struct call *c, size_t i)
{
	return str_c(arg(c, i));
}

typedef void word_fn(const char *word, size_t n, struct str *ret);

static void each(struct call *c, size_t i, word_fn *fn)
{
	const struct str *text = arg(c, i);
	const char *s = str_c(text), *end = s + text->n, *word;
	const size_t begin = c->ret->n;
	size_t n;

	while (kb_mk_word(&s, end, &word, &n)) {
		struct str one = { 0 };

		fn(word, n, &one);
		if (one.n)
			add_word(c->ret, begin, str_c(&one), one.n);
		str_release(&one);
	}
}

static void f_subst(struct call *c)
{
	const struct str *from = arg(c, 0), *to = arg(c, 1);
	const char *s = arg_c(c, 2);

	while (from->n && *s) {
		const char *hit = strstr(s, str_c(from));

		if (!hit)
			break;
		str_add(c->ret, s, (size_t)(hit - s));
		if (!kb_mk_put(c->m, str_c(to), to->n, c->ret))
			return;
		s = hit + from->n;
	}
	kb_mk_put(c->m, s, strlen(s), c->ret);
}

static void f_patsubst(struct call *c)
{
	const struct str *from = arg(c, 0), *to = arg(c, 1), *text = arg(c, 2);

	kb_mk_patsubst(c->m, str_c(from), from->n, str_c(to), to->n, str_c(text), text->n, c->ret);
}

static void copy(const char *word, size_t n, struct str *ret)
{
	str_add(ret, word, n);
}

static void f_strip(struct call *c)
{
	each(c, 0, copy);
}

static bool fits_any(const struct str *patterns, const char *word, size_t n)
{
	const char *s = str_c(patterns), *end = s + patterns->n, *pattern, *stem;
	size_t pattern_n, stem_n;

	while (kb_mk_word(&s, end, &pattern, &pattern_n))
		if (kb_mk_match(pattern, pattern_n, word, n, &stem, &stem_n))
			return true;
	return false;
}

static void filter(struct call *c, bool keep)
{
	const struct str *patterns = arg(c, 0), *text = arg(c, 1);
	const char *s = str_c(text), *end = s + text->n, *word;
	const size_t begin = c->ret->n;
	size_t n;

	while (kb_mk_word(&s, end, &word, &n) && kb_mk_work(c->m, patterns->n + 1))
		if (fits_any(patterns, word, n) == keep)
			add_word(c->ret, begin, word, n);
}

static void f_filter(struct call *c)
{
	filter(c, true);
}

static void f_filter_out(struct call *c)
{
	filter(c, false);
}

static void f_findstring(struct call *c)
{
	if (strstr(arg_c(c, 1), arg_c(c, 0)))
		str_adds(c->ret, arg_c(c, 0));
}

static void words_of(struct call *c, size_t i, struct strv *ret)
{
	const struct str *text = arg(c, i);
	const char *s = str_c(text), *end = s + text->n, *word;
	size_t n;

	while (kb_mk_word(&s, end, &word, &n))
		strv_take(ret, xstrndup(word, n));
}

static void f_sort(struct call *c)
{
	auto_strv struct strv v = { 0 };
	const size_t begin = c->ret->n;

	words_of(c, 0, &v);
	strv_sort(&v);
	for (size_t i = 0; i < v.n; i++)
		if (!i || !str_eq(v.v[i], v.v[i - 1]))
			add_word(c->ret, begin, v.v[i], strlen(v.v[i]));
}

static void range(struct call *c, size_t text, uint64_t first, uint64_t last)
{
	auto_strv struct strv v = { 0 };
	const size_t begin = c->ret->n;

	words_of(c, text, &v);
	for (size_t i = 0; i < v.n; i++)
		if (i + 1 >= first && i + 1 <= last)
			add_word(c->ret, begin, v.v[i], strlen(v.v[i]));
}

static uint64_t number(struct call *c, size_t i)
{
	return strtoull(arg_c(c, i), NULL, 10);
}

static void f_word(struct call *c)
{
	range(c, 1, number(c, 0), number(c, 0));
}

static void f_wordlist(struct call *c)
{
	range(c, 2, number(c, 0), number(c, 1));
}

static void f_words(struct call *c)
{
	auto_strv struct strv v = { 0 };

	words_of(c, 0, &v);
	str_addf(c->ret, "%zu", v.n);
}

static void f_firstword(struct call *c)
{
	range(c, 0, 1, 1);
}

static void f_lastword(struct call *c)
{
	auto_strv struct strv v = { 0 };

	words_of(c, 0, &v);
	if (v.n)
		str_adds(c->ret, v.v[v.n - 1]);
}

static size_t base_at(const char *word, size_t n)
{
	const char *slash = memrchr(word, '/', n);

	return slash ? (size_t)(slash - word) + 1 : 0;
}

static size_t suffix_at(const char *word, size_t n)
{
	const size_t base = base_at(word, n);
	const char *dot = memrchr(word + base, '.', n - base);

	return dot ? (size_t)(dot - word) : n;
}

static void one_dir(const char *word, size_t n, struct str *ret)
{
	const size_t base = base_at(word, n);

	str_add(ret, base ? word : "./", base ? base : 2);
}

static void one_notdir(const char *word, size_t n, struct str *ret)
{
	const size_t base = base_at(word, n);

	str_add(ret, word + base, n - base);
}

static void one_suffix(const char *word, size_t n, struct str *ret)
{
	const size_t at = suffix_at(word, n);

	str_add(ret, word + at, n - at);
}

static void one_basename(const char *word, size_t n, struct str *ret)
{
	str_add(ret, word, suffix_at(word, n));
}

static void f_dir(struct call *c)
{
	each(c, 0, one_dir);
}

static void f_notdir(struct call *c)
{
	each(c, 0, one_notdir);
}

static void f_suffix(struct call *c)
{
	each(c, 0, one_suffix);
}

static void f_basename(struct call *c)
{
	each(c, 0, one_basename);
}

static void affix(struct call *c, bool prefix)
{
	const struct str *a = arg(c, 0), *text = arg(c, 1);
	const char *s = str_c(text), *end = s + text->n, *word;
	const size_t begin = c->ret->n;
	size_t n;

	while (kb_mk_word(&s, end, &word, &n) && kb_mk_work(c->m, a->n + n) &&
	       c->ret->n < KB_MK_MAX) {
		add_word(c->ret, begin, prefix ? str_c(a) : word, prefix ? a->n : n);
		str_add(c->ret, prefix ? word : str_c(a), prefix ? n : a->n);
	}
}

static void f_addprefix(struct call *c)
{
	affix(c, true);
}

static void f_addsuffix(struct call *c)
{
	affix(c, false);
}

static void f_join(struct call *c)
{
	auto_strv struct strv a = { 0 }, b = { 0 };
	const size_t begin = c->ret->n;

	words_of(c, 0, &a);
	words_of(c, 1, &b);
	for (size_t i = 0; i < MAX(a.n, b.n); i++) {
		const char *s = i < a.n ? a.v[i] : "";

		add_word(c->ret, begin, s, strlen(s));
		str_adds(c->ret, i < b.n ? b.v[i] : "");
	}
}

/* Below the tree alone: what a makefile looks for elsewhere is not part of it. */
static void f_wildcard(struct call *c)
{
	auto_strv struct strv v = { 0 };
	const size_t tree_n = strlen(c->m->tree), begin = c->ret->n;

	words_of(c, 0, &v);
	for (size_t i = 0; i < v.n && kb_mk_work(c->m, 1000); i++) {
		const bool absolute = *v.v[i] == '/';
		auto_free char *path = absolute ? xstrdup(v.v[i]) : path_join(c->m->tree, v.v[i]);
		glob_t g = { 0 };

		if (strncmp(path, c->m->tree, tree_n) || strstr(path, "/../") || strstr(path, "**"))
			continue;
		if (!strpbrk(path, "*?[")) {
			if (!access(path, F_OK))
				add_word(c->ret, begin, v.v[i], strlen(v.v[i]));
			continue;
		}
		if (glob(path, GLOB_NOESCAPE, NULL, &g) == 0)
			for (size_t k = 0; k < g.gl_pathc && k < MAX_GLOB; k++) {
				const char *hit = g.gl_pathv[k] + (absolute ? 0 : tree_n + 1);

				add_word(c->ret, begin, hit, strlen(hit));
			}
		globfree(&g);
	}
}

static bool is_true(struct call *c, size_t i)
{
	const char *s = arg_c(c, i);

	return s[strspn(s, " \t\n")] != '\0';
}

static void f_if(struct call *c)
{
	const size_t i = is_true(c, 0) ? 1 : 2;

	if (i < c->n)
		str_adds(c->ret, arg_c(c, i));
}

static void f_or(struct call *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (is_true(c, i)) {
			str_adds(c->ret, arg_c(c, i));
			return;
		}
}

static void f_and(struct call *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (!is_true(c, i))
			return;
	str_adds(c->ret, arg_c(c, c->n - 1));
}

static void var_free(struct kb_mk_var *v)
{
	free(v->v);
	free(v);
}

/* While the text is expanded the variable is another one; the text may assign to it, too. */
static void f_foreach(struct call *c)
{
	auto_strv struct strv v = { 0 };
	const char *name = arg_c(c, 0);
	struct kb_mk_var *var = xnew(struct kb_mk_var), *before;
	const size_t begin = c->ret->n;

	words_of(c, 1, &v);
	before = map_set(&c->m->vars, name, var);
	for (size_t i = 0; i < v.n && kb_mk_work(c->m, 1) && c->n > 2 && c->ret->n < KB_MK_MAX;
	     i++) {
		struct str one = { 0 };

		var->n = 0;
		var->simple = true;
		vec_push(var, ((struct kb_mk_part){ .text = v.v[i], .simple = true, .file = "" }));
		kb_mk_expand(c->m, c->raw[2], c->raw_n[2], &one);
		add_word(c->ret, begin, str_c(&one), one.n);
		str_release(&one);
	}
	map_set(&c->m->vars, name, before);
	var_free(var);
}

static void f_call(struct call *c)
{
	struct kb_mk *m = c->m;
	const char *args[10];
	const size_t n_args = m->n_args;
	const char *name = arg_c(c, 0);

	memcpy(args, m->args, sizeof(args));
	for (size_t i = 1; i < c->n; i++)
		arg(c, i); /* all of them with the caller's arguments */
	for (size_t i = 0; i < c->n; i++)
		m->args[i] = str_c(&c->text[i]);
	m->n_args = c->n;
	kb_mk_value(m, name + strspn(name, " \t"), c->ret);
	memcpy(m->args, args, sizeof(args));
	m->n_args = n_args;
}

static void f_eval(struct call *c)
{
	char *text = arena_strdup(c->m->arena, arg_c(c, 0));

	kb_mk_read_text(c->m, text, "$(eval)");
}

static void f_value(struct call *c)
{
	const struct kb_mk_var *v = kb_mk_find(c->m, arg_c(c, 0));

	for (size_t i = 0; v && i < v->n; i++)
		str_addf(c->ret, "%s%s", i ? " " : "", v->v[i].text);
}

static void f_origin(struct call *c)
{
	str_adds(c->ret, kb_mk_find(c->m, arg_c(c, 0)) ? "file" : "undefined");
}

static void f_flavor(struct call *c)
{
	const struct kb_mk_var *v = kb_mk_find(c->m, arg_c(c, 0));

	str_adds(c->ret, !v ? "undefined" : (v->simple ? "simple" : "recursive"));
}

static void f_same(struct call *c)
{
	str_adds(c->ret, arg_c(c, 0));
}

static void f_nothing(struct call *c)
{
}

static const struct function {
	const char *name;
	void (*run)(struct call *c);
	size_t args; /* more commas belong to the last one */
} functions[] = {
	/* clang-format off */
	{ "subst", f_subst, 3 },	{ "patsubst", f_patsubst, 3 },	{ "strip", f_strip, 1 },
	{ "findstring", f_findstring, 2 }, { "filter", f_filter, 2 },	{ "filter-out", f_filter_out, 2 },
	{ "sort", f_sort, 1 },		{ "word", f_word, 2 },		{ "wordlist", f_wordlist, 3 },
	{ "words", f_words, 1 },	{ "firstword", f_firstword, 1 }, { "lastword", f_lastword, 1 },
	{ "dir", f_dir, 1 },		{ "notdir", f_notdir, 1 },	{ "suffix", f_suffix, 1 },
	{ "basename", f_basename, 1 },	{ "addsuffix", f_addsuffix, 2 }, { "addprefix", f_addprefix, 2 },
	{ "join", f_join, 2 },		{ "wildcard", f_wildcard, 1 },	{ "realpath", f_same, 1 },
	{ "abspath", f_same, 1 },	{ "if", f_if, 3 },		{ "or", f_or, MAX_ARGS },
	{ "and", f_and, MAX_ARGS },	{ "foreach", f_foreach, 3 },	{ "call", f_call, MAX_ARGS },
	{ "eval", f_eval, 1 },		{ "value", f_value, 1 },	{ "origin", f_origin, 1 },
	{ "flavor", f_flavor, 1 },	{ "shell", f_nothing, 1 },	{ "error", f_nothing, 1 },
	{ "warning", f_nothing, 1 },	{ "info", f_nothing, 1 },	{ "file", f_nothing, 2 },
	/* clang-format on */
};

bool kb_mk_function(struct kb_mk *m, const char *name, size_t name_n, const char *args, size_t n,
		    struct str *ret)
{
	for (size_t i = 0; i < countof(functions); i++) {
		struct call c = { .m = m, .ret = ret };

		if (strlen(functions[i].name) != name_n || memcmp(functions[i].name, name, name_n))
			continue;
		split(&c, args, n, functions[i].args);
		if (kb_mk_work(m, 1))
			functions[i].run(&c);
		for (size_t k = 0; k < MAX_ARGS; k++)
			str_release(&c.text[k]);
		return true;
	}
	return false;
}
