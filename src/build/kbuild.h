/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kbuild as a child: make is started, its steps are counted, its warnings and errors are collected and attributed, all it
 * says goes to a log. Several of them may run at once and share one pool of jobs (make's jobserver, which kiln is).
 * How many steps there will be: build/steps.h; how many jobs there is room for: build/room.h.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <signal.h>
#include <sys/types.h>

/* The pool of jobs that all makes draw from: n of them, each make's own one included. At most 4096. */
struct bld_jobs;
int bld_jobs_new(unsigned n, struct bld_jobs **ret, struct err *err);
void bld_jobs_free(struct bld_jobs *j);
/*
 * Only one make at a time draws from it. Then each gets all there is when it starts and deals it out itself, without asking
 * for every job: some 5 % quicker where most jobs are short.
 */
void bld_jobs_for_one(struct bld_jobs *j);
struct bld_kbuild_spec {
	const char *tree, *build; /* absolute; build is O= */
	char *const *wrap;	  /* see struct bld_toolchain; NULL-terminated, may be NULL */
	char *const *make;	  /* arguments: ARCH=..., targets; NULL-terminated */
	char *const *env;	  /* all of it; NULL: this process's */
	struct bld_jobs *jobs;	  /* outlives the build; NULL: one job at a time */
	int log_fd;		  /* all that make writes, both streams, as it comes; -1: nowhere */
	int lock_fd; /* of the build folder: held until nothing of make is left, kiln alive or not; 0: none */
	/* set by a handler of SIGTERM, SIGINT and SIGHUP where make is to end; NULL: these are the caller's */
	const volatile sig_atomic_t *ended;
	bool marked; /* the caller has set the mark of mark.h, which ends with make */
};

/* Whether make runs in a container or a flake's shell, where only its folders are sure to be seen. */
bool bld_kbuild_is_wrapped(const struct bld_kbuild_spec *spec);
/* "make -C TREE O=BUILD" behind the wrap, added to argv: what every call begins with. */
void bld_kbuild_words(const struct bld_kbuild_spec *spec, struct strv *argv);

struct bld_message {
	char *file;	       /* as the compiler says it, below the tree where it is; NULL: none */
	unsigned line, column; /* 0: none */
	char *text;	       /* the line, without the place in front */
	char *detail; /* lines of the log that belong to it: what included the file, source, notes; NULL: none but itself */
	char *object; /* that was being made, "drivers/x/y.o"; NULL where that is not known */
	unsigned
		times; /* the same was said so often: of a header, for each file that includes it */
};
/* At most 2000 different ones are kept. */
struct bld_messages {
	struct bld_message *v;
	size_t n, cap;
	size_t all; /* that were said, repeated and dropped ones included */
};

void bld_messages_release(struct bld_messages *m);

struct bld_kbuild {
	pid_t pid;    /* of make, and of its process group; 0 while it waits for its first job */
	int fd;	      /* poll it for reading, then call bld_kbuild_read() */
	size_t steps; /* done: lines "  CC      x.o" and their kin */
	char *step;   /* the last: "CC drivers/x/y.o"; NULL before the first */
	struct bld_messages warnings;
	struct bld_messages errors;
	struct str
		first_error; /* with up to ten lines around it, as the log has it, without colours */
	char *failed_object; /* what make could not make first; NULL */
	int status;	     /* behind the end: exit status or 128 + signal */
	void *impl;
};

/*
 * Starts make, or has it wait for a job of the pool. It is a process group of its own, without a terminal, and all of it ends
 * when this process does, even by SIGKILL. Words are in English and without colours, whatever env says. Where make can, what
 * a target says comes in one piece when it is made (-Otarget), so that steps are counted when they are done and messages of
 * parallel jobs do not mix. The build folder is marked as being written to until the end is known to be in order, see
 * bld_kbuild_mend(), which the caller calls first. ret must stay where it is until its release. Paths that kbuild cannot work
 * in (blanks, colons) are -EINVAL.
 */
int bld_kbuild_start(const struct bld_kbuild_spec *spec, struct bld_kbuild *ret, struct err *err);
/*
 * Takes what there is, without waiting. 1: go on; 0: it has ended, status is set; negative: kiln's own failure (the log could
 * not be written, make not be started); it may be called on, until 0, or bld_kbuild_stop().
 */
int bld_kbuild_read(struct bld_kbuild *k, struct err *err);
/*
 * Waits for its end, calling each (may be NULL) behind each read. -EINTR where spec->ended was set before or meanwhile: then all
 * of make was asked to end, and killed where it did not within a second.
 */
int bld_kbuild_finish(struct bld_kbuild *k, void (*each)(void *ctx, const struct bld_kbuild *k),
		      void *ctx, struct err *err);
/* Asks all of it to end, and returns at once: for several builds before each is waited for. */
void bld_kbuild_ask(struct bld_kbuild *k);
/* Ends it with all its children: asked to, then killed after so many seconds; status is set. What it says is read on. */
void bld_kbuild_stop(struct bld_kbuild *k, unsigned grace_s);
/* Kills what still runs. Fine on a zeroed struct. */
void bld_kbuild_release(struct bld_kbuild *k);

/*
 * One shell line that repeats the step that failed, with V=1 and one job. object: failed_object; where kbuild has no goal for
 * it, or NULL, the line makes the same targets, of which all others are there. Freed by the caller.
 */
char *bld_kbuild_repeat(const struct bld_kbuild_spec *spec, const char *object);

/*
 * Before a build goes on in a folder where one was killed: what may be half made is removed, so that make makes it anew. Fine
 * where nothing is left, or nothing there. The folder must not be in use.
 */
int bld_kbuild_mend(const char *build, struct err *err);
/* The file with what made a target: "dir/x.o" -> "dir/.x.o.cmd"; the caller frees it. */
char *bld_kbuild_cmd(const char *target);
/*
 * Behind a build of a tree that was changed meanwhile: all that was made since then (wall clock, ns) is removed. An object that is
 * newer than a header may be of what stood there before, and make would never know.
 */
int bld_kbuild_doubt(const char *build, int64_t since_ns, struct err *err);
