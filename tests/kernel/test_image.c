/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel images and what is mistaken for them. */
#include "../unit/unit.h"
#include "make.h"

#include "kernel/image.h"
#include "kernel/scan.h"

#include <sys/socket.h>

#define VERSION "6.9.1-test (me@here) #7 SMP Fri Nov 20"

static int probe(const struct str *b, struct krn_image *im, struct err *err)
{
	auto_close int fd = make_fd(b->s, b->n);

	return krn_image_probe(fd, "it", im, err);
}

static void is_foreign(const void *data, size_t n, const char *what)
{
	auto_close int fd = make_fd(data, n);
	auto_err struct err err = { 0 };
	struct krn_image im;

	assert_int_equal(krn_image_probe(fd, "it", &im, &err), -ENOEXEC);
	assert_contains(err.msg, what);
	assert_contains(err.hint, "bzImage");
}

static void test_bzimage(void **state)
{
	auto_str struct str payload = { 0 };
	auto_str struct str b = { 0 };
	struct krn_image im;

	str_add(&payload, "\x28\xb5\x2f\xfd....", 8);
	make_bzimage(&b, VERSION, &payload);
	assert_int_equal(probe(&b, &im, NULL), 0);
	assert_int_equal(im.format, KRN_BZIMAGE);
	assert_int_equal(im.arch, KRN_X86_64);
	assert_int_equal(im.comp, KRN_ZSTD);
	assert_int_equal(im.payload_offset, 2560 + 700);
	assert_int_equal(im.payload_size, 8);
	assert_int_equal(im.boot_protocol, 0x20f);
	assert_int_equal(im.cmdline_max, 2047);
	assert_string_equal(im.version, VERSION);
	assert_true(im.relocatable);
	assert_false(im.efi_stub);
	b.s[0x236] = 0;
	assert_int_equal(probe(&b, &im, NULL), 0);
	assert_int_equal(im.arch, KRN_X86_32);
}

static void test_truncated(void **state)
{
	auto_str struct str payload = { 0 };
	auto_str struct str b = { 0 };

	for (int i = 0; i < 5000; i++)
		str_addc(&payload, (char)(i * 7));
	make_bzimage(&b, VERSION, &payload);
	for (size_t i = 0; i < 16; i++) {
		auto_err struct err err = { 0 };
		struct str cut = { b.s, b.n * i / 16, 0 };
		struct krn_image im;

		assert_int_equal(probe(&cut, &im, &err), -ENOEXEC);
		if (cut.n > 0x210)
			assert_contains(err.msg, "truncated bzImage");
	}
	b.n--; /* behind the payload */
	assert_int_equal(probe(&b, &(struct krn_image){ 0 }, NULL), -ENOEXEC);
}

/* A vmlinux as it should be; the file may be done to what the test is about. */
static int open_vmlinux(struct str *b, struct krn_image *im)
{
	auto_err struct err err = { 0 };
	int fd;

	make_vmlinux(b, "6.9.1-test", NULL);
	fd = make_fd(b->s, b->n);
	assert_done(krn_image_probe(fd, "it", im, &err), &err);
	return fd;
}

static void test_vmlinux(void **state)
{
	auto_str struct str b = { 0 };
	auto_err struct err err = { 0 };
	struct krn_image im;
	auto_close int fd = open_vmlinux(&b, &im);

	assert_int_equal(im.format, KRN_ELF);
	assert_int_equal(im.arch, KRN_X86_64);
	assert_true(im.pvh);
	assert_int_equal(im.pvh_entry, 0x1000850);
	assert_int_equal(krn_image_find_version(fd, &im), 0);
	assert_string_equal(im.version, "6.9.1-test (me@here) (gcc 12) #7 SMP Fri Nov 20");
	b.n -= 100;
	assert_int_equal(probe(&b, &im, &err), -ENOEXEC);
	assert_contains(err.msg, "truncated vmlinux");
}

/* A build truncates the file that is being looked at. */
static void test_vmlinux_truncated_meanwhile(void **state)
{
	auto_str struct str b = { 0 };
	struct krn_image im;
	auto_close int fd = open_vmlinux(&b, &im);

	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(krn_image_find_version(fd, &im), -ENOENT);
}

/* The file is read in pieces, and a mark may lie across two. */
static void test_marks_across_pieces(void **state)
{
	static char zeros[KRN_SCAN_PIECE];
	auto_str struct str kernel = { 0 };

	make_vmlinux(&kernel, "6.9.1-test", "CONFIG_A=y\n");
	for (size_t cut = 0; cut < kernel.n; cut += 3) {
		struct krn_image im = { .file_size = 1 };
		auto_str struct str config = { 0 };
		auto_close int fd = make_fd(zeros, sizeof(zeros) - cut);
		auto_err struct err err = { 0 };

		assert_int_equal(write_all(fd, kernel.s, kernel.n), 0);
		assert_int_equal(krn_image_find_version(fd, &im), 0);
		assert_string_equal(im.version, "6.9.1-test (me@here) (gcc 12) #7 SMP Fri Nov 20");
		assert_done(krn_image_config(fd, &config, &err), &err);
		assert_string_equal(str_c(&config), "CONFIG_A=y\n");
	}
}

