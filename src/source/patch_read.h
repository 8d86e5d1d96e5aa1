/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a patch line by line: what the readers of plain diffs and of git's share. */
#pragma once

#include "source/patch.h"

struct reader {
	struct src_diff *d;
	const char *p, *end;
	unsigned line;			/* that p stands at */
	struct src_lines before, after; /* of the hunk being read */
};

/* The line at p without its end; *ret_n excludes "\n". */
const char *src_peek(const struct reader *r, size_t *ret_n);
void src_skip_line(struct reader *r);
/* Whether what follows begins so. */
bool src_at(const struct reader *r, const char *prefix);
/* "line N: what: 'the line'"; -EINVAL. */
int src_bad(const struct reader *r, struct err *err, const char *what);

/*
 * The name in n bytes behind "--- " and the like: quoted, or up to a tab. *ret stays as it is for /dev/null. Refused is
 * what leads out of the tree or into .git. strip: the first part is taken away.
 */
int src_header_name(const struct reader *r, const char *s, size_t n, bool strip, char **ret,
		    struct err *err);
/*
 * The name in "a/NAME b/NAME", for changes that have no other line with it. Where it has blanks it is found by the two being
 * the same. None is no error: then other lines have it.
 */
int src_git_line_name(const struct reader *r, const char *s, size_t n, char **ret, struct err *err);

/* Whether the line is the head of a hunk, and what it says; n_old and n_new: its lines. */
bool src_is_hunk(const struct reader *r, struct src_diff_hunk *h, unsigned long *ret_old,
		 unsigned long *ret_new);
/* All hunks that follow. */
int src_read_hunks(struct reader *r, struct src_file_diff *f, struct err *err);
