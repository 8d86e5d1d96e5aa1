/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a tree's files were when they were last looked at, as it lies in the cache (treesums/KEY). The entries of one
 * folder stand beside each other, sorted as their paths are: a folder's name counts with a '/' behind it.
 */
#pragma once

#include "base/digest.h"
#include "base/file.h"

struct src_entry {
	struct file_id id; /* zero: it is to be read the next time */
	uint8_t sum[DIGEST_BYTES];
	uint32_t name;	   /* where it begins in the names */
	uint32_t first, n; /* of a folder: its entries */
	uint32_t type;	   /* D, F, X, L, or S for what does not count */
};

struct src_index {
	struct src_entry *v; /* v[0] is the tree; a folder's entries stand behind it */
	size_t n, cap;
	struct str names; /* each with its NUL */
	uint8_t total[DIGEST_BYTES];
	void *map; /* v and names lie in a file that is mapped; what is changed in v does not reach it. NULL: they are its own */
	size_t mapped;
};
void src_index_release(struct src_index *x);
#define auto_index cleanup(src_index_release)

static inline const char *src_index_name(const struct src_index *x, const struct src_entry *e)
{
	return x->names.s + e->name;
}

/* The file for the tree of this path. */
int src_index_path(const char *tree, char **ret, struct err *err);
/* False, and an empty index, where it is missing or damaged in any way. */
bool src_index_load(const char *path, struct src_index *ret);
/* From its bytes, in which v and names lie then; they begin where a struct may. */
bool src_index_parse(void *bytes, size_t n, struct src_index *ret);
void src_index_format(const struct src_index *x, struct str *ret);
/*
 * same.c: which folders of the tree at fd have something else than that, or were something else themselves: a flag for each entry,
 * freed by the caller; *ret_differs is NULL where none has. Starts processes, which are gone when it returns. False: not told.
 */
bool src_index_look(const struct src_index *x, int fd, uint8_t **ret_differs);
