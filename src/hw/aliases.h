/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A distribution's modules.alias (depmod(8)) as an index: "alias PATTERN MODULE" lines, '#' begins a comment. */
#pragma once

#include "hw/index.h"

#define HW_ALIASES_BYTES (64 << 20)

/*
 * name: of the file, for the records. Lines that are something else are in odd. -EBADMSG where there is no alias at all,
 * -EFBIG for too long a text.
 */
int hw_aliases_read(const char *text, size_t n, const char *name, struct hw_index *ret,
		    struct err *err);
