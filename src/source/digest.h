/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The digest of a tree's content: SHA-256 over a record for each file and link, sorted by the bytes of their paths: "F" or
 * "X" (executable) or "L", the SHA-256 of the content (of the target) in 64 hex digits, the path, NUL. Empty folders,
 * times, owners and other modes do not count, nor do devices, pipes and sockets. Left out: .git, and what editors and
 * Python leave (the list is in digest.c).
 */
#pragma once

#include "source/source.h"

/*
 * path: the tree. Of a file whose identity (device, inode, size, times) is the same as last time nothing is read; what was
 * changed within the last two seconds is always read. A kernel tree of 80,000 files with nothing changed takes some 0.1 s.
 * What cannot be read is an error; more than 4 million files are -EFBIG.
 * ret: gets what is yet to be remembered, for src_unwritten_write(), as soon as there is time (it takes some 30 ms), or NULL.
 * ret NULL: it is written before this returns.
 */
int src_digest(const char *path, const struct src_progress *progress, char ret_hex[65],
	       struct src_unwritten **ret, struct err *err);
/* The same, and nothing is remembered of what differs from last time: only whether it is what it was is to be known. */
int src_digest_now(const char *path, char ret_hex[65], struct err *err);
/* The same, all of it read and nothing remembered: of what was just unpacked and does not change. */
int src_digest_once(const char *path, const struct src_progress *progress, char ret_hex[65],
		    struct err *err);
