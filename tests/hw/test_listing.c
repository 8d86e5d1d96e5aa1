/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each NAME.txt of the folder in $KILN_TEST_DATA against NAME.expected. With a file as its argument the program prints what
 * is to be expected of it.
 */
#include "../unit/unit.h"
#include "dump.h"
#include "hw/listing.h"

static void listing(int dir, const char *name, struct str *ret)
{
	auto_hw_inventory struct hw_inventory inv = { 0 };
	auto_str struct str text = { 0 };
	auto_err struct err err = { 0 };

	assert_done(file_read(dir, name, 1 << 20, &text, &err), &err);
	assert_done(hw_listing(str_c(&text), text.n, &inv, &err), &err);
	dump_inventory(&inv, ret);
}

static void test_golden(void **state)
{
	auto_close int dir = open(getenv("KILN_TEST_DATA"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_strv struct strv names = { 0 };
	auto_err struct err err = { 0 };
	size_t n = 0;

	assert_true(dir >= 0);
	assert_done(file_names(dir, ".", &names, &err), &err);
	for (size_t i = 0; i < names.n; i++) {
		auto_free char *stem = xstrdup(names.v[i]), *file = NULL;
		auto_str struct str is = { 0 }, wanted = { 0 };

		if (!str_ends(stem, ".txt"))
			continue;
		stem[strlen(stem) - 4] = '\0';
		file = xasprintf("%s.expected", stem);
		listing(dir, names.v[i], &is);
		assert_done(file_read(dir, file, 1 << 20, &wanted, &err), &err);
		if (!str_eq(str_c(&is), str_c(&wanted)))
			fail_msg("%s gives\n%s", names.v[i], str_c(&is));
		n++;
	}
	assert_true(n > 10);
}

static void test_too_much(void **state)
{
	auto_hw_inventory struct hw_inventory inv = { 0 }, many = { 0 };
	auto_str struct str text = { 0 };
	auto_err struct err err = { 0 };

	for (int i = 0; i <= HW_DEVICES_MOST; i++)
		str_adds(&text, "pci:v\n");
	assert_int_equal(hw_listing(str_c(&text), text.n, &inv, &err), -EFBIG);
	assert_contains(err.msg, "more than 100000 devices");
	str_clear(&text);
	for (int i = 0; i < 5000; i++)
		str_adds(&text, "?\n");
	for (int i = 0; i < 100000; i++)
		str_addc(&text, 'x');
	assert_done(hw_listing(str_c(&text), text.n, &many, &err), &err);
	assert_int_equal(many.odd.n, HW_ODD_MOST);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_too_much),
	};
	auto_str struct str b = { 0 };

	if (argc < 2)
		return cmocka_run_group_tests(tests, NULL, NULL);
	listing(AT_FDCWD, argv[1], &b);
	fputs(str_c(&b), stdout);
	return 0;
}
