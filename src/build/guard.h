/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process between kiln and one make, or another step of a build. make and all it starts are one process group below it, which
 * it ends when kiln says so or is no longer there, be it by kill -9; and it hands make its jobs from the pool, so that it is
 * known how many make has.
 */
#pragma once

#include "build/jobs.h"

/* How make is given jobs. */
enum bld_share {
	BLD_SHARE_PIPES, /* two pipes as descriptors: one to take from, one to give back to */
	BLD_SHARE_FIFO,	 /* a named pipe: for a make that inherits no descriptors, in a container */
	BLD_SHARE_FIXED, /* -jN: what was free when it started, for its whole life; for one that shares with nobody, too */
};

struct bld_guard_spec {
	char *const *argv; /* with "@R@", "@W@", "@N@" for the descriptors or the number of jobs */
	char *const *env;
	struct bld_jobs *jobs;
	struct bld_slot *slot;
	enum bld_share share;
	const char *fifo; /* BLD_SHARE_FIFO: made here, removed when the guard ends */
	int out;	  /* for make's both streams; the caller closes its own */
	int lock;	  /* held until the guard has ended; 0: none */
	const char *cwd;  /* NULL: this process's */
};

/* What a guard says, one message each. */
enum bld_guard_what {
	BLD_GUARD_STARTED, /* value: make's pid, which is its process group */
	BLD_GUARD_FAILED,  /* value: negative errno, text: words */
	BLD_GUARD_ENDED,   /* value: as of waitpid(); nothing of the group is left */
};
struct bld_guard_message {
	int what;
	int value;
	bool killed; /* ENDED: the guard killed what was left */
	char text[1024];
};

/* *ret_fd: a socket to read messages from; closing it ends make and the guard. */
int bld_guard_start(const struct bld_guard_spec *spec, pid_t *ret_pid, int *ret_fd,
		    struct err *err);
/* Has make's group sent SIGTERM, or SIGKILL. */
void bld_guard_ask(int fd, bool kill);
/* The next message; false where there is none now. *ret_eof: there will be none any more. */
bool bld_guard_read(int fd, struct bld_guard_message *ret, bool *ret_eof);
/*
 * What is to be known of those that are there: *pid is set once make has started. 1: *ret is the end, also where the guard was
 * killed, whose make is killed with all its group; 0: it goes on; negative: what FAILED said.
 */
int bld_guard_hear(int fd, pid_t *pid, struct bld_guard_message *ret, struct err *err);
/* The exit status of a value of ENDED, or 128 + signal. */
int bld_guard_status(int value);
/* Holds SIGTERM, SIGINT and SIGHUP back, so that none comes between a look at what their handlers set and a ppoll() with *ret_old. */
void bld_guard_hold_signals(sigset_t *ret_old);
