/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What KERNEL means: releases, folders, files, packages, and nothing at all. */
#include "home.h"
#include "make.h"

#include "base/digest.h"
#include "kernel/package.h"
#include "kernel/resolve.h"

#include <dirent.h>

#define CONTROL "Package: linux-image-6.9.1-test\nVersion: 1\nDepends: kmod\n"

#define auto_krn cleanup(krn_release)

/* A bzImage for a release at SCRATCH/path. */
static void put_bzimage(const char *scratch, const char *path, const char *release)
{
	static const char *const gzip[] = { "gzip", "-9n", NULL };
	auto_free char *version = xasprintf("%s (me@here) #7 SMP Fri Nov 20", release);
	auto_str struct str kernel = { 0 };
	auto_str struct str payload = { 0 };
	auto_str struct str b = { 0 };

	make_vmlinux(&kernel, release, "CONFIG_EMBEDDED=y\n");
	assert_true(make_compressed(&payload, &kernel, gzip));
	make_bzimage(&b, version, &payload);
	make_file(scratch, path, b.s, b.n);
}

static void put_installed(const char *scratch, const char *release)
{
	auto_free char *image = xasprintf("host/boot/vmlinuz-%s", release);
	auto_free char *config = xasprintf("host/boot/config-%s", release);
	auto_free char *order = xasprintf("host/lib/modules/%s/modules.order", release);

	put_bzimage(scratch, image, release);
	make_text(scratch, config, "CONFIG_FROM_FILE=y\n");
	make_text(scratch, order, "");
}

static int resolve_in(const char *scratch, const char *spec, struct krn *k, struct err *err)
{
	auto_free char *root = path_join(scratch, "host");

	return krn_resolve(spec, root, KRN_ARCH_UNKNOWN, NULL, k, err);
}

static int resolve_path(const char *scratch, const char *path, struct krn *k, struct err *err)
{
	auto_free char *full = path_join(scratch, path);

	return resolve_in(scratch, full, k, err);
}

static void ends_with(const char *s, const char *end)
{
	assert_non_null(s);
	if (!str_ends(s, end))
		fail_msg("'%s' does not end in '%s'", s, end);
}

/* SPEC, NULL the root itself, leads to the kernel installed as IMAGE; MODULES may be NULL. */
static void is_installed(const char *scratch, const char *spec, const char *release,
			 const char *image, const char *modules)
{
	auto_free char *root = path_join(scratch, "host");
	auto_krn struct krn k = { 0 };
	auto_err struct err err = { 0 };

	assert_done(resolve_in(scratch, spec ? spec : root, &k, &err), &err);
	assert_int_equal(k.kind, KRN_INSTALLED);
	assert_string_equal(k.release, release);
	ends_with(k.image, image);
	if (modules)
		ends_with(k.modules, modules);
}

static void test_installed(void **state)
{
	auto_krn struct krn k = { 0 };
	auto_str struct str config = { 0 }, embedded = { 0 };
	auto_err struct err err = { 0 };

	put_installed(*state, "6.9.1-test");
	assert_done(resolve_in(*state, "6.9.1-test", &k, &err), &err);
	assert_int_equal(k.kind, KRN_INSTALLED);
	ends_with(k.image, "/host/boot/vmlinuz-6.9.1-test");
	ends_with(k.modules, "/host/lib/modules/6.9.1-test");
	assert_string_equal(k.release, "6.9.1-test");
	assert_int_equal(strlen(k.key), 64);
	assert_done(krn_config(&k, &config, &err), &err);
	assert_string_equal(str_c(&config), "CONFIG_FROM_FILE=y\n");
	/* For root no file is unreadable but one that is gone. */
	assert_int_equal(unlink(k.config), 0);
	assert_done(krn_config(&k, &embedded, &err), &err);
	assert_string_equal(str_c(&embedded), "CONFIG_EMBEDDED=y\n");
}

static void test_installed_in_modules(void **state)
{
	put_bzimage(*state, "host/usr/lib/modules/6.9.2-arch1-1/vmlinuz", "6.9.2-arch1-1");
	is_installed(*state, "6.9.2-arch1-1", "6.9.2-arch1-1",
		     "/usr/lib/modules/6.9.2-arch1-1/vmlinuz", "/usr/lib/modules/6.9.2-arch1-1");
}

