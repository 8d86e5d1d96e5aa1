/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Child processes: by argv vector, with a deadline, their output kept, dying with their parent
 * (PR_SET_PDEATHSIG) and without inherited descriptors but those named.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <sys/types.h>

struct proc_fd {
	int from; /* descriptor here; -1: /dev/null */
	int to;	  /* its number in the child */
};

struct proc_spec {
	char *const *argv;	   /* argv[0] is looked up in $PATH unless it has a slash */
	char *const *env;	   /* NULL: this process's */
	const char *cwd;	   /* NULL: this process's */
	const struct proc_fd *fds; /* what of 0..2 is not named is /dev/null */
	size_t n_fds;
	int death_signal; /* sent when kiln dies; 0 means SIGKILL */
	bool new_group;	  /* its own process group: no terminal signals */
	bool fork; /* setup changes what belongs to the memory, which a child by vfork shares */
	/* Called in the child before exec; async-signal-safe code only. Non-zero errno ends it. */
	int (*setup)(void *ctx);
	void *setup_ctx;
};

/* Starts it. An exec that fails is reported here, with the program's name. */
int proc_spawn(const struct proc_spec *spec, pid_t *ret_pid, struct err *err);

/* Waits for a child until it has ended. Its status as wait(2) has it; -1, which is no exit, for what is no child (0 and less). */
int proc_wait(pid_t pid);
/* As fork(2), with a child that is killed when its parent ends; it has to end with _exit(). */
pid_t proc_fork(void);

struct proc_result {
	int status;   /* exit status, or 128 + signal */
	bool timeout; /* it was killed at the deadline */
	struct str out;
	struct str errout;
};
void proc_result_release(struct proc_result *r);
#define auto_proc_result cleanup(proc_result_release)

/*
 * Runs it to its end or until timeout_ns has passed (0: no limit); stdin is input (may be NULL),
 * stdout and stderr are kept, at most max_out bytes each (the rest is read and dropped), but for
 * those of 0..2 that spec->fds names. At the deadline it is killed, with its whole group if
 * new_group. A grandchild that keeps the pipes is not waited for. A status other than 0 is not an
 * error here; not starting is.
 */
int proc_run(const struct proc_spec *spec, const struct str *input, uint64_t timeout_ns,
	     size_t max_out, struct proc_result *ret, struct err *err);
