/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a patch says, read whole: a mail of git format-patch or any text with unified diffs at strip 1 in it. The format
 * of diffs is POSIX's (diff -u) with git's extended headers (git-diff(1), "Generating patch text with -p").
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#define SRC_PATCH_MAX \
	((size_t)256 << 20) /* bytes of a patch; stable patches from x.y have some 60 MiB */
#define SRC_FILE_MAX ((size_t)64 << 20) /* of a file that a patch changes */

/* A line with its "\n", where it has one. Points into the text it is from. */
struct src_line {
	const char *s;
	uint32_t n;
	bool fixed; /* in a file: an earlier hunk of the patch put it there */
};
struct src_lines {
	struct src_line *v;
	size_t n, cap;
};

struct src_diff_hunk {
	unsigned line;			     /* of the patch, from 1: where its "@@" is */
	unsigned long old_pos, new_pos;	     /* as it says: from 1; 0 in an empty file */
	size_t old_at, old_n, new_at, new_n; /* of the diff's lines: those before and those after */
	unsigned long leading, trailing;     /* lines of context */
};

/* One half of a binary patch, decoded. */
struct src_blob {
	enum { SRC_NO_BLOB, SRC_LITERAL, SRC_DELTA } kind;
	char *data;
	size_t n;
};

enum src_change { SRC_MODIFY, SRC_CREATE, SRC_DELETE, SRC_RENAME, SRC_COPY };

/* What it does to one file. Names are below the tree, without "." and ".."; both are set. */
struct src_file_diff {
	enum src_change change;
	bool maybe_new; /* SRC_MODIFY of a plain diff that creates the file where there is none */
	char *old_name, *new_name;
	unsigned old_mode, new_mode; /* as git has them: 0100644, 0100755, 0120000; 0: not said */
	unsigned line;		     /* of the patch, where it begins */
	size_t hunk, n_hunks;	     /* of the diff's hunks */
	struct src_blob forward, reverse;
};

struct src_diff {
	struct str text; /* CRs at line ends removed where the diff's own headers have them */
	size_t head_n;	 /* bytes before the first diff */
	bool mail;
	char *subject;	     /* NULL: no mail, or one without */
	char *since, *until; /* of "#kiln:" lines of the head; NULL */
	struct src_lines lines;
	struct {
		struct src_diff_hunk *v;
		size_t n, cap;
	} hunks;
	struct {
		struct src_file_diff *v;
		size_t n, cap;
	} files; /* one at least */
};

/* Takes the text over. -EINVAL with "line N: ..." for what is no patch, is broken, or names what it must not. */
int src_diff_parse(struct str *text, struct src_diff **ret, struct err *err);
void src_diff_free(struct src_diff *d);

/* Of the head: subject, since and until. */
int src_diff_head(struct src_diff *d, struct err *err);
/* "6.1", "6.1.30", "6.2-rc3" */
bool src_is_version(const char *s);

/*
 * Reads the two halves of a binary patch from *p on, which stands behind "GIT binary patch\n", and moves it (and *line) behind them.
 * -EINVAL with words, without the line; -ENOENT where there is no zlib.
 */
int src_blobs_read(const char **p, const char *end, unsigned *line, struct src_file_diff *f,
		   struct err *err);
/* What the blob makes of a file's content. False where it is not made for that. */
bool src_blob_apply(const struct src_blob *b, const char *old, size_t n, struct str *ret);
