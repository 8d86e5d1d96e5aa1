/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a configuration does with a machine's devices. */
#pragma once

#include "hw/match.h"
#include "kbuild/modules.h"

enum hw_driven {
	HW_DRIVEN_BUILTIN,
	HW_DRIVEN_MODULE,
	HW_DRIVEN_NOT,	     /* a driver of the tree is for it, and is not made */
	HW_DRIVEN_NO_DRIVER, /* the tree has none */
};

struct hw_covered {
	enum hw_driven how;
	const struct hw_match *match; /* the driver that is made, or would be; NULL: none */
	const struct kb_need *
		lacks; /* HW_DRIVEN_NOT: what has to be otherwise; NULL: an entry of a table, see match */
};

/* value: KB_N, KB_M, KB_Y of a symbol; 0: something else. */
typedef unsigned hw_tri_fn(void *ctx, const char *symbol);

/* The first of the drivers that the configuration has; else the first. d's own driver comes before others. */
void hw_cover(const struct hw_device *d, const struct hw_matches *m,
	      const struct kb_module_list *modules, hw_tri_fn *value, void *ctx,
	      struct hw_covered *ret);
