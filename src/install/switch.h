/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From one state to the next; doc/design/install.md says in which order and why. */
#pragma once

#include "install/place.h"
#include "install/state.h"

struct ins_change {
	struct ins_place place;
	int lock; /* -1: nothing is to be written */
	char *file_path;
	struct ins_file file; /* file.next is what the caller fills in */
};

/*
 * Reads the state below root, with the lock held if write, and brings to an end what a killed kiln left. *ret must be given
 * to ins_change_end() also after an error.
 */
int ins_change_begin(struct ins_change *c, const char *root, bool write, struct err *err);
/* Tells the disk what is about to happen: from here on a kill leaves either state, and nothing else for long. */
int ins_change_announce(struct ins_change *c, struct err *err);
/* The rename. Then what only the old state had is removed. */
int ins_change_switch(struct ins_change *c, struct err *err);
/* Behind an error: back to what was before, unless the rename was done. What the state that does not hold has is removed. */
void ins_change_undo(struct ins_change *c);
void ins_change_end(struct ins_change *c);
#define auto_ins_change cleanup(ins_change_end)

uint64_t ins_change_serial(const struct ins_change *c,
			   enum ins_loader loader); /* for the next state */
/* Paths that a has and b has not. */
void ins_paths_only(const struct ins_state *a, const struct ins_state *b, struct strv *ret);
