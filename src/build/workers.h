/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jobs in processes of their own: several cells side by side, each with its reports and, in the end, its result. A worker gets
 * SIGTERM where kiln dies, and ends what it started.
 */
#pragma once

#include "build/job.h"

struct bld_worker {
	const struct bld_job *job;
	pid_t pid;   /* 0: not started, or ended */
	int reports; /* poll it for reading, then bld_worker_read() */
	int result_fd;
	struct bld_report last;
	/* behind its end */
	struct bld_result result;
	struct strv differ; /* of bld_job_verify() */
	int code;	    /* 0, or a negative errno with err set */
	struct err err;
};
#define BLD_WORKER_NONE ((struct bld_worker){ .reports = -1, .result_fd = -1 })

/* store: its path, NULL: the usual one. verify: bld_job_verify() is what it does. job is to live as long. */
int bld_worker_start(struct bld_worker *w, const struct bld_job *job, const char *store,
		     bool verify, struct err *err);
/* Takes what there is. False: it has ended; result, code and err are set. */
bool bld_worker_read(struct bld_worker *w);
/* Asks it to end; it still has to be read to its end. */
void bld_worker_stop(const struct bld_worker *w);
void bld_worker_release(struct bld_worker *w);
