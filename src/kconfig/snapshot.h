/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trees that have been read, kept as files that are mapped again: $XDG_CACHE_HOME/kiln/trees/HASH. With a tree goes what
 * it was made from: the files that were read by their identity (device, inode, size, times), places where a file was
 * looked for and was not, variables of the environment, keys of the answers of commands. If any of it is other than it
 * was, the file is passed over. What was said while reading is said again.
 *
 * A tree is kept by one program for itself and until the next boot: of a machine that lost its power a file may be left
 * whose content never reached the disk.
 */
#pragma once

#include "kconfig/parse.h"
#include "kconfig/probe_cache.h"

#include <sys/stat.h>

/* What a tree was made from, as it is read. A zeroed struct is empty. */
struct kc_inputs {
	struct str records;
	int64_t begun_ns;  /* the time of day when reading began */
	int64_t newest_ns; /* of the times of files */
	bool unsafe;	   /* something that cannot be written down */
};

void kc_inputs_begin(struct kc_inputs *in);
/* st NULL: there was no such file. */
void kc_inputs_file(struct kc_inputs *in, const char *path, const struct stat *st);
/* value NULL: there was no such variable. */
void kc_inputs_env(struct kc_inputs *in, const char *name, const char *value);
void kc_inputs_answer(struct kc_inputs *in, const char *key);
void kc_inputs_said(struct kc_inputs *in, bool err, const char *line);
void kc_inputs_release(struct kc_inputs *in);

/* Which tree: file as named, below the current folder that dirfd is, in that environment and dialect. */
struct kc_snapshot_name {
	int dirfd;
	char *const *env;
	const struct kc_dialect *dialect;
	const char *file;
};

/* The tree, with what was said passed to spec->say; NULL where there is none that still holds. */
struct kc_tree *kc_snapshot_load(const struct kc_snapshot_name *name, struct kc_cache *cache,
				 kc_say_fn *say, void *ctx);
/* Keeps t. Failing is no error. */
void kc_snapshot_save(const struct kc_snapshot_name *name, const struct kc_tree *t,
		      const struct kc_inputs *in);
