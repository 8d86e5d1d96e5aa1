/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One cell, built: its build folder, make, what comes out of it, the store. Runs in a process of its own (build/workers.h), so
 * that several go on side by side; what it has to say it reports.
 */
#pragma once

#include "build/kbuild.h"
#include "build/toolchain.h"
#include "source/source.h"
#include "store/store.h"

enum bld_phase {
	BLD_WAITING, /* for another kiln that builds in the same folder */
	BLD_MAKING,
	BLD_TAKING, /* modules_install, headers, SDK */
	BLD_PUBLISHING,
	BLD_DONE,
};
const char *bld_phase_name(enum bld_phase p);

struct bld_report {
	enum bld_phase phase;
	size_t done, total; /* steps; total 0: not known */
	size_t warnings;
	char step[160]; /* "CC drivers/x/y.o" */
};

struct bld_job {
	const char *name;	     /* of the cell */
	const char *id;		     /* its identity */
	const char *inputs;	     /* text of it, see bld_identity_text() */
	const struct src_tree *tree; /* with patches */
	const struct bld_toolchain *toolchain;
	const char *arch, *srcarch;
	const char *config; /* as it is built, see bld_config_named() */
	bool debug_info;
	struct bld_jobs *jobs;
	char *const *env;  /* what of the identity is environment */
	const char *build; /* the build folder; bld_job_folder() */
	bool fresh;	   /* an empty one */
	void (*report)(void *ctx, const struct bld_report *r);
	void *ctx;
};

struct bld_result {
	bool built;    /* false: it was there by now */
	char *release; /* NULL where it failed before */
	struct bld_messages warnings, errors;
	char *excerpt; /* of a failure: the first error with ten lines around it */
	char *repeat;  /* the shell line that does that step alone */
	char *log;     /* file */
	uint64_t ns;
	size_t steps;
	size_t cache_asked, cache_had; /* objects; of ccache, where that is the launcher */
};

/*
 * The build folder of a cell: one for each name, tree, architecture and toolchain, so that what changes otherwise is built
 * incrementally; where the tools are others than those it was made with it is emptied. In the cache.
 */
int bld_job_folder(const char *name, const struct src_tree *tree, const char *arch,
		   const char *toolchain, char **ret, struct err *err);

/*
 * Whether a cell came out of its build folder before, of this configuration (but for the kernel's name) and these tools: the host's
 * programs, which need headers and libraries of the host, are there by now.
 */
bool bld_job_was_built(const struct bld_job *j);

/* The call of make that builds it, without its jobs, and the environment of that. Both are added to. */
void bld_job_make(const struct bld_job *j, struct strv *ret_argv, struct strv *ret_env);
/*
 * Builds and publishes. 0: done. -ENOEXEC: make failed, ret says how; other errors are words. Ended by SIGTERM in order: all of
 * make's children go, the build folder stays for the next time.
 */
int bld_job_run(const struct bld_job *j, struct sto *store, struct bld_result *ret,
		struct err *err);
/*
 * Builds once more, and holds what came out of it against the cell in the store: *ret_differ gets the paths that are not the same.
 * j->build is emptied first and removed behind it: it is to be a folder for this alone, and the toolchain one for that folder.
 */
int bld_job_verify(const struct bld_job *j, struct sto *store, struct bld_result *ret,
		   struct strv *ret_differ, struct err *err);
/*
 * The signals that end a job are noted from here on; bld_job_run() and bld_job_verify() call it. For who may be sent one
 * before, and holds them back until then.
 */
void bld_job_catch_signals(void);
void bld_result_release(struct bld_result *r);
