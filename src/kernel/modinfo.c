/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libkmod for one purpose: the .modinfo of a module file, compressed or not. */
#include "kernel/modinfo.h"

#include "base/dl.h"

#include <errno.h>
#include <libkmod.h>

DL_FUNC(kmod_new);
DL_FUNC(kmod_unref);
DL_FUNC(kmod_module_new_from_path);
DL_FUNC(kmod_module_unref);
DL_FUNC(kmod_module_get_info);
DL_FUNC(kmod_module_info_get_key);
DL_FUNC(kmod_module_info_get_value);
DL_FUNC(kmod_module_info_free_list);
DL_FUNC(kmod_list_next);

static const struct dl_sym syms[] = {
	DL_SYM(kmod_new),
	DL_SYM(kmod_unref),
	DL_SYM(kmod_module_new_from_path),
	DL_SYM(kmod_module_unref),
	DL_SYM(kmod_module_get_info),
	DL_SYM(kmod_module_info_get_key),
	DL_SYM(kmod_module_info_get_value),
	DL_SYM(kmod_module_info_free_list),
	DL_SYM(kmod_list_next),
};

static void take_info(const struct kmod_list *list, char **ret_depends, struct strv *ret_soft)
{
	for (const struct kmod_list *l = list; l; l = dl_kmod_list_next(list, l)) {
		const char *key = dl_kmod_module_info_get_key(l);
		const char *value = dl_kmod_module_info_get_value(l);

		if (str_eq(key, "softdep"))
			strv_add(ret_soft, value);
		else if (str_eq(key, "depends") && value && *value && !*ret_depends)
			*ret_depends = xstrdup(value);
	}
}

int krn_modinfo(const char *path, char **ret_depends, struct strv *ret_soft, struct err *err)
{
	static void *lib;
	const char *no_config = NULL; /* the host's modprobe.d is none of this kernel's business */
	struct kmod_module *mod = NULL;
	struct kmod_list *list = NULL;
	struct kmod_ctx *ctx;
	int r = dl_open(&lib, "libkmod.so.2", syms, countof(syms), err);

	if (r < 0)
		return r;
	ctx = dl_kmod_new("/", &no_config);
	if (!ctx)
		return err_set(err, -ENOMEM, "cannot use libkmod");
	r = dl_kmod_module_new_from_path(ctx, path, &mod);
	if (r >= 0)
		r = dl_kmod_module_get_info(mod, &list);
	if (r >= 0)
		take_info(list, ret_depends, ret_soft);
	dl_kmod_module_info_free_list(list);
	if (mod)
		dl_kmod_module_unref(mod);
	dl_kmod_unref(ctx);
	return r < 0 ? err_code(err, r, "cannot read the module '%s'", path) : 0;
}
