/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of a tree that patches name, as they are and as they become: read when they are first asked for, changed in
 * memory. The tree is only read, without following links.
 */
#pragma once

#include "base/map.h"
#include "source/patch.h"

struct src_file {
	bool present;  /* as a file or link */
	bool folder;   /* a folder is there */
	bool changed;  /* by a patch */
	unsigned mode; /* 0100644, 0100755 or 0120000 */
	struct src_lines lines;
};

/* The lines of files point into the patches, which must stay as long. */
struct src_files {
	int root;
	struct map by_path; /* of struct src_file */
	struct strv texts;  /* what was read */
	struct arena arena;
};
/* Opens the tree. */
int src_files_init(struct src_files *f, const char *tree, struct err *err);
void src_files_release(struct src_files *f);

/* What did not apply. */
struct src_miss {
	char *file;
	unsigned number; /* of the hunk in its file, from 1; 0: the file as a whole */
	unsigned line;	 /* of the file, where the patch has it; 0 likewise */
	char *why;
};
struct src_misses {
	struct src_miss *v;
	size_t n, cap;
};
void src_misses_release(struct src_misses *m);

/*
 * Whether the patch applies to the files as they are by now, all of it; keep: then they are as it makes them.
 * reverse: it is taken back. 1 or 0; ret_misses (may be NULL) gets what does not. *ret_moved: the sum of lines between
 * where hunks were and where the patch has them. Errors: what cannot be read.
 */
int src_files_apply(struct src_files *f, const struct src_diff *d, bool reverse, bool keep,
		    struct src_misses *ret_misses, unsigned long *ret_moved, struct err *err);

/* A file of the tree as it is by now. */
int src_files_get(struct src_files *f, const char *path, const struct src_file **ret,
		  struct err *err);
/* The content of one as a whole. */
void src_file_text(const struct src_file *file, struct str *ret);
/* Writes what patches changed into another folder that holds the same tree: each file anew, none through a hard link. */
int src_files_write(const struct src_files *f, int root, struct err *err);
/* The folder of a path below root, without following links; *ret_name: the rest. make: it is made where it is missing. */
int src_open_parent(int root, const char *path, bool make, const char **ret_name);