static void test_arm64(void **state)
{
	static const char *const gzip[] = { "gzip", "-9n", NULL };
	auto_str struct str b = { 0 };
	auto_str struct str gz = { 0 };
	auto_str struct str back = { 0 };
	auto_close int in = -1;
	auto_close int out = make_fd("", 0);
	struct krn_image im;

	make_arm64_image(&b, "6.9.1-test");
	assert_int_equal(probe(&b, &im, NULL), 0);
	assert_int_equal(im.format, KRN_IMAGE);
	assert_int_equal(im.arch, KRN_ARM64);
	assert_true(make_compressed(&gz, &b, gzip));
	in = make_fd(gz.s, gz.n);
	assert_int_equal(krn_image_probe(in, "it", &im, NULL), 0);
	assert_int_equal(im.format, KRN_IMAGE_COMP);
	assert_int_equal(im.arch, KRN_ARM64);
	assert_int_equal(krn_image_unpack(in, &im, out, NULL), 0);
	assert_int_equal(pread(out, str_room(&back, b.n + 1), b.n + 1, 0), b.n);
	assert_memory_equal(back.s, b.s, b.n);
}

TEST_OR_SKIP(test_zboot)
{
	static const char *const zstd[] = { "zstd", "-q", "-c", NULL };
	auto_str struct str image = { 0 };
	auto_str struct str payload = { 0 };
	auto_str struct str b = { 0 };
	auto_close int in = -1;
	auto_close int out = make_fd("", 0);
	uint32_t fields[4] = { 0 };
	struct krn_image im;

	make_arm64_image(&image, "6.9.1-test");
	if (!make_compressed(&payload, &image, zstd)) {
		print_message("there is no zstd\n");
		return false;
	}
	fields[0] = 256;
	fields[1] = (uint32_t)payload.n; /* zboot-header.S: - ZBOOT_SIZE_LEN */
	str_add(&b, "MZ\0\0zimg", 8);
	str_add(&b, fields, 8);
	while (b.n < 256)
		str_addc(&b, '\0');
	b.s[0x3c] = 0x40;
	memcpy(b.s + 0x40, "PE\0\0\x64\xaa", 6);
	str_add(&b, payload.s, payload.n);
	str_add(&b, "\x00\x10\x00\x00", 4);
	in = make_fd(b.s, b.n);
	assert_int_equal(krn_image_probe(in, "it", &im, NULL), 0);
	assert_int_equal(im.format, KRN_ZBOOT);
	assert_int_equal(im.arch, KRN_ARM64);
	assert_int_equal(krn_image_unpack(in, &im, out, NULL), 0);
	assert_int_equal(lseek(out, 0, SEEK_END), image.n);
	return true;
}

/* As the kernel's build does it: every compressor but gzip gets the size behind its output. */
static void test_unpack(void **state)
{
	static const struct {
		enum krn_comp comp;
		const char *argv[6];
	} comps[] = {
		{ KRN_GZIP, { "gzip", "-9n" } },
		{ KRN_XZ, { "xz", "--check=crc32", "--x86", "--lzma2=dict=32MiB" } },
		{ KRN_LZMA, { "xz", "--format=lzma", "-9" } },
		{ KRN_BZIP2, { "bzip2", "-9" } },
		{ KRN_LZ4, { "lz4", "-l", "-9", "-c", "-" } },
		{ KRN_ZSTD, { "zstd", "-q", "-19", "-c" } },
	};
	auto_str struct str kernel = { 0 };

	make_vmlinux(&kernel, "6.9.1-test", "CONFIG_X=y\n");
	for (size_t i = 0; i < countof(comps); i++) {
		auto_str struct str payload = { 0 };
		auto_str struct str b = { 0 };
		auto_str struct str back = { 0 };
		auto_err struct err err = { 0 };
		auto_close int in = -1;
		auto_close int out = make_fd("", 0);
		uint32_t size = (uint32_t)kernel.n;
		struct krn_image im;

		if (!make_compressed(&payload, &kernel, comps[i].argv)) {
			print_message("%s is not installed: not tested\n", comps[i].argv[0]);
			continue;
		}
		if (comps[i].comp != KRN_GZIP)
			str_add(&payload, &size, 4);
		make_bzimage(&b, VERSION, &payload);
		in = make_fd(b.s, b.n);
		assert_done(krn_image_probe(in, "it", &im, &err), &err);
		assert_int_equal(im.comp, comps[i].comp);
		assert_done(krn_image_unpack(in, &im, out, &err), &err);
		assert_int_equal(pread(out, str_room(&back, kernel.n + 1), kernel.n + 1, 0),
				 kernel.n);
		assert_memory_equal(back.s, kernel.s, kernel.n);
		/* Damage in the middle is seen wherever the decoder looks at a checksum. */
		b.s[im.payload_offset + im.payload_size / 2] ^= 0x55;
		close_fd(in);
		in = make_fd(b.s, b.n);
		if (comps[i].comp == KRN_XZ || comps[i].comp == KRN_BZIP2 ||
		    comps[i].comp == KRN_ZSTD)
			assert_int_equal(krn_image_unpack(in, &im, out, &err), -EBADMSG);
	}
}

