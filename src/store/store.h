/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store: files by the SHA-256 of their content, and cells, which are folders of hard links to them. Its form on disk
 * and why a kill at any moment does no harm: doc/design/build.md.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <time.h>

#define STO_ID 64 /* lower-case hex digits */

/* What long work reports to; may be NULL. */
struct sto_progress {
	void (*report)(void *ctx, const char *what, uint64_t done, uint64_t total);
	void *ctx;
};

struct sto;

/*
 * path NULL: $KILN_STORE, else "store" in DIR_DATA. create: made where missing, else -ENOENT. A folder that is neither
 * a store nor empty is refused (-EEXIST).
 */
int sto_open(const char *path, bool create, struct sto **ret, struct err *err);
void sto_close(struct sto *s);
const char *sto_path(const struct sto *s); /* absolute */

/*
 * A cell being put together: whatever lies in the folder `path` becomes the cell. The files are taken over (renamed, not
 * copied, where the file system allows), so nobody else may have them open for writing; one that has a second name
 * (hard link) is copied. Of modes only that a file may be executed is kept, of times, owners and extended attributes
 * nothing. `.kiln` is for what tells of the making (logs, times); `.kiln/manifest` is the store's own.
 */
struct sto_stage;
int sto_stage_begin(struct sto *s, const char *id, struct sto_stage **ret, struct err *err);
const char *sto_stage_path(const struct sto_stage *g);
/* A file as the store knows it. */
struct sto_object {
	char hex[STO_ID + 1]; /* SHA-256 of its content */
	bool exec;	      /* it may be executed */
};
/*
 * Puts an object into the stage as the file path (below the stage; its folder is there): a hard link, nothing is read. Nobody
 * may write to that file. 1: done; 0: the store has no such object, the file system no link for it, or there is a file.
 */
int sto_stage_link(struct sto_stage *g, const char *path, const struct sto_object *o,
		   struct err *err);
/*
 * Does of sto_stage_commit() what can be done by now, for what was put in by sto_stage_link(). From here on files may come, go and
 * be replaced; a folder's own time must not be set. What fails is left to the commit.
 */
void sto_stage_prepare(struct sto_stage *g);
/*
 * What sto_stage_commit() is to ask when all is written and on the disk, before it has its name: negative, and there is no cell.
 * The time until then is the caller's to have it found out.
 */
void sto_stage_last(struct sto_stage *g, int (*last)(void *ctx, struct err *err), void *ctx);
/* From within that: calls each for all files that the cell will have, in the order of their paths. */
void sto_stage_files(const struct sto_stage *g,
		     void (*each)(void *ctx, const char *path, const struct sto_object *o),
		     void *ctx);
/*
 * Publishes it: digests, objects, manifest, rename; the stage is released either way. That the cell is there by now is
 * fine if it has the same, below .kiln apart; -EEXIST, with the first path that differs, if not. It is in
 * use (sto_use()) until the next commit, sto_gc(), sto_verify() or sto_close() of s: time to give it a ref.
 */
int sto_stage_commit(struct sto_stage *g, const struct sto_progress *progress, struct err *err);
void sto_stage_abort(struct sto_stage *g); /* NULL is fine */
/* Whether the last commit wrote all that its file system had to write to the disk, files that are none of the store's too. */
bool sto_has_synced(const struct sto *s);

/* Where a cell lies. -ENOENT without words if it is not there. What is read of it is held by sto_use(). */
int sto_cell_path(const struct sto *s, const char *id, char **ret);
/* Calls each for all files of a cell, in the order of their paths. */
int sto_cell_files(const struct sto *s, const char *id,
		   void (*each)(void *ctx, const char *path, const struct sto_object *o), void *ctx,
		   struct err *err);
/*
 * Keeps gc from that cell until the descriptor is closed, or the process ends; marks it as used now. -ENOENT with words
 * if it is not there.
 */
int sto_use(struct sto *s, const char *id, int *ret_fd, struct err *err);

/*
 * A ref, or an ID, or at least 8 digits that only one ID begins with. -ENOENT names the nearest ref; -EBADMSG: a ref that
 * leads to no cell.
 */
