/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a build folder says of its last builds, both with the boot they were made in and the time they began:
 *
 *	kiln-running	make writes there, or did when it was killed
 *	kiln-unsynced	makes have ended in order, and nobody waited until it was all on the disk
 *
 * A loss of power behind the end of make leaves the second: files may be there by name and not by content. As long as the host
 * runs it means nothing.
 */
#pragma once

#include "base/err.h"

#define BLD_MARK     "kiln-running"
#define BLD_UNSYNCED "kiln-unsynced"

/* 0; or 1 where an older mark is left in place: what happened since that one is to be mended. */
int bld_mark_set(const char *build, struct err *err);
/* make has ended in order: from running to unsynced, or to an unsynced that was there before. Waits for no disk. */
void bld_mark_end(const char *build);
/* The file system of `synced` was written to the disk behind the end of make: so was the folder, where it lies on the same. */
void bld_mark_synced(const char *build, const char *synced);
