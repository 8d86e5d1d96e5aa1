/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libkmod for two purposes: the .modinfo of a module file, compressed or not, and the symbols it needs and gives. */
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
DL_FUNC(kmod_module_get_symbols);
DL_FUNC(kmod_module_symbol_get_symbol);
DL_FUNC(kmod_module_symbol_get_crc);
DL_FUNC(kmod_module_symbols_free_list);
DL_FUNC(kmod_module_get_dependency_symbols);
DL_FUNC(kmod_module_dependency_symbol_get_symbol);
DL_FUNC(kmod_module_dependency_symbol_get_crc);
DL_FUNC(kmod_module_dependency_symbol_get_bind);
DL_FUNC(kmod_module_dependency_symbols_free_list);

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
	DL_SYM(kmod_module_get_symbols),
	DL_SYM(kmod_module_symbol_get_symbol),
	DL_SYM(kmod_module_symbol_get_crc),
	DL_SYM(kmod_module_symbols_free_list),
	DL_SYM(kmod_module_get_dependency_symbols),
	DL_SYM(kmod_module_dependency_symbol_get_symbol),
	DL_SYM(kmod_module_dependency_symbol_get_crc),
	DL_SYM(kmod_module_dependency_symbol_get_bind),
	DL_SYM(kmod_module_dependency_symbols_free_list),
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

/* A module by its path, with the library's context; both to be let go with close_module(). */
static int open_module(const char *path, struct kmod_ctx **ret_ctx, struct kmod_module **ret,
		       struct err *err)
{
	static void *lib;
	const char *no_config = NULL; /* the host's modprobe.d is none of this kernel's business */
	int r = dl_open(&lib, "libkmod.so.2", syms, countof(syms), err);

	if (r < 0)
		return r;
	*ret = NULL;
	*ret_ctx = dl_kmod_new("/", &no_config);
	if (!*ret_ctx)
		return err_set(err, -ENOMEM, "cannot use libkmod");
	r = dl_kmod_module_new_from_path(*ret_ctx, path, ret);
	if (r < 0) {
		dl_kmod_unref(*ret_ctx);
		return err_code(err, r, "cannot read the module '%s'", path);
	}
	return 0;
}

static void close_module(struct kmod_ctx *ctx, struct kmod_module *mod)
{
	dl_kmod_module_unref(mod);
	dl_kmod_unref(ctx);
}

/* Gives `take` a module and what it says of itself. */
static int with_info(const char *path,
		     void (*take)(const struct kmod_module *mod, const struct kmod_list *list,
				  void *ctx),
		     void *take_ctx, struct err *err)
{
	struct kmod_module *mod;
	struct kmod_list *list = NULL;
	struct kmod_ctx *ctx;
	int r = open_module(path, &ctx, &mod, err);

	if (r < 0)
		return r;
	r = dl_kmod_module_get_info(mod, &list);
	if (r >= 0)
		take(mod, list, take_ctx);
	dl_kmod_module_info_free_list(list);
	close_module(ctx, mod);
	return r < 0 ? err_code(err, r, "cannot read the module '%s'", path) : 0;
}

struct needs {
	char **depends;
	struct strv *soft;
};

static void take_needs(const struct kmod_module *mod, const struct kmod_list *list, void *ctx)
{
	const struct needs *n = ctx;

	take_info(list, n->depends, n->soft);
}

int krn_modinfo(const char *path, char **ret_depends, struct strv *ret_soft, struct err *err)
{
	struct needs n = { ret_depends, ret_soft };

	return with_info(path, take_needs, &n, err);
}

static void take_facts(const struct kmod_list *list, struct krn_module_facts *f)
{
	for (const struct kmod_list *l = list; l; l = dl_kmod_list_next(list, l)) {
		const char *key = dl_kmod_module_info_get_key(l);
		const char *value = dl_kmod_module_info_get_value(l);

		if (str_eq(key, "import_ns"))
			strv_add(&f->namespaces, value);
		else if (str_eq(key, "vermagic") && !f->vermagic)
			f->vermagic = xstrdup(value);
		else if (str_eq(key, "license") && !f->license)
			f->license = xstrdup(value);
		else if (str_eq(key, "sig_hashalgo") || str_eq(key, "signature"))
			f->is_signed = true;
	}
}

static void add(struct krn_module_symbols *to, const char *name, uint64_t crc, bool weak)
{
	vec_push(to, ((struct krn_module_symbol){ xstrdup(name), crc, weak }));
}

/* A module that gives, or needs, nothing has no such section, which the library calls an error. */
static void take_symbols(const struct kmod_module *mod, struct krn_module_facts *f)
{
	struct kmod_list *list = NULL;

	if (dl_kmod_module_get_dependency_symbols(mod, &list) >= 0)
		for (struct kmod_list *l = list; l; l = dl_kmod_list_next(list, l))
			add(&f->needs, dl_kmod_module_dependency_symbol_get_symbol(l),
			    dl_kmod_module_dependency_symbol_get_crc(l),
			    dl_kmod_module_dependency_symbol_get_bind(l) == KMOD_SYMBOL_WEAK);
	dl_kmod_module_dependency_symbols_free_list(list);
	list = NULL;
	if (dl_kmod_module_get_symbols(mod, &list) >= 0)
		for (struct kmod_list *l = list; l; l = dl_kmod_list_next(list, l))
			add(&f->gives, dl_kmod_module_symbol_get_symbol(l),
			    dl_kmod_module_symbol_get_crc(l), false);
	dl_kmod_module_symbols_free_list(list);
}

static void take_all(const struct kmod_module *mod, const struct kmod_list *list, void *ctx)
{
	take_facts(list, ctx);
	take_symbols(mod, ctx);
}

int krn_module_facts(const char *path, struct krn_module_facts *ret, struct err *err)
{
	*ret = (struct krn_module_facts){ 0 };
	return with_info(path, take_all, ret, err);
}

static void symbols_release(struct krn_module_symbols *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].name);
	free(s->v);
}

void krn_module_facts_release(struct krn_module_facts *f)
{
	free(f->vermagic);
	free(f->license);
	strv_release(&f->namespaces);
	symbols_release(&f->needs);
	symbols_release(&f->gives);
	*f = (struct krn_module_facts){ 0 };
}
