/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Series of patches: what of them is for a version, what becomes of each on a tree, and a tree with them. Patches are
 * mails of git format-patch or plain unified diffs at strip 1. They apply without fuzz (lines may have moved).
 *
 * Which versions: "#kiln: since 6.1.30 until 6.2" in the head of a patch (until is not included), or series.yaml in its folder:
 *
 *	patches:
 *	  - {file: 0001-x.patch, since: 6.1.30, until: "6.2"}
 */
#pragma once

#include "source/source.h"

struct src_patch {
	char *path;
	char *name;	     /* for people: its file name */
	char *subject;	     /* of a mail, without [PATCH ...]; NULL */
	char *since, *until; /* NULL: no bound */
	char digest[65];     /* of its bytes */
};
struct src_series {
	struct src_patch *v;
	size_t n, cap;
};

/*
 * Files, and folders whose *.patch and *.diff are taken by their names (series.yaml, or a file `series` of quilt, gives
 * another order). A folder without any, or what series.yaml names and is not there, is an error.
 */
int src_series_read(char *const *paths, size_t n, struct src_series *ret, struct err *err);
void src_series_release(struct src_series *s);

enum src_outcome {
	SRC_APPLIES,
	SRC_ALREADY,	/* the tree has it: it can be taken back without fuzz */
	SRC_REBASE,	/* does not apply */
	SRC_BAD,	/* no patch, or a broken one */
	SRC_NOT_FOR_IT, /* another version */
};
const char *src_outcome_name(
	enum src_outcome
		o); /* "applies", "already applied", "needs rebase", "bad format", "other version" */

struct src_hunk {
	char *file;
	unsigned number, line; /* of the file: from 1; where the patch says it begins */
	char *why; /* "line 34 is 'x', the patch has 'y'", "no such file", "the file is there already" */
};
struct src_verdict {
	enum src_outcome outcome;
	struct {
		struct src_hunk *v;
		size_t n, cap;
	} failed;  /* SRC_REBASE */
	char *why; /* SRC_BAD: with the line; SRC_NOT_FOR_IT: the range */
};
struct src_verdicts {
	struct src_verdict *v; /* one for each patch of the series */
	size_t n, cap;
	bool good; /* none of them needs rebase or is bad */
};

/*
 * What becomes of each patch, the ones before it (which apply) being in. The tree is only read; no copy of it is made.
 * Fast enough for a table over many trees: only files that the series names are read.
 */
int src_series_try(const struct src_series *s, const struct src_tree *t, struct src_verdicts *ret,
		   struct err *err);
void src_verdicts_release(struct src_verdicts *v);

/*
 * A tree with all of the series that applies, in the cache (made at most once for one content and one series). What is ours
 * is made of hard links, what is the user's of reflinks where the file system has them, else of copies. *ret is the tree's
 * own: its digest is of what it holds. -EINVAL where v is not good. A series of which nothing applies gives the same tree.
 */
int src_series_tree(const struct src_series *s, const struct src_verdicts *v,
		    const struct src_tree *t, const struct src_progress *progress,
		    struct src_tree *ret, struct err *err);