static void test_installed_arch(void **state)
{
	static const char release[] = "6.9.2-arch1-1";
	static const char modules[] = "/host/usr/lib/modules/6.9.2-arch1-1";

	put_bzimage(*state, "host/boot/vmlinuz-linux", release);
	put_bzimage(*state, "host/usr/lib/modules/6.9.2-arch1-1/vmlinuz", release);
	is_installed(*state, NULL, release, "/host/usr/lib/modules/6.9.2-arch1-1/vmlinuz", modules);
	is_installed(*state, "linux", release, "/host/boot/vmlinuz-linux", modules);
}

/* boot/vmlinuz-FLAVOUR is all there is. */
static void test_installed_alpine(void **state)
{
	put_bzimage(*state, "host/boot/vmlinuz-lts", "6.6.14-0-lts");
	make_text(*state, "host/lib/modules/6.6.14-0-lts/modules.order", "");
	is_installed(*state, NULL, "6.6.14-0-lts", "/host/boot/vmlinuz-lts",
		     "/host/lib/modules/6.6.14-0-lts");
}

/* A debugger's boot/vmlinux-RELEASE.gz beside boot/vmlinuz-RELEASE. */
static void test_installed_opensuse(void **state)
{
	put_installed(*state, "6.4.0-default");
	put_bzimage(*state, "host/boot/vmlinux-6.4.0-default.gz", "6.4.0-default");
	is_installed(*state, NULL, "6.4.0-default", "/host/boot/vmlinuz-6.4.0-default", NULL);
}

/* It would be an option of depmod. */
static void test_hostile_release(void **state)
{
	auto_free char *root = path_join(*state, "host");
	auto_krn struct krn a = { 0 };
	auto_krn struct krn b = { 0 };
	auto_err struct err err = { 0 };

	put_installed(*state, "-x");
	assert_int_equal(resolve_in(*state, root, &a, &err), -ENOENT);
	put_bzimage(*state, "lone", "-x");
	assert_done(resolve_path(*state, "lone", &b, &err), &err);
	assert_null(b.release);
	assert_null(b.modules);
}

static void test_default_is_newest(void **state)
{
	auto_krn struct krn k = { 0 };
	auto_err struct err err = { 0 };

	put_installed(*state, "6.9.1-test");
	put_installed(*state, "6.18.0-test");
	put_installed(*state, "6.18.0-rc3-test");
	make_text(*state, "host/lib/modules/7.0.0-no-image/modules.order", "");
	assert_int_equal(chdir(*state), 0);
	assert_done(resolve_in(*state, NULL, &k, &err), &err);
	assert_string_equal(k.spec, "6.18.0-test");
}

static void test_none(void **state)
{
	auto_err struct err err = { 0 };
	struct krn k;

	assert_int_equal(chdir(*state), 0);
	assert_int_equal(resolve_in(*state, NULL, &k, &err), -ENOENT);
	assert_contains(err.hint, "dnf download kernel-core");
	make_text(*state, "host/etc/debian_version", "12.9\n");
	assert_int_equal(resolve_in(*state, NULL, &k, &err), -ENOENT);
	assert_contains(err.hint, "apt-get download");
}

static void test_unknown_release(void **state)
{
	auto_err struct err err = { 0 };
	struct krn k;

	put_installed(*state, "6.9.1-test");
	assert_int_equal(resolve_in(*state, "6.9.2-test", &k, &err), -ENOENT);
	assert_contains(err.msg, "there is no kernel '6.9.2-test'");
	assert_contains(err.hint, "did you mean '6.9.1-test'?");
}

/* A file in the current folder does not hide a release of that name; with a slash it is meant. */
static void test_release_before_file(void **state)
{
	auto_krn struct krn a = { 0 };
	auto_krn struct krn b = { 0 };
	auto_krn struct krn c = { 0 };
	auto_err struct err err = { 0 };

	put_installed(*state, "6.9.1-test");
	put_bzimage(*state, "6.9.1-test", "5.0.0");
	put_bzimage(*state, "image", "5.0.0");
	assert_int_equal(chdir(*state), 0);
	assert_done(resolve_in(*state, "6.9.1-test", &a, &err), &err);
	assert_int_equal(a.kind, KRN_INSTALLED);
	assert_done(resolve_in(*state, "./6.9.1-test", &b, &err), &err);
	assert_int_equal(b.kind, KRN_FILE);
	assert_string_equal(b.release, "5.0.0");
	assert_done(resolve_in(*state, "image", &c, &err), &err);
	assert_int_equal(c.kind, KRN_FILE);
}

