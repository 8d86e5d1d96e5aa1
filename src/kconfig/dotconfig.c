/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a .config. What is not a value line is passed over, as the kernel's own reader does. */
#include "kconfig/dotconfig.h"

#include "base/str.h"

struct reader {
	dotconfig_fn *fn;
	void *ctx;
	int line;
};

static void tell(struct reader *r, const char *name, size_t n_name, const char *value, size_t n)
{
	auto_free char *key = xstrndup(name, n_name), *text = xstrndup(value, n);

	r->fn(r->ctx, key, text, r->line);
}

/* "# CONFIG_NAME is not set"; the name ends at the first blank, and what follows is not looked at. */
static bool parse_unset(struct reader *r, const char *line, size_t n)
{
	static const char prefix[] = "# CONFIG_", unset[] = " is not set";
	const size_t skip = sizeof(prefix) - 1, words = sizeof(unset) - 1;
	const char *blank;

	if (n <= skip + words || memcmp(line, prefix, skip) != 0)
		return false;
	blank = memchr(line + skip, ' ', n - skip);
	if (!blank || blank == line + skip || (size_t)(line + n - blank) < words ||
	    memcmp(blank, unset, words) != 0)
		return false;
	tell(r, line + skip, (size_t)(blank - line) - skip, "n", 1);
	return true;
}

static void parse_line(struct reader *r, const char *line, size_t n)
{
	static const char prefix[] = "CONFIG_";
	const char *eq;

	if (n && line[n - 1] == '\r')
		n--;
	if (parse_unset(r, line, n))
		return;
	if (n < sizeof(prefix) || memcmp(line, prefix, sizeof(prefix) - 1) != 0)
		return;
	eq = memchr(line, '=', n);
	if (!eq)
		return;
	tell(r, line + sizeof(prefix) - 1, (size_t)(eq - line) - (sizeof(prefix) - 1), eq + 1,
	     (size_t)(line + n - eq - 1));
}

void dotconfig_each(const char *text, size_t n, dotconfig_fn *fn, void *ctx)
{
	struct reader r = { .fn = fn, .ctx = ctx };
	const char *end = text + n;

	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		const char *stop = nl ? nl : end;

		r.line++;
		parse_line(&r, text, (size_t)(stop - text));
		text = stop + 1;
	}
}

static void take(void *ctx, const char *name, const char *value, int line)
{
	struct dotconfig *c = ctx;

	map_set(&c->value, name, arena_strdup(&c->text, value));
}

void dotconfig_parse(struct dotconfig *c, const char *text, size_t n)
{
	dotconfig_each(text, n, take, c);
}

const char *dotconfig_get(const struct dotconfig *c, const char *name)
{
	const char *v = map_get(&c->value, name);

	return v ? v : "n";
}

bool dotconfig_has(const struct dotconfig *c, const char *name)
{
	return str_eq(dotconfig_get(c, name), "y");
}

void dotconfig_release(struct dotconfig *c)
{
	map_release(&c->value, NULL);
	arena_release(&c->text);
}
