/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What verify found, for it to be mended. */
#pragma once

#include "store/internal.h"

enum sto_mend {
	STO_MEND_MODE,	 /* give it its mode */
	STO_MEND_REMOVE, /* it belongs to nothing */
	STO_MEND_CELLS,	 /* remove the cells that have it, then it */
};

struct sto_flaw {
	enum sto_mend how;
	mode_t mode;	 /* the right one */
	struct strv ids; /* of cells */
};

/* flaws[i] is behind faults->v[i]. Under the exclusive lock. */
int sto_mend(const struct sto *s, const struct sto_flaw *flaws, struct sto_faults *faults,
	     struct err *err);
