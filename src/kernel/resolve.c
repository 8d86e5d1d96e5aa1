/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * KERNEL to struct krn. find.h's functions say where things are; here it is decided which of them
 * is meant, the image is probed, and what is still unknown (release, modules, key) is worked out.
 */
#include "kernel/resolve.h"

#include "base/digest.h"
#include "base/path.h"
#include "kernel/cache.h"
#include "kernel/find.h"
#include "kernel/kernel.h"
#include "kernel/package.h"
#include "kernel/probe.h"

#include <errno.h>
#include <fcntl.h>

struct query {
	const char *spec;
	const char *root;
	enum krn_arch arch;
	const struct krn_progress *progress;
};

void krn_release(struct krn *k)
{
	krn_let_go(k);
	free(k->spec);
	free(k->image);
	free(k->release);
	free(k->stale);
	free(k->modules);
	free(k->build);
	free(k->config);
	*k = (struct krn){ 0 };
}
#define auto_krn cleanup(krn_release)

/* The version of a compressed Image is only inside. */
static void find_version(struct krn *k, const struct krn_progress *progress)
{
	auto_free char *path = NULL;
	struct krn_image info;
	auto_close int fd = -1;

	if (k->info.version[0] || krn_vmlinux(k, progress, &path, &info, NULL) < 0)
		return;
	fd = krn_open_image(path, path, &info, NULL);
	if (fd < 0)
		return;
	krn_image_version(fd, &info);
	memcpy(k->info.version, info.version, sizeof(info.version));
}

/* A build folder's include/config/kernel.release is the last make's, which need not be the image's. */
static void find_release(struct krn *k, const struct krn_progress *progress)
{
	auto_free char *release = NULL;

	if (k->release && k->kind != KRN_FOLDER)
		return;
	if (!k->release)
		find_version(k, progress);
	release = xstrndup(k->info.version, strcspn(k->info.version, " "));
	if (!krn_is_release(release) || str_eq(release, k->release))
		return;
	k->stale = take_ptr(k->release);
	k->release = take_ptr(release);
}

/*
 * Modules of a lone image file, or one found by a name that is no release: of the folder tree it stands in (an unpacked package's boot/, or
 * lib/modules/RELEASE itself), else of the host, if the release is the same.
 */
static void find_beside(struct krn *k, const char *root)
{
	auto_free char *dir = path_dir(k->image);
	auto_free char *up = path_dir(dir);
	auto_free char *config = NULL;

	if (!k->release)
		return;
	if (!k->modules)
		k->modules = krn_installed_modules(up, k->release);
	if (!k->modules && str_eq(path_base(dir), k->release))
		k->modules = xstrdup(dir);
	if (!k->modules)
		k->modules = krn_installed_modules(root, k->release);
	config = xasprintf("%s/config-%s", dir, k->release);
	if (!k->config && access(config, R_OK) == 0)
		k->config = take_ptr(config);
}

/*
 * The key: the image's content, and the identity of the modules beside it, since either may change
 * alone. A package's is its digest.
 */
static int make_key(struct krn *k, struct err *err)
{
	struct krn_mix m = KRN_MIX_INIT;
	auto_free char *dep = NULL;
	int r;

	if (k->kind == KRN_PACKAGE)
		return 0;
	r = digest_file_cached(k->image, k->key, err);
	if (r < 0)
		return r;
	krn_mix_str(&m, k->modules);
	if (k->build) {
		krn_folder_mix_modules(k->build, &m);
	} else if (k->modules) {
		dep = path_join(k->modules, "modules.dep");
		krn_mix_file(&m, dep);
		krn_mix_file(&m, k->modules);
	}
	krn_mix_hex(&m, k->key + 32);
	return 0;
}

static int check_arch(const struct krn *k, enum krn_arch arch, struct err *err)
{
	if (arch == KRN_ARCH_UNKNOWN || k->info.arch == KRN_ARCH_UNKNOWN || k->info.arch == arch)
		return 0;
	err_set(err, -ENOEXEC, "'%s' is a kernel for %s, but %s was asked for", k->spec,
		krn_arch_name(k->info.arch), krn_arch_name(arch));
	return err_hint(err, -ENOEXEC, "leave out --arch, or give a kernel for %s",
			krn_arch_name(arch));
}

