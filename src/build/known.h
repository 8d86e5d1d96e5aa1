/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What became of a file when it was last taken into the store. The next cell from the same build folder gets the object for it, a
 * hard link, and neither reads nor writes it: of some 7,000 files of an SDK a changed source file changes a dozen.
 *
 * A file is known by its device, inode, size, mode and times, as git's index does it; one that changed within the last second
 * is not remembered, as it could change once more within the same tick of the clock. Lies in the build folder, whose lock
 * the caller has.
 */
#pragma once

#include "store/store.h"

#include <sys/stat.h>

/* What is done to it on its way: the same file may become several. */
enum bld_known_how { BLD_AS_IT_IS = 'c', BLD_STRIPPED = 'm', BLD_STRIPPED_HOST = 'h' };

/* Its name there; behind a build whose cell was published it is there. */
#define BLD_KNOWN "kiln-known"

struct bld_known;

/* Never fails: what cannot be read is not known. stage: the cell that is being made; it must live as long. */
struct bld_known *bld_known_read(const char *build, struct sto_stage *stage);
/*
 * The file with that stat, treated so, is to be the file to (absolute, in the stage). 1: it is there now, and may not be
 * written to; 0: make it, and it is known once the cell is published. k may be NULL.
 */
int bld_known_take(struct bld_known *k, enum bld_known_how how, const struct stat *st,
		   const char *to, struct err *err);
/*
 * Before its stage has its name (sto_stage_last()): works out what is to be written. Behind the commit: writes it. That it cannot
 * be written costs time and nothing else.
 */
void bld_known_note(struct bld_known *k);
void bld_known_write(const struct bld_known *k);
void bld_known_free(struct bld_known *k); /* NULL is fine */
