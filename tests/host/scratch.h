/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder for one test program, gone at its end, that also holds its cache. */
#pragma once

#include "base/util.h"

#include <sys/types.h>

/* cmocka wants these before it */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../skip.h"

/* As group set-up and tear-down. XDG_CACHE_HOME and XDG_DATA_HOME lie in the folder. */
int scratch_setup(void **state);
int scratch_teardown(void **state);

/* The path of name in the folder; parents are created. The caller frees it. */
char *scratch_path(const char *name);
/* Writes a file and returns its path. */
char *scratch_file(const char *name, mode_t mode, const char *text);
