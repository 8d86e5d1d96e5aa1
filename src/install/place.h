/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Places below the root that kernels are installed to. */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct ins_place {
	char *root; /* absolute, without links; "/" for this system */
};

int ins_place_open(struct ins_place *p, const char *root, struct err *err);
void ins_place_release(struct ins_place *p);
#define auto_ins_place cleanup(ins_place_release)

/*
 * ROOT/rel. -EXDEV where a link on the way leads out of the root, as an absolute one in a system that is being put together
 * does: what is there would be this host's.
 */
int ins_path(const struct ins_place *p, const char *rel, char **ret, struct err *err);
bool ins_has(const struct ins_place *p, const char *rel); /* a dangling link counts as something */
bool ins_is_dir(const struct ins_place *p, const char *rel);

/* How a loader calls rel: its path within the file system it lies on. It need not be there yet. */
char *ins_loader_path(const struct ins_place *p, const char *rel);
/* Whether that file system is the root's. */
bool ins_on_root_fs(const struct ins_place *p, const char *rel);

/* Copies a file to ROOT/rel, whole or not at all, folders made where missing. */
int ins_copy_file(const struct ins_place *p, const char *from, const char *rel, struct err *err);
int ins_write_file(const struct ins_place *p, const char *rel, const struct str *text,
		   struct err *err);
/*
 * Copies a folder of modules (links followed, "build" and "source" left out) to ROOT/rel, whole or not at all. report is
 * called with the bytes copied so far; may be NULL.
 */
int ins_copy_modules(const struct ins_place *p, const char *from, const char *rel,
		     void (*report)(void *ctx, uint64_t bytes), void *ctx, struct err *err);
/* What those three were killed at: temporaries of that name. Fine if there are none. */
void ins_remove_temporaries(const struct ins_place *p, const char *rel);
/* A file or folder, and its temporaries. Fine if it is not there. */
int ins_remove(const struct ins_place *p, const char *rel, struct err *err);