static int complete(const struct query *q, struct krn *k, struct err *err)
{
	int fd = krn_open_image(k->image, k->kind == KRN_FILE ? k->spec : k->image, &k->info, err);
	int r;

	if (fd < 0)
		return fd;
	if (k->kind == KRN_FOLDER)
		krn_image_version(fd, &k->info);
	close_fd(fd);
	r = check_arch(k, q->arch, err);
	if (r < 0)
		return r;
	find_release(k, q->progress);
	if (k->kind == KRN_FILE || (k->kind == KRN_INSTALLED && !k->modules))
		find_beside(k, q->root);
	return make_key(k, err);
}

static int from_folder(const struct query *q, const char *path, struct krn *k, struct err *err)
{
	auto_strv struct strv releases = { 0 };

	if (krn_folder_is(path)) {
		k->kind = KRN_FOLDER;
		return krn_folder_find(path, NULL, k, err);
	}
	krn_installed_releases(path, &releases);
	if (releases.n) {
		k->kind = KRN_INSTALLED;
		return krn_installed_find(path, releases.v[0], k);
	}
	err_set(err, -ENOENT,
		"'%s' is a folder without a kernel: no build folder, no boot/vmlinuz-*", q->spec);
	return err_hint(err, -ENOENT, "%s", KRN_ACCEPTED);
}

static int from_file(const struct query *q, const char *path, struct krn *k, struct err *err)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	auto_free char *folder = NULL;

	if (fd >= 0 && krn_pkg_format(fd) != KRN_PKG_NONE) {
		k->kind = KRN_PACKAGE;
		return krn_from_package(fd, path, q->progress, k, err);
	}
	folder = krn_folder_of(path);
	if (folder) {
		k->kind = KRN_FOLDER;
		return krn_folder_find(folder, path, k, err);
	}
	k->kind = KRN_FILE;
	k->image = xstrdup(path);
	return 0;
}

static bool from_installed(const struct query *q, struct krn *k)
{
	if (strchr(q->spec, '/') || krn_installed_find(q->root, q->spec, k) < 0)
		return false;
	k->kind = KRN_INSTALLED;
	return true;
}

/* What is no path: an installed kernel, or one of the store. */
static int from_name(const struct query *q, struct krn *k, struct err *err)
{
	int r;

	if (from_installed(q, k))
		return 0;
	k->kind = KRN_INSTALLED;
	r = krn_cell_find(q->spec, k, err);
	return r == -ENOENT ? krn_installed_unknown(q->spec, q->root, err) : r;
}

static int from_path(const struct query *q, struct krn *k, struct err *err)
{
	auto_free char *path = path_abs(q->spec);
	struct stat st;

	if (stat(path, &st) < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			return err_sys(err, "cannot read '%s'", q->spec);
		return from_name(q, k, err);
	}
	if (S_ISDIR(st.st_mode))
		return from_folder(q, path, k, err);
	if (S_ISREG(st.st_mode))
		return from_file(q, path, k, err);
	err_set(err, -ENOEXEC, "'%s' is %s, not a kernel", q->spec, krn_special_name(&st));
	return err_hint(err, -ENOEXEC, "%s", KRN_ACCEPTED);
}

static int from_default(const struct query *q, struct krn *k, struct err *err)
{
	auto_free char *cwd = path_abs(".");
	auto_strv struct strv releases = { 0 };

	if (krn_folder_is(cwd)) {
		k->kind = KRN_FOLDER;
		k->spec = xstrdup(cwd);
		return krn_folder_find(cwd, NULL, k, err);
	}
	krn_installed_releases(q->root, &releases);
	if (!releases.n)
		return krn_installed_none(q->root, err);
	k->kind = KRN_INSTALLED;
	k->spec = xstrdup(releases.v[0]);
	return krn_installed_find(q->root, releases.v[0], k);
}

static int locate(const struct query *q, struct krn *k, struct err *err)
{
	if (!q->spec)
		return from_default(q, k, err);
	k->spec = xstrdup(q->spec);
	if (!*q->spec)
		return err_set(err, -EINVAL, "the kernel's name is empty");
	/* A folder called "linux" means itself, whatever Arch calls its kernel. */
	if (krn_is_release(q->spec) && from_installed(q, k))
		return 0;
	return from_path(q, k, err);
}

int krn_resolve(const char *spec, const char *root, enum krn_arch arch,
		const struct krn_progress *progress, struct krn *ret, struct err *err)
{
	struct query q = { spec, root, arch, progress };
	auto_krn struct krn k = { 0 };
	int r = locate(&q, &k, err);

	if (r == 0)
		r = complete(&q, &k, err);
	if (r < 0)
		return r;
	*ret = k;
	k = (struct krn){ 0 };
	return 0;
}