int sto_find(const struct sto *s, const char *name, char ret_id[STO_ID + 1], struct err *err);
/* What sto_find() takes and a kernel is, for a shell to complete: all refs, and 12 digits of each ID, but of modules. */
int sto_names(const struct sto *s, struct strv *ret, struct err *err);
/*
 * Names: parts between slashes, each [A-Za-z0-9][A-Za-z0-9._+-]*, 255 bytes in all, and no ID; "a" and "a/b" exclude each
 * other (-EEXIST). A ref that is there is moved.
 */
int sto_ref_set(struct sto *s, const char *name, const char *id, struct err *err);
/* Where it leads; "" in ret_id if it is damaged. -ENOENT names the nearest. */
int sto_ref_get(const struct sto *s, const char *name, char ret_id[STO_ID + 1], struct err *err);
int sto_ref_remove(struct sto *s, const char *name, struct err *err);

/*
 * A cell may have modules that were built for it later. They are a cell of their own, which the ref "ID/modules" leads to, ID
 * being that of the one below; gc removes it together with that one.
 */
#define STO_OVER "/modules"
/* Whether a ref is such a one; then *ret_id is the cell below, which need not be there any more. */
bool sto_over_below(const char *ref, char ret_id[STO_ID + 1]);
/* -ENOENT without words where there are none. What is read of it is held by sto_use(). */
int sto_over_get(const struct sto *s, const char *below, char ret_id[STO_ID + 1]);
/* Both cells are held by the caller (sto_use()). */
int sto_over_set(struct sto *s, const char *below, const char *id, struct err *err);
/* -ENOENT with words where there are none. */
int sto_over_remove(struct sto *s, const char *below, struct err *err);
/*
 * For who makes new ones of what there is: held from the look to sto_over_set() or sto_over_remove(). Waited for while none
 * of the store's other locks but cells in use is held.
 */
int sto_over_lock(const struct sto *s, int *ret_fd, struct err *err);

struct sto_cell {
	char id[STO_ID + 1];
	struct strv refs;
	bool damaged;	       /* its manifest cannot be read; the sizes are 0 */
	uint64_t files, bytes; /* apparent size, what lies there twice counted twice */
	/* of objects that no other cell has: what removing it would give back. Apparent, each once. */
	uint64_t own_bytes;
	time_t used;
};
struct sto_cells {
	struct sto_cell *v;
	size_t n, cap;
};
/* Newest use first. */
int sto_list(struct sto *s, struct sto_cells *ret, struct err *err);
void sto_cells_release(struct sto_cells *c);

struct sto_gc {
	/* bytes of objects on disk to come below by removing the longest unused cells; 0: none */
	uint64_t quota;
	time_t older_than; /* cells not used since are removed; 0: none */
	bool all;	   /* every cell is that old, and one too many */
	bool dry_run;
};
struct sto_gc_result {
	struct strv
		removed; /* IDs of cells, the longest unused first, each with its modules behind it */
	uint64_t objects, bytes; /* removed; bytes on disk */
	uint64_t left_bytes;
	bool over_quota; /* what is left is more than the quota, and all of it is kept by refs or in use */
};
/*
 * Never removes cells with a ref or in use. Cells without either go only by age or quota; objects of no cell always, and so do
 * modules whose cell is gone, but where they are in use.
 * -EBADMSG where a manifest is damaged: what that cell has cannot be told.
 */
int sto_gc(struct sto *s, const struct sto_gc *how, const struct sto_progress *progress,
	   struct sto_gc_result *ret, struct err *err);
void sto_gc_result_release(struct sto_gc_result *r);

struct sto_fault {
	char *path;	   /* below the store */
	char *what;	   /* "has another content: sha256 ... (expected ...)", "is missing", ... */
	struct strv cells; /* the cells that have it: IDs, or refs where they have some */
	bool mended;	   /* it, and what had it, is gone */
};
struct sto_faults {
	struct sto_fault *v;
	size_t n, cap;
	uint64_t cells, objects, bytes; /* looked at */
};
/*
 * Reads everything. repair: damaged objects, and the cells that have them with their refs, are removed, so that they are
 * built anew; what has a wrong mode gets its own. Cells in use stay, and what is wrong with them.
 */
int sto_verify(struct sto *s, bool repair, const struct sto_progress *progress,
	       struct sto_faults *ret, struct err *err);
void sto_faults_release(struct sto_faults *f);
