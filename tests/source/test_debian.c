/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tarball of an installed package, below a root made for it. */
#include "../kernel/home.h"
#include "../kernel/make.h"

#include "source/parts.h"

#define MAKEFILE "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 176\nEXTRAVERSION =\n"

/* As dpkg writes it (Debian 12). */
#define STATUS                                                                                     \
	"Package: xlinux-source-6.1\nStatus: install ok installed\nVersion: 9\n\n"                 \
	"Package: linux-source-6.1\nStatus: install ok installed\nPriority: optional\nSection: "   \
	"kernel\n"                                                                                 \
	"Maintainer: Debian Kernel Team <debian-kernel@lists.debian.org>\nArchitecture: all\n"     \
	"Source: linux\nVersion: 6.1.176-1\nDepends: binutils, xz-utils\nDescription: Linux\n x\n" \
	"\n"                                                                                       \
	"Package: linux-source-6.5\nStatus: deinstall ok config-files\nVersion: 6.5.1-1\n"

static void put_tarball(const char *root, const char *name)
{
	auto_str struct str b = { 0 };

	make_tar_entry(&b, "linux-source-6.1/Makefile", '0', NULL, MAKEFILE, strlen(MAKEFILE));
	make_tar_end(&b);
	make_file(root, name, b.s, b.n);
}

static void check(const char *root, const char *package, const char *origin)
{
	struct src_tree t = SRC_TREE_NONE;
	auto_err struct err err = { 0 };

	assert_done(src_debian_open(package, root, NULL, &t, &err), &err);
	assert_string_equal(t.origin, origin);
	assert_string_equal(t.version, "6.1.176");
	src_tree_release(&t);
}

static void test_installed(void **state)
{
	make_text(*state, "var/lib/dpkg/status", STATUS);
	put_tarball(*state, "usr/src/linux-source-6.1.tar.xz");
	put_tarball(*state, "usr/src/linux-source-6.5.tar.gz");
	check(*state, "linux-source-6.1", "linux-source-6.1 6.1.176-1");
	check(*state, "linux-source-6.5", "linux-source-6.5");
}

static void test_not_installed(void **state)
{
	struct src_tree t = SRC_TREE_NONE;
	auto_err struct err err = { 0 };

	assert_int_equal(src_debian_open("linux-source-6.1", *state, NULL, &t, &err), -ENOENT);
	assert_string_equal(err.hint, "apt-get install linux-source-6.1");
	put_tarball(*state, "usr/src/linux-source-6.12.tar.xz");
	put_tarball(*state, "usr/src/linux-source-6.5.tar.xz");
	assert_int_equal(src_debian_open("linux-source-6.1", *state, NULL, &t, &err), -ENOENT);
	assert_string_equal(err.hint, "apt-get install linux-source-6.1\nthere are: "
				      "debian:linux-source-6.12, debian:linux-source-6.5");
}

int main(void)
{
	const struct CMUnitTest tests[] = { home_test(test_installed),
					    home_test(test_not_installed) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
