/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kconfig/part_edit.h"

#include "kconfig/part.h"

struct piece {
	size_t at, n; /* without its newline */
};

static bool find_line(const struct str *text, int n, struct piece *ret)
{
	const char *p = str_c(text);

	for (int i = 1; *p; i++) {
		size_t len = strcspn(p, "\n");

		if (i == n) {
			*ret = (struct piece){ (size_t)(p - text->s), len };
			return true;
		}
		p += len + (p[len] == '\n');
	}
	return false;
}

static void replace(struct str *text, size_t at, size_t n, const char *with)
{
	struct str new = { 0 };

	str_add(&new, str_c(text), at);
	str_adds(&new, with);
	str_adds(&new, str_c(text) + at + n);
	str_release(text);
	*text = new;
}

/* behind: what stands behind the value. With anything there only "=n" is read as n by every tool. */
static char *line_of(const char *name, const char *value, const char *behind)
{
	if (str_eq(value, "n") && !behind[strspn(behind, " \t\r")])
		return xasprintf("# CONFIG_%s is not set%s", name, behind);
	/* behind "is not set" a comment may stand at once, behind a value it may not */
	return xasprintf("CONFIG_%s=%s%s%s", name, value, *behind == '#' ? " " : "", behind);
}

/* What stands behind the value of a line, with the blanks in front of it. */
static const char *tail_of(const char *line)
{
	static const char words[] = " is not set";
	const char *p = strstr(line, words), *eq = strchr(line, '=');

	if (line[strspn(line, " \t")] == '#' && p)
		p += sizeof(words) - 1;
	else
		p = eq ? eq + 1 + kc_part_value_len(eq + 1) : line + strlen(line);
	while (p > line && strchr(" \t\r", p[-1]))
		p--;
	return p;
}

static bool is_blank(const char *line, size_t n)
{
	return strspn(line, " \t\r") >= n;
}

/* The directives on lines of their own that are about what stands at this place, but parts that they include. */
static void add_block(struct str *ret, const struct str *text, size_t at)
{
	for (const char *p = str_c(text); p < str_c(text) + at;) {
		size_t n = strcspn(p, "\n");
		const char *word = p + strspn(p, " \t\r");
		auto_free char *line = xstrndup(p, n);

		if (is_blank(p, n))
			str_clear(ret);
		else if (str_starts(word, "#kiln:") && !strstr(line, "include"))
			str_addf(ret, "%s\n", line);
		p += n + (p[n] == '\n');
	}
}

/*
 * What the kernel's conf takes for the value with all that stands behind it on its line, a comment too: numbers. Of y, m
 * and n it reads the first letter, of a text what is quoted.
 */
static bool is_bare(const char *value)
{
	return *value != '"' && !str_eq(value, "y") && !str_eq(value, "m") && !str_eq(value, "n");
}

static bool ends_blank(const struct str *text)
{
	return !text->n || str_ends(text->s, "\n\n");
}

static void append(struct str *text, const char *name, const char *value, bool override)
{
	const bool apart = override && is_bare(value);
	auto_free char *line = line_of(name, value, override && !apart ? " #kiln: override" : "");
	auto_str struct str block = { 0 };

	if (text->n && text->s[text->n - 1] != '\n')
		str_addc(text, '\n');
	add_block(&block, text, text->n);
	if (block.n || (apart && !ends_blank(text)))
		str_addc(text, '\n');
	str_addf(text, "%s%s\n%s", apart ? "#kiln: override\n" : "", line, apart ? "\n" : "");
}

/* A comment that stood behind a value, on a line of its own, where it must not be read as a value. */
static void add_comment(struct str *ret, const char *comment)
{
	if (*comment)
		str_addf(ret, "%s%s\n", str_starts(comment, "# CONFIG_") ? "#" : "", comment);
}

/* A line with directives of its own above it, and those around it again on both sides. */
static void add_apart(struct str *ret, const struct str *text, struct piece at, const char *line,
		      const char *directives)
{
	const char *behind = str_c(text) + at.at + at.n + (text->s[at.at + at.n] == '\n');
	const bool ends = is_blank(behind, strcspn(behind, "\n"));
	auto_str struct str block = { 0 };

	add_block(&block, text, at.at);
	if (at.at && !(at.at > 1 && text->s[at.at - 2] == '\n'))
		str_addc(ret, '\n');
	str_addf(ret, "%s%s\n%s%s", str_c(&block), directives, line, ends && *behind ? "" : "\n");
	/* the newline behind the old line makes an empty one, or ends the directives */
	if (block.n && !ends)
		str_addf(ret, "\n%.*s", (int)block.n - 1, block.s);
}

static void put(struct str *text, struct piece at, const char *name, const char *value,
		bool override)
{
	auto_free char *old = xstrndup(text->s + at.at, at.n);
	const char *tail = tail_of(old), *words = tail + strspn(tail, " \t\r");
	const bool directs = str_starts(words, "#kiln:"), bare = is_bare(value);
	auto_str struct str directives = { 0 }, new = { 0 };
	auto_free char *line = NULL;

	if (!*words || (!override && !bare)) {
		str_adds(&directives, override ? " #kiln: override" : tail);
		words += strlen(words);
	} else {
		str_addf(&directives, "%s%s%s", directs ? " " : "", directs ? words : "",
			 override ? " #kiln: override" : "");
		words += directs ? strlen(words) : 0;
	}
	add_comment(&new, words);
	if (bare && strstr(str_c(&directives), "#kiln:")) {
		line = line_of(name, value, "");
		add_apart(&new, text, at, line, str_c(&directives) + 1);
	} else {
		line = line_of(name, value, str_c(&directives));
		str_adds(&new, line);
	}
	replace(text, at.at, at.n, str_c(&new));
}

void kc_part_put(struct str *text, int n, const char *name, const char *value, bool override)
{
	struct piece at;

	if (find_line(text, n, &at))
		put(text, at, name, value, override);
	else
		append(text, name, value, override);
}

/* The directive that append() has put above the line, and the empty line below, go with it. */
static void widen(const struct str *text, struct piece *at)
{
	static const char above[] = "\n\n#kiln: override\n";
	const size_t n = sizeof(above) - 1;
	const char *line = text->s + at->at, *behind = line + at->n;
	/* at the beginning of the text there is no line above */
	const size_t skip = at->at < n ? 2 : 0;

	if ((skip && at->at != n - skip) || strncmp(line - (n - skip), above + skip, n - skip) != 0)
		return;
	if (*behind && behind[1] && behind[1] != '\n')
		return;
	at->at -= n - 2;
	at->n += n - 2 + (*behind && behind[1] == '\n');
}

void kc_part_drop(struct str *text, int n)
{
	struct piece at;

	if (!find_line(text, n, &at))
		return;
	widen(text, &at);
	replace(text, at.at, at.n + (text->s[at.at + at.n] == '\n'), "");
}
