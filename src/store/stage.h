/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cell on its way into the store, as stage.c and commit.c see it. */
#pragma once

#include "base/map.h"
#include "store/internal.h"

struct sto_stage {
	struct sto *s;
	char id[STO_ID + 1];
	struct sto_tmp
		tmp; /* has the folder `cell`, and files that are about to be renamed into it */
	char *path;  /* of that folder */
	struct map links;	  /* path to struct sto_linked: what is an object by now */
	struct sto_before before; /* see sto_stage_prepare(); empty: nothing */
	struct file_id folders
		[256]; /* objects/00 to ff as they were then; zero where a change would not show */
	const struct sto_manifest *manifest;	 /* while last() is called */
	int (*last)(void *ctx, struct err *err); /* see sto_stage_last() */
	void *ctx;
};

struct sto_linked {
	struct sto_object object;
	ino_t ino;
};

/* A file has no further links to give, or the file system knows none: errno of link(). */
bool sto_cannot_link(int error);
/*
 * What is needed at many places: a new file `copy` in tmp's folder with the content, mode and time of one in another
 * folder, synced if asked to.
 */
int sto_copy(int from, const char *path, int tmp, bool exec, bool sync, struct err *err);
#define STO_COPY "copy"
