/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hunks on a file's lines in memory: where git apply would put them, without fuzz. */
#pragma once

#include "source/patch.h"

/* Adds the lines of a text, into which they point. */
void src_lines_split(struct src_lines *l, const char *text, size_t n);

/* A hunk seen one way or the other. */
struct src_hunk_sides {
	const struct src_line *before, *after;
	size_t n_before, n_after;
	unsigned long pos;	  /* of the file as it is by then: from 0 */
	unsigned long before_pos; /* as the patch says it: from 1, 0 in an empty file */
	bool at_begin, at_end;	  /* must match there */
};
void src_hunk_sides(const struct src_diff *d, const struct src_diff_hunk *h, bool reverse,
		    struct src_hunk_sides *ret);

/*
 * Changes file. All lines before must be there one after another, none of them put there by an earlier hunk; of several
 * places the one nearest to where the patch has it counts, the later of two. A hunk at line 1 applies at the file's begin
 * alone, and one without context behind it at the end alone. *ret_moved: lines between its place and the patch's.
 */
bool src_hunk_apply(struct src_lines *file, const struct src_hunk_sides *h,
		    unsigned long *ret_moved);
/* Why it did not, in words. added: lines that hunks before it have put in, so that places are those of the file before. */
char *src_hunk_why(const struct src_lines *file, const struct src_hunk_sides *h, long added);
