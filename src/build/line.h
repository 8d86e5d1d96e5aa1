/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of what a build says: what kind it is, and its parts. Nothing is remembered between lines. */
#pragma once

#include "base/util.h"

enum bld_line_kind {
	BLD_LINE_OTHER,
	BLD_LINE_STEP, /* "  CC [M]  x.o": verb and object */
	BLD_LINE_CONTEXT, /* belongs to the message that follows: "In file included from", "x.c: In function" */
	BLD_LINE_WARNING,
	BLD_LINE_ERROR,
	BLD_LINE_TAIL, /* an error that only repeats: "collect2: error: ld returned 1 exit status" */
	BLD_LINE_MORE,	/* belongs to the message before: notes, source, carets */
	BLD_LINE_PLACE, /* belongs to the message before and says its place: rustc's " --> x.rs:1:2", lld's ">>> referenced by" */
	BLD_LINE_FAILED, /* make could not make object */
};

/* Pointers into the line; a part that is not there is NULL with a length of 0. */
struct bld_slice {
	const char *s;
	size_t n;
};

struct bld_line {
	enum bld_line_kind kind;
	struct bld_slice verb;
	struct bld_slice object;
	struct bld_slice file;
	unsigned line, column;
	const char *text; /* without the place in front, up to the end of the line */
	bool outer;	  /* FAILED: status 2, as of a make around the one that failed */
};

/* line: without colours and its newline. */
void bld_line_read(const char *line, struct bld_line *ret);
