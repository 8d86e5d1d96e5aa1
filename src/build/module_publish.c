/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was built is looked for, laid out in a temporary folder beside the place where it will be, checked there, and renamed. A
 * kill leaves what was there before, and at worst the temporary.
 */
#include "build/module.h"

#include "base/path.h"
#include "build/copy.h"
#include "build/depmod.h"
#include "build/step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define DEPTH_MAX 64

struct overlay {
	struct bld_module *m;
	const char *to;
	char *tmp;
	char *updates;	   /* "lib/modules/RELEASE/updates" */
	struct strv files; /* of modules, below tmp */
};

static bool is_module(const char *name)
{
	return str_ends(name, ".ko") || str_ends(name, ".ko.gz") || str_ends(name, ".ko.xz") ||
	       str_ends(name, ".ko.zst");
}

/* Adds the modules below dir; their places are those below it. */
static int find_modules(struct bld_module *m, const char *dir, const char *below, unsigned depth,
			struct err *err)
{
	auto_strv struct strv names = { 0 };
	int r = depth > DEPTH_MAX ? -ELOOP : bld_names(dir, &names, err);

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
		else if (S_ISREG(st.st_mode) && is_module(names.v[i]))
			vec_push(&m->files,
				 ((struct bld_module_file){ take_ptr(path), take_ptr(place) }));
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

static int find_all(struct bld_module *m, struct err *err)
{
	bool installed = m->kind == BLD_MODULE_RECIPE && m->recipe.modules == BLD_IN_DESTDIR;
	int r = 0;

	if (m->kind != BLD_MODULE_DKMS)
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
static int strip(const struct bld_module *m, const char *path, struct err *err)
{
	struct bld_kbuild_spec spec = { .make = m->make.v };
	auto_strv struct strv argv = { 0 };
	auto_free char *what = xasprintf("stripping '%s'", path);

	if (!str_ends(path, ".ko"))
		return 0;
	bld_tool(&spec, "strip", false, &argv);
	strv_adds(&argv, "--strip-debug", path, NULL);
	return bld_step_run(
		&(struct bld_step){ .argv = argv.v, .env = m->env.v, .log_fd = m->spec->log_fd },
		what, err);
}

static int put_module(struct overlay *o, const struct bld_module_file *f, struct err *err)
{
	auto_free char *place = path_join(o->updates, f->to), *at = path_join(o->tmp, place);
	int r;

	if (strv_has(&o->files, place))
		return err_set(err, -EEXIST, "two modules would be '%s'", place);
	if (access(f->from, F_OK) < 0)
		return err_set(err, -ENOENT, "the build made no '%s'",
			       f->from + strlen(o->m->top) + 1);
	r = bld_copy_file(f->from, at, err);
	if (r == 0 && chmod(at, 0644) < 0)
		r = err_sys(err, "cannot write '%s'", at);
	if (r == 0)
		r = strip(o->m, at, err);
	if (r == 0)
		strv_take(&o->files, take_ptr(place));
	return r;
}

static int put_modules(struct overlay *o, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < o->m->files.n && r == 0; i++)
		r = put_module(o, &o->m->files.v[i], err);
	strv_sort(&o->files);
	return r;
}

static int check(const struct overlay *o, struct bld_findings *found, struct err *err)
{
	auto_strv struct strv paths = { 0 };

	for (size_t i = 0; i < o->files.n; i++)
		strv_take(&paths, path_join(o->tmp, o->files.v[i]));
	return bld_check_modules(o->m->spec->cell, paths.v, paths.n, found, err);
}

static int run_depmod(const struct overlay *o, struct err *err)
{
	auto_free char *scratch = path_join(o->m->scratch.tmp, "depmod");
	const struct bld_cell *c = o->m->spec->cell;
	int r = mkdir_p(scratch, 0755, err);

	return r < 0 ? r : bld_depmod_over(o->tmp, c->release, c->modules, scratch, err);
}

/* Nothing but lib/modules/RELEASE/updates and depmod's files: what this made. */
static bool is_ours(const struct overlay *o)
{
	auto_strv struct strv top = { 0 };
	auto_free char *updates = path_join(o->to, o->updates);

	return bld_names(o->to, &top, NULL) == 0 && top.n == 1 && str_eq(top.v[0], "lib") &&
	       access(updates, F_OK) == 0;
}

static int in_the_way(const struct overlay *o, struct err *err)
{
	err_set(err, -EEXIST, "'%s' is there and holds something else", o->to);
	return err_hint(err, -EEXIST, "name another folder with --to, or remove this one");
}

/* Renames o->tmp to o->to; what was there and is ours is removed behind it. */
static int put_in_place(struct overlay *o, struct err *err)
{
	if (rename(o->tmp, o->to) == 0) {
		free(take_ptr(o->tmp));
		return 0;
	}
	if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
		return err_sys(err, "cannot put the modules to '%s'", o->to);
	if (!is_ours(o))
		return in_the_way(o, err);
	/* what lies in tmp from here on is the old one, which bld_module_publish() removes */
	if (renameat2(AT_FDCWD, o->tmp, AT_FDCWD, o->to, RENAME_EXCHANGE) < 0)
		return err_sys(err, "cannot put the modules to '%s'", o->to);
	return 0;
}

static int fill(struct overlay *o, bool force, struct bld_findings *found, struct err *err)
{
	int r = put_modules(o, err);

	if (r == 0)
		r = check(o, found, err);
	if (r < 0 || (found->n && !force)) {
		strv_release(&o->files);
		return r;
	}
	r = run_depmod(o, err);
	return r < 0 ? r : put_in_place(o, err);
}

static int begin(struct overlay *o, struct err *err)
{
	auto_free char *to = path_abs(o->to), *dir = path_dir(to);
	int r = mkdir_p(dir, 0777, err);

	if (r < 0)
		return r;
	o->tmp = xasprintf("%s/.%s.tmp-XXXXXX", dir, path_base(to));
	if (!mkdtemp(o->tmp)) {
		r = err_sys(err, "cannot create a folder in '%s'", dir);
		free(take_ptr(o->tmp));
		return r;
	}
	return chmod(o->tmp, 0755) < 0 ? err_sys(err, "cannot write '%s'", o->tmp) : 0;
}

int bld_module_publish(struct bld_module *m, const char *to, bool force, struct bld_findings *found,
		       struct strv *ret_files, struct err *err)
{
	struct overlay o = { .m = m,
			     .to = to,
			     .updates =
				     path_join3("lib/modules", m->spec->cell->release, "updates") };
	int r = find_all(m, err);

	if (r == 0)
		r = begin(&o, err);
	if (r == 0)
		r = fill(&o, force, found, err);
	if (o.tmp)
		rm_rf(o.tmp, NULL);
	if (r == 0)
		strv_extend(ret_files, o.files.v);
	strv_release(&o.files);
	free(o.tmp);
	free(o.updates);
	return r;
}
