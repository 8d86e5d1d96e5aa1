/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The digest of a tree's content: SHA-256 over a line for each file and link, sorted by path bytes: "F" or "X" (executable)
 * or "L", its SHA-256 (of the content, of the target), its path, NUL. Empty folders, times, owners and other modes do not
 * count. Left out: .git, and what editors and kbuild leave (the list is in digest.c).
 */
#pragma once

#include "source/source.h"

/*
 * path: the tree. Of a file whose identity (device, inode, size, times) is the same as last time nothing is read; what was
 * changed within the last two seconds is always read. A kernel tree of 80,000 files with nothing changed takes some 0.1 s.
 */
int src_digest(const char *path, const struct src_progress *progress, char ret_hex[65],
	       struct err *err);
