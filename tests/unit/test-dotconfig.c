/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a .config as scripts/kconfig/confdata.c (Linux 6.1, conf_read_simple()) does. */
#include "unit.h"

#include "kconfig/dotconfig.h"

static void lines_and_what_is_none(void **state)
{
	static const char text[] = "# CONFIG_OFF is not set\n"
				   "CONFIG_YES=y\n"
				   "CONFIG_TEXT=\"a=b # c\"\r\n"
				   " CONFIG_INDENTED=y\n"
				   "# CONFIG_TRAILING is not set, says who\n"
				   "# CONFIG_BLANK in it is not set\n"
				   "# CONFIG_ is not set\n"
				   "CONFIG_LATER=y\n"
				   "CONFIG_LATER=m\n"
				   "CONFIG_LAST=y";
	cleanup(dotconfig_release) struct dotconfig c = { 0 };

	dotconfig_parse(&c, text, sizeof(text) - 1);
	assert_int_equal(c.value.n, 6);
	assert_string_equal(dotconfig_get(&c, "OFF"), "n");
	assert_string_equal(dotconfig_get(&c, "YES"), "y");
	assert_string_equal(dotconfig_get(&c, "TEXT"), "\"a=b # c\"");
	assert_true(map_has(&c.value, "TRAILING"));
	assert_string_equal(dotconfig_get(&c, "LATER"), "m");
	assert_string_equal(dotconfig_get(&c, "LAST"), "y");
	assert_string_equal(dotconfig_get(&c, "NONE"), "n");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(lines_and_what_is_none) };

	return cmocka_run_group_tests_name("dotconfig", tests, NULL, NULL);
}
