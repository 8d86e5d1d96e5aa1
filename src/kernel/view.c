/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest sees as /lib/modules/RELEASE. A package's folder is kiln's own and is completed in
 * place. A build folder, or a folder without depmod's files that is not ours, gets a folder of
 * links in the cache:
 *
 *	views/KEY/lib/modules/RELEASE/	build -> BUILD, kernel/PATH.ko -> ../build/PATH.ko, modules.*
 *	views/KEY/usr -> .		for a depmod that was built to look in usr/lib/modules;
 *					a package's folder gets it too
 *	views/KEY/depmod		it ran to its end
 *
 * KEY is made of the identities of all modules, so a rebuilt one gets a new view, and a guest that
 * still runs keeps the old one: it is held (krn_hold()) as long as its kiln lives.
 */
#include "kernel/modules.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "kernel/cache.h"
#include "kernel/find.h"
#include "kernel/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#define DEPMOD_NS (300 * NSEC_PER_SEC)
#define LIST_MAX  (64 << 20)
#define OLD_SEC	  (24 * 60 * 60)

int krn_depmod(const char *base, const char *release, const char *config,
	       const struct krn_progress *progress, struct err *err)
{
	static const char *const extra[] = { "/usr/sbin", "/sbin", NULL };
	auto_free char *program = NULL;
	auto_proc_result struct proc_result res = { 0 };
	int r = path_find_program("depmod", extra, &program);

	if (r < 0)
		return err_set(err, -ENOENT, "there is no depmod (package kmod)");
	/* without config the list ends behind release */
	char *argv[] = { program,
			 (char *)"-b",
			 (char *)base,
			 config ? (char *)"-C" : (char *)release,
			 (char *)config,
			 (char *)release,
			 NULL };

	if (progress)
		progress->report(progress->ctx, "indexing modules (depmod)", 0, 0);
	r = proc_run(&(struct proc_spec){ .argv = argv, .new_group = true }, NULL, DEPMOD_NS, 16384,
		     &res, err);
	if (r < 0)
		return r;
	if (res.timeout)
		return err_set(err, -ETIMEDOUT, "depmod did not end within %llu s for '%s'",
			       (unsigned long long)(DEPMOD_NS / NSEC_PER_SEC), base);
	if (res.status)
		return err_set(err, -EIO, "depmod failed for '%s': %s", base, str_c(&res.errout));
	return 0;
}

/*
 * Of what nobody sees yet, or nobody reads: to wait for the disk would protect nothing, and depmod's
 * own files are not synced either.
 */
static int put_file(const char *path, const void *data, size_t n, struct err *err)
{
	int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
	auto_close int fd = open(path, flags, 0644);
	int r = fd < 0 ? -errno : write_all(fd, data, n);

	return r < 0 ? err_code(err, r, "cannot write '%s'", path) : 0;
}

/* Nothing of a package or a view lies below usr by itself. */
static int link_usr(const char *base, struct err *err)
{
	auto_free char *path = path_join(base, "usr");

	if (symlink(".", path) < 0 && errno != EEXIST)
		return err_sys(err, "cannot create the link '%s'", path);
	return 0;
}

/*
 * Runs depmod once; the caller holds whatever lock is needed. Without depmod the guest just has no
 * modprobe.
 */
static int index_modules(const char *base, const char *release, const struct krn_progress *progress,
			 const char **ret_note, struct err *err)
{
	auto_free char *mark = path_join(base, "depmod");
	auto_err struct err why = { 0 };
	int r = link_usr(base, err);

	if (r < 0)
		return r;
	r = krn_depmod(base, release, NULL, progress, &why);
	if (r == -ENOENT) {
		*ret_note = "no depmod here (package kmod): modprobe will not work in the guest";
		return 0;
	}
	if (r < 0) {
		err_move(err, &why);
		return r;
	}
	return put_file(mark, "", 0, err);
}

