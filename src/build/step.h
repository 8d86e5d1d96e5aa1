/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Children that build something: run to their end, all they say goes to a log, whose end is told if they fail. */
#pragma once

#include "build/kbuild.h"

struct bld_step {
	char *const *argv;
	char *const *env; /* NULL: this process's */
	const char *cwd;  /* NULL: this process's */
	int log_fd; /* both streams; -1: nowhere. Its end can be told if it is a file open for reading too */
	struct str *
		ret_out; /* gets its stdout, at most 64 KiB, which then is not in the log; NULL: none */
};
/* A status other than 0 is -ECHILD: "WHAT failed", the end of what it said as the hint. */
int bld_step_run(const struct bld_step *step, const char *what, struct err *err);
/*
 * The same for what starts others: all of it ends with kiln, by kill -9 too, and nothing that it left running outlives it. It has
 * no terminal. ended: see struct bld_kbuild_spec; then all is asked to end, killed a second later, and it is -EINTR. Without
 * ret_out.
 */
int bld_step_run_whole(const struct bld_step *step, const volatile sig_atomic_t *ended,
		       const char *what, struct err *err);

/*
 * make for these targets and variables of more, behind those of spec; as a build is: all of it ends with kiln, what it may have
 * left half made is mended by the next. -EINTR: spec->ended was set.
 */
int bld_make(const struct bld_kbuild_spec *spec, const struct strv *more, struct err *err);
/*
 * r and err, of a make that failed; in front of the words that the disk of the build folder is full, where it is: shells say no
 * more than "echo: I/O error".
 */
int bld_make_failed(const char *build, int r, struct err *err);
/* What `make -s TARGET` prints, without the newline. */
int bld_make_ask(const struct bld_kbuild_spec *spec, const char *target, char **ret,
		 struct err *err);

/*
 * A tool of the binutils, added to argv behind what wraps make: the one that spec's make arguments stand for (NAME= itself, the
 * name in capitals; CROSS_COMPILE's; LLVM=1's), or one for programs of the host.
 */
void bld_tool(const struct bld_kbuild_spec *spec, const char *name, bool host, struct strv *argv);
