/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers of commands, remembered across runs. The key of an answer is its command, the environment and what the
 * command's words name: each program found along PATH, each file, by its identity (device, inode, size, times). With a
 * new compiler the key is another one, so nothing has to be found out to be stale.
 *
 * What a compiler starts itself (cc1, as, ld) and a tree's scripts find in $CC, $RUSTC and the like count as named.
 */
#pragma once

#include "base/str.h"

struct kc_cache;

/*
 * dirfd: what relative paths in commands count from; env: theirs. Both must outlive it. here: commands run on this host. Else
 * the environment says what their programs are, no file but the tree's counts, and no compiler is asked for its parts.
 */
struct kc_cache *kc_cache_open(int dirfd, char *const *env, bool here);
void kc_cache_free(struct kc_cache *c);

/* The key of a command, as text without newlines. */
void kc_cache_key(struct kc_cache *c, const char *command, struct str *ret);
/* Whether a key is still that of the command it was made for. */
bool kc_cache_key_holds(struct kc_cache *c, const char *key);
/* Of all variables but those that say nothing to compilers and scripts, whatever their order. */
uint64_t kc_env_hash(char *const *env);
/* NULL: not known. Valid until the next kc_cache_put(). */
const struct str *kc_cache_get(struct kc_cache *c, const char *key);
void kc_cache_put(struct kc_cache *c, const char *key, const char *answer, size_t n);
/* Writes what is new. Failing is no error: the answers are asked for again. */
void kc_cache_save(struct kc_cache *c);
