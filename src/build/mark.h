/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file kiln-running in a build folder: make writes there, or did when it was killed. */
#pragma once

#include "base/err.h"

#define BLD_MARK "kiln-running"

/* 0; or 1 where an older mark is left in place: what happened since that one is to be mended. */
int bld_mark_set(const char *build, struct err *err);
/* make has ended in order. */
void bld_mark_clear(const char *build);
