/* SPDX-License-Identifier: GPL-2.0-or-later */
/* git as a program, that asks nobody for anything and knows nothing of a repository that kiln may be called from. */
#pragma once

#include "source/source.h"

struct src_git {
	const char *const *args; /* behind "git"; NULL-terminated */
	char *const *env;	 /* "NAME=VALUE" more; may be NULL */
	const char *cwd;
	bool plain; /* without the user's and the system's configuration and attributes */
	const struct src_progress *progress;
};

/*
 * Runs it. *ret_out (may be NULL) is its standard output, at most 256 MiB. That it failed is -EIO with its own words; those
 * are in err->msg in English. -ENOENT with a hint where there is no git.
 */
int src_git_run(const struct src_git *g, struct str *ret_out, struct err *err);
/* The same for what prints one line; freed by the caller. */
int src_git_line(const struct src_git *g, char **ret, struct err *err);
