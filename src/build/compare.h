/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether two folders hold the same, byte by byte. */
#pragma once

#include "base/err.h"
#include "base/str.h"

/*
 * Adds the paths, below either, that are not the same: content, kind, target of a link, whether it may be executed, or there in
 * one of them only. What begins with skip at the top is left out (NULL: nothing). Sorted.
 */
int bld_compare(const char *a, const char *b, const char *skip, struct strv *ret_differ,
		struct err *err);
