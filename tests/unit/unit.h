/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every unit test needs: cmocka with the headers it wants in front, and a scratch folder. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* clang-format off */
#include <cmocka.h>
/* clang-format on */

#include "../skip.h"
#include "base/err.h"
#include "base/file.h"
#include "base/path.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

/* A folder of its own for each test; state is its path. It is removed afterwards. */
static inline int scratch_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *path = xasprintf("%s/kiln-unit-XXXXXX", tmp && *tmp ? tmp : "/var/tmp");

	*state = mkdtemp(path);
	return *state ? 0 : -1;
}

static inline int scratch_teardown(void **state)
{
	int r = rm_rf(*state, NULL);

	free(*state);
	return r;
}

#define scratch_test(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

/* Fails with the error's words where r is not 0. */
#define assert_done(r, err)                                                     \
	do {                                                                    \
		if ((r) != 0)                                                   \
			fail_msg("%s", (err)->msg ? (err)->msg : "no message"); \
	} while (0)

#define assert_contains(text, part)                                      \
	do {                                                             \
		if (!strstr((text), (part)))                             \
			fail_msg("'%s' is not in '%s'", (part), (text)); \
	} while (0)

/* A file below a folder, with the folders on the way to it. */
static inline void put_file(const char *dir, const char *name, const char *text)
{
	auto_free char *path = path_join(dir, name), *parent = path_dir(path);
	auto_err struct err err = { 0 };

	assert_done(mkdir_p(parent, 0755, &err), &err);
	assert_done(file_publish(path, text, strlen(text), 0644, &err), &err);
}