static bool is_indexed(const char *base)
{
	auto_free char *mark = path_join(base, "depmod");

	return access(mark, F_OK) == 0;
}

static int complete_in_place(const char *base, const char *release,
			     const struct krn_progress *progress, const char **ret_note,
			     struct err *err)
{
	auto_free char *lock = xasprintf("%s.lock", base);
	auto_close int fd = -1;
	int r;

	if (is_indexed(base))
		return 0;
	r = krn_lock(lock, progress, &fd, err);
	if (r < 0 || is_indexed(base))
		return r;
	return index_modules(base, release, progress, ret_note, err);
}

static int link_at(const char *target, const char *dir, const char *name, struct err *err)
{
	auto_free char *path = path_join(dir, name);

	if (symlink(target, path) < 0)
		return err_sys(err, "cannot create the link '%s'", path);
	return 0;
}

/*
 * kernel/a/b.ko -> ../../build/a/b.ko, and its line in modules.order as modules_install writes it.
 */
static int add_module(const char *dir, const char *build, const char *ko, struct str *order,
		      struct err *err)
{
	auto_free char *file = path_join(build, ko);
	auto_free char *link = path_join3(dir, "kernel", ko);
	auto_free char *parent = path_dir(link);
	auto_str struct str target = { 0 };
	int r;

	if (*ko == '/' || strstr(ko, "..") || access(file, F_OK) < 0)
		return 0;
	r = mkdir_p(parent, 0755, err);
	if (r < 0)
		return r;
	for (const char *p = ko; (p = strchr(p, '/')); p++)
		str_adds(&target, "../");
	str_addf(&target, "../build/%s", ko);
	if (symlink(str_c(&target), link) < 0 && errno != EEXIST)
		return err_sys(err, "cannot create the link '%s'", link);
	str_addf(order, "kernel/%s\n", ko);
	return 0;
}

static int add_modules(const char *dir, const char *build, struct err *err)
{
	auto_free char *path = path_join(build, "modules.order");
	auto_free char *to = path_join(dir, "modules.order");
	auto_str struct str text = { 0 };
	auto_str struct str order = { 0 };
	int r = file_read(AT_FDCWD, path, LIST_MAX, &text, err);

	for (const char *p = str_c(&text); r == 0 && *p;) {
		auto_str struct str ko = { 0 };
		size_t n = strcspn(p, "\n");

		if (krn_order_path(p, n, &ko))
			r = add_module(dir, build, str_c(&ko), &order, err);
		p += n + (p[n] == '\n');
	}
	return r < 0 ? r : put_file(to, order.s, order.n, err);
}

