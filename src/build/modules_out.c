/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/modules/RELEASE as modules_install makes it, by it or without. Installed first below the build folder, whose path kbuild can take, and then
 * moved: the path of the store may have blanks, and make takes '%' and ':' for patterns.
 *
 * depmod is ours to call: the tree's depmod.sh leaves its files out where it finds none, and nobody would know.
 */
#include "base/file.h"
#include "base/path.h"
#include "build/copy.h"
#include "build/depmod.h"
#include "build/parts.h"
#include "build/step.h"
#include "kernel/find.h"

#include <errno.h>
#include <fcntl.h>

#define ORDER_MAX (16 << 20)
#define FEW	  64

/* They lead to where it was built. */
static int drop_links(const char *modules, struct err *err)
{
	static const char *const names[] = { "build", "source" };

	for (size_t i = 0; i < countof(names); i++) {
		auto_free char *path = path_join(modules, names[i]);

		if (unlink(path) < 0 && errno != ENOENT)
			return err_sys(err, "cannot remove '%s'", path);
	}
	return 0;
}

static int make_install(const struct bld_take *t, const char *base, struct err *err)
{
	auto_strv struct strv more = { 0 };

	strv_adds(&more, "modules_install", "INSTALL_MOD_STRIP=1", "DEPMOD=true", NULL);
	strv_addf(&more, "INSTALL_MOD_PATH=%s", base);
	bld_take_reads_tree(t);
	return bld_make(&t->o->kbuild, &more, err);
}

/* The modules that were built, by modules.order: "drivers/net/dummy.ko". */
static int read_order(const struct bld_take *t, struct strv *ret, struct err *err)
{
	auto_free char *order = path_join(t->o->kbuild.build, "modules.order");
	auto_str struct str text = { 0 };
	int r = file_read(AT_FDCWD, order, ORDER_MAX, &text, err);

	for (const char *p = str_c(&text); r == 0 && *p;) {
		auto_str struct str ko = { 0 };
		size_t n = strcspn(p, "\n");

		if (krn_order_path(p, n, &ko))
			strv_take(ret, str_take(&ko));
		p += n + (p[n] == '\n');
	}
	return r;
}

/*
 * Whether they are so few that it is quicker to install them here than to start make, and nothing is done to them that its rules
 * know better.
 */
static bool is_simple(const struct bld_take *t, const struct strv *modules)
{
	static const char *const done_to_them[] = { "MODULE_SIG_ALL", "MODULE_COMPRESS_GZIP",
						    "MODULE_COMPRESS_XZ", "MODULE_COMPRESS_ZSTD" };

	for (size_t i = 0; i < countof(done_to_them); i++)
		if (bld_take_has(t, done_to_them[i]))
			return false;
	/* behind a wrap each is a container of its own */
	return modules->n <= FEW && !bld_kbuild_is_wrapped(&t->o->kbuild);
}

static int put_order(const struct strv *modules, const char *to, struct err *err)
{
	auto_free char *path = path_join(to, "modules.order");
	auto_str struct str text = { 0 };

	for (size_t i = 0; i < modules->n; i++)
		str_addf(&text, "kernel/%s\n", modules->v[i]);
	return file_publish(path, str_c(&text), text.n, 0644, err);
}

/* What scripts/Makefile.modinst does, without make. to: lib/modules/RELEASE. */
static int own_install(const struct bld_take *t, const struct strv *modules, const char *to,
		       struct err *err)
{
	static const char *const lists[] = { "modules.builtin", "modules.builtin.modinfo",
					     "modules.builtin.ranges" };
	auto_strv struct strv installed = { 0 };
	int r = mkdir_p(to, 0755, err);

	for (size_t i = 0; i < modules->n && r == 0; i++) {
		auto_free char *from = path_join(t->o->kbuild.build, modules->v[i]);

		strv_take(&installed, path_join3(to, "kernel", modules->v[i]));
		r = bld_copy_file(from, installed.v[i], err);
	}
	if (r == 0)
		r = bld_take_strip_all(t, &installed, false, err);
	for (size_t i = 0; i < countof(lists) && r == 0; i++) {
		auto_free char *from = path_join(t->o->kbuild.build, lists[i]);
		auto_free char *at = path_join(to, lists[i]);

		/* by version and configuration */
		if (access(from, F_OK) == 0)
			r = bld_copy_file(from, at, err);
	}
	return r < 0 ? r : put_order(modules, to, err);
}

/* As they were linked, at their places below kernel/. */
static int take_unstripped(const struct bld_take *t, const struct strv *modules, struct err *err)
{
	auto_free char *below = path_join3("debug/lib/modules", t->release, "kernel");
	auto_free char *to = path_join(t->o->to, below);
	int r = 0;

	for (size_t i = 0; t->o->debug && i < modules->n && r == 0; i++) {
		auto_free char *from = path_join(t->o->kbuild.build, modules->v[i]);
		auto_free char *at = path_join(to, modules->v[i]);

		r = bld_copy_known(t->o->known, BLD_AS_IT_IS, from, at, err);
	}
	return r;
}

int bld_take_modules(const struct bld_take *t, struct err *err)
{
	auto_free char *base = NULL, *below = path_join("lib/modules", t->release);
	auto_free char *from = NULL, *to = path_join(t->o->to, below);
	auto_strv struct strv modules = { 0 };
	int r;

	if (!bld_take_has(t, "MODULES"))
		return 0;
	r = bld_take_scratch(t, "modules", &base, err);
	if (r == 0)
		r = read_order(t, &modules, err);
	if (r < 0)
		return r;
	from = path_join(base, below);
	r = is_simple(t, &modules) ? own_install(t, &modules, from, err)
				   : make_install(t, base, err);
	if (r == 0)
		r = drop_links(from, err);
	if (r == 0)
		r = bld_depmod(&t->o->kbuild, base, t->release, err);
	if (r == 0)
		r = bld_move(from, to, err);
	return r < 0 ? r : take_unstripped(t, &modules, err);
}
