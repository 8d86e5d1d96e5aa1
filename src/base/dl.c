/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/dl.h"
#include "base/str.h"

#include <dlfcn.h>
#include <errno.h>

/* What Debian calls the package, for the hint. */
static const char *package_of(const char *soname)
{
	static const char *const packages[][2] = {
		{ "libarchive.so.13", "libarchive13" }, { "libcrypto.so.3", "libssl3" },
		{ "libcurl.so.4", "libcurl4" },		{ "libcyaml.so.1", "libcyaml1" },
		{ "libkmod.so.2", "libkmod2" },		{ "libncursesw.so.6", "libncursesw6" },
		{ "libpci.so.3", "libpci3" },		{ "libsmartcols.so.1", "libsmartcols1" },
		{ "libyaml-0.so.2", "libyaml-0-2" },	{ "libz.so.1", "zlib1g" },
	};

	for (size_t i = 0; i < countof(packages); i++)
		if (str_eq(packages[i][0], soname))
			return packages[i][1];
	return NULL;
}

static int no_library(const char *soname, struct err *err)
{
	const char *package = package_of(soname);

	err_set(err, -ENOENT, "cannot load '%s': %s", soname, dlerror());
	if (package)
		return err_hint(err, -ENOENT, "on Debian and Ubuntu: apt install %s", package);
	return -ENOENT;
}

int dl_open(void **lib, const char *soname, const struct dl_sym *syms, size_t n, struct err *err)
{
	void *handle;

	if (*lib)
		return 0;
	handle = dlopen(soname, RTLD_LAZY | RTLD_LOCAL);
	if (!handle)
		return no_library(soname, err);
	for (size_t i = 0; i < n; i++) {
		*syms[i].ptr = dlsym(handle, syms[i].name);
		if (!*syms[i].ptr) {
			dlclose(handle);
			return err_set(err, -ENOSYS, "'%s' has no function '%s'", soname,
				       syms[i].name);
		}
	}
	*lib = handle;
	return 0;
}
