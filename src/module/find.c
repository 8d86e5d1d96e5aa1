/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in a tree the module lies: packages have it in usr/src/NAME-VERSION, tarballs in a folder of their own. Folders are
 * gone through level by level; the first level with one that can be built ends the search.
 */
#include "module/parts.h"

#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>

#define LEVELS	     5
#define MAKEFILE_MAX (4 << 20)
#define FOLDERS_MAX  20000

static const char *const kinds[] = {
	[MOD_KBUILD] = "Kbuild",
	[MOD_DKMS] = "DKMS",
	[MOD_RECIPE] = "recipe",
};

const char *mod_kind_name(enum mod_kind kind)
{
	return kinds[kind];
}

static bool has_file(const char *dir, const char *name)
{
	auto_free char *path = path_join(dir, name);

	return access(path, R_OK) == 0;
}

/* obj-m, obj-y or obj-$(...), which Makefiles for other things have not. */
static bool builds_modules(const char *dir)
{
	static const char *const names[] = { "Kbuild", "Makefile" };

	for (size_t i = 0; i < countof(names); i++) {
		auto_free char *path = path_join(dir, names[i]);
		auto_str struct str text = { 0 };

		if (file_read(AT_FDCWD, path, MAKEFILE_MAX, &text, NULL) == 0)
			return strstr(str_c(&text), "obj-m") || strstr(str_c(&text), "obj-y") ||
			       strstr(str_c(&text), "obj-$(");
	}
	return false;
}

/* 1: it can be built, and m->kind and m->recipe say how. */
static int look(struct mod_build *m, const char *dir, struct err *err)
{
	int r = mod_recipe_find(dir, &m->recipe, err);

	if (r < 0)
		return r;
	if (r == 1)
		m->kind = MOD_RECIPE;
	else if (has_file(dir, "dkms.conf"))
		m->kind = MOD_DKMS;
	else if (builds_modules(dir))
		m->kind = MOD_KBUILD;
	else
		return 0;
	return 1;
}

static int add_folders(const char *dir, struct strv *ret, struct err *err)
{
	auto_strv struct strv names = { 0 };
	int r = file_names(AT_FDCWD, dir, &names, err);

	for (size_t i = 0; i < names.n && r == 0; i++) {
		auto_free char *path = path_join(dir, names.v[i]);
		struct stat st;

		if (*names.v[i] != '.' && lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
			strv_take(ret, take_ptr(path));
		if (ret->n > FOLDERS_MAX)
			r = err_set(err, -EFBIG, "too many folders in '%s'", dir);
	}
	return r;
}

static int several(const struct mod_build *m, const struct strv *found, struct err *err)
{
	auto_str struct str all = { 0 };

	for (size_t i = 0; i < found->n; i++)
		str_addf(&all, "\n  --subdir %s", found->v[i] + strlen(m->tree) + 1);
	err_set(err, -EINVAL, "there are several modules in '%s'", m->spec->source);
	return err_hint(err, -EINVAL, "say which:%s", str_c(&all));
}

static int none(const struct mod_build *m, struct err *err)
{
	err_set(err, -ENOTSUP, "there is no module to build in '%s'", m->spec->source);
	return err_hint(
		err, -ENOTSUP,
		"looked for: a Kbuild or Makefile with obj-m, dkms.conf, a tree that a recipe "
		"knows (kiln-module-build(1))");
}

/* One level; *ret_next are the folders below. 1: found. */
static int look_at(struct mod_build *m, const struct strv *dirs, struct strv *ret_next,
		   struct err *err)
{
	auto_strv struct strv found = { 0 };
	int r = 0;

	for (size_t i = 0; i < dirs->n && r >= 0; i++) {
		mod_recipe_release(&m->recipe);
		r = look(m, dirs->v[i], err);
		if (r == 1)
			strv_add(&found, dirs->v[i]);
		else if (r == 0)
			r = add_folders(dirs->v[i], ret_next, err);
	}
	if (r < 0)
		return r;
	if (found.n > 1)
		return several(m, &found, err);
	if (found.n == 0)
		return 0;
	m->top = xstrdup(found.v[0]);
	/* what stands there now is of the last folder */
	mod_recipe_release(&m->recipe);
	return look(m, m->top, err);
}

static int search(struct mod_build *m, struct err *err)
{
	auto_strv struct strv dirs = { 0 };
	int r = 0;

	strv_add(&dirs, m->tree);
	for (unsigned level = 0; level < LEVELS && dirs.n && r == 0; level++) {
		struct strv next = { 0 };

		r = look_at(m, &dirs, &next, err);
		strv_release(&dirs);
		dirs = next;
	}
	return r < 0 ? r : r == 0 ? none(m, err) : 0;
}

static bool is_inside(const char *tree, const char *path)
{
	auto_free char *a = realpath(tree, NULL), *b = realpath(path, NULL);
	const char *p = b;

	return a && b && str_skip(&p, a) && (*p == '/' || !*p);
}

/* The folder that was asked for, or the one of the tree where only one is there, for a recipe that was asked for. */
static int given(struct mod_build *m, struct err *err)
{
	auto_strv struct strv dirs = { 0 };
	int r = 0;

	m->top = m->spec->subdir ? path_join(m->tree, m->spec->subdir) : xstrdup(m->tree);
	if (!is_inside(m->tree, m->top) || access(m->top, F_OK) < 0)
		return err_set(err, -ENOENT, "there is no folder '%s' in '%s'", m->spec->subdir,
			       m->spec->source);
	if (m->spec->recipe) {
		m->kind = MOD_RECIPE;
		r = mod_recipe_read(&m->recipe, m->spec->recipe, err);
		while (r == 0 && !mod_recipe_matches(&m->recipe, m->top) && !m->spec->subdir) {
			strv_release(&dirs);
			r = add_folders(m->top, &dirs, err);
			if (r < 0 || dirs.n != 1)
				break;
			free(m->top);
			m->top = xstrdup(dirs.v[0]);
		}
		if (r == 0 && !mod_recipe_matches(&m->recipe, m->top)) {
			err_set(err, -EINVAL, "the recipe '%s' is not for what is in '%s'",
				m->recipe.name, m->spec->source);
			r = err_hint(err, -EINVAL, "name its folder with --subdir");
		}
		return r;
	}
	r = look(m, m->top, err);
	return r < 0 ? r : r == 0 ? none(m, err) : 0;
}

int mod_find(struct mod_build *m, struct err *err)
{
	return m->spec->subdir || m->spec->recipe ? given(m, err) : search(m, err);
}