/* Arch's boot/vmlinuz-linux must not hide the kernel tree one stands before. */
static void test_file_before_name(void **state)
{
	auto_krn struct krn a = { 0 };
	auto_krn struct krn b = { 0 };
	auto_err struct err err = { 0 };

	put_bzimage(*state, "host/boot/vmlinuz-linux", "6.9.2-arch1-1");
	put_bzimage(*state, "linux", "5.0.0");
	assert_int_equal(chdir(*state), 0);
	assert_done(resolve_in(*state, "linux", &a, &err), &err);
	assert_int_equal(a.kind, KRN_FILE);
	assert_string_equal(a.release, "5.0.0");
	assert_int_equal(unlink("linux"), 0);
	assert_done(resolve_in(*state, "linux", &b, &err), &err);
	assert_int_equal(b.kind, KRN_INSTALLED);
}

static void put_build(const char *scratch, bool built)
{
	make_text(scratch, "build/.config", "#\nCONFIG_X86_64=y\nCONFIG_MODULES=y\n");
	make_text(scratch, "build/Makefile", "all:\n\t@false\n");
	if (!built)
		return;
	make_text(scratch, "build/include/config/kernel.release", "6.9.1-own\n");
	make_text(scratch, "build/modules.order", "drivers/a.o\n");
	make_text(scratch, "build/drivers/a.ko", "module");
	put_bzimage(scratch, "build/arch/x86/boot/bzImage", "6.9.1-own");
}

static void test_build_folder(void **state)
{
	static const char *const specs[] = { "build", "build/arch/x86/boot/bzImage" };

	put_build(*state, true);
	for (size_t i = 0; i < countof(specs); i++) {
		auto_krn struct krn k = { 0 };
		auto_err struct err err = { 0 };

		assert_done(resolve_path(*state, specs[i], &k, &err), &err);
		assert_int_equal(k.kind, KRN_FOLDER);
		assert_string_equal(k.release, "6.9.1-own");
		ends_with(k.image, "/build/arch/x86/boot/bzImage");
		ends_with(k.build, "/build");
		ends_with(k.modules, "/build");
		ends_with(k.config, "/build/.config");
	}
}

/* As 'make modules' after a commit leaves it: the image is from before. */
static void test_build_folder_of_two_releases(void **state)
{
	auto_krn struct krn k = { 0 };
	auto_err struct err err = { 0 };

	put_build(*state, true);
	make_text(*state, "build/include/config/kernel.release", "6.9.1-own-g0123456\n");
	assert_done(resolve_path(*state, "build", &k, &err), &err);
	assert_string_equal(k.release, "6.9.1-own");
	assert_string_equal(k.stale, "6.9.1-own-g0123456");
}

static void test_build_folder_is_default(void **state)
{
	auto_free char *build = path_join(*state, "build");
	auto_krn struct krn k = { 0 };
	auto_err struct err err = { 0 };

	put_build(*state, true);
	put_installed(*state, "6.9.1-test");
	assert_int_equal(chdir(build), 0);
	assert_done(resolve_in(*state, NULL, &k, &err), &err);
	assert_int_equal(k.kind, KRN_FOLDER);
	assert_int_equal(chdir("/"), 0);
}

/* kbuild is asked for an image of a name that is not known. */
TEST_OR_SKIP(test_build_folder_asks_kbuild)
{
	auto_krn struct krn k = { 0 };
	auto_err struct err err = { 0 };

	make_text(*state, "build/.config", "CONFIG_X86_64=y\n");
	make_text(*state, "build/Makefile", "image_name:\n\t@echo out/$(ARCH)/kernel\n");
	put_bzimage(*state, "build/out/x86_64/kernel", "6.9.1-own");
	if (access("/usr/bin/make", X_OK) < 0) {
		print_message("there is no make\n");
		return false;
	}
	assert_done(resolve_path(*state, "build", &k, &err), &err);
	ends_with(k.image, "/build/out/x86_64/kernel");
	assert_string_equal(k.release, "6.9.1-own");
	return true;
}

static void test_not_built(void **state)
{
	auto_err struct err err = { 0 };
	struct krn k;

	put_build(*state, false);
	assert_int_equal(resolve_path(*state, "build", &k, &err), -ENOENT);
	assert_contains(err.msg, "is configured, but no kernel was built there");
	assert_contains(err.hint, "make -C ");
	make_text(*state, "tree/Kbuild", "");
	make_text(*state, "tree/Kconfig", "");
	make_text(*state, "tree/Makefile", "");
	make_text(*state, "tree/scripts/x", "");
	assert_int_equal(resolve_path(*state, "tree", &k, &err), -ENOENT);
	assert_contains(err.msg, "neither configured nor built");
	assert_contains(err.hint, "defconfig");
	assert_int_equal(resolve_path(*state, "tree/scripts", &k, &err), -ENOENT);
	assert_contains(err.msg, "a folder without a kernel");
}

