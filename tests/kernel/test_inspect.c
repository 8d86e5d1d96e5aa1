/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told of a kernel, and the verdicts; damaged headers. tests/cli/inspect has the real kernels and tools. */
#include "../unit/unit.h"
#include "make.h"

#include "kernel/inspect.h"

#define VERSION "6.9.1-test (me@here) #7 SMP Fri Nov 20"

static void inspect(const struct str *b, struct krn_facts *f)
{
	auto_close int fd = make_fd(b->s, b->n);
	auto_err struct err err = { 0 };

	assert_done(krn_inspect_fd(fd, "it", f, &err), &err);
}

static void answers(const struct krn_facts *f, enum krn_for loader, enum krn_answer want,
		    const char *reason)
{
	struct krn_verdict v;

	krn_verdict(f, loader, &v);
	assert_int_equal(v.answer, want);
	assert_contains(v.reason, reason);
	krn_verdict_release(&v);
}

/* A bzImage with a gzip'ed vmlinux in it. */
static void make(struct str *b)
{
	static const char *const gzip[] = { "gzip", "-9n", NULL };
	auto_str struct str vmlinux = { 0 }, payload = { 0 };

	make_vmlinux(&vmlinux, "6.9.1-test", "CONFIG_X=y\n");
	assert_true(make_compressed(&payload, &vmlinux, gzip));
	make_bzimage(b, VERSION, &payload);
}

static void test_bzimage(void **state)
{
	auto_str struct str b = { 0 };
	struct krn_facts f;

	make(&b);
	/* the size behind the payload, which gzip has at its own end */
	inspect(&b, &f);
	assert_string_equal(f.release, "6.9.1-test");
	assert_int_equal(f.pvh, KRN_IS);
	assert_int_equal(f.pvh_entry, 0x1000850);
	assert_int_equal(f.ikconfig, KRN_IS);
	assert_int_equal(f.x86.xloadflags, 0x3f);
	assert_null(f.unpack_trouble);
	assert_false(f.is_pe);
	answers(&f, KRN_FOR_UEFI, KRN_NO, "no EFI stub");
	answers(&f, KRN_FOR_QEMU, KRN_YES, "2.15");
	answers(&f, KRN_FOR_PVH, KRN_YES, "0x1000850");
	answers(&f, KRN_FOR_BIOS, KRN_NO, "loaded low");
	krn_facts_release(&f);
	b.s[0x211] = 1;
	inspect(&b, &f);
	answers(&f, KRN_FOR_BIOS, KRN_YES, "55 aa at 510");
	krn_facts_release(&f);
	b.s[0x1fe] = 0;
	inspect(&b, &f);
	assert_false(f.image.boot_flag);
	answers(&f, KRN_FOR_BIOS, KRN_NO, "00 aa, not 55 aa");
	answers(&f, KRN_FOR_QEMU, KRN_YES, "");
	krn_facts_release(&f);
}

/* Fields that the image's protocol does not have are not read. */
static void test_old_protocol(void **state)
{
	auto_str struct str b = { 0 };
	struct krn_facts f;

	make(&b);
	b.s[0x206] = 2;
	b.s[0x22c] = 1;
	inspect(&b, &f);
	assert_int_equal(f.x86.initrd_max, 0x37ffffff);
	assert_int_equal(f.x86.xloadflags, 0);
	assert_int_equal(f.x86.init_size, 0);
	assert_non_null(f.unpack_trouble);
	answers(&f, KRN_FOR_PVH, KRN_MAYBE, "could not be looked at");
	krn_facts_release(&f);
}

static void test_vmlinux(void **state)
{
	auto_str struct str b = { 0 };
	struct krn_facts f;

	make_vmlinux(&b, "6.9.1-test", NULL);
	inspect(&b, &f);
	assert_int_equal(f.ikconfig, KRN_IS_NOT);
	answers(&f, KRN_FOR_BIOS, KRN_NO, "no setup header");
	answers(&f, KRN_FOR_UEFI, KRN_NO, "ELF");
	answers(&f, KRN_FOR_QEMU, KRN_YES, "PVH note");
	answers(&f, KRN_FOR_PVH, KRN_YES, "0x1000850");
	krn_facts_release(&f);
}

