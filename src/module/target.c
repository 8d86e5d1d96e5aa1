/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Read from the SDK alone, but for the vermagic, which is read from the first module that is there. */
#include "module/target.h"

#include "base/file.h"
#include "base/path.h"
#include "kernel/modinfo.h"

#include <errno.h>
#include <fcntl.h>

#define TEXT_MAX (16 << 20)
#define PREFIX	 "linux-headers-"

void mod_target_release(struct mod_target *c)
{
	free(c->folder);
	free(c->sdk);
	free(c->release);
	free(c->modules);
	free(c->srcarch);
	free(c->vermagic);
	dotconfig_release(&c->config);
	mod_symvers_release(&c->symvers);
	strv_release(&c->make);
	*c = (struct mod_target){ 0 };
}

bool mod_target_has(const struct mod_target *c, const char *symbol)
{
	return dotconfig_has(&c->config, symbol);
}

static int no_cell(const char *folder, struct err *err)
{
	err_set(err, -ENOENT, "there are no headers of a kernel in '%s'", folder);
	return err_hint(err, -ENOENT,
			"give a folder with usr/src/" PREFIX
			"RELEASE, as a build of a kernel with CONFIG_MODULES=y has it");
}

static int find_sdk(struct mod_target *c, struct err *err)
{
	auto_free char *src = path_join(c->folder, "usr/src");
	auto_strv struct strv names = { 0 };
	const char *found = NULL;

	if (access(src, F_OK) < 0 || file_names(AT_FDCWD, src, &names, NULL) < 0)
		return no_cell(c->folder, err);
	for (size_t i = 0; i < names.n; i++) {
		if (!str_starts(names.v[i], PREFIX))
			continue;
		if (found) {
			err_set(err, -EINVAL, "'%s' has headers of several kernels", src);
			return err_hint(err, -EINVAL, "%s and %s: give a folder with one of them",
					found, names.v[i]);
		}
		found = names.v[i];
	}
	if (found) {
		auto_free char *path = path_join(src, found);

		c->sdk = realpath(path, NULL);
	}
	return c->sdk ? 0 : no_cell(c->folder, err);
}

static int read_text(const struct mod_target *c, const char *name, struct str *ret, struct err *err)
{
	auto_free char *path = path_join(c->sdk, name);
	int r = file_read(AT_FDCWD, path, TEXT_MAX, ret, err);

	if (r == -ENOENT)
		err_hint(err, r, "the headers are not those of a kernel that was built to its end");
	return r;
}

static int read_release(struct mod_target *c, struct err *err)
{
	auto_str struct str text = { 0 };
	int r = read_text(c, "include/config/kernel.release", &text, err);

	if (r < 0)
		return r;
	c->release = xstrndup(str_c(&text), strcspn(str_c(&text), "\n"));
	if (!*c->release || strpbrk(c->release, "/ ") || *c->release == '.')
		return err_set(err, -EINVAL, "'%s' has no release of a kernel", c->sdk);
	return 0;
}

/* The one folder of arch/ that has a Makefile. */
static int find_arch(struct mod_target *c, struct err *err)
{
	auto_free char *arch = path_join(c->sdk, "arch");
	auto_strv struct strv names = { 0 };
	int r = file_names(AT_FDCWD, arch, &names, err);

	for (size_t i = 0; i < names.n && r == 0; i++) {
		auto_free char *makefile = path_join3(arch, names.v[i], "Makefile");

		if (access(makefile, F_OK) < 0)
			continue;
		if (c->srcarch)
			return err_set(err, -EINVAL, "'%s' is for several architectures", c->sdk);
		c->srcarch = xstrdup(names.v[i]);
	}
	if (r == 0 && !c->srcarch)
		r = err_set(err, -EINVAL, "'%s' is for no architecture", arch);
	return r;
}

/* How it was built decides how a module is; the rest (CROSS_COMPILE) is for the caller to know. */
static void add_make(struct mod_target *c)
{
	strv_addf(&c->make, "ARCH=%s", c->srcarch);
	if (mod_target_has(c, "CC_IS_CLANG"))
		strv_add(&c->make, mod_target_has(c, "LD_IS_LLD") ? "LLVM=1" : "CC=clang");
}

static void read_vermagic(struct mod_target *c)
{
	auto_free char *order = c->modules ? path_join(c->modules, "modules.dep") : NULL;
	auto_str struct str text = { 0 };

	if (!order || file_read(AT_FDCWD, order, TEXT_MAX, &text, NULL) < 0)
		return;
	for (const char *p = str_c(&text); *p && !c->vermagic;) {
		auto_free char *name = xstrndup(p, strcspn(p, ":\n"));
		auto_free char *path = path_join(c->modules, name);
		struct krn_module_facts f;

		if (str_starts(name, "kernel/") && krn_module_facts(path, &f, NULL) == 0) {
			c->vermagic = take_ptr(f.vermagic);
			krn_module_facts_release(&f);
		}
		p += strcspn(p, "\n");
		p += *p == '\n';
	}
}

static int read_all(struct mod_target *c, struct err *err)
{
	auto_str struct str config = { 0 };
	auto_free char *symvers = NULL, *modules = NULL;
	int r = find_sdk(c, err);

	if (r == 0)
		r = read_release(c, err);
	if (r == 0)
		r = read_text(c, ".config", &config, err);
	if (r == 0)
		r = find_arch(c, err);
	if (r < 0)
		return r;
	dotconfig_parse(&c->config, str_c(&config), config.n);
	add_make(c);
	modules = path_join3(c->folder, "lib/modules", c->release);
	if (access(modules, F_OK) == 0)
		c->modules = take_ptr(modules);
	read_vermagic(c);
	symvers = path_join(c->sdk, "Module.symvers");
	/* without CONFIG_MODULES there is none, which is told otherwise */
	return mod_target_has(c, "MODULES") ? mod_symvers_read(&c->symvers, symvers, err) : 0;
}

int mod_target_open(const char *folder, struct mod_target *ret, struct err *err)
{
	int r;

	*ret = (struct mod_target){ .folder = path_abs(folder) };
	r = read_all(ret, err);
	if (r < 0)
		mod_target_release(ret);
	return r;
}
