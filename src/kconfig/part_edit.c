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

/* Whether a directive on a line of its own reaches to the end: no empty line is behind it. */
static bool is_reached(const struct str *text)
{
	bool reached = false;

	for (const char *p = str_c(text); *p;) {
		size_t n = strcspn(p, "\n");
		const char *word = p + strspn(p, " \t\r");

		if (word == p + n)
			reached = false;
		else if (str_starts(word, "#kiln:"))
			reached = true;
		p += n + (p[n] == '\n');
	}
	return reached;
}

static void append(struct str *text, const char *name, const char *value, bool override)
{
	auto_free char *line = line_of(name, value, override ? " #kiln: override" : "");

	if (text->n && text->s[text->n - 1] != '\n')
		str_addc(text, '\n');
	if (is_reached(text))
		str_addc(text, '\n');
	str_addf(text, "%s\n", line);
}

void kc_part_put(struct str *text, int n, const char *name, const char *value, bool override)
{
	auto_free char *old = NULL, *new = NULL;
	struct piece at;

	if (!find_line(text, n, &at)) {
		append(text, name, value, override);
		return;
	}
	old = xstrndup(text->s + at.at, at.n);
	new = line_of(name, value, tail_of(old));
	replace(text, at.at, at.n, new);
}

void kc_part_drop(struct str *text, int n)
{
	struct piece at;

	if (find_line(text, n, &at))
		replace(text, at.at, at.n + (text->s[at.at + at.n] == '\n'), "");
}