static void test_arch(void **state)
{
	auto_free char *image = path_join(*state, "image");
	auto_err struct err err = { 0 };
	struct krn k;

	put_bzimage(*state, "image", "6.9.1");
	assert_int_equal(krn_resolve(image, *state, KRN_ARM64, NULL, &k, &err), -ENOEXEC);
	assert_contains(err.msg, "a kernel for x86_64, but arm64 was asked for");
}

static void test_special_files(void **state)
{
	auto_free char *fifo = path_join(*state, "fifo");
	auto_err struct err err = { 0 };
	struct krn k;

	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(resolve_path(*state, "fifo", &k, &err), -ENOEXEC);
	assert_contains(err.msg, "a named pipe");
	assert_int_equal(resolve_in(*state, "/dev/null", &k, &err), -ENOEXEC);
	assert_contains(err.msg, "a character device");
	assert_int_equal(resolve_in(*state, "", &k, &err), -EINVAL);
}

/* A lone image takes the modules beside it, else the host's of the same release. */
static void test_modules_beside(void **state)
{
	auto_krn struct krn a = { 0 };
	auto_krn struct krn b = { 0 };
	auto_krn struct krn c = { 0 };
	auto_err struct err err = { 0 };

	put_bzimage(*state, "gen/boot/vmlinuz-6.9.1-test", "6.9.1-test");
	make_text(*state, "gen/boot/config-6.9.1-test", "CONFIG_Y=y\n");
	make_text(*state, "gen/lib/modules/6.9.1-test/modules.order", "");
	put_bzimage(*state, "lone", "6.9.1-test");
	assert_done(resolve_path(*state, "gen/boot/vmlinuz-6.9.1-test", &a, &err), &err);
	ends_with(a.modules, "/gen/lib/modules/6.9.1-test");
	ends_with(a.config, "/gen/boot/config-6.9.1-test");
	assert_done(resolve_path(*state, "lone", &b, &err), &err);
	assert_null(b.modules);
	put_installed(*state, "6.9.1-test");
	assert_done(resolve_path(*state, "lone", &c, &err), &err);
	ends_with(c.modules, "/host/lib/modules/6.9.1-test");
	assert_string_not_equal(b.key, c.key);
}

