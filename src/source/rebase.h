/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carrying a series from one tree to another, in a scratch repository of git's that has only the files that the series
 * names (and those of the same name elsewhere, where the other tree has moved one). A patch that applies stays as it is;
 * one that does not is merged by git from what it did in the tree it was made for, as git am -3 does.
 *
 *	kiln/before/N, kiln/patch/N	commits: the old tree without and with patch N, the ones before it being in
 *	kiln/new			the new tree
 *	kiln-rebase			the branch that is checked out: the new tree, and a commit for each patch that is done
 *	.git/kiln-rebase.json		how far it is, so that it goes on after git was used by hand
 */
#pragma once

#include "source/series.h"

enum src_carry {
	SRC_CARRY_OPEN,
	SRC_UNCHANGED, /* applies to the new tree as it is */
	SRC_CARRIED,   /* by git */
	SRC_RESOLVED,  /* by git and by hand */
	SRC_IN_IT,     /* the new tree has it */
	SRC_LEFT_OUT,  /* not for the new tree's version */
};
const char *src_carry_name(enum src_carry c);

struct src_carried {
	enum src_carry how;
	char *before, *after; /* commits on the new tree; NULL where there are none */
};
struct src_conflict {
	char *file;
	unsigned
		line; /* of the file in the repository, where "<<<<<<<" stands; 0: the file as a whole */
	char *why;
};

struct src_rebase {
	char *dir;     /* the repository */
	char *output;  /* where patches go; NULL: to where they came from */
	char *version; /* of the new tree */
	size_t next;   /* the patch that is to be done */
	struct {
		struct src_carried *v;
		size_t n, cap;
	} patches;
	struct {
		struct src_conflict *v;
		size_t n, cap;
	} conflicts; /* of patch `next`, where git stopped */
};

/*
 * Makes the repository in the empty folder dir. -EINVAL where a patch is bad or does not apply to `from` (the error says
 * which). -ENOENT without git.
 */
int src_rebase_begin(struct src_rebase *r, const struct src_series *s, const struct src_tree *from,
		     const struct src_tree *to, const char *dir, const char *output,
		     struct err *err);
/* Goes on with one that stopped: *ret_series is the one it was begun with. -ESTALE where a patch has changed since. */
int src_rebase_open(struct src_rebase *r, const char *dir, struct src_series *ret_series,
		    struct err *err);
/* Carries patches. 1: all done; 0: r->conflicts are left. */
int src_rebase_go(struct src_rebase *r, const struct src_series *s, struct err *err);
/* Patch i as a file: as it was where it is unchanged, else its head with what it does to the new tree. */
int src_rebase_text(const struct src_rebase *r, const struct src_series *s, size_t i,
		    struct str *ret, struct err *err);
void src_rebase_release(struct src_rebase *r);
