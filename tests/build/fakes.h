/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compilers made of a few lines of shell, in a folder that is all of PATH. */
#pragma once

#include "../kernel/home.h"
#include "build/toolchain.h"

/* As home_setup(), with PATH=SCRATCH/bin and nothing in the environment that says anything to a launcher. */
int fakes_setup(void **state);
#define fakes_test(f) cmocka_unit_test_setup_teardown(f, fakes_setup, scratch_teardown)

/* False where the sbin folders, which are always looked in, have compilers too; says so. */
bool fakes_alone(void);
/* A program SCRATCH/NAME (bin/... as it is given) whose shell commands are body. */
void fake(void **state, const char *name, const char *body);
/* bin/PREFIXgcc with its binutils, that say what Debian's do; gcc: "gcc" or "gcc-12". */
void fake_gcc(void **state, const char *dir, const char *prefix, const char *gcc,
	      const char *target);
/* bin/clangSUFFIX and LLVM's tools. */
void fake_clang(void **state, const char *dir, const char *suffix);
void fake_remove(void **state, const char *name);

/* make's arguments as one line. */
char *make_line(const struct bld_toolchain *t);
