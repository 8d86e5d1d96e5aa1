/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Manifests as text: what is written is read, and nothing else is. */
#include "../unit/unit.h"

#include "store/manifest.h"
#include "store/store.h"

#define ID  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* The text with head, cell and a right end around it. */
static int parse(const char *lines, struct sto_manifest *ret, struct err *err)
{
	auto_str struct str b = { 0 };
	char hex[DIGEST_HEX + 1];

	str_addf(&b, "kiln manifest 1\ncell %s\n%s", ID, lines);
	assert_int_equal(digest_bytes(b.s, b.n, hex, NULL), 0);
	str_addf(&b, "end %s\n", hex);
	return sto_manifest_parse(b.s, b.n, ID, ret, err);
}

static const char good[] = "d 755 - - .kiln\n"
			   "f 444 0 " HEX " .kiln/log\n"
			   "d 755 - - a\n"
			   "d 755 - - a/b\n"
			   "f 555 12 " HEX " a/b/c\\040\\012\\134\\177\n"
			   "l 777 - - a/l ../\\001\n"
			   "f 444 18446744 " HEX " a-\303\244\n"
			   "f 444 1 " HEX " b\n";

static void test_good(void **state)
{
	auto_manifest struct sto_manifest m = { 0 };
	auto_str struct str text = { 0 }, expected = { 0 };
	auto_err struct err err = { 0 };

	assert_done(parse(good, &m, &err), &err);
	assert_int_equal(m.n, 8);
	assert_string_equal(m.v[4].path, "a/b/c \n\\\177");
	assert_true(m.v[4].exec);
	assert_int_equal(m.v[4].size, 12);
	assert_string_equal(m.v[5].target, "../\001");
	assert_done(sto_manifest_write(&m, ID, &text, &err), &err);
	str_addf(&expected, "kiln manifest 1\ncell %s\n%s", ID, good);
	assert_memory_equal(text.s, expected.s, expected.n);
	assert_int_equal(text.n, expected.n + 4 + DIGEST_HEX + 1);
}

static void test_bad(void **state)
{
	static const char *const bad[] = {
		"\n",
		"x 755 - - a\n",
		"d 755 - -\n",
		"d 755 - - \n",
		"d 755 - - a \n",
		"d 755 - - a b\n",
		"d 755  - - a\n",
		"d 700 - - a\n",
		"d 755 0 - a\n",
		"d 755 - - /a\n",
		"d 755 - - a/\n",
		"d 755 - - .\n",
		"d 755 - - ..\n",
		"d 755 - - a\nd 755 - - a/..\n",
		"d 755 - - a\nf 444 0 " HEX " a//b\n",
		"f 444 0 " HEX " a/b\n",
		"f 444 0 " HEX " a\nf 444 0 " HEX " a/b\n",
		"d 755 - - a\nd 755 - - a\n",
		"d 755 - - b\nd 755 - - a\n",
		"d 755 - - a\nd 755 - - b\nf 444 0 " HEX " a/b\n",
		"d 755 - - a\nf 444 0 " HEX " a-\nf 444 0 " HEX " a/b\n",
		"d 755 - - .kiln\nf 444 0 " HEX " .kiln/manifest\n",
		"f 644 0 " HEX " a\n",
		"f 444 00 " HEX " a\n",
		"f 444  " HEX " a\n",
		"f 444 -1 " HEX " a\n",
		"f 444 9999999999999999999 " HEX " a\n",
		"f 444 0 E3" HEX " a\n",
		"f 444 0 - a\n",
		"f 444 0 e3b0 a\n",
		"l 777 - - a\n",
		"l 777 - - a \n",
		"l 755 - - a b\n",
		"l 777 - - a b c\n",
		"d 755 - - a\\\n",
		"d 755 - - a\\04\n",
		"d 755 - - a\\000\n",
		"d 755 - - a\\101\n",
		"d 755 - - a\\777\n",
		"d 755 - - a\tb\n",
		"d 755 - - a\177b\n",
		"d 755 - - a\r\n",
		"d 755 - - a",
	};
	for (size_t i = 0; i < countof(bad); i++) {
		auto_manifest struct sto_manifest m = { 0 };
		auto_err struct err err = { 0 };

		if (parse(bad[i], &m, &err) != -EBADMSG)
			fail_msg("taken: %s", bad[i]);
		assert_contains(err.msg, "of the manifest");
	}
}

static void test_damaged(void **state)
{
	auto_manifest struct sto_manifest m = { 0 };
	auto_str struct str text = { 0 };
	auto_err struct err err = { 0 };

	assert_done(parse(good, &m, &err), &err);
	assert_done(sto_manifest_write(&m, ID, &text, &err), &err);
	for (size_t i = 0; i < text.n; i++) {
		text.s[i] ^= 1;
		assert_int_equal(sto_manifest_parse(text.s, text.n, ID, &m, &err), -EBADMSG);
		text.s[i] ^= 1;
		assert_int_equal(sto_manifest_parse(text.s, i, ID, &m, &err), -EBADMSG);
	}
	assert_int_equal(sto_manifest_parse(text.s, text.n, HEX, &m, &err), -EBADMSG);
	assert_contains(err.msg, "is of another cell");
}

/* What is in a folder stands right behind it. */
static void test_order(void **state)
{
	static const char *const sorted[] = { "a",  "a/b",  "a/b/c", "a/b-c",
					      "a-", "a-/b", "ab",    "\303" };

	for (size_t i = 0; i < countof(sorted); i++)
		for (size_t k = 0; k < countof(sorted); k++) {
			int order = sto_path_order(sorted[i], sorted[k]);

			assert_int_equal(order < 0, i < k);
			assert_int_equal(order > 0, i > k);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
