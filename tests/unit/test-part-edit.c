/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of parts, changed in place: what people wrote around them stays. */
#include "unit.h"

#include "kconfig/part_edit.h"

static void put(const char *before, int line, const char *value, bool override, const char *after)
{
	auto_str struct str text = { 0 };

	str_adds(&text, before);
	kc_part_put(&text, line, "X", value, override);
	assert_string_equal(str_c(&text), after);
}

static void lines_are_replaced(void **state)
{
	put("CONFIG_X=y\n", 1, "m", false, "CONFIG_X=m\n");
	put("# a\nCONFIG_X=y", 2, "n", false, "# a\n# CONFIG_X is not set");
	put("# CONFIG_X is not set\n\n", 1, "16", true, "#kiln: override\nCONFIG_X=16\n\n");
	put("CONFIG_X=\"a # b\"  # why\nB", 1, "\"c\"", false, "CONFIG_X=\"c\"  # why\nB");
	/* with something behind it, only this spelling of n is read by all */
	put("CONFIG_X=y\t#kiln: optional\n", 1, "n", false, "CONFIG_X=n\t#kiln: optional\n");
	put("# CONFIG_X is not set #kiln: override\n", 1, "y", false,
	    "CONFIG_X=y #kiln: override\n");
	put("# CONFIG_X is not set#kiln: override\n", 1, "y", false,
	    "CONFIG_X=y #kiln: override\n");
	put("CONFIG_X=y \r\nCONFIG_Y=y\r\n", 1, "n", false,
	    "# CONFIG_X is not set \r\nCONFIG_Y=y\r\n");
}

static void overrides_are_added(void **state)
{
	put("CONFIG_X=y\n", 1, "m", true, "CONFIG_X=m #kiln: override\n");
	put("# CONFIG_X is not set\n", 1, "n", true, "CONFIG_X=n #kiln: override\n");
	put("CONFIG_X=y #kiln: optional", 1, "n", true,
	    "CONFIG_X=n #kiln: optional #kiln: override");
	put("CONFIG_X=y # why\nB\n", 1, "m", true, "# why\nCONFIG_X=m #kiln: override\nB\n");
}

/* The kernel's conf reads numbers to the end of the line. */
static void numbers_stand_alone(void **state)
{
	put("", 0, "16", false, "CONFIG_X=16\n");
	put("", 0, "0x10", true, "#kiln: override\nCONFIG_X=0x10\n\n");
	put("CONFIG_A=y", 0, "16", true, "CONFIG_A=y\n\n#kiln: override\nCONFIG_X=16\n\n");
	put("CONFIG_A=y\n\n", 0, "16", true, "CONFIG_A=y\n\n#kiln: override\nCONFIG_X=16\n\n");
	put("CONFIG_A=y\nCONFIG_X=3\nCONFIG_B=y\n", 2, "16", true,
	    "CONFIG_A=y\n\n#kiln: override\nCONFIG_X=16\n\nCONFIG_B=y\n");
	put("CONFIG_X=3 #kiln: optional\n", 1, "16", false, "#kiln: optional\nCONFIG_X=16\n\n");
	put("CONFIG_X=3 # why\n", 1, "16", false, "# why\nCONFIG_X=16\n");
	put("CONFIG_X=3 # CONFIG_B is not set\n", 1, "16", false,
	    "## CONFIG_B is not set\nCONFIG_X=16\n");
	put("#kiln: silent\nCONFIG_X=3\nCONFIG_B=y\n", 2, "16", true,
	    "#kiln: silent\n\n#kiln: silent\n#kiln: override\nCONFIG_X=16\n\n"
	    "#kiln: silent\nCONFIG_B=y\n");
}

static void lines_are_added(void **state)
{
	put("", 0, "y", false, "CONFIG_X=y\n");
	put("# a", 0, "n", false, "# a\n# CONFIG_X is not set\n");
	put("# a\n", 2, "y", false, "# a\nCONFIG_X=y\n");
	put("", 0, "n", true, "CONFIG_X=n #kiln: override\n");
	/* a directive's lines end with an empty one */
	put("#kiln: optional\nCONFIG_A=y\n", 0, "y", false,
	    "#kiln: optional\nCONFIG_A=y\n\nCONFIG_X=y\n");
	put("#kiln: optional\n \nCONFIG_A=y\n", 0, "y", false,
	    "#kiln: optional\n \nCONFIG_A=y\nCONFIG_X=y\n");
}

static void drop(const char *before, int line, const char *after)
{
	auto_str struct str text = { 0 };

	str_adds(&text, before);
	kc_part_drop(&text, line);
	assert_string_equal(str_c(&text), after);
}

static void lines_are_removed(void **state)
{
	drop("a\nb\nc\n", 2, "a\nc\n");
	drop("a\nb", 2, "a\n");
	drop("a", 1, "");
	drop("a\n", 2, "a\n");
	drop("a\n", 0, "a\n");
	drop("", 1, "");
	/* the directive goes that was put there for it */
	drop("#kiln: override\nCONFIG_X=16\n\nB\n", 2, "B\n");
	drop("A\n\n#kiln: override\nCONFIG_X=16\n\nB\n", 4, "A\n\nB\n");
	drop("A\n\n#kiln: override\nCONFIG_X=16\n", 4, "A\n\n");
	drop("#kiln: override\nCONFIG_X=16\nB\n", 2, "#kiln: override\nB\n");
	drop("A\n#kiln: override\nCONFIG_X=16\n", 3, "A\n#kiln: override\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_replaced),  cmocka_unit_test(overrides_are_added),
		cmocka_unit_test(numbers_stand_alone), cmocka_unit_test(lines_are_added),
		cmocka_unit_test(lines_are_removed),
	};

	return cmocka_run_group_tests_name("part-edit", tests, NULL, NULL);
}