static void test_vmlinux_unpacked_once(void **state)
{
	auto_krn struct krn k = { 0 };
	auto_free char *first = NULL;
	auto_free char *second = NULL;
	auto_str struct str config = { 0 };
	auto_err struct err err = { 0 };
	struct krn_image info;
	struct stat a, b;

	put_bzimage(*state, "lone", "6.9.1-test");
	assert_done(resolve_path(*state, "lone", &k, &err), &err);
	assert_done(krn_vmlinux(&k, NULL, &first, &info, &err), &err);
	assert_int_equal(info.format, KRN_ELF);
	assert_true(info.pvh);
	assert_int_equal(stat(first, &a), 0);
	assert_done(krn_vmlinux(&k, NULL, &second, &info, &err), &err);
	assert_string_equal(first, second);
	assert_int_equal(stat(second, &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	assert_done(krn_config(&k, &config, &err), &err);
	assert_string_equal(str_c(&config), "CONFIG_EMBEDDED=y\n");
}

/* A build folder's own vmlinux saves the unpacking, but only if it is the image's. */
static void test_vmlinux_of_folder(void **state)
{
	auto_str struct str own = { 0 };
	auto_str struct str other = { 0 };
	auto_krn struct krn k = { 0 };
	auto_err struct err err = { 0 };
	auto_free char *image = path_join(*state, "build/arch/x86/boot/bzImage");
	char *path = NULL;
	struct krn_image info;

	put_build(*state, true);
	make_vmlinux(&own, "6.9.1-own", NULL);
	make_file(*state, "build/vmlinux", own.s, own.n);
	/* Written within one tick of the clock, both would have the same time. */
	assert_int_equal(utimensat(AT_FDCWD, image, (struct timespec[]){ { 1, 0 }, { 1, 0 } }, 0),
			 0);
	assert_done(resolve_path(*state, "build", &k, &err), &err);
	assert_done(krn_vmlinux(&k, NULL, &path, &info, &err), &err);
	assert_null(strstr(path, "/build/vmlinux")); /* it is newer than the image */
	free(take_ptr(path));
	assert_int_equal(utimensat(AT_FDCWD, image, NULL, 0), 0);
	assert_done(krn_vmlinux(&k, NULL, &path, &info, &err), &err);
	ends_with(path, "/build/vmlinux");
	free(take_ptr(path));
	/* Without a PVH entry it is of no use, and neither is what would be unpacked. */
	memcpy(memmem(own.s, own.n, "Xen", 4), "xEN", 4);
	make_file(*state, "build/vmlinux", own.s, own.n);
	assert_int_equal(utimensat(AT_FDCWD, image, NULL, 0), 0);
	assert_done(krn_vmlinux(&k, NULL, &path, &info, &err), &err);
	ends_with(path, "/build/vmlinux");
	assert_false(info.pvh);
	free(take_ptr(path));
	make_vmlinux(&other, "6.9.0-own", NULL);
	make_file(*state, "build/vmlinux", other.s, other.n);
	assert_int_equal(utimensat(AT_FDCWD, image, NULL, 0), 0);
	assert_done(krn_vmlinux(&k, NULL, &path, &info, &err), &err);
	assert_null(strstr(path, "/build/vmlinux")); /* it is another kernel */
	free(path);
}

static void put_deb(const char *scratch, const char *path, const char *control, bool kernel)
{
	auto_free char *image = path_join(scratch, "forpkg");
	auto_str struct str text = { 0 };
	auto_str struct str tar = { 0 };
	auto_str struct str deb = { 0 };

	put_bzimage(scratch, "forpkg", "6.9.1-test");
	assert_int_equal(file_read(AT_FDCWD, image, 1 << 20, &text, NULL), 0);
	if (kernel)
		make_tar_entry(&tar, "./boot/vmlinuz-6.9.1-test", '0', NULL, text.s, text.n);
	make_tar_entry(&tar, "./lib/modules/6.9.1-test/modules.order", '0', NULL, "", 0);
	make_tar_end(&tar);
	make_deb(&deb, control, &tar);
	make_file(scratch, path, deb.s, deb.n);
}

static size_t count(const char *scratch, const char *sub, const char *suffix)
{
	auto_free char *path = path_join(scratch, sub);
	DIR *d = opendir(path);
	const struct dirent *e;
	size_t n = 0;

	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.' && str_ends(e->d_name, suffix);
	if (d)
		closedir(d);
	return n;
}

static void test_package(void **state)
{
	auto_krn struct krn a = { 0 };
	auto_krn struct krn b = { 0 };
	auto_err struct err err = { 0 };
	struct stat first, second;

	put_deb(*state, "k.deb", CONTROL, true);
	assert_done(resolve_path(*state, "k.deb", &a, &err), &err);
	assert_int_equal(a.kind, KRN_PACKAGE);
	assert_string_equal(a.release, "6.9.1-test");
	ends_with(a.modules, "/lib/modules/6.9.1-test");
	assert_int_equal(count(*state, "cache/kiln/packages", ".tmp"), 0);
	assert_int_equal(stat(a.image, &first), 0);
	assert_done(resolve_path(*state, "k.deb", &b, &err), &err);
	assert_int_equal(stat(b.image, &second), 0);
	assert_int_equal(first.st_ino, second.st_ino);
	assert_string_equal(a.key, b.key);
}

/* Digest and content are those of the file that was opened, whatever has its name by then. */
static void test_package_replaced(void **state)
{
	auto_free char *path = path_join(*state, "k.deb");
	auto_krn struct krn k = { .kind = KRN_PACKAGE };
	char digest[DIGEST_HEX + 1];
	auto_err struct err err = { 0 };
	auto_close int fd = -1;

	put_deb(*state, "k.deb", CONTROL, true);
	assert_done(digest_file_cached(path, digest, &err), &err);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(unlink(path), 0);
	put_deb(*state, "k.deb", "Package: hello\n", false);
	assert_done(krn_from_package(fd, path, NULL, &k, &err), &err);
	assert_string_equal(k.key, digest);
	ends_with(k.image, "/boot/vmlinuz-6.9.1-test");
}

/*
 * A killed kiln leaves KEY.tmp, somebody removes the image from the cache: both are mended by the
 * next.
 */
static void test_package_mended(void **state)
{
	auto_krn struct krn a = { 0 };
	auto_krn struct krn b = { 0 };
	auto_err struct err err = { 0 };
	auto_free char *left = NULL;

	put_deb(*state, "k.deb", CONTROL, true);
	assert_done(resolve_path(*state, "k.deb", &a, &err), &err);
	assert_int_equal(unlink(a.image), 0);
	left = xasprintf("cache/kiln/packages/%s.tmp/boot/vmlinuz-6.9.1-test", a.key);
	make_text(*state, left, "half a kernel");
	assert_done(resolve_path(*state, "k.deb", &b, &err), &err);
	assert_int_equal(b.info.format, KRN_BZIMAGE);
	assert_int_equal(count(*state, "cache/kiln/packages", ".tmp"), 0);
}

static void test_not_a_kernel_package(void **state)
{
	auto_err struct err err = { 0 };
	struct krn k;

	put_deb(*state, "meta.deb",
		"Package: linux-image-amd64\nDepends: linux-image-6.9.1-amd64 (= 6.9.1-1)\n",
		false);
	assert_int_equal(resolve_path(*state, "meta.deb", &k, &err), -ENOEXEC);
	assert_contains(err.msg, "metapackage linux-image-amd64");
	assert_contains(err.hint, "apt-get download linux-image-6.9.1-amd64");
	put_deb(*state, "evil.deb", "Package: x\nDepends: linux-image-6;reboot\n", false);
	assert_int_equal(resolve_path(*state, "evil.deb", &k, &err), -ENOEXEC);
	assert_contains(err.hint, "apt-get download 'linux-image-6;reboot'");
	put_deb(*state, "other.deb", "Package: hello\nDepends: libc6\n", false);
	assert_int_equal(resolve_path(*state, "other.deb", &k, &err), -ENOEXEC);
	assert_contains(err.msg, "the package hello, which holds no kernel");
	assert_int_equal(count(*state, "cache/kiln/packages", ".tmp"), 0);
}

/* What to look for is called otherwise by each distribution. */
static void test_not_a_kernel_apk(void **state)
{
	static const char *const gzip[] = { "gzip", "-n", NULL };
	static const char info[] = "pkgname = hello\n";
	auto_str struct str tar = { 0 };
	auto_str struct str apk = { 0 };
	auto_err struct err err = { 0 };
	struct krn k;

	make_tar_entry(&tar, ".PKGINFO", '0', NULL, info, sizeof(info) - 1);
	make_tar_end(&tar);
	assert_true(make_compressed(&apk, &tar, gzip));
	make_file(*state, "hello.apk", apk.s, apk.n);
	assert_int_equal(resolve_path(*state, "hello.apk", &k, &err), -ENOEXEC);
	assert_contains(err.msg, "the package hello, which holds no kernel");
	assert_contains(err.hint, "linux-lts");
}

/* A rebuilt module is another kernel, even where the image stays as it is. */
static void test_key_of_folder(void **state)
{
	auto_krn struct krn a = { 0 };
	auto_krn struct krn b = { 0 };
	auto_krn struct krn c = { 0 };
	auto_err struct err err = { 0 };

	put_build(*state, true);
	assert_done(resolve_path(*state, "build", &a, &err), &err);
	assert_done(resolve_path(*state, "build", &b, &err), &err);
	assert_string_equal(a.key, b.key);
	make_text(*state, "build/drivers/a.ko", "module, rebuilt");
	assert_done(resolve_path(*state, "build", &c, &err), &err);
	assert_string_not_equal(a.key, c.key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		home_test(test_installed),
		home_test(test_installed_in_modules),
		home_test(test_installed_arch),
		home_test(test_installed_alpine),
		home_test(test_installed_opensuse),
		home_test(test_hostile_release),
		home_test(test_default_is_newest),
		home_test(test_none),
		home_test(test_unknown_release),
		home_test(test_release_before_file),
		home_test(test_file_before_name),
		home_test(test_build_folder),
		home_test(test_build_folder_of_two_releases),
		home_test(test_build_folder_is_default),
		home_test(test_build_folder_asks_kbuild),
		home_test(test_not_built),
		home_test(test_arch),
		home_test(test_special_files),
		home_test(test_modules_beside),
		home_test(test_vmlinux_unpacked_once),
		home_test(test_vmlinux_of_folder),
		home_test(test_package),
		home_test(test_package_replaced),
		home_test(test_package_mended),
		home_test(test_not_a_kernel_package),
		home_test(test_not_a_kernel_apk),
		home_test(test_key_of_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
