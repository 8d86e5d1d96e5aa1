/* SPDX-License-Identifier: GPL-2.0-or-later */
/* git in the scratch repository of a rebase: without the user's settings, hooks and editors. */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct src_scratch {
	const char *dir;
	const struct str *input; /* of the next call; NULL */
};

/* Runs git with the words up to NULL. *ret_status (NULL: anything but 0 is an error) and *ret_out (may be NULL). */
int src_scratch_git(const struct src_scratch *g, int *ret_status, struct str *ret_out,
		    struct err *err, ...) __attribute__((sentinel));
/* An empty repository there, with what its own configuration should say. */
int src_scratch_init(const char *dir, struct err *err);
