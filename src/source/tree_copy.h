/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A second tree of the same files. */
#pragma once

#include "source/source.h"

/*
 * Fills the empty folder `to` with what from has: files, symbolic links, folders; not .git, nor what is neither. link: files
 * are hard links, where the file system lets them; else reflinks (FICLONE), else copies, with modes and times of the
 * originals.
 */
int src_tree_copy(const char *from, const char *to, bool link, const struct src_progress *progress,
		  struct err *err);
