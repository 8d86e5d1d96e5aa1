/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small kernel that tools/test-kernels builds, as a build folder of a test's own. */
#pragma once

#include "../unit/unit.h"

#include "base/proc.h"
#include "build/outputs.h"

struct small {
	char *tree;  /* its source; read only */
	char *build; /* the copy */
	char *from;  /* the build folder itself, which nothing may name */
	struct str config;
	int log; /* read and written */
};

/* Copies it to DIR/NAME; false, and why, where there is none. */
bool small_copy(struct small *s, const char *dir, const char *name);
void small_release(struct small *s);
#define auto_small cleanup(small_release)

/* Takes it out into the folder to, which is made. Fails the test where that does. */
void small_take(const struct small *s, const char *to, char **ret_release);

/* The modules as `make modules_install` has them below to, with depmod's files and without links out. */
void small_install_modules(const struct small *s, const char *to, const char *release);

/* Fails unless both folders have the same files, with the same content, modes and targets of links. */
void same_folders(const char *a, const char *b);
/* The files below dir whose bytes have text, one a line. */
char *files_with(const char *dir, const char *text);
