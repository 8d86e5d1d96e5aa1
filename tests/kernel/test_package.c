/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packages: honest ones, damaged ones, and ones that try to write where they must not. */
#include "../unit/unit.h"
#include "make.h"

#include "kernel/package.h"

#define CONTROL \
	"Package: linux-image-6.9.1-test\nVersion: 1\nDepends: kmod, linux-base\nDescription: x\n"

/* Unpacks a .deb into SCRATCH/in; what is left of SCRATCH/out tells whether anything got out. */
static int unpack_deb(const char *scratch, const struct str *deb, struct krn_pkg *pkg,
		      struct err *err)
{
	auto_free char *in = path_join(scratch, "in");
	auto_close int fd = make_fd(deb->s, deb->n);
	auto_close int dir = -1;
	struct krn_tree tree = { .max_bytes = 1 << 20, .max_entries = 100 };
	int r;

	rm_rf(in, NULL);
	mkdir_p(in, 0755, NULL);
	dir = open(in, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tree.fd = dir;
	r = krn_pkg_unpack(fd, "it.deb", &tree, NULL, pkg, err);
	krn_tree_release(&tree);
	return r;
}

static int unpack(const char *scratch, const struct str *tar, struct err *err)
{
	auto_str struct str deb = { 0 };
	struct krn_pkg pkg = { 0 };
	int r;

	make_deb(&deb, CONTROL, tar);
	r = unpack_deb(scratch, &deb, &pkg, err);
	krn_pkg_release(&pkg);
	return r;
}

static bool exists(const char *scratch, const char *path)
{
	auto_free char *p = path_join(scratch, path);
	struct stat st;

	return lstat(p, &st) == 0;
}

static void honest_tar(struct str *tar)
{
	static char big[5000];

	memset(big, 'k', sizeof(big));
	make_tar_entry(tar, "./", '5', NULL, NULL, 0);
	make_tar_entry(tar, "./boot/", '5', NULL, NULL, 0);
	make_tar_entry(tar, "./boot/vmlinuz-6.9.1-test", '0', NULL, big, sizeof(big));
	make_tar_entry(tar, "./boot/vmlinuz", '2', "vmlinuz-6.9.1-test", NULL, 0);
	make_tar_entry(tar, "./boot/grub/grub.cfg", '0', NULL, "x", 1);
	make_tar_entry(tar, "./usr/share/doc/x", '0', NULL, "x", 1);
	make_tar_entry(tar, "./usr/lib/modules/6.9.1-test/kernel/a.ko", '0', NULL, "module", 6);
	make_tar_entry(tar, "./usr/lib/modules/6.9.1-test/kernel/b.ko", '1',
		       "./usr/lib/modules/6.9.1-test/kernel/a.ko", NULL, 0);
	make_tar_entry(tar, "./usr/lib/modules/6.9.1-test/build", '2', "/usr/src/linux", NULL, 0);
	make_tar_end(tar);
}

static void test_honest(void **state)
{
	auto_str struct str tar = { 0 };
	auto_str struct str deb = { 0 };
	auto_err struct err err = { 0 };
	struct krn_pkg pkg = { 0 };

	honest_tar(&tar);
	make_deb(&deb, CONTROL, &tar);
	assert_done(unpack_deb(*state, &deb, &pkg, &err), &err);
	assert_string_equal(pkg.name, "linux-image-6.9.1-test");
	assert_string_equal(pkg.depends, "kmod, linux-base");
	krn_pkg_release(&pkg);
	assert_true(exists(*state, "in/boot/vmlinuz-6.9.1-test"));
	assert_true(exists(*state, "in/boot/vmlinuz"));
	assert_true(exists(*state, "in/lib/modules/6.9.1-test/kernel/a.ko"));
	assert_true(exists(*state, "in/lib/modules/6.9.1-test/kernel/b.ko"));
	assert_false(exists(*state, "in/lib/modules/6.9.1-test/build"));
	assert_false(exists(*state, "in/boot/grub"));
	assert_false(exists(*state, "in/usr"));
}

/* The same through each compressor a .deb may have. */
static void test_compressed(void **state)
{
	static const char *const argvs[][4] = { { "gzip", "-n" },
						{ "xz" },
						{ "zstd", "-q", "-c" } };
	auto_str struct str tar = { 0 };

	honest_tar(&tar);
	for (size_t i = 0; i < countof(argvs); i++) {
		auto_str struct str packed = { 0 };
		auto_err struct err err = { 0 };

		if (!make_compressed(&packed, &tar, argvs[i])) {
			print_message("%s is not installed: not tested\n", argvs[i][0]);
			continue;
		}
		assert_done(unpack(*state, &packed, &err), &err);
		assert_true(exists(*state, "in/lib/modules/6.9.1-test/kernel/a.ko"));
		packed.n -= packed.n / 3;
		assert_int_equal(unpack(*state, &packed, &err), -EBADMSG);
	}
}

static void test_apk(void **state)
{
	static const char *const gzip[] = { "gzip", "-n", NULL };
	auto_str struct str control = { 0 };
	auto_str struct str data = { 0 };
	auto_str struct str apk = { 0 };
	auto_err struct err err = { 0 };
	struct krn_pkg pkg = { 0 };
	static const char info[] = "pkgname = linux-lts\npkgver = 6.9\n";

	/* Alpine cuts the end marks off the first tars and concatenates the gzip streams. */
	make_tar_entry(&control, ".PKGINFO", '0', NULL, info, sizeof(info) - 1);
	make_tar_entry(&data, "boot/vmlinuz-lts", '0', NULL, "kernel", 6);
	make_tar_entry(&data, "lib/modules/6.9.1-0-lts/kernel/a.ko", '0', NULL, "module", 6);
	make_tar_end(&data);
	assert_true(make_compressed(&apk, &control, gzip));
	assert_true(make_compressed(&apk, &data, gzip));
	assert_done(unpack_deb(*state, &apk, &pkg, &err), &err);
	assert_string_equal(pkg.name, "linux-lts");
	krn_pkg_release(&pkg);
	assert_true(exists(*state, "in/boot/vmlinuz-lts"));
	assert_true(exists(*state, "in/lib/modules/6.9.1-0-lts/kernel/a.ko"));
}

/* cpio "newc", as rpm's payload is. */
static void put_cpio(struct str *b, const char *name, unsigned int mode, const char *data)
{
	str_addf(b, "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X", 1, mode, 0, 0,
		 1, 0, strlen(data), 0, 0, 0, 0, strlen(name) + 1, 0);
	str_add(b, name, strlen(name) + 1);
	while (b->n % 4)
		str_addc(b, '\0');
	str_adds(b, data);
	while (b->n % 4)
		str_addc(b, '\0');
}

/* Lead, an empty signature and header, payload (rpm's Documentation, format v4). */
static void test_rpm(void **state)
{
	static const char lead[96] = "\xed\xab\xee\xdb\3\0\0\0\0\1kernel-core";
	static const char header[16] = "\x8e\xad\xe8\1";
	static const char *const gzip[] = { "gzip", "-n", NULL };
	auto_str struct str cpio = { 0 };
	auto_str struct str rpm = { 0 };
	auto_err struct err err = { 0 };
	struct krn_pkg pkg = { 0 };

	put_cpio(&cpio, "./lib/modules/6.9.1-fc40/vmlinuz", 0100644, "kernel");
	put_cpio(&cpio, "./lib/modules/6.9.1-fc40/source", 0120777, "/usr/src/x");
	put_cpio(&cpio, "TRAILER!!!", 0, "");
	str_add(&rpm, lead, sizeof(lead));
	str_add(&rpm, header, sizeof(header));
	str_add(&rpm, header, sizeof(header));
	assert_true(make_compressed(&rpm, &cpio, gzip));
	assert_done(unpack_deb(*state, &rpm, &pkg, &err), &err);
	krn_pkg_release(&pkg);
	assert_true(exists(*state, "in/lib/modules/6.9.1-fc40/vmlinuz"));
	assert_false(exists(*state, "in/lib/modules/6.9.1-fc40/source"));
}

/* One entry (two with the second name) that must be refused with these words. */
static void refused(const char *scratch, const char *name, char type, const char *link,
		    const char *then, const char *words)
{
	auto_str struct str tar = { 0 };
	auto_err struct err err = { 0 };

	make_tar_entry(&tar, "./boot/first", '0', NULL, "1", 1);
	make_tar_entry(&tar, name, type, link, "data", type == '0' ? 4 : 0);
	if (then)
		make_tar_entry(&tar, then, '0', NULL, "data", 4);
	make_tar_end(&tar);
	if (unpack(scratch, &tar, &err) == 0)
		fail_msg("'%s' was let through", name);
	assert_contains(err.msg, words);
	assert_contains(err.msg, "cannot unpack 'it.deb'");
	assert_false(exists(scratch, "out"));
	assert_false(exists(scratch, "evil"));
}

static void test_hostile(void **state)
{
	auto_free char *absolute = path_join(*state, "evil");

	refused(*state, "../evil", '0', NULL, NULL, "leads out");
	refused(*state, "boot/../../evil", '0', NULL, NULL, "leads out");
	refused(*state, "./lib/modules/x/..", '5', NULL, NULL, "leads out");
	refused(*state, absolute, '0', NULL, NULL, "absolute path");
	refused(*state, "//boot/x", '0', NULL, NULL, "absolute path");
	refused(*state, "boot/x\ny", '0', NULL, NULL, "control characters");
	refused(*state, "boot/dev", '3', NULL, NULL, "device");
	refused(*state, "boot/dev", '4', NULL, NULL, "device");
	refused(*state, "boot/pipe", '6', NULL, NULL, "device, pipe");
	refused(*state, "usr/dev", '3', NULL, NULL, "device");
	refused(*state, "boot/first", '0', NULL, NULL, "twice");
	refused(*state, "boot/hard", '1', absolute, NULL, "absolute path");
	refused(*state, "boot/hard", '1', "../evil", NULL, "leads out");
	refused(*state, "boot/hard", '1', "boot/later", NULL, "not in the archive");
	refused(*state, "boot/link", '2', "/etc/passwd", NULL, "leads out");
	refused(*state, "boot/link", '2', "../../out", NULL, "leads out");
	refused(*state, "lib/modules/r/link", '2', "../../../../out", NULL, "leads out");
	refused(*state, "lib/modules/r/f", '0', NULL, "lib/modules/r/f/x", "lib/modules/r/f");
}

/*
 * Writing through a link: the link is only made when all files are there, so its name is taken by
 * then.
 */
static void test_write_through_link(void **state)
{
	refused(*state, "lib/modules/r/d", '2', "../../../../out", "lib/modules/r/d/x",
		"leads out");
	refused(*state, "lib/modules/r/d", '2', "e", "lib/modules/r/d/x", "there are others");
	refused(*state, "boot/l", '2', "first", "boot/l", "twice");
}

/* Up but still inside is harmless alone and is left out, since a chain of such links is not. */
static void test_upward_link(void **state)
{
	auto_str struct str tar = { 0 };
	auto_err struct err err = { 0 };

	make_tar_entry(&tar, "lib/modules/r/up", '2', "../other", NULL, 0);
	make_tar_entry(&tar, "lib/modules/r/a", '0', NULL, "x", 1);
	make_tar_end(&tar);
	assert_done(unpack(*state, &tar, &err), &err);
	assert_true(exists(*state, "in/lib/modules/r/a"));
	assert_false(exists(*state, "in/lib/modules/r/up"));
}

static void test_limits(void **state)
{
	static char block[600 << 10];
	auto_str struct str many = { 0 };
	auto_str struct str large = { 0 };
	auto_err struct err err = { 0 };

	for (int i = 0; i < 101; i++) {
		auto_free char *name = xasprintf("usr/%d", i);

		make_tar_entry(&many, name, '0', NULL, "", 0);
	}
	make_tar_end(&many);
	assert_int_equal(unpack(*state, &many, &err), -EFBIG);
	assert_contains(err.msg, "more than 100 files");
	make_tar_entry(&large, "boot/a", '0', NULL, block, sizeof(block));
	make_tar_entry(&large, "usr/b", '0', NULL, block, sizeof(block));
	make_tar_end(&large);
	assert_int_equal(unpack(*state, &large, &err), -EFBIG);
	assert_contains(err.msg, "more than 1048576 bytes");
}

static void add_record(struct str *pax, const char *record)
{
	size_t n = strlen(record) + 4; /* of two digits, with the blank and the newline */

	assert_in_range(n, 10, 99);
	str_addf(pax, "%zu %s\n", n, record);
}

/* A sparse file (GNU tar, PAX format 1.0): its map has more than its size. */
static void test_limit_of_sparse(void **state)
{
	static char data[512 + (100 << 10)] = "1\n0\n102400\n";
	auto_str struct str pax = { 0 };
	auto_str struct str tar = { 0 };
	auto_err struct err err = { 0 };

	add_record(&pax, "GNU.sparse.major=1");
	add_record(&pax, "GNU.sparse.minor=0");
	add_record(&pax, "GNU.sparse.realsize=10");
	make_tar_entry(&tar, "x", 'x', NULL, pax.s, pax.n);
	make_tar_entry(&tar, "boot/a", '0', NULL, data, sizeof(data));
	make_tar_end(&tar);
	assert_int_equal(unpack(*state, &tar, &err), -EFBIG);
	assert_contains(err.msg, "entry 'boot/a': it is larger than its header says");
}

/* The control file may stand behind any number of others. */
static void test_limits_of_control(void **state)
{
	auto_str struct str control = { 0 };
	auto_str struct str data = { 0 };
	auto_str struct str deb = { 0 };
	auto_err struct err err = { 0 };
	struct krn_pkg pkg = { 0 };

	for (int i = 0; i < 101; i++)
		make_tar_entry(&control, "./md5sums", '0', NULL, "", 0);
	make_tar_entry(&control, "./control", '0', NULL, CONTROL, strlen(CONTROL));
	make_tar_end(&control);
	make_tar_end(&data);
	make_deb_of(&deb, &control, &data);
	assert_int_equal(unpack_deb(*state, &deb, &pkg, &err), -EFBIG);
	assert_contains(err.msg, "more than 100 files");
}

static void test_truncated(void **state)
{
	auto_str struct str tar = { 0 };
	auto_str struct str deb = { 0 };

	honest_tar(&tar);
	make_deb(&deb, CONTROL, &tar);
	for (size_t i = 1; i < 16; i++) {
		struct str cut = { deb.s, deb.n * i / 16, 0 };
		auto_err struct err err = { 0 };
		struct krn_pkg pkg = { 0 };

		if (unpack_deb(*state, &cut, &pkg, &err) == 0)
			fail_msg("%zu/16 of a package was taken for one", i);
		assert_non_null(err.hint);
	}
}

static void test_random(void **state)
{
	auto_str struct str tar = { 0 };
	uint64_t x = 88172645463325252ull;

	honest_tar(&tar);
	for (int round = 0; round < 300; round++) {
		auto_str struct str deb = { 0 };
		struct krn_pkg pkg = { 0 };

		make_deb(&deb, CONTROL, &tar);
		for (int i = 0; i < 8; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			deb.s[x % deb.n] = (char)(x >> 40);
		}
		unpack_deb(*state, &deb, &pkg, NULL);
		krn_pkg_release(&pkg);
		assert_false(exists(*state, "out"));
	}
}

static void test_format(void **state)
{
	auto_close int deb = make_fd("!<arch>\ndebian-binary   ", 24);
	auto_close int ar = make_fd("!<arch>\nfoo.o/          ", 24);
	auto_close int rpm = make_fd("\xed\xab\xee\xdb\3\0", 6);
	auto_close int gz = make_fd("\x1f\x8b\x08\0\0\0\0\0", 8);

	assert_int_equal(krn_pkg_format(deb), KRN_PKG_DEB);
	assert_int_equal(krn_pkg_format(ar), KRN_PKG_NONE);
	assert_int_equal(krn_pkg_format(rpm), KRN_PKG_RPM);
	assert_int_equal(krn_pkg_format(gz), KRN_PKG_NONE);
}

static void test_dependency(void **state)
{
	struct krn_pkg p = { .depends = (char *)"kmod, a | linux-image-6.9.1-test (= 1), b" };
	auto_free char *dep = krn_pkg_kernel_dependency(&p);

	assert_string_equal(dep, "linux-image-6.9.1-test");
	p.depends = (char *)"kmod, linux-base";
	assert_null(krn_pkg_kernel_dependency(&p));
	p.depends = NULL;
	assert_null(krn_pkg_kernel_dependency(&p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_honest),
		scratch_test(test_compressed),
		scratch_test(test_apk),
		scratch_test(test_rpm),
		scratch_test(test_hostile),
		scratch_test(test_upward_link),
		scratch_test(test_write_through_link),
		scratch_test(test_limits),
		scratch_test(test_limits_of_control),
		scratch_test(test_limit_of_sparse),
		scratch_test(test_truncated),
		scratch_test(test_random),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_dependency),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
