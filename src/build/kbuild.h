/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kbuild as a child: make is started, its steps are counted, its warnings and errors are collected and attributed, all it
 * says goes to a log. Several of them may run at once and share one pool of jobs (make's jobserver, which kiln is).
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <sys/types.h>

/* The pool of jobs that all makes draw from. */
struct bld_jobs;
int bld_jobs_new(unsigned n, struct bld_jobs **ret, struct err *err);
void bld_jobs_free(struct bld_jobs *j);
/* As many as processors allow and as memory has room for (a compiler takes up to 400 MiB, a linker of a debug kernel 4 GiB). */
unsigned bld_jobs_fitting(const char *config);

struct bld_kbuild_spec {
	const char *tree, *build; /* absolute; build is O= */
	char *const *wrap;	  /* see struct bld_toolchain; NULL-terminated, may be NULL */
	char *const *make;	  /* arguments: ARCH=..., targets; NULL-terminated */
	char *const *env;	  /* all of it; NULL: this process's */
	struct bld_jobs *jobs;
	int log_fd; /* all that make writes, both streams, as it comes */
};

struct bld_message {
	char *file;	       /* as the compiler says it, below the tree where it is; NULL: none */
	unsigned line, column; /* 0: none */
	char *text;	       /* the line, without the place in front */
	char *object; /* that was being made, "drivers/x/y.o"; NULL where that is not known */
};
struct bld_messages {
	struct bld_message *v;
	size_t n, cap;
};

void bld_messages_release(struct bld_messages *m);

struct bld_kbuild {
	pid_t pid;
	int fd;	      /* poll it for reading, then call bld_kbuild_read() */
	size_t steps; /* done: lines "  CC      x.o" and their kin */
	char *step;   /* the last: "CC drivers/x/y.o" */
	struct bld_messages warnings;
	struct bld_messages errors;
	struct str first_error; /* with ten lines around it, as the log has it */
	char *failed_object;	/* what make could not make first; NULL */
	int status;		/* behind the end: exit status or 128 + signal */
	void *impl;
};

int bld_kbuild_start(const struct bld_kbuild_spec *spec, struct bld_kbuild *ret, struct err *err);
/* Takes what there is. 1: go on; 0: it has ended, status is set; negative: kiln's own failure. */
int bld_kbuild_read(struct bld_kbuild *k, struct err *err);
/* Ends it with all its children: asked to, then killed after so many seconds. */
void bld_kbuild_stop(struct bld_kbuild *k, unsigned grace_s);
void bld_kbuild_release(struct bld_kbuild *k);

/* One shell line that repeats the step that failed, with V=1. Freed by the caller. */
char *bld_kbuild_repeat(const struct bld_kbuild_spec *spec, const char *object);

/*
 * How many steps a build from nothing takes: objects that the Kbuild files name for this configuration. An estimate within a
 * few per cent, in some 50 ms; read, not run. 0 where it cannot be told.
 */
size_t bld_objects(const char *tree, const char *srcarch, const char *config);

/*
 * Before a build goes on in a folder where one was killed: objects whose making may not have come to its end are removed, so
 * that make makes them anew. Fine where nothing is left.
 */
int bld_kbuild_mend(const char *build, struct err *err);