static void test_arm64(void **state)
{
	static const char *const gzip[] = { "gzip", "-9n", NULL };
	auto_str struct str b = { 0 }, packed = { 0 };
	struct krn_facts f;

	make_arm64_image(&b, "6.9.1-test");
	b.s[17] = 0x10; /* image_size: 4096 */
	b.s[24] = 8 | 3 << 1 | 1;
	inspect(&b, &f);
	assert_int_equal(f.flat.image_size, 4096);
	assert_true(f.flat.big && f.flat.anywhere && f.flat.page_kib == 64);
	answers(&f, KRN_FOR_BIOS, KRN_NO, "x86");
	answers(&f, KRN_FOR_UEFI, KRN_NO, "no EFI stub");
	answers(&f, KRN_FOR_QEMU, KRN_YES, "qemu-system-aarch64");
	answers(&f, KRN_FOR_PVH, KRN_NO, "x86");
	krn_facts_release(&f);
	assert_true(make_compressed(&packed, &b, gzip));
	inspect(&packed, &f);
	assert_string_equal(f.release, "6.9.1-test");
	assert_int_equal(f.flat.page_kib, 64);
	answers(&f, KRN_FOR_UEFI, KRN_NO, "packed with gzip");
	answers(&f, KRN_FOR_QEMU, KRN_YES, "unpacks");
	krn_facts_release(&f);
}

/* The PE header of a stub, by hand: 64-bit, of one section; certs: offset and size. */
static void add_stub(struct str *b, uint16_t machine, uint16_t subsystem, uint32_t certs,
		     uint32_t n_certs)
{
	const uint32_t setup = 2560, rest = (uint32_t)b->n - setup;
	const uint32_t section[] = { rest, setup, rest, setup };
	const uint32_t dirs = 6;

	memcpy(b->s, "MZ", 2);
	b->s[0x3c] = 0x40;
	memcpy(b->s + 0x40, "PE\0\0", 4);
	memcpy(b->s + 0x44, &machine, 2);
	b->s[0x46] = 1;
	b->s[0x54] = (char)160;
	memcpy(b->s + 0x58, "\x0b\x02", 2);
	memcpy(b->s + 0x58 + 60, &setup, 4);
	memcpy(b->s + 0x58 + 68, &subsystem, 2);
	memcpy(b->s + 0x58 + 108, &dirs, 4);
	memcpy(b->s + 0x58 + 144, &certs, 4);
	memcpy(b->s + 0x58 + 148, &n_certs, 4);
	memcpy(b->s + 0xf8, ".text", 5);
	memcpy(b->s + 0x100, section, sizeof(section));
}

static void test_stub(void **state)
{
	auto_str struct str b = { 0 };
	struct krn_facts f;

	make(&b);
	add_stub(&b, 0x8664, 10, 0, 0);
	inspect(&b, &f);
	assert_true(f.is_pe && f.pe.plus && f.pe.n_sections == 1);
	assert_int_equal(krn_pe_end(&f.pe), b.n);
	answers(&f, KRN_FOR_UEFI, KRN_YES, "x86_64; not signed");
	krn_facts_release(&f);
	add_stub(&b, 0xaa64, 10, 0, 0);
	inspect(&b, &f);
	answers(&f, KRN_FOR_UEFI, KRN_NO, "machine 0xaa64, the kernel for x86_64");
	krn_facts_release(&f);
	add_stub(&b, 0x8664, 3, 0, 0);
	inspect(&b, &f);
	answers(&f, KRN_FOR_UEFI, KRN_NO, "subsystem 3");
	krn_facts_release(&f);
}

/* Tables of signatures that are none: each is told as one that is not good. */
static void test_bad_signatures(void **state)
{
	static const char der[] = "\x30\x82\x00\x10\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
	auto_str struct str b = { 0 };
	const uint32_t places[][2] = { { 0xffffff00, 0xffffff00 },
				       { 4096, 0x7fffffff },
				       { 8, 8 },
				       { 4000, 7 },
				       { 4096, 64 },
				       { 2560, 700 } };

	make(&b);
	memcpy(b.s + 4096, "\x18\0\0\0\0\2\2\0", 8);
	memcpy(b.s + 4104, der, sizeof(der));
	for (size_t i = 0; i < countof(places); i++) {
		struct krn_facts f;

		add_stub(&b, 0x8664, 10, places[i][0], places[i][1]);
		inspect(&b, &f);
		assert_int_not_equal(f.signatures.n, 0);
		for (size_t n = 0; n < f.signatures.n; n++)
			assert_true(!f.signatures.v[n].whole && f.signatures.v[n].trouble);
		answers(&f, KRN_FOR_UEFI, KRN_YES, "not good");
		krn_facts_release(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bzimage), cmocka_unit_test(test_old_protocol),
		cmocka_unit_test(test_vmlinux), cmocka_unit_test(test_arm64),
		cmocka_unit_test(test_stub),	cmocka_unit_test(test_bad_signatures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
