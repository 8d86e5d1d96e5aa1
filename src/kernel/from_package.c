/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel out of a package: unpacked once into PACKAGES/DIGEST of the cache, which from then on is
 * a root folder with one installed kernel in it.
 */
#include "base/digest.h"
#include "base/path.h"
#include "kernel/cache.h"
#include "kernel/find.h"
#include "kernel/kernel.h"
#include "kernel/package.h"

#include <errno.h>
#include <fcntl.h>

static bool find_kernel(const char *dir, struct krn *k)
{
	auto_strv struct strv releases = { 0 };

	krn_installed_releases(dir, &releases);
	return releases.n && krn_installed_find(dir, releases.v[0], k) == 0;
}

static int no_kernel(const char *path, const struct krn_pkg *pkg, enum krn_pkg_format format,
		     struct err *err)
{
	static const char *const called[] = {
		[KRN_PKG_NONE] = "?",
		[KRN_PKG_DEB] = "linux-image-RELEASE, such as linux-image-6.1.0-56-amd64",
		[KRN_PKG_RPM] = "kernel-core (Fedora) or kernel-default (openSUSE)",
		[KRN_PKG_APK] = "linux-lts, linux-virt and the like",
	};
	auto_free char *dep = krn_pkg_kernel_dependency(pkg);
	const char *name = pkg->name ?: "";
	auto_str struct str quoted = { 0 };

	if (!dep) {
		err_set(err, -ENOEXEC, "'%s' is %s%s, which holds no kernel", path,
			*name ? "the package " : "a package", name);
		return err_hint(err, -ENOEXEC, "the one with a kernel is called %s",
				called[format]);
	}
	err_set(err, -ENOEXEC, "'%s' is the metapackage %s: it holds no kernel but depends on %s",
		path, name, dep);
	/* the package's own words, in a line to paste */
	str_add_quoted(&quoted, dep);
	return err_hint(err, -ENOEXEC, "get that one: apt-get download %s", quoted.s);
}

static int unpack(int fd, const char *path, struct krn_cached *c,
		  const struct krn_progress *progress, struct err *err)
{
	auto_close int dir = open(c->tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct krn_tree tree = { .fd = dir,
				 .max_bytes = KRN_TREE_BYTES,
				 .max_entries = KRN_TREE_ENTRIES };
	struct krn_pkg pkg = { 0 };
	struct krn found = { 0 };
	int r;

	if (dir < 0)
		return err_sys(err, "cannot open '%s'", c->tmp);
	r = krn_pkg_unpack(fd, path_base(path), &tree, progress, &pkg, err);
	krn_tree_release(&tree);
	if (r == 0 && !find_kernel(c->tmp, &found))
		r = no_kernel(path_base(path), &pkg, krn_pkg_format(fd), err);
	if (r == 0)
		r = krn_cached_commit(c, true, err);
	krn_release(&found);
	krn_pkg_release(&pkg);
	return r;
}

int krn_from_package(int fd, const char *path, const struct krn_progress *progress, struct krn *k,
		     struct err *err)
{
	auto_cached struct krn_cached c = KRN_CACHED_NONE;
	auto_free char *dir = NULL;
	int r = digest_fd_cached(fd, path, k->key, err);

	if (r == 0)
		r = krn_cached_path("packages", k->key, &dir, err);
	if (r < 0 || (krn_hold(k, dir) && find_kernel(dir, k)))
		return r;
	r = krn_cached_begin(&c, "packages", k->key, progress, err);
	/* Another kiln may have done it while this one waited. */
	if (r == 0 && !(krn_hold(k, dir) && find_kernel(dir, k)))
		r = unpack(fd, path, &c, progress, err);
	if (r == 0 && !k->image && !(krn_hold(k, dir) && find_kernel(dir, k)))
		r = err_set(err, -EIO, "'%s' vanished while it was unpacked", dir);
	return r;
}
