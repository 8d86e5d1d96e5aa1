/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/modules/RELEASE as modules_install makes it. Installed first below the build folder, whose path kbuild can take, and then
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

static int install(const struct bld_take *t, const char *base, struct err *err)
{
	auto_strv struct strv more = { 0 };

	strv_adds(&more, "modules_install", "INSTALL_MOD_STRIP=1", "DEPMOD=true", NULL);
	strv_addf(&more, "INSTALL_MOD_PATH=%s", base);
	return bld_make(&t->o->kbuild, &more, err);
}

/* As they were linked, at their places below kernel/. */
static int take_unstripped(const struct bld_take *t, struct err *err)
{
	auto_free char *order = path_join(t->o->kbuild.build, "modules.order");
	auto_free char *below = path_join3("debug/lib/modules", t->release, "kernel");
	auto_free char *to = path_join(t->o->to, below);
	auto_str struct str text = { 0 };
	int r = t->o->debug ? file_read(AT_FDCWD, order, ORDER_MAX, &text, err) : 0;

	for (const char *p = str_c(&text); r == 0 && *p;) {
		auto_str struct str ko = { 0 };
		size_t n = strcspn(p, "\n");

		if (krn_order_path(p, n, &ko)) {
			auto_free char *from = path_join(t->o->kbuild.build, str_c(&ko));
			auto_free char *at = path_join(to, str_c(&ko));

			r = bld_copy_known(t->o->known, BLD_AS_IT_IS, from, at, err);
		}
		p += n + (p[n] == '\n');
	}
	return r;
}

int bld_take_modules(const struct bld_take *t, struct err *err)
{
	auto_free char *base = NULL, *below = path_join("lib/modules", t->release);
	auto_free char *from = NULL, *to = path_join(t->o->to, below);
	int r;

	if (!bld_take_has(t, "MODULES"))
		return 0;
	r = bld_take_scratch(t, "modules", &base, err);
	if (r < 0)
		return r;
	from = path_join(base, below);
	r = install(t, base, err);
	if (r == 0)
		r = drop_links(from, err);
	if (r == 0)
		r = bld_depmod(base, t->release, err);
	if (r == 0)
		r = bld_move(from, to, err);
	return r < 0 ? r : take_unstripped(t, err);
}
