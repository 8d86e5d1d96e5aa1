/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copying out of trees and build folders: content, and whether it can be executed. Nothing of owners, times and masks,
 * so that the same files come of it wherever it is done.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "build/known.h"

/*
 * What from leads to (a regular file, else -EINVAL) as the file to; folders are made, what is there is replaced. A file that
 * could not be written to its end is removed.
 */
int bld_copy_file(const char *from, const char *to, struct err *err);
/* The same, where the store may have what comes of it already (then nothing is done to it any more): see build/known.h. */
int bld_copy_known(struct bld_known *k, enum bld_known_how how, const char *from, const char *to,
		   struct err *err);

enum bld_links {
	/*
	 * For what is published: a link that stays inside by its text is kept, of others what they lead to is copied where
	 * that is a file and not there yet, else they are left out.
	 */
	BLD_LINKS_INSIDE,
	BLD_LINKS_KEEP, /* for a copy that is used here: one that leads out becomes absolute */
};

struct bld_copy {
	const char *from, *to; /* folders; to is made */
	/* Whether to take the file or link, or go into the folder, of this path below from. NULL: all. */
	bool (*want)(void *ctx, const char *path, mode_t type);
	void *ctx;
	enum bld_links links;
	struct bld_known *known; /* NULL: all is copied */
	enum bld_known_how how;	 /* with known: what is done to each file of it behind this */
};

/* Copies what is at below (relative to from; "": all) in the order of names. Nothing is fine. Neither pipes nor devices. */
int bld_copy_tree(const struct bld_copy *c, const char *below, struct err *err);

/* Renames, and where that is another file system copies and removes. to must not be there. */
int bld_move(const char *from, const char *to, struct err *err);