/* The size the kernel's build wrote down is held against what came out. */
static void test_unpack_size(void **state)
{
	static const char *const gzip[] = { "gzip", "-9n", NULL };
	auto_str struct str kernel = { 0 };
	auto_str struct str payload = { 0 };
	auto_str struct str b = { 0 };
	auto_err struct err err = { 0 };
	auto_close int in = -1;
	auto_close int out = make_fd("", 0);
	struct krn_image im;

	make_vmlinux(&kernel, "6.9.1-test", NULL);
	assert_true(make_compressed(&payload, &kernel, gzip));
	payload.s[payload.n - 4] ^= 1;
	make_bzimage(&b, VERSION, &payload);
	in = make_fd(b.s, b.n);
	assert_done(krn_image_probe(in, "it", &im, &err), &err);
	assert_int_equal(krn_image_unpack(in, &im, out, &err), -EBADMSG);
	assert_contains(err.msg, "bytes were expected");
}

static void test_unpack_lzo(void **state)
{
	auto_str struct str payload = { 0 };
	auto_str struct str b = { 0 };
	auto_err struct err err = { 0 };
	auto_close int in = -1;
	struct krn_image im;

	str_add(&payload, "\x89LZO\0\x0d\x0a\x1a\x0a....", 13);
	make_bzimage(&b, VERSION, &payload);
	in = make_fd(b.s, b.n);
	assert_int_equal(krn_image_probe(in, "it", &im, NULL), 0);
	assert_int_equal(krn_image_unpack(in, &im, in, &err), -EOPNOTSUPP);
	assert_contains(err.hint, "vmlinux");
}

static void test_config(void **state)
{
	auto_str struct str b = { 0 };
	auto_str struct str config = { 0 };
	auto_err struct err err = { 0 };
	auto_close int with = -1, without = -1, cut = -1;

	make_vmlinux(&b, "6.9.1-test", "CONFIG_A=y\n# CONFIG_B is not set\n");
	with = make_fd(b.s, b.n);
	assert_done(krn_image_config(with, &config, &err), &err);
	assert_string_equal(str_c(&config), "CONFIG_A=y\n# CONFIG_B is not set\n");
	cut = make_fd(b.s, b.n - 4);
	assert_int_equal(krn_image_config(cut, &config, &err), -ENOENT);
	str_clear(&b);
	make_vmlinux(&b, "6.9.1-test", NULL);
	without = make_fd(b.s, b.n);
	assert_int_equal(krn_image_config(without, &config, &err), -ENOENT);
}

static void test_foreign(void **state)
{
	static char iso[0x8800], zero[4096], disk[1024], pe[512];
	static const char *const gzip[] = { "gzip", "-n", NULL };
	static const char *const xz[] = { "xz", NULL };
	auto_str struct str gz = { 0 };
	auto_str struct str packed = { 0 };
	struct str cpio = { (char *)"070701000002D1", 14, 0 };

	memcpy(iso + 0x8001, "CD001", 5);
	disk[0] = 1;
	memcpy(disk + 510, "\x55\xaa", 2);
	memcpy(pe, "MZ", 2);
	pe[0x3c] = 0x40;
	memcpy(pe + 0x40, "PE\0\0\x64\x86", 6);
	pe[0x40 + 24 + 68] = 10;
	is_foreign("", 0, "an empty file");
	is_foreign("hello\n", 6, "a text file");
	is_foreign("#!/bin/sh\n", 10, "a script");
	is_foreign("070701000002D1", 14, "a cpio archive (an initramfs)");
	is_foreign("QFI\xfb\0\0\0\3", 8, "a qcow2 disk image");
	is_foreign("hsqs\0\0", 6, "a squashfs image");
	is_foreign("!<arch>\ndebian-binary   ", 24, "a Debian package");
	is_foreign("!<arch>\nfoo.o/          ", 24, "a static library");
	is_foreign("\xed\xab\xee\xdb\3\0", 6, "an RPM package");
	is_foreign("PK\3\4....", 8, "a zip archive");
	is_foreign(iso, sizeof(iso), "an ISO 9660 image");
	is_foreign(zero, sizeof(zero), "a file of zeros");
	is_foreign(disk, sizeof(disk), "a disk image or boot sector");
	is_foreign(pe, sizeof(pe), "an EFI program");
	is_foreign("#\n# Automatically generated file; DO NOT EDIT.\n# Linux/x86", 59,
		   "a kernel configuration");
	assert_true(make_compressed(&gz, &cpio, gzip));
	is_foreign(gz.s, gz.n, "a cpio archive (an initramfs) (compressed with gzip)");
	is_foreign(gz.s, 3, "damaged gzip data");
	is_foreign("\x89LZO\0\x0d\x0a\x1a\x0a....", 13, "lzo data, which cannot be unpacked here");
	if (make_compressed(&packed, &cpio, xz))
		is_foreign(packed.s, packed.n,
			   "a cpio archive (an initramfs) (compressed with xz)");
}

