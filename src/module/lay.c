/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was built is looked for, laid out in a folder as it will lie over the kernel's own, and checked there. */
#include "module/parts.h"

#include "base/file.h"
#include "base/path.h"
#include "build/copy.h"
#include "build/depmod.h"
#include "build/step.h"
#include "kernel/modules.h"

#include <errno.h>
#include <fcntl.h>

#define DEPTH_MAX 64

/* Adds the modules below dir; their places are those below it. */
static int find_modules(struct mod_build *m, const char *dir, const char *below, unsigned depth,
			struct err *err)
{
	auto_strv struct strv names = { 0 };
	int r = depth > DEPTH_MAX ? -ELOOP : file_names(AT_FDCWD, dir, &names, err);

	if (r == -ELOOP)
		return err_set(err, r, "folders are nested too deeply in '%s'", dir);
	for (size_t i = 0; i < names.n && r == 0; i++) {
		auto_free char *path = path_join(dir, names.v[i]);
		auto_free char *place = *below ? path_join(below, names.v[i]) : xstrdup(names.v[i]);
		struct stat st;

		if (lstat(path, &st) < 0)
			return err_sys(err, "cannot read '%s'", path);
		if (S_ISDIR(st.st_mode))
			r = find_modules(m, path, place, depth + 1, err);
		else if (S_ISREG(st.st_mode) && krn_is_module(names.v[i]))
			vec_push(&m->files, ((struct mod_file){ take_ptr(path), take_ptr(place) }));
	}
	return r;
}

/*
 * What was installed keeps its place below lib/modules/RELEASE, but that updates stands in front: "updates/x.ko" is x.ko here,
 * "kernel/net/x.ko" net/x.ko, "extra/x.ko" x.ko.
 */
static char *installed_place(const char *path)
{
	static const char *const tops[] = { "updates/", "kernel/", "extra/" };
	const char *p = strstr(path, "lib/modules/"), *slash;

	if (!p)
		return xstrdup(path_base(path));
	p += strlen("lib/modules/");
	slash = strchr(p, '/');
	p = slash ? slash + 1 : p;
	for (size_t i = 0; i < countof(tops); i++)
		if (str_skip(&p, tops[i]))
			break;
	return xstrdup(p);
}

static int find_all(struct mod_build *m, struct err *err)
{
	bool installed = m->kind == MOD_RECIPE && m->recipe.modules == MOD_IN_DESTDIR;
	int r = 0;

	if (m->kind != MOD_DKMS)
		r = find_modules(m, installed ? m->destdir : m->top, "", 0, err);
	for (size_t i = 0; installed && i < m->files.n; i++) {
		auto_free char *old = m->files.v[i].to;

		m->files.v[i].to = installed_place(old);
	}
	if (r == 0 && !m->files.n) {
		err_set(err, -ENOENT, "the build of '%s' went well and made no module",
			m->spec->source);
		return err_hint(err, -ENOENT,
				"look at its log (--log FILE), and at what its "
				"Makefile makes depend on the configuration");
	}
	return r;
}

/* A compressed one is stripped already, or never. */
static int strip(const struct mod_build *m, const char *path, struct err *err)
{
	struct bld_kbuild_spec spec = { .make = m->make.v };
	auto_strv struct strv argv = { 0 };
	auto_free char *what = xasprintf("stripping '%s'", path);

	if (!str_ends(path, ".ko"))
		return 0;
	bld_tool(&spec, "strip", false, &argv);
	strv_adds(&argv, "--strip-debug", path, NULL);
	return bld_step_run_whole(
		&(struct bld_step){ .argv = argv.v, .env = m->env.v, .log_fd = m->spec->log_fd },
		m->spec->ended, what, err);
}

static int put_module(const struct mod_build *m, struct mod_laid *l, const struct mod_file *f,
		      struct err *err)
{
	auto_free char *place = path_join(l->updates, f->to), *at = path_join(l->dir, place);
	int r;

	if (strv_has(&l->files, place))
		return err_set(err, -EEXIST, "two modules would be '%s'", place);
	if (access(f->from, F_OK) < 0)
		return err_set(err, -ENOENT, "the build made no '%s'",
			       f->from + strlen(m->top) + 1);
	r = bld_copy_file(f->from, at, err);
	if (r == 0 && chmod(at, 0644) < 0)
		r = err_sys(err, "cannot write '%s'", at);
	if (r == 0)
		r = strip(m, at, err);
	if (r == 0)
		strv_take(&l->files, take_ptr(place));
	return r;
}

int mod_lay(struct mod_build *m, struct mod_laid *l, struct mod_findings *found, struct err *err)
{
	auto_strv struct strv paths = { 0 };
	int r = find_all(m, err);

	for (size_t i = 0; i < m->files.n && r == 0; i++)
		r = put_module(m, l, &m->files.v[i], err);
	if (r < 0)
		return r;
	strv_sort(&l->files);
	for (size_t i = 0; i < l->files.n; i++)
		strv_take(&paths, path_join(l->dir, l->files.v[i]));
	return mod_check_modules(m->spec->cell, paths.v, paths.n, found, err);
}

int mod_index(const struct mod_build *m, const struct mod_laid *l, struct err *err)
{
	auto_free char *scratch = path_join(m->scratch.tmp, "depmod");
	const struct mod_target *c = m->spec->cell;
	int r = mkdir_p(scratch, 0755, err);

	return r < 0 ? r : bld_depmod_over(l->dir, c->release, c->modules, scratch, err);
}

void mod_laid_release(struct mod_laid *l)
{
	free(l->dir);
	free(l->updates);
	strv_release(&l->files);
	*l = (struct mod_laid){ 0 };
}
