/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expansion of $(NAME), $(NAME:a=b), $(function args), $x and $$. A variable that names itself is empty; depth and work are
 * bounded, so that nested $(foreach) of a hostile tree come to an end.
 */
#include "kbuild/make.h"

#define MAX_DEPTH 100

bool kb_mk_work(struct kb_mk *m, size_t n)
{
	*m->work -= MIN(*m->work, (uint64_t)n);
	return *m->work > 0;
}

bool kb_mk_put(struct kb_mk *m, const char *s, size_t n, struct str *ret)
{
	if (ret->n + n > KB_MK_MAX || !kb_mk_work(m, n))
		return false;
	str_add(ret, s, n);
	return true;
}

size_t kb_mk_close(const char *s, size_t n, char open, char close)
{
	size_t depth = 1;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == open)
			depth++;
		else if (s[i] == close && !--depth)
			return i;
	}
	return n;
}

const struct kb_mk_var *kb_mk_find(const struct kb_mk *m, const char *name)
{
	for (; m; m = m->outer) {
		const struct kb_mk_var *v = map_get(&m->vars, name);

		if (v)
			return v;
	}
	return NULL;
}

void kb_mk_part(struct kb_mk *m, const struct kb_mk_part *p, struct str *ret)
{
	if (p->simple)
		kb_mk_put(m, p->text, strlen(p->text), ret);
	else
		kb_mk_expand(m, p->text, strlen(p->text), ret);
}

/* Of lines that set a variable in branches that exclude each other the one counts that does where nothing is set. */
static bool is_other_branch(const struct kb_mk_part *p, bool any)
{
	return p->sets && any && !kb_cond_holds_unset(p->cond);
}

static void value_of(struct kb_mk *m, const struct kb_mk_var *v, struct str *ret)
{
	/* found through outer it may be another's, but reading is one thread's */
	struct kb_mk_var *mine = (struct kb_mk_var *)v;
	const size_t begin = ret->n;

	if (v->busy)
		return;
	mine->busy = true;
	for (size_t i = 0; i < v->n && kb_mk_work(m, 1); i++) {
		if (m->open && is_other_branch(&v->v[i], i > 0))
			continue;
		if (m->open && v->v[i].sets && ret->n > begin)
			str_cut(ret, begin);
		if (i && *v->v[i].text)
			str_addc(ret, ' ');
		kb_mk_part(m, &v->v[i], ret);
	}
	mine->busy = false;
}

void kb_mk_value(struct kb_mk *m, const char *name, struct str *ret)
{
	const struct kb_mk_var *v;

	if (name[0] >= '0' && name[0] <= '9' && !name[1]) {
		const size_t i = (size_t)(name[0] - '0');

		if (i < m->n_args && m->args[i])
			kb_mk_put(m, m->args[i], strlen(m->args[i]), ret);
		return;
	}
	v = kb_mk_find(m, name);
	if (v)
		value_of(m, v, ret);
	else if (m->open && str_skip(&name, "CONFIG_"))
		str_adds(ret, kb_open_value(m->open, m->arena, name));
}

/* "NAME:a=b", "NAME:%a=%b"; the brackets' content is expanded already. */
static void reference(struct kb_mk *m, const char *text, size_t n, struct str *ret)
{
	auto_str struct str value = { 0 };
	auto_free char *name = NULL;
	const char *colon = memchr(text, ':', n), *equals = NULL;
	size_t from_n, to_n;

	if (colon)
		equals = memchr(colon, '=', (size_t)(text + n - colon));
	if (!equals) {
		name = xstrndup(text, n);
		kb_mk_value(m, name, ret);
		return;
	}
	name = xstrndup(text, (size_t)(colon - text));
	kb_mk_value(m, name, &value);
	from_n = (size_t)(equals - colon - 1);
	to_n = (size_t)(text + n - equals - 1);
	if (memchr(colon + 1, '%', from_n)) {
		kb_mk_patsubst(m, colon + 1, from_n, equals + 1, to_n, str_c(&value), value.n, ret);
	} else { /* "a=b" is "%a=%b" */
		auto_free char *from = xasprintf("%%%.*s", (int)from_n, colon + 1);
		auto_free char *to = xasprintf("%%%.*s", (int)to_n, equals + 1);

		kb_mk_patsubst(m, from, from_n + 1, to, to_n + 1, str_c(&value), value.n, ret);
	}
}

/* What stands in brackets behind a $. */
static void bracket(struct kb_mk *m, const char *s, size_t n, struct str *ret)
{
	auto_str struct str inner = { 0 };
	const size_t word = MIN(strcspn(s, " \t)}"), n);

	if (word < n && (s[word] == ' ' || s[word] == '\t')) {
		size_t args = word;

		while (args < n && (s[args] == ' ' || s[args] == '\t'))
			args++;
		if (kb_mk_function(m, s, word, s + args, n - args, ret))
			return;
	}
	if (memchr(s, '$', n)) {
		kb_mk_expand(m, s, n, &inner);
		reference(m, str_c(&inner), inner.n, ret);
	} else {
		reference(m, s, n, ret);
	}
}

