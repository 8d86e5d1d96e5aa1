/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line that repeats a failed step. kbuild makes single objects as goals (Makefile, "single-targets"), but only below the
 * folders that its own Kbuild files name; boot code and host tools are made by rules of their own. For those the same goals are
 * asked for again: what is made already is not made again.
 */
#include "build/kbuild.h"

/* What kiln gave and a shell started from where kiln was does not have. */
static void add_env(char *const *env, struct strv *ret)
{
	bool first = true;

	for (char *const *e = env; e && *e; e++) {
		const char *equals = strchrnul(*e, '=');
		auto_free char *name = xstrndup(*e, (size_t)(equals - *e));

		if (!*name || !*equals || str_eq(env_get(environ, name), equals + 1))
			continue;
		if (first)
			strv_add(ret, "env");
		first = false;
		strv_add(ret, *e);
	}
}

static bool is_goal(const char *word)
{
	return *word != '-' && !strchr(word, '=');
}

/* Whether kbuild has a goal for it. */
static bool is_single(char *const *make, const char *object)
{
	static const char *const suffixes[] = { ".o", ".ko", ".lds" };
	static const char *const elsewhere[] = {
		"/boot/", "scripts/", "tools/", "usr/", "../", "/"
	};
	bool single = false;

	for (char *const *m = make; m && *m; m++)
		if (str_starts(*m, "M=") || str_starts(*m, "KBUILD_EXTMOD="))
			return false; /* its objects are named from elsewhere */
	if (!object || !strchr(object, '/') || str_ends(object, ".mod.o"))
		return false;
	for (size_t i = 0; i < countof(suffixes); i++)
		single |= str_ends(object, suffixes[i]);
	if (strstr(object, elsewhere[0]))
		return false;
	for (size_t i = 1; i < countof(elsewhere); i++)
		single &= !str_starts(object, elsewhere[i]);
	return single;
}

char *bld_kbuild_repeat(const struct bld_kbuild_spec *spec, const char *object)
{
	auto_strv struct strv argv = { 0 };
	const bool single = is_single(spec->make, object);

	add_env(spec->env, &argv);
	bld_kbuild_words(spec, &argv);
	for (char *const *m = spec->make; m && *m; m++)
		if (!single || !is_goal(*m))
			strv_add(&argv, *m);
	strv_adds(&argv, "-j1", "V=1", single ? object : NULL, NULL);
	return strv_quoted(argv.v);
}
