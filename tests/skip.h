/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Skipping a test without leaving anything behind. After cmocka.h. */
#pragma once

#include <stdbool.h>

/*
 * Heads the body of a test that may find it cannot run here: it then prints why and returns false,
 * else true. cmocka's skip() jumps, over what is to be released.
 */
#define TEST_OR_SKIP(name)                    \
	static bool name##_ran(void **state); \
	static void name(void **state)        \
	{                                     \
		if (!name##_ran(state))       \
			skip();               \
	}                                     \
	static bool name##_ran(void **state)