static size_t dollar(struct kb_mk *m, const char *s, size_t n, struct str *ret)
{
	const char close = *s == '(' ? ')' : '}';
	size_t end;

	if (!n)
		return 0;
	if (*s == '$') {
		str_addc(ret, '$');
		return 1;
	}
	if (*s != '(' && *s != '{') {
		kb_mk_value(m, (char[]){ *s, '\0' }, ret);
		return 1;
	}
	end = kb_mk_close(s + 1, n - 1, *s, close);
	bracket(m, s + 1, end, ret);
	return MIN(end + 2, n);
}

void kb_mk_expand(struct kb_mk *m, const char *text, size_t n, struct str *ret)
{
	if (m->depth >= MAX_DEPTH || !kb_mk_work(m, 1))
		return;
	m->depth++;
	while (n) {
		const char *d = memchr(text, '$', n);
		const size_t plain = d ? (size_t)(d - text) : n;
		size_t used = plain;

		if (!kb_mk_put(m, text, plain, ret))
			break;
		if (d)
			used += 1 + dollar(m, d + 1, n - plain - 1, ret);
		text += used;
		n -= used;
	}
	m->depth--;
}

/* Lists */

struct lister {
	struct kb_mk *m;
	const struct kb_mk_part *part;
	kb_mk_word_fn *fn;
	void *ctx;
};

static void list(const struct lister *l, const char *name, const struct kb_cond *cond);

static void words_of_text(const struct lister *l, const char *s, size_t n,
			  const struct kb_cond *cond)
{
	const char *end = s + n, *word;

	while (kb_mk_word(&s, end, &word, &n))
		l->fn(l->ctx, word, n, l->part, cond);
}

/* "$(NAME)": the name's length; 0: it is something else. */
static size_t plain_reference(const char *s, size_t n)
{
	if (n < 4 || s[0] != '$' || (s[1] != '(' && s[1] != '{') ||
	    s[n - 1] != (s[1] == '(' ? ')' : '}'))
		return 0;
	for (size_t i = 2; i < n - 1; i++)
		if (strchr(" \t:$(){},", s[i]))
			return 0;
	return n - 3;
}

/* A word as it stands, up to a blank outside of brackets. */
static size_t raw_word(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && !strchr(" \t\n", s[i])) {
		if (s[i] == '$' && i + 1 < n && (s[i + 1] == '(' || s[i + 1] == '{')) {
			const char close = s[i + 1] == '(' ? ')' : '}';

			i += 2;
			i += kb_mk_close(s + i, n - i, s[i - 1], close);
		}
		i += i < n;
	}
	return i;
}

static void words_of_raw(const struct lister *l, const char *s, size_t n,
			 const struct kb_cond *cond)
{
	while (n && kb_mk_work(l->m, 1)) {
		const size_t blank = strspn(s, " \t\n"), skip = MIN(blank, n);
		const size_t word = raw_word(s + skip, n - skip);
		const size_t name = plain_reference(s + skip, word);
		auto_str struct str text = { 0 };

		if (name) {
			auto_free char *of = xstrndup(s + skip + 2, name);

			list(l, of, cond);
		} else if (word) {
			kb_mk_expand(l->m, s + skip, word, &text);
			words_of_text(l, str_c(&text), text.n, cond);
		}
		s += skip + word;
		n -= skip + word;
	}
}

static void list(const struct lister *l, const char *name, const struct kb_cond *cond)
{
	struct kb_mk_var *v = (struct kb_mk_var *)kb_mk_find(l->m, name);

	if (!v || v->busy)
		return;
	v->busy = true;
	for (size_t i = 0; i < v->n; i++) {
		/* expanding it may add to the variable */
		const struct kb_mk_part p = v->v[i];
		const struct kb_cond *all = kb_cond_join(l->m->arena, p.cond, cond);
		struct lister own = *l;

		if (!own.part)
			own.part = &p;
		if (p.simple)
			words_of_text(&own, p.text, strlen(p.text), all);
		else
			words_of_raw(&own, p.text, strlen(p.text), all);
	}
	v->busy = false;
}

void kb_mk_each_word(struct kb_mk *m, const char *name, kb_mk_word_fn *fn, void *ctx)
{
	list(&(struct lister){ .m = m, .fn = fn, .ctx = ctx }, name, NULL);
}

void kb_mk_raw_words(struct kb_mk *m, const char *text, kb_mk_word_fn *fn, void *ctx)
{
	words_of_raw(&(struct lister){ .m = m, .fn = fn, .ctx = ctx }, text, strlen(text), NULL);
}
