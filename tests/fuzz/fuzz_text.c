/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The texts that come with a kernel. The first byte chooses: 'c' a .config; 'm' depmod's files, one behind the other
 * with a form feed between: modules.dep, modules.softdep, modules.alias, modules.builtin, and the names to load.
 */
#include "fuzz.h"
#include "scratch.h"

#include "base/path.h"
#include "kconfig/dotconfig.h"
#include "kernel/arch.h"
#include "kernel/modules.h"

#include <fcntl.h>

#define FILES_MAX 32 /* modules made of a modules.dep: more only takes time */
#define NAMES_MAX 8

static void config(const char *text, size_t n)
{
	auto_free char *copy = xstrndup(text, n);
	cleanup(dotconfig_release) struct dotconfig c = { 0 };

	dotconfig_parse(&c, text, n);
	for (size_t i = 0; i < c.value.n; i++) {
		const char *name = c.value.v[i].key, *value = dotconfig_get(&c, name);

		fuzz_need(!strchr(name, '\n') && !strchr(value, '\n'));
	}
	krn_arch_of_config(copy);
}

static void put(const char *dir, const char *name, const char *text, size_t n)
{
	auto_free char *path = path_join(dir, name);
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	/* not every name that is made up can be that of a file */
	if (fd >= 0 && write_all(fd, text, n) < 0)
		abort();
}

/* The modules that are listed, so that they are found. */
static void put_modules(const char *dir, const char *dep)
{
	for (size_t i = 0; *dep && i < FILES_MAX; i++) {
		auto_free char *name = xstrndup(dep, strcspn(dep, ":\n"));
		auto_free char *path = path_join(dir, name);
		auto_free char *parent = path_dir(path);

		if (*name && *name != '/' && !strstr(name, "..") &&
		    mkdir_p(parent, 0700, NULL) == 0)
			put(dir, name, "", 0);
		dep += strcspn(dep, "\n");
		dep += *dep == '\n';
	}
}

static void check(const struct strv *files)
{
	for (size_t i = 0; i < files->n; i++) {
		fuzz_need(files->v[i][0] == '/' && !strstr(files->v[i], "/../"));
		fuzz_need(access(files->v[i], F_OK) == 0);
		for (size_t j = 0; j < i; j++)
			fuzz_need(!str_eq(files->v[i], files->v[j]));
	}
}

static void load(const char *dir, const char *text, size_t n)
{
	struct krn k = { .kind = KRN_INSTALLED, .modules = (char *)dir };
	auto_strv struct strv names = { 0 }, files = { 0 }, missing = { 0 };
	auto_free char *copy = xstrndup(text, n);
	auto_err struct err err = { 0 };

	for (char *p = copy; *p && names.n < NAMES_MAX; p += strcspn(p, "\n"), p += *p == '\n')
		strv_take(&names, xstrndup(p, strcspn(p, "\n")));
	if (krn_modules_closure(&k, (const char *const *)names.v, names.n, &files, &missing, &err) <
	    0)
		fuzz_need(err.msg != NULL);
	else
		check(&files);
}

static void modules(const char *text, size_t n)
{
	static const char *const lists[] = { "modules.dep", "modules.softdep", "modules.alias",
					     "modules.builtin" };
	auto_free char *dir = fuzz_empty_dir("m");
	const char *end = text + n;

	for (size_t i = 0; i < countof(lists); i++) {
		const char *stop = memchr(text, '\f', (size_t)(end - text));
		size_t len = (size_t)((stop ? stop : end) - text);

		put(dir, lists[i], text, len);
		if (i == 0) {
			auto_free char *dep = xstrndup(text, len);

			put_modules(dir, dep);
		}
		text = stop ? stop + 1 : end;
	}
	load(dir, text, (size_t)(end - text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n && data[0] == 'c')
		config((const char *)data + 1, n - 1);
	else if (n && data[0] == 'm')
		modules((const char *)data + 1, n - 1);
	return 0;
}
