/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands before the compiler: a cache of objects, or other hosts' processors. */
#pragma once

#include "build/place.h"

/* The program of ask->launcher: "ccache" ...; *ret is NULL for none. -EINVAL: there is no such launcher. */
int bld_launcher_of(const char *launcher, const char **ret, struct err *err);
/*
 * Fills t->env, t->jobs and, where the launcher may change what is built, a line of t->probe; t->wrap gets what it needs to
 * work behind it. launcher: as bld_launcher_of() gives it. -ENOENT: distcc has no hosts.
 */
int bld_launcher_set(const char *launcher, struct bld_toolchain *t, struct err *err);
/*
 * What ccache writes into the file that CCACHE_STATSLOG names (4.4 and later; set by the caller of make for one build): how many
 * objects it was asked for, and how many it had. -ENOENT: there is no such file.
 */
int bld_ccache_read_log(const char *path, size_t *ret_asked, size_t *ret_had, struct err *err);
/*
 * For a tree that somebody may write to meanwhile: headers that changed a moment ago are looked at again. Takes out of env what
 * bld_launcher_set() put there; what the user has set stays.
 */
void bld_ccache_strict(struct strv *env);
/* The folder of ccache's cache, as ccache finds it; NULL: there is no home. */
char *bld_ccache_dir(char *const *env);
