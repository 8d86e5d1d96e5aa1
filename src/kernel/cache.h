/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is worked out once and kept: folders and short texts in the cache, and mixing identities
 * into keys.
 */
#pragma once

#include "base/file.h"
#include "base/hash.h"

#include <time.h>

struct krn_progress;

/* file_lock() that tells progress (may be NULL) for whom it waits. */
int krn_lock(const char *path, const struct krn_progress *progress, int *ret_fd, struct err *err);

/*
 * A folder KIND/KEY in the cache, filled by one kiln at a time and visible only when whole:
 *
 *	krn_cached_begin()	waits for others, clears what a killed one left, makes c.tmp
 *	(look whether c.dir is there by now; fill c.tmp)
 *	krn_cached_commit()	c.tmp becomes c.dir (what was there is removed)
 *	krn_cached_end()	always
 *
 * The cache may be deleted meanwhile. Then another kiln can have begun the same folder, which is
 * left alone: krn_cached_commit() is -ESTALE.
 */
struct krn_cached {
	char *dir, *tmp;
	int lock;
};
#define KRN_CACHED_NONE ((struct krn_cached){ .lock = -1 })
/* Where it is or would be. */
int krn_cached_path(const char *kind, const char *key, char **ret_dir, struct err *err);
int krn_cached_begin(struct krn_cached *c, const char *kind, const char *key,
		     const struct krn_progress *progress, struct err *err);
/* The same without waiting: -EAGAIN, without words, while another fills it. */
int krn_cached_try(struct krn_cached *c, const char *kind, const char *key, struct err *err);
/*
 * sync: once renamed the files are believed, but after a loss of power they would be there and empty.
 * What is looked at when it is used again needs none; behind a kernel's build, with all that it has
 * written and the disk has not, it would take seconds of each run.
 */
int krn_cached_commit(struct krn_cached *c, bool sync, struct err *err);
void krn_cached_end(struct krn_cached *c);
#define auto_cached cleanup(krn_cached_end)

/*
 * A folder of the cache is in use until the descriptor is closed: it is locked against krn_cached_drop(), and its time of
 * modification is that of its last use. -1 if it is not there.
 */
int krn_cached_hold(const char *dir);

/*
 * Removes DIR and what a killed kiln left of it, unless it was used since `before` or somebody holds
 * it (krn_cached_hold()) or its lock.
 */
void krn_cached_drop(const char *dir, time_t before);
/*
 * What was not used for two weeks goes, build folders included, and so does what killed ones left. Does something at most
 * once a day, and then for half a second or so; what is left over is for the next time.
 */
void krn_cache_prune(time_t now);

/*
 * A short text remembered for a file as it is now; "" is that the file is known to have none.
 * Returns false if nothing is remembered. What was changed within the last two seconds is not
 * remembered (see digest_file_cached()).
 */
bool krn_recall(const char *kind, const struct stat *st, struct str *ret);
void krn_remember(const char *kind, const struct stat *st, const char *text);

/*
 * 128 bits that tell apart what is no attack: identities of files the user owns. SHA-256 would cost
 * 3 ms here for loading OpenSSL.
 */
struct krn_mix {
	uint64_t a, b;
};
#define KRN_MIX_INIT ((struct krn_mix){ HASH_INIT, UINT64_C(0x6c62272e07bb0142) })
void krn_mix_add(struct krn_mix *m, const void *data, size_t n);
void krn_mix_str(struct krn_mix *m, const char *s); /* NULL differs from "" */
void krn_mix_stat(struct krn_mix *m, const struct stat *st);
/* A file's identity; that it is missing counts too. */
void krn_mix_file(struct krn_mix *m, const char *path);
void krn_mix_hex(const struct krn_mix *m, char ret[33]);
