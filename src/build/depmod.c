/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * depmod's answer for two folders that are to be seen as one is made in a third, of links to the files of both. Its files are
 * in the order of modules.order, and behind that in the order in which folders are read, which no two file systems share: so
 * what modules.order does not have is added to it.
 */
#include "build/depmod.h"

#include "base/file.h"
#include "base/path.h"
#include "build/copy.h"
#include "build/step.h"
#include "kernel/kernel.h"
#include "kernel/modules.h"

#include <errno.h>
#include <fcntl.h>

#define LIST_MAX  (64 << 20)
#define DEPTH_MAX 64

static const char config[] = "search updates built-in\n";

static int prepare(const char *base, const char *conf, struct err *err)
{
	auto_free char *usr = path_join(base, "usr");

	/* a depmod that was built to look in usr/lib/modules finds the same there */
	if (symlink(".", usr) < 0)
		return err_sys(err, "cannot create the link '%s'", usr);
	return file_publish(conf, config, sizeof(config) - 1, 0644, err);
}

static int run_behind(const struct bld_kbuild_spec *spec, const char *base, const char *conf,
		      const char *release, struct err *err)
{
	auto_strv struct strv argv = { 0 };

	strv_extend(&argv, spec->wrap);
	strv_adds(&argv, "depmod", "-b", base, "-C", conf, release, NULL);
	return bld_step_run(
		&(struct bld_step){ .argv = argv.v, .env = spec->env, .log_fd = spec->log_fd },
		"depmod", err);
}

int bld_depmod(const struct bld_kbuild_spec *spec, const char *base, const char *release,
	       struct err *err)
{
	auto_free char *conf = path_join(base, "depmod.conf");
	int r = prepare(base, conf, err);

	if (r == 0 && spec && bld_kbuild_is_wrapped(spec))
		return run_behind(spec, base, conf, release, err);
	if (r == 0)
		r = krn_depmod(base, release, conf, NULL, err);
	if (r == -ENOENT)
		err_hint(err, r, "install kmod (Debian, Fedora, Arch, Alpine: package kmod)");
	return r;
}

struct merge {
	const char *from, *to;
	struct str *order; /* gets the modules that are linked, where it is not NULL */
};

static int link_file(const struct merge *m, const char *path, struct err *err)
{
	auto_free char *from = path_join(m->from, path), *to = path_join(m->to, path);
	auto_free char *parent = path_dir(to);
	int r = mkdir_p(parent, 0755, err);

	if (r == 0 && symlink(from, to) < 0 && errno != EEXIST)
		r = err_sys(err, "cannot create the link '%s'", to);
	/* a compressed module stands there without its last suffix */
	if (r == 0 && m->order)
		str_addf(m->order, "%.*s.ko\n", (int)(strstr(path, ".ko") - path), path);
	return r;
}

static int link_modules(const struct merge *m, const char *below, unsigned depth, struct err *err)
{
	auto_free char *dir = *below ? path_join(m->from, below) : xstrdup(m->from);
	auto_strv struct strv all = { 0 };
	int r = depth > DEPTH_MAX ? -ELOOP : file_names(AT_FDCWD, dir, &all, err);

	if (r == -ELOOP)
		return err_set(err, r, "folders are nested too deeply in '%s'", dir);
	for (size_t i = 0; i < all.n && r == 0; i++) {
		auto_free char *path = *below ? path_join(below, all.v[i]) : xstrdup(all.v[i]);
		auto_free char *at = path_join(m->from, path);
		struct stat st;

		if (lstat(at, &st) < 0)
			return err_sys(err, "cannot read '%s'", at);
		if (S_ISDIR(st.st_mode))
			r = link_modules(m, path, depth + 1, err);
		else if (krn_is_module(all.v[i]))
			r = link_file(m, path, err);
	}
	return r;
}

/* What depmod reads and modules_install has written. */
static int copy_lists(const char *from, const char *to, struct str *order, struct err *err)
{
	static const char *const lists[] = { "modules.builtin", "modules.builtin.modinfo",
					     "modules.builtin.ranges" };
	auto_free char *path = path_join(from, "modules.order");
	int r = access(path, F_OK) < 0 ? 0 : file_read(AT_FDCWD, path, LIST_MAX, order, err);

	for (size_t i = 0; i < countof(lists) && r == 0; i++) {
		auto_free char *a = path_join(from, lists[i]), *b = path_join(to, lists[i]);

		if (access(a, F_OK) == 0)
			r = bld_copy_file(a, b, err);
	}
	return r;
}

static int take_lists(const char *from, const char *to, struct err *err)
{
	auto_strv struct strv all = { 0 };
	int r = file_names(AT_FDCWD, from, &all, err);

	for (size_t i = 0; i < all.n && r == 0; i++) {
		auto_free char *a = path_join(from, all.v[i]), *b = path_join(to, all.v[i]);

		if (str_starts(all.v[i], "modules."))
			r = bld_copy_file(a, b, err);
	}
	return r;
}

int bld_depmod_over(const char *dir, const char *release, const char *modules, const char *scratch,
		    struct err *err)
{
	auto_free char *upper = path_join3(dir, "lib/modules", release);
	auto_free char *both = path_join3(scratch, "lib/modules", release);
	auto_free char *list = path_join(both, "modules.order");
	auto_str struct str order = { 0 };
	int r = mkdir_p(both, 0755, err);

	if (r == 0 && modules)
		r = copy_lists(modules, both, &order, err);
	/* the upper ones first: a name that both have is theirs */
	if (r == 0)
		r = link_modules(&(struct merge){ upper, both, &order }, "", 0, err);
	if (r == 0 && modules)
		r = link_modules(&(struct merge){ modules, both, NULL }, "", 0, err);
	if (r == 0)
		r = file_publish(list, str_c(&order), order.n, 0644, err);
	if (r == 0)
		r = bld_depmod(NULL, scratch, release, err);
	return r < 0 ? r : take_lists(both, upper, err);
}
