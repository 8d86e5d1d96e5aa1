/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the store share. Paths are below the store unless it is said; its lock: see doc/design/build.md. */
#pragma once

#include "store/manifest.h"
#include "store/store.h"

#include <sys/stat.h>

struct sto {
	char *path; /* absolute */
	int fd;
	int committed; /* sto_use() of the cell of the last commit; -1: none */
	bool synced;   /* see sto_has_synced() */
};

/* sto_use() where the store's lock is had, and the cell there, or about to be. */
int sto_use_locked(const struct sto *s, const char *id, int *ret_fd, struct err *err);

static inline void sto_report(const struct sto_progress *p, const char *what, uint64_t done,
			      uint64_t total)
{
	if (p)
		p->report(p->ctx, what, done, total);
}

/* 64 lower-case hex digits. */
bool sto_is_id(const char *s);

/* The store's lock; progress is told for whom it waits. */
int sto_lock(const struct sto *s, bool exclusive, const struct sto_progress *progress, int *ret_fd,
	     struct err *err);

/* Names in a folder but those that begin with a dot, sorted. That the folder is missing is an empty one. */
int sto_names_in(const struct sto *s, const char *folder, struct strv *ret, struct err *err);

bool sto_has_cell(const struct sto *s, const char *id);
/* The IDs of all cells, sorted. */
int sto_cell_ids(const struct sto *s, struct strv *ret, struct err *err);
/* The manifest of a cell; -EBADMSG with words where it is none, or another cell's. */
int sto_cell_manifest(const struct sto *s, const char *id, struct sto_manifest *ret,
		      struct err *err);
/* When it was used last. */
time_t sto_cell_used(const struct sto *s, const char *id);
/* Whether somebody has it by sto_use(). Under the store's lock. */
bool sto_cell_in_use(const struct sto *s, const char *id);
/* Takes it out of the store at once; what it was made of is cleared away in time. Under the exclusive lock. */
int sto_cell_remove(const struct sto *s, const char *id, struct err *err);

#define STO_OBJECT (sizeof("objects/ab/") + DIGEST_HEX + 2)
void sto_object_path(const struct sto_entry *e, char ret[STO_OBJECT]);
/* "ab", "HEX" or "HEX.x": whether an object may be called so; then *ret_exec. */
bool sto_is_object(const char *folder, const char *name, bool *ret_exec);
/*
 * Calls each for all that lies in objects/; name is NULL for what is no folder of two digits. Ends early with what each
 * returns where it is not 0.
 */
int sto_each_object(const struct sto *s,
		    int (*each)(void *ctx, const char *folder, const char *name, struct err *err),
		    void *ctx, struct err *err);

struct sto_ref {
	char *name;
	char id[STO_ID + 1]; /* "" where the ref is damaged */
};
struct sto_refs {
	struct sto_ref *v;
	size_t n, cap;
};
/* All refs, sorted by name. */
int sto_refs_read(const struct sto *s, struct sto_refs *ret, struct err *err);
void sto_refs_release(struct sto_refs *r);
#define auto_refs cleanup(sto_refs_release)
/* The refs that lead to a cell. */
void sto_refs_of(const struct sto_refs *r, const char *id, struct strv *ret);

/* A folder in tmp/ of this process; it goes with sto_tmp_end(), or with the next kiln where this one was killed. */
struct sto_tmp {
	char *path; /* absolute */
	int lock;
};
#define STO_TMP_NONE ((struct sto_tmp){ .lock = -1 })
int sto_tmp_begin(const struct sto *s, const char *what, struct sto_tmp *ret, struct err *err);
void sto_tmp_end(struct sto_tmp *t);
#define auto_tmp cleanup(sto_tmp_end)
/* Removes what killed ones left. */
void sto_tmp_clean(const struct sto *s);
