/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a module says of itself, read with libkmod (opened on first use). */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* "depends" (comma separated, NULL if it has none) and each "softdep" of a module file. */
int krn_modinfo(const char *path, char **ret_depends, struct strv *ret_soft, struct err *err);