static int copy_lists(const char *dir, const char *from, const char *const *names, size_t n,
		      struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		auto_free char *path = path_join(from, names[i]);
		auto_free char *to = path_join(dir, names[i]);
		auto_str struct str text = { 0 };
		int r;

		if (access(path, F_OK) < 0)
			continue;
		r = file_read(AT_FDCWD, path, LIST_MAX, &text, err);
		if (r == 0)
			r = put_file(to, text.s, text.n, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int fill_build(const char *dir, const struct krn *k, struct err *err)
{
	static const char *const lists[] = { "modules.builtin", "modules.builtin.modinfo" };
	int r = link_at(k->build, dir, "build", err);

	if (r == 0)
		r = add_modules(dir, k->build, err);
	return r < 0 ? r : copy_lists(dir, k->build, lists, countof(lists), err);
}

/* Somebody's /lib/modules/RELEASE that depmod never saw. */
static int fill_foreign(const char *dir, const struct krn *k, struct err *err)
{
	static const char *const lists[] = { "modules.order", "modules.builtin",
					     "modules.builtin.modinfo" };
	auto_free char *kernel = path_join(k->modules, "kernel");
	int r = link_at(kernel, dir, "kernel", err);

	return r < 0 ? r : copy_lists(dir, k->modules, lists, countof(lists), err);
}

static int make_view(const struct krn *k, struct krn_cached *c, const struct krn_progress *progress,
		     const char **ret_note, struct err *err)
{
	auto_free char *modules = path_join(c->tmp, "lib/modules");
	auto_free char *dir = path_join(modules, k->release);
	int r = mkdir_p(dir, 0755, err);

	if (r == 0)
		r = k->build ? fill_build(dir, k, err) : fill_foreign(dir, k, err);
	if (r == 0)
		r = index_modules(c->tmp, k->release, progress, ret_note, err);
	return r < 0 ? r : krn_cached_commit(c, false, err);
}

/* "PATH-CONTENT": the first half tells whose view it is, the second which state of it. */
static void view_key(const struct krn *k, char ret[66])
{
	struct krn_mix path = KRN_MIX_INIT, state = KRN_MIX_INIT;
	auto_free char *order = path_join(k->modules, "modules.order");

	krn_mix_str(&path, k->modules);
	krn_mix_str(&path, k->release);
	krn_mix_hex(&path, ret);
	ret[32] = '-';
	if (k->build)
		krn_folder_mix_modules(k->build, &state);
	krn_mix_file(&state, order);
	krn_mix_hex(&state, ret + 33);
}

/* Earlier states of the same view that were not used for a day and are in no guest. */
static void remove_old(const char *current)
{
	auto_free char *base = path_dir(current);
	const char *own = path_base(current);
	auto_strv struct strv names = { 0 };

	file_names(AT_FDCWD, base, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i];
		auto_free char *path = path_join(base, name);

		if (strncmp(name, own, 33) == 0 && strncmp(name, own, 65) != 0 &&
		    !strchr(name, '.'))
			krn_cached_drop(path, time(NULL) - OLD_SEC);
	}
}

static int view_in_cache(struct krn *k, const struct krn_progress *progress, char **ret_base,
			 const char **ret_note, struct err *err)
{
	auto_cached struct krn_cached c = KRN_CACHED_NONE;
	auto_free char *dir = NULL;
	char key[66];
	int r;

	view_key(k, key);
	r = krn_cached_path("views", key, &dir, err);
	if (r == 0 && !krn_hold(k, dir)) {
		r = krn_cached_begin(&c, "views", key, progress, err);
		if (r == 0 && !krn_hold(k, dir)) {
			r = make_view(k, &c, progress, ret_note, err);
			if (r == 0)
				krn_hold(k, dir);
			remove_old(dir);
		}
	}
	krn_cached_end(&c);
	if (r == 0)
		r = complete_in_place(dir, k->release, progress, ret_note, err);
	if (r == 0)
		*ret_base = take_ptr(dir);
	return r;
}

/* The folder that holds lib/modules/RELEASE. */
static char *base_of(const char *modules)
{
	auto_free char *a = path_dir(modules);
	auto_free char *b = path_dir(a);

	return path_dir(b);
}

static bool has_index(const char *modules)
{
	auto_free char *path = path_join(modules, "modules.dep.bin");
	struct stat st;

	/* Empty is what a loss of power leaves. */
	return stat(path, &st) == 0 && st.st_size > 0;
}

int krn_modules_view(struct krn *k, const struct krn_progress *progress, char **ret_path,
		     const char **ret_note, struct err *err)
{
	auto_free char *base = NULL;
	int r = 0;

	*ret_note = NULL;
	if (!k->modules || !k->release) {
		*ret_path = NULL;
		return 0;
	}
	if (k->kind == KRN_PACKAGE) {
		base = base_of(k->modules);
		r = complete_in_place(base, k->release, progress, ret_note, err);
	} else if (k->build || !has_index(k->modules)) {
		auto_free char *rel = xasprintf("lib/modules/%s", k->release);

		r = view_in_cache(k, progress, &base, ret_note, err);
		if (r == 0)
			*ret_path = path_join(base, rel);
		return r;
	}
	if (r == 0)
		*ret_path = xstrdup(k->modules);
	return r;
}
