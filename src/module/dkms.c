/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A line of shell is read only as far as it can be without one. What is not an assignment at the top, outside of `if` and the
 * like, may change any name that stands in it before a '=': those are marked as what only a shell can tell.
 */
#include "module/dkms.h"

#include <ctype.h>
#include <errno.h>

#define INDEX_MAX 10000
#define VALUE_MAX (64 << 10)

struct dkms_value {
	char *text;
	int line;
	bool shell; /* only a shell can tell; then text is what stands there */
};

struct reader {
	struct mod_dkms *d;
	const char *p, *end;
	int line;
	unsigned depth; /* of if, case, for, while, functions */
};

static void value_free(void *p)
{
	struct dkms_value *v = p;

	free(v->text);
	free(v);
}

void mod_dkms_release(struct mod_dkms *d)
{
	map_release(&d->values, value_free);
	free(d->name);
	*d = (struct mod_dkms){ 0 };
}

static void set(struct mod_dkms *d, const char *key, const char *text, int line, bool shell)
{
	struct dkms_value *v = xnew(struct dkms_value), *old;

	*v = (struct dkms_value){ xstrdup(text), line, shell };
	old = map_set(&d->values, key, v);
	if (old)
		value_free(old);
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static size_t name_length(const char *p, const char *end)
{
	size_t n = 0;

	if (p < end && isdigit((unsigned char)*p))
		return 0;
	while (p + n < end && is_name_char(p[n]))
		n++;
	return n;
}

/* "NAME=", "NAME[3]=" or either with '+': the key, and where the value begins. NULL: no assignment. */
static char *take_key(const char *p, const char *end, const char **ret_value, bool *ret_more)
{
	size_t n = name_length(p, end);
	const char *q = p + n;
	uint64_t index = 0;

	if (!n)
		return NULL;
	if (q < end && *q == '[') {
		const char *close = memchr(q, ']', (size_t)(end - q));
		auto_free char *text = close ? xstrndup(q + 1, (size_t)(close - q - 1)) : NULL;

		if (!text || !str_u64(text, &index) || index >= INDEX_MAX)
			return NULL;
		q = close + 1;
	}
	*ret_more = q < end && *q == '+';
	q += *ret_more;
	if (q >= end || *q != '=')
		return NULL;
	*ret_value = q + 1;
	return xasprintf("%.*s[%u]", (int)n, p, (unsigned)index);
}

/* Adds what "$NAME" or "${NAME}" at r->p stands for. False: it is more than that, or nobody knows the name. */
static bool expand(struct reader *r, struct str *to)
{
	const char *p = r->p + 1;
	bool brace = p < r->end && *p == '{';
	auto_free char *key = NULL;
	const struct dkms_value *v;
	size_t n;

	p += brace;
	n = name_length(p, r->end);
	if (!n || (brace && (p + n >= r->end || p[n] != '}')))
		return false;
	if (!brace && p + n < r->end && p[n] == '[')
		return false;
	key = xasprintf("%.*s[0]", (int)n, p);
	v = map_get(&r->d->values, key);
	if (!v || v->shell || to->n + strlen(v->text) > VALUE_MAX)
		return false;
	str_adds(to, v->text);
	r->p = p + n + brace;
	return true;
}

/* One character that is not in single quotes. False where only a shell knows; then it is taken as it is. */
static bool take_char(struct reader *r, bool quoted, struct str *to)
{
	char c;

	if (*r->p == '\\' && r->p + 1 < r->end) {
		/* within double quotes it is a character but in front of these (POSIX, 2.2.3) */
		if (quoted && !strchr("$`\"\\\n", r->p[1]))
			str_addc(to, '\\');
		if (r->p[1] == '\n')
			r->line++;
		else
			str_addc(to, r->p[1]);
		r->p += 2;
		return true;
	}
	if (*r->p == '$' && expand(r, to))
		return true;
	c = *r->p++;
	str_addc(to, c);
	return c != '`' && c != '$';
}

/* What stands between quotes; r->p is behind the first. */
static int take_quoted(struct reader *r, char quote, struct str *to, bool *shell, struct err *err)
{
	int line = r->line;

	while (r->p < r->end && *r->p != quote) {
		r->line += *r->p == '\n' && quote == '\'';
		if (quote == '\'')
			str_addc(to, *r->p++);
		else if (!take_char(r, true, to))
			*shell = true;
	}
	if (r->p >= r->end)
		return err_set(err, -EINVAL, "%s:%d: a quote does not end", r->d->name, line);
	r->p++;
	return 0;
}

static int take_value(struct reader *r, struct str *to, bool *shell, struct err *err)
{
	int ret = 0;

	*shell = false;
	while (ret == 0 && r->p < r->end && !strchr(" \t\n;", *r->p)) {
		char c = *r->p;

		if (to->n > VALUE_MAX)
			return err_set(err, -EFBIG, "%s:%d: an overlong value", r->d->name,
				       r->line);
		if (c == '"' || c == '\'') {
			r->p++;
			ret = take_quoted(r, c, to, shell, err);
		} else if (strchr("()|&<>", c)) {
			*shell = true;
			r->p++;
		} else if (!take_char(r, false, to)) {
			*shell = true;
		}
	}
	return ret;
}

static bool is_word(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(end - p) >= n && memcmp(p, word, n) == 0 &&
	       (p + n == end || !is_name_char(p[n]));
}

static bool is_any_word(const char *p, const char *end, const char *const *words)
{
	for (; *words; words++)
		if (is_word(p, end, *words))
			return true;
	return false;
}

/* A line, or what is left of one, that is no assignment: names before a '=' in it are anybody's guess from here on. */
static void pass_over(struct reader *r)
{
	static const char *const opens[] = {
		"if", "case", "for", "while", "until", "select", NULL
	};
	static const char *const closes[] = { "fi", "esac", "done", NULL };
	const char *end = memchr(r->p, '\n', (size_t)(r->end - r->p)) ?: r->end;
	bool start = true;

	for (const char *p = r->p; p < end; p++) {
		const char *value;
		bool more;
		auto_free char *key = NULL;

		if (start && is_any_word(p, end, opens))
			r->depth++;
		else if (start && is_any_word(p, end, closes))
			r->depth -= r->depth > 0;
		if (*p == '{' || *p == '}')
			r->depth += *p == '{' ? 1 : r->depth ? -1U : 0;
		key = start ? take_key(p, end, &value, &more) : NULL;
		if (key)
			set(r->d, key, "", r->line, true);
		start = !is_name_char(*p) && *p != '$';
	}
	r->p = end;
}

static int assign(struct reader *r, const char *key, bool more, struct err *err)
{
	const struct dkms_value *old = more ? map_get(&r->d->values, key) : NULL;
	auto_str struct str text = { 0 };
	bool shell = false;
	int line = r->line, ret;

	if (old)
		str_adds(&text, old->text);
	ret = take_value(r, &text, &shell, err);
	if (ret < 0)
		return ret;
	set(r->d, key, str_c(&text), line, shell || r->depth || (old && old->shell));
	return 0;
}

static int statement(struct reader *r, struct err *err)
{
	const char *value;
	bool more;
	auto_free char *key = take_key(r->p, r->end, &value, &more);

	if (key) {
		r->p = value;
		return assign(r, key, more, err);
	}
	pass_over(r);
	return 0;
}

static int read_all(struct reader *r, struct err *err)
{
	int ret = 0;

	while (ret == 0 && r->p < r->end) {
		if (*r->p == '#') {
			r->p = memchr(r->p, '\n', (size_t)(r->end - r->p)) ?: r->end;
		} else if (strchr(" \t\r\n;", *r->p)) {
			r->line += *r->p == '\n';
			r->p++;
		} else if (*r->p == '\\' && r->p + 1 < r->end && r->p[1] == '\n') {
			r->line++;
			r->p += 2;
		} else {
			ret = statement(r, err);
		}
	}
	return ret;
}

int mod_dkms_parse(struct mod_dkms *d, const char *text, size_t n, const char *name,
		   char *const *vars, struct err *err)
{
	struct reader r = { .d = d, .p = text, .end = text + n, .line = 1 };
	int ret;

	*d = (struct mod_dkms){ .name = xstrdup(name) };
	if (memchr(text, '\0', n))
		ret = err_set(err, -EINVAL, "'%s' is not a text", name);
	else
		ret = 0;
	for (size_t i = 0; ret == 0 && vars && vars[i]; i++) {
		size_t len = strcspn(vars[i], "=");
		auto_free char *key = xasprintf("%.*s[0]", (int)len, vars[i]);

		set(d, key, vars[i][len] ? vars[i] + len + 1 : "", 0, false);
	}
	if (ret == 0)
		ret = read_all(&r, err);
	if (ret < 0)
		mod_dkms_release(d);
	return ret;
}

int mod_dkms_get(const struct mod_dkms *d, const char *name, unsigned index, char **ret,
		 struct err *err)
{
	auto_free char *key = xasprintf("%s[%u]", name, index);
	const struct dkms_value *v = map_get(&d->values, key);

	*ret = NULL;
	if (v && v->shell) {
		err_set(err, -ENOTSUP, "%s:%d: what %s is only a shell can tell", d->name, v->line,
			name);
		return err_hint(err, -ENOTSUP,
				"build its folder without dkms.conf, or write a recipe for it "
				"(kiln-module-build(1))");
	}
	if (v)
		*ret = xstrdup(v->text);
	return 0;
}

unsigned mod_dkms_count(const struct mod_dkms *d, const char *name)
{
	for (unsigned i = 0;; i++) {
		auto_free char *key = xasprintf("%s[%u]", name, i);

		if (i == INDEX_MAX || !map_has(&d->values, key))
			return i;
	}
}

static int not_words(const char *command, struct err *err)
{
	err_set(err, -ENOTSUP, "only a shell can run '%s'", command);
	return err_hint(err, -ENOTSUP, "write a recipe for it (kiln-module-build(1))");
}

/* The part of a word at *p, up to its end or a quote's. */
static bool take_part(const char **p, struct str *word)
{
	char quote = **p == '"' || **p == '\'' ? *(*p)++ : '\0';

	if (!quote && strchr("|&;<>()`$*?[#~\n", **p))
		return false;
	if (!quote) {
		*p += **p == '\\' && (*p)[1];
		str_addc(word, *(*p)++);
		return true;
	}
	for (; **p && **p != quote; (*p)++) {
		if (quote == '"' && strchr("`$", **p))
			return false;
		if (quote == '"' && **p == '\\' && (*p)[1] && strchr("$`\"\\", (*p)[1]))
			(*p)++;
		str_addc(word, **p);
	}
	return *(*p)++ == quote;
}

int mod_words(const char *command, struct strv *ret, struct err *err)
{
	const char *p = command + strspn(command, " \t");

	while (*p) {
		auto_str struct str word = { 0 };

		while (*p && *p != ' ' && *p != '\t')
			if (!take_part(&p, &word))
				return not_words(command, err);
		strv_take(ret, str_take(&word));
		p += strspn(p, " \t");
	}
	return 0;
}
