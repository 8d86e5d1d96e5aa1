/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scratch folder that is also the cache: state is its path. */
#pragma once

#include "../unit/unit.h"

static inline int home_setup(void **state)
{
	int r = scratch_setup(state);
	auto_free char *cache = path_join(*state, "cache");

	setenv("XDG_CACHE_HOME", cache, 1);
	return r;
}

#define home_test(f) cmocka_unit_test_setup_teardown(f, home_setup, scratch_teardown)
