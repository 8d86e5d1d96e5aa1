/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a build is. */
#pragma once

#include "base/util.h"

/*
 * How many steps a build takes, by the objects that the Kbuild files name for this configuration: an estimate within a few per
 * cent; read, not run. The list itself: kbuild/objects.h.
 */
struct bld_steps {
	size_t all;	/* from nothing; 0 where it cannot be told */
	size_t missing; /* of what the build folder does not have by now */
};
/* config: text of .config. build: the build folder, or NULL. */
void bld_steps_count(const char *tree, const char *srcarch, const char *config, const char *build,
		     struct bld_steps *ret);
/*
 * How many there are to be, corrected by how many were made so far: what is there need not be made anew, and may have to be. 0:
 * not known, since fewer are made anew than would tell.
 */
size_t bld_steps_total(const struct bld_steps *s, size_t done);
