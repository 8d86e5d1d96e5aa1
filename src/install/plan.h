/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One installation under way. */
#pragma once

#include "install/install.h"
#include "install/switch.h"

/* One file or folder that the new kernel brings. */
struct ins_piece {
	enum { INS_COPY, INS_TEXT, INS_MODULES } how;
	char *from; /* NULL for TEXT */
	char *rel;
	struct str text;
};

struct ins_job {
	struct krn *k;
	const struct ins_spec *spec;
	struct ins_change c;
	struct {
		struct ins_piece *v;
		size_t n, cap;
	} pieces;		/* in the order in which they are written */
	struct ins_kernel *new; /* in c.file.next */
	struct ins_result res;
};
void ins_job_release(struct ins_job *j);

/*
 * Fills in pieces, c.file.next and new from k and spec; nothing is written below the root. Errors are those of
 * ins_install(). To res are added the notes, and what --keep removes.
 */
int ins_plan(struct ins_job *j, struct err *err);
/* The next state of ins_rollback(). */
int ins_plan_back(struct ins_job *j, struct err *err);
