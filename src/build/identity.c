/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/identity.h"

#include <errno.h>

/* Counts up when kiln makes other bytes of the same inputs. */
#define RECIPE 1

#define MAX_RELEASE 64
#define ID_DIGITS   12

static const char name_line[] = "CONFIG_LOCALVERSION=";
static const char auto_line[] = "CONFIG_LOCALVERSION_AUTO";

static bool is_naming(const char *line)
{
	return str_starts(line, name_line) || str_starts(line, auto_line) ||
	       (str_skip(&line, "# ") && str_starts(line, auto_line));
}

static bool is_setting(const char *line, size_t n)
{
	static const char unset[] = " is not set";
	const size_t end = sizeof(unset) - 1;

	return str_starts(line, "CONFIG_") ||
	       (str_starts(line, "# CONFIG_") && n > end && !strncmp(line + n - end, unset, end));
}

/* Headings hold the compiler's name and the kernel's version, which are inputs of their own. */
static void add_settings(const char *config, struct str *to)
{
	for (const char *p = config; *p;) {
		size_t n = strcspn(p, "\n");

		if (is_setting(p, n) && !is_naming(p)) {
			str_add(to, p, n);
			str_addc(to, '\n');
		}
		p += n + (p[n] == '\n');
	}
}

static void add_indented(const char *text, struct str *to)
{
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");

		str_adds(to, "  ");
		str_add(to, p, n);
		str_addc(to, '\n');
		p += n + (p[n] == '\n');
	}
}

int bld_identity_text(const struct bld_inputs *in, struct str *ret, struct err *err)
{
	auto_str struct str settings = { 0 };
	char config[DIGEST_HEX + 1];
	int r;

	add_settings(in->config, &settings);
	r = digest_text(str_c(&settings), config, err);
	if (r < 0)
		return r;
	str_addf(ret, "recipe %d\nsource sha256:%s\nversion %s\n", RECIPE, in->source, in->version);
	for (size_t i = 0; i < in->patches->n; i++)
		str_addf(ret, "patch sha256:%s\n", in->patches->v[i]);
	str_addf(ret, "arch %s\nlabel %s\nconfig sha256:%s\n", in->arch, in->label, config);
	for (char *const *e = in->env; *e; e++)
		str_addf(ret, "env %s\n", *e);
	if (in->debug_info)
		str_adds(ret, "output debug_info\n");
	str_adds(ret, "toolchain\n");
	add_indented(in->toolchain, ret);
	str_adds(ret, "tools\n");
	add_indented(in->tools, ret);
	return 0;
}

int bld_identity(const struct bld_inputs *in, char ret_hex[DIGEST_HEX + 1], struct err *err)
{
	auto_str struct str text = { 0 };
	int r = bld_identity_text(in, &text, err);

	return r < 0 ? r : digest_text(str_c(&text), ret_hex, err);
}

char *bld_config_named(const char *config, const char *version, const char *label, const char *id)
{
	/* "6.1.176" "-" label "-" 12 digits */
	size_t taken = strlen(version) + 2 + ID_DIGITS;
	int room = taken < MAX_RELEASE ? (int)(MAX_RELEASE - taken) : 0;
	struct str out = { 0 };

	for (const char *p = config; *p;) {
		size_t n = strcspn(p, "\n");

		if (str_starts(p, name_line))
			str_addf(&out, "%s\"-%.*s%s%.*s\"\n", name_line, room, label,
				 room ? "-" : "", ID_DIGITS, id);
		else if (is_naming(p))
			str_addf(&out, "# %s is not set\n", auto_line);
		else
			str_addf(&out, "%.*s\n", (int)n, p);
		p += n + (p[n] == '\n');
	}
	return str_take(&out);
}

const char *bld_localversion(const char *config, size_t *ret_n)
{
	static const char begin[] = "CONFIG_LOCALVERSION=\"";
	const char *line = config;

	while (line && !str_starts(line, begin))
		line = (line = strchr(line, '\n')) ? line + 1 : NULL;
	line = line ? line + strlen(begin) : "";
	*ret_n = strcspn(line, "\"\n");
	return line;
}

char *bld_label(const char *config, const char *name)
{
	size_t n;
	const char *value = bld_localversion(config, &n);
	const size_t dash = n && *value == '-';
	char *label;

	if (n > dash)
		return xstrndup(value + dash, n - dash);
	label = xstrdup(name);
	for (char *p = label; *p; p++)
		if (*p == '/')
			*p = '-';
	return label;
}

char *bld_release(const char *config, const char *version)
{
	size_t n;
	const char *value = bld_localversion(config, &n);

	return xasprintf("%s%.*s", version, (int)n, value);
}
