/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pool of jobs from inside. It is a pipe that holds one byte for each job that nobody has; whoever wants one reads a
 * byte, and writes it back. Each build has a slot in memory that its guard (guard.h) shares with kiln, where the guard counts
 * what it took, so that whatever a build had is given back when it ends, however it ended.
 */
#pragma once

#include "base/map.h"
#include "build/kbuild.h"

#include <stdatomic.h>

#define BLD_SLOTS 256

struct bld_slot {
	atomic_bool used;    /* belongs to a build; set and cleared by kiln alone */
	atomic_int held;     /* tokens taken from the pool and not given back */
	atomic_bool waiting; /* would take one more if there were one */
};

struct bld_jobs {
	unsigned n;
	bool for_one; /* see bld_jobs_for_one() */
	int in, out; /* ends of the pipe: tokens are read from in, written to out; neither blocks */
	struct bld_slot *slot; /* BLD_SLOTS of them, shared with the guards */
	struct map make;       /* what make can do, by how it is called: struct bld_make */
};

/* What a make says of itself in $(.FEATURES). */
struct bld_make {
	bool fifo;	  /* --jobserver-auth=fifo:PATH, since 4.4 */
	bool jobserver;	  /* --jobserver-auth=R,W or --jobserver-fds=R,W */
	bool old_fds;	  /* it is --jobserver-fds, before 4.2 */
	bool output_sync; /* -O, since 4.0 */
};

/* A slot for a build; NULL where all are taken. Given back with all tokens that it holds. */
struct bld_slot *bld_slot_get(struct bld_jobs *j);
void bld_slot_put(struct bld_jobs *j, struct bld_slot *s);

/* The guards' part; safe behind fork(). Takes one token, false where there is none now. */
bool bld_token_take(const struct bld_jobs *j, struct bld_slot *s);
/* Gives n of those held back. */
void bld_token_give(const struct bld_jobs *j, struct bld_slot *s, int n);
/* Whether a build other than s waits for a token. */
bool bld_token_wanted(const struct bld_jobs *j, const struct bld_slot *s);

/*
 * Asks the make behind wrap (NULL: none) what it can do, once for each wrap. j may be NULL: then nothing is remembered.
 * An error where it does not run.
 */
int bld_make_probe(struct bld_jobs *j, char *const *wrap, char *const *env, struct bld_make *ret,
		   struct err *err);
