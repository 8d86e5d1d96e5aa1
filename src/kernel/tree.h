/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing what an archive holds below a folder, whatever the archive says. For a folder that nobody
 * else writes to (the cache's temporary).
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#define KRN_TREE_BYTES	 (UINT64_C(4) << 30)
#define KRN_TREE_ENTRIES UINT64_C(200000)

struct krn_tree {
	int fd;				 /* the folder */
	uint64_t max_bytes, max_entries; /* more is -EFBIG */
	bool links_up;			 /* links that go up but stay inside are kept */
	uint64_t bytes, entries;
	char *last_dir;		    /* the folder made last, to make each once */
	struct strv links, targets; /* symbolic links, made by krn_tree_finish() */
};
void krn_tree_release(struct krn_tree *t);

/*
 * The path of an entry without "./" and doubled slashes; "" for the root. Absolute paths, "..",
 * control characters and overlong paths are -EPERM.
 */
int krn_tree_path(const char *name, char **ret, struct err *err);

/* Counts an entry of so many bytes, whether it is written or not. */
int krn_tree_count(struct krn_tree *t, uint64_t size, struct err *err);
int krn_tree_dir(struct krn_tree *t, const char *path, struct err *err);
/* A new file, open for writing. A second one of that name is -EEXIST. */
int krn_tree_file(struct krn_tree *t, const char *path, int *ret_fd, struct err *err);
/* A second name for a file written before. */
int krn_tree_hardlink(struct krn_tree *t, const char *path, const char *target, struct err *err);
/* A link out of the folder is -EPERM; one that goes up but stays inside is left out unless t->links_up. */
int krn_tree_symlink(struct krn_tree *t, const char *path, const char *target, struct err *err);
/*
 * Before krn_tree_finish(): if all lies in one folder at the top, t goes on in that one, and a link out of it is -EPERM.
 * *ret_fd is that folder (t->fd from here on; owned by the caller) and *ret_name its name; -1 and NULL if there is none.
 */
int krn_tree_strip(struct krn_tree *t, int *ret_fd, char **ret_name, struct err *err);
/* Makes the links. -EPERM for one that leads out by way of others; what is written is then to be thrown away. */
int krn_tree_finish(struct krn_tree *t, struct err *err);
/* Whether following path below fd stays there, as far as it leads at all. For trees that others write, once they are whole. */
bool krn_tree_inside(int fd, const char *path);
