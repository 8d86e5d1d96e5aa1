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

#include "source/patch.h"
#include "source/source.h"

struct src_patch {
	char *path;
	char *name;	       /* for people: its file name */
	char *subject;	       /* of a mail, without [PATCH ...]; NULL */
	char *since, *until;   /* NULL: no bound */
	char digest[65];       /* of its bytes */
	struct src_diff *diff; /* what it says, see source/patch.h; NULL: it is bad */
	char *bad;	       /* why */
	char *bad_hint;	       /* what to do then, or NULL */
};
struct src_series {
	struct src_patch *v;
	size_t n, cap;
};

/*
 * Files, and folders whose *.patch and *.diff are taken by their names, 9-x before 10-x (series.yaml, or a file `series` of
 * quilt, gives another order; such a file may also be named itself). A folder without any, or what series.yaml names and
 * is not there, is an error. So is a patch that cannot be read; one that is broken is not (SRC_BAD). The range in
 * series.yaml, where it has one, stands for that in the patch.
 */
int src_series_read(char *const *paths, size_t n, struct src_series *ret, struct err *err);
void src_series_release(struct src_series *s);

enum src_outcome {
	SRC_APPLIES,
	/*
	 * The tree has it: it can be taken back without fuzz. Where it could be applied as well (once more, or what it
	 * leaves is found elsewhere by chance), what lies nearer to the patch's own lines counts.
	 */
	SRC_ALREADY,
	SRC_REBASE,	/* does not apply */
	SRC_BAD,	/* no patch, or a broken one */
	SRC_NOT_FOR_IT, /* another version */
};
const char *src_outcome_name(
	enum src_outcome
		o); /* "applies", "already applied", "needs rebase", "bad format", "other version" */

struct src_hunk {
	char *file;
	unsigned number; /* among the hunks of the file, from 1; 0: the file as a whole */
	unsigned line;	 /* of the file, where the patch says it begins; 0 likewise */
	char *why; /* "line 34 is 'x', the patch has 'y'", "no such file", "the file is there already" */
};
struct src_verdict {
	enum src_outcome outcome;
	struct {
		struct src_hunk *v;
		size_t n, cap;
	} failed;  /* SRC_REBASE */
	char *why; /* SRC_BAD: with the line; SRC_NOT_FOR_IT: the range */
	unsigned long
		moved; /* lines between where its hunks are and where the patch has them, in sum */
};
struct src_verdicts {
	struct src_verdict *v; /* one for each patch of the series */
	size_t n, cap;
	bool good; /* none of them needs rebase or is bad */
};

/*
 * What becomes of each patch, the ones before it (which apply) being in. Of t only path and version are looked at (NULL:
 * every patch is for it). The tree is only read; no copy of it is made.
 * Fast enough for a table over many trees: only files that the series names are read.
 */
int src_series_try(const struct src_series *s, const struct src_tree *t, struct src_verdicts *ret,
		   struct err *err);
void src_verdicts_release(struct src_verdicts *v);

/*
 * A tree with all of the series that applies, in the cache (made at most once for one content and one series). What is ours
 * is made of hard links, what is the user's of reflinks where the file system has them, else of copies. *ret is the tree's
 * own: its digest is of what it holds. -EINVAL where v is not good, -ESTALE where the tree is no longer what v was made of.
 * A series of which nothing applies gives the same tree.
 */
int src_series_tree(const struct src_series *s, const struct src_verdicts *v,
		    const struct src_tree *t, const struct src_progress *progress,
		    struct src_tree *ret, struct err *err);
