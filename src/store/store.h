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

/* path NULL: $KILN_STORE, else "store" in DIR_DATA. create: made where missing, else -ENOENT. */
int sto_open(const char *path, bool create, struct sto **ret, struct err *err);
void sto_close(struct sto *s);
const char *sto_path(const struct sto *s);

/*
 * A cell being put together: whatever lies in the folder `path` becomes the cell. The files are taken over (renamed, not
 * copied, where the file system allows), so nobody else may have them open for writing.
 */
struct sto_stage;
int sto_stage_begin(struct sto *s, const char *id, struct sto_stage **ret, struct err *err);
const char *sto_stage_path(const struct sto_stage *g);
/*
 * Publishes it: digests, objects, manifest, rename; the stage is released either way. That the cell is there by now is
 * fine if its manifest is the same; -EEXIST, with the first path that differs, if not.
 */
int sto_stage_commit(struct sto_stage *g, const struct sto_progress *progress, struct err *err);
void sto_stage_abort(struct sto_stage *g);

/* Where a cell lies. -ENOENT without words if it is not there. What is read of it is held by sto_use(). */
int sto_cell_path(const struct sto *s, const char *id, char **ret);
/* Keeps gc from that cell until the descriptor is closed, or the process ends; marks it as used now. */
int sto_use(struct sto *s, const char *id, int *ret_fd, struct err *err);

/* A ref, or an ID, or at least 8 digits that only one ID begins with. -ENOENT names the nearest refs. */
int sto_find(const struct sto *s, const char *name, char ret_id[STO_ID + 1], struct err *err);
int sto_ref_set(struct sto *s, const char *name, const char *id, struct err *err);
int sto_ref_remove(struct sto *s, const char *name, struct err *err);

struct sto_cell {
	char id[STO_ID + 1];
	struct strv refs;
	uint64_t files, bytes; /* apparent size */
	uint64_t
		own_bytes; /* of objects that no other cell has: what removing it would give back */
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
	uint64_t
		quota; /* bytes of objects to come below by removing the longest unused cells; 0: none */
	time_t older_than; /* cells not used since are removed; 0: none */
	bool dry_run;
};
struct sto_gc_result {
	struct strv removed;	 /* IDs of cells */
	uint64_t objects, bytes; /* removed; bytes on disk */
	uint64_t left_bytes;
	bool over_quota; /* what is left is more than the quota, and all of it is kept by refs or in use */
};
/* Never removes cells with a ref or in use. Cells without either go only by age or quota; objects of no cell always. */
int sto_gc(struct sto *s, const struct sto_gc *how, const struct sto_progress *progress,
	   struct sto_gc_result *ret, struct err *err);
void sto_gc_result_release(struct sto_gc_result *r);

struct sto_fault {
	char *path;	   /* below the store */
	char *what;	   /* "has another content: sha256 ... (expected ...)", "is missing", ... */
	struct strv cells; /* the cells that have it: IDs, or refs where they have some */
};
struct sto_faults {
	struct sto_fault *v;
	size_t n, cap;
	uint64_t cells, objects, bytes; /* looked at */
};
/* Reads everything. repair: damaged objects, and the cells that have them, are removed, so that they are built anew. */
int sto_verify(struct sto *s, bool repair, const struct sto_progress *progress,
	       struct sto_faults *ret, struct err *err);
void sto_faults_release(struct sto_faults *f);
