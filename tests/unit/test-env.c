/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The environment of a command in a guest. */
#include "unit.h"

#include "cmd/env.h"

static char *host[] = { (char[]){ "HOME=/root" }, (char[]){ "SSH_AUTH_SOCK=/run/x" },
			(char[]){ "A=0" },	  (char[]){ "AB=0" },
			(char[]){ "SSH_AUTH=0" }, NULL };

#define is_env(expected, ...)                                       \
	do {                                                        \
		auto_strv struct strv changes = { 0 }, got = { 0 }; \
		auto_free char *line = NULL;                        \
                                                                    \
		strv_adds(&changes, __VA_ARGS__);                   \
		env_for_guest(host, &changes, &got);                \
		line = got.n ? strv_quoted(got.v) : NULL;           \
		assert_string_equal(line, expected);                \
	} while (0)

static void test_host(void **state)
{
	is_env("HOME=/root A=0 AB=0 SSH_AUTH=0", NULL, NULL);
}

static void test_changes(void **state)
{
	is_env("HOME=/root AB=0 SSH_AUTH=0 A=1", "A=1", NULL);
	is_env("HOME=/root AB=0 SSH_AUTH=0", "A", NULL);
}

static void test_last_decides(void **state)
{
	is_env("HOME=/root AB=0 SSH_AUTH=0 A=2", "A=1", "A=2", NULL);
	is_env("HOME=/root AB=0 SSH_AUTH=0", "A=1", "A", NULL);
	is_env("HOME=/root AB=0 SSH_AUTH=0 A=1", "A", "A=1", NULL);
}

/* Asked for, it is the user's affair. */
static void test_set_of_session(void **state)
{
	is_env("HOME=/root A=0 AB=0 SSH_AUTH=0 SSH_AUTH_SOCK=/tmp/a", "SSH_AUTH_SOCK=/tmp/a", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_last_decides),
		cmocka_unit_test(test_set_of_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
