/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels installed below a root folder, by the names distributions give them. An unpacked package
 * is such a root too.
 */
#include "kernel/find.h"

#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* Where the image of release %s may be, best first. */
static const char *const images[] = {
	"boot/vmlinuz-%s",	      /* Debian, Fedora, openSUSE */
	"lib/modules/%s/vmlinuz",     /* Arch, Fedora */
	"usr/lib/modules/%s/vmlinuz", /* the same, without the link */
	"boot/vmlinux-%s",
	"boot/Image-%s",
	"boot/kernel-%s", /* Gentoo */
	"lib/modules/%s/Image",
	"usr/lib/modules/%s/Image",
};

static const char *const configs[] = {
	"boot/config-%s",
	"lib/modules/%s/config",
	"usr/lib/modules/%s/config",
	"lib/modules/%s/build/.config",
};

static const char *const module_dirs[] = { "lib/modules/%s", "usr/lib/modules/%s" };

/* Alpine: boot/vmlinuz-FLAVOUR and one lib/modules/RELEASE beside it. */
static const char *const flavours[] = { "lts", "virt", "edge", "stable", "rpi" };

static char *try_each(const char *root, const char *const *patterns, size_t n, const char *release,
		      mode_t type)
{
	for (size_t i = 0; i < n; i++) {
		auto_free char *rel = xasprintf(patterns[i], release);
		auto_free char *path = path_join(root, rel);
		struct stat st;

		if (stat(path, &st) == 0 && (st.st_mode & S_IFMT) == type)
			return take_ptr(path);
	}
	return NULL;
}

bool krn_is_release(const char *s)
{
	return *s >= '0' && *s <= '9' && !strchr(s, '/');
}

/* A second file beside a kernel's own, which has the release with something behind it. */
static bool is_copy(const char *name)
{
	static const char *const suffixes[] = { ".gz", ".xz", ".zst", ".old", ".bak" };

	for (size_t i = 0; i < countof(suffixes); i++)
		if (str_ends(name, suffixes[i]))
			return true;
	return false;
}

/* What may stand behind "vmlinuz-": a release, or a name such as Arch's "linux". */
static bool is_name(const char *s)
{
	return *s && *s != '.' && !strchr(s, '/');
}

char *krn_installed_modules(const char *root, const char *release)
{
	if (!krn_is_release(release))
		return NULL;
	return try_each(root, module_dirs, countof(module_dirs), release, S_IFDIR);
}

static void list(const char *root, const char *sub, const char *prefix, struct strv *ret)
{
	auto_free char *path = path_join(root, sub);
	auto_strv struct strv names = { 0 };

	file_names(AT_FDCWD, path, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.v[i];

		if (str_skip(&name, prefix) && krn_is_release(name) && !strv_has(ret, name))
			strv_add(ret, name);
	}
}

static char *flavoured(const char *root, const char *release)
{
	auto_strv struct strv modules = { 0 };

	list(root, "lib/modules", "", &modules);
	if (modules.n != 1 || !str_eq(modules.v[0], release))
		return NULL;
	for (size_t i = 0; i < countof(flavours); i++) {
		char *path = try_each(root, images, 1, flavours[i], S_IFREG);

		if (path)
			return path;
	}
	return NULL;
}

char *krn_installed_image(const char *root, const char *release)
{
	char *image;

	if (!is_name(release))
		return NULL;
	image = try_each(root, images, countof(images), release, S_IFREG);
	return image ? image : flavoured(root, release);
}

static int newest_first(const void *a, const void *b)
{
	return str_vercmp(*(char *const *)b, *(char *const *)a);
}

void krn_installed_releases(const char *root, struct strv *ret)
{
	auto_strv struct strv all = { 0 };

	list(root, "boot", "vmlinuz-", &all);
	list(root, "boot", "vmlinux-", &all);
	list(root, "boot", "Image-", &all);
	list(root, "boot", "kernel-", &all);
	list(root, "lib/modules", "", &all);
	list(root, "usr/lib/modules", "", &all);
	for (size_t i = 0; i < all.n; i++) {
		auto_free char *image = krn_installed_image(root, all.v[i]);

		if (image && !is_copy(all.v[i]))
			strv_add(ret, all.v[i]);
	}
	if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), newest_first);
}

int krn_installed_find(const char *root, const char *release, struct krn *k)
{
	char *image = krn_installed_image(root, release);

	if (!image)
		return -ENOENT;
	k->image = image;
	if (krn_is_release(release) && !is_copy(release))
		k->release = xstrdup(release);
	k->modules = krn_installed_modules(root, release);
	k->config = try_each(root, configs, countof(configs), release, S_IFREG);
	return 0;
}

int krn_installed_unknown(const char *spec, const char *root, struct err *err)
{
	auto_strv struct strv all = { 0 }, cells = { 0 }, names = { 0 };
	auto_str struct str hint = { 0 };
	const char *near;

	krn_installed_releases(root, &all);
	krn_cell_names(&cells);
	strv_extend(&names, all.v);
	strv_extend(&names, cells.v);
	err_set(err, -ENOENT, "there is no kernel '%s': no such file or folder%s%s", spec,
		strchr(spec, '/') ? "" : ", and no such installed release",
		cells.n ? ", and no such cell in the store" : "");
	near = str_nearest(spec, (const char *const *)names.v, names.n);
	if (near)
		str_addf(&hint, "did you mean '%s'?\n", near);
	if (all.n)
		str_adds(&hint, "installed:");
	for (size_t i = 0; i < all.n && i < 5; i++)
		str_addf(&hint, " %s", all.v[i]);
	if (cells.n)
		str_addf(&hint, "%sin the store, as 'kiln store list' tells: %s%s",
			 all.n ? "\n" : "", cells.v[0], cells.n > 1 ? ", ..." : "");
	if (!names.n)
		str_adds(&hint,
			 "a kernel build folder, an image (bzImage, vmlinux, Image) or a package "
			 "(.deb, .rpm, .apk) is taken too; no kernel is installed here");
	return err_hint(err, -ENOENT, "%s", str_c(&hint));
}

int krn_installed_none(const char *root, struct err *err)
{
	auto_free char *debian = path_join(root, "etc/debian_version"); /* Ubuntu has it too */

	err_set(err, -ENOENT,
		"no kernel given, this folder is no kernel build folder, and none is installed");
	if (access(debian, F_OK) < 0)
		return err_hint(
			err, -ENOENT,
			"give one: kiln run ./bzImage, kiln run BUILDFOLDER, or a distribution's package: "
			"linux-image-RELEASE (Debian), kernel-core (Fedora: dnf download kernel-core), "
			"kernel-default (openSUSE), linux-lts (Alpine: apk fetch linux-lts)");
	return err_hint(
		err, -ENOENT,
		"give one: kiln run ./bzImage, kiln run BUILDFOLDER, or get a distribution's:\n"
		"apt-get download $(apt-cache depends linux-image-%s | sed -n "
		"'s/.*Depends: \\(linux-image-[0-9].*\\)/\\1/p')\n"
		"kiln run ./linux-image-*.deb",
		krn_arch_host() == KRN_ARM64 ? "arm64" : "amd64");
}