static void test_foreign_elf(void **state)
{
	auto_str struct str module = { 0 };
	auto_close int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	auto_err struct err err = { 0 };
	struct krn_image im;

	make_module(&module, "license=GPL", 12);
	is_foreign(module.s, module.n, "an ELF object file (or kernel module) for x86_64");
	assert_int_equal(krn_image_probe(fd, "it", &im, &err), -ENOEXEC);
	assert_contains(err.msg, "an ELF program for ");
}

static void test_special(void **state)
{
	auto_close int dir = open("/", O_RDONLY | O_CLOEXEC);
	auto_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	auto_err struct err err = { 0 };
	struct krn_image im;
	int pair[2];

	assert_int_equal(krn_image_probe(dir, "it", &im, &err), -ENOEXEC);
	assert_contains(err.msg, "a directory");
	assert_int_equal(krn_image_probe(null, "it", &im, &err), -ENOEXEC);
	assert_contains(err.msg, "a character device");
	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	assert_int_equal(krn_image_probe(pair[0], "it", &im, &err), -ENOEXEC);
	assert_contains(err.msg, "a named pipe");
	close(pair[0]);
	close(pair[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(krn_image_probe(pair[0], "it", &im, &err), -ENOEXEC);
	assert_contains(err.msg, "a socket");
	close(pair[0]);
	close(pair[1]);
}

/*
 * Random bytes behind every signature the probe branches on: nothing but an answer may come of it.
 */
static void test_random(void **state)
{
	static const struct {
		size_t off;
		const char *bytes;
		size_t n;
	} starts[] = { { 0, "", 0 },
		       { 0, "\177ELF\2\1\1", 7 },
		       { 0x38, "ARM\x64", 4 },
		       { 0, "MZ\0\0zimg", 8 },
		       { 0, "\x1f\x8b\x08", 3 },
		       { 0,
			 "\xfd"
			 "7zXZ",
			 6 },
		       { 0x1fe,
			 "\x55\xaa\xeb\x6a"
			 "HdrS\x0f\x02",
			 10 } };
	uint64_t x = 88172645463325252ull;

	for (size_t round = 0; round < 200; round++) {
		static uint8_t buf[8192];
		auto_close int fd = -1;
		struct krn_image im;

		for (size_t i = 0; i < sizeof(buf); i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			buf[i] = (uint8_t)(x >> 32);
		}
		memcpy(buf + starts[round % countof(starts)].off,
		       starts[round % countof(starts)].bytes, starts[round % countof(starts)].n);
		fd = make_fd(buf, sizeof(buf));
		if (krn_image_probe(fd, "it", &im, NULL) == 0)
			assert_true(im.payload_offset + im.payload_size <= sizeof(buf));
	}
}

static void test_arch(void **state)
{
	assert_int_equal(krn_arch_parse("arm64"), KRN_ARM64);
	assert_int_equal(krn_arch_parse("aarch64"), KRN_ARM64);
	assert_int_equal(krn_arch_parse("x86_64"), KRN_X86_64);
	assert_int_equal(krn_arch_parse("vax"), KRN_ARCH_UNKNOWN);
	assert_string_equal(krn_arch_name(KRN_ARM64), "arm64");
	assert_string_equal(krn_arch_qemu(KRN_ARM64), "aarch64");
	assert_string_equal(krn_arch_name(KRN_ARCH_UNKNOWN), "?");
	assert_int_not_equal(krn_arch_host(), KRN_ARCH_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bzimage),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_vmlinux),
		cmocka_unit_test(test_arm64),
		cmocka_unit_test(test_zboot),
		cmocka_unit_test(test_unpack),
		cmocka_unit_test(test_vmlinux_truncated_meanwhile),
		cmocka_unit_test(test_marks_across_pieces),
		cmocka_unit_test(test_unpack_lzo),
		cmocka_unit_test(test_unpack_size),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_foreign_elf),
		cmocka_unit_test(test_special),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_arch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
