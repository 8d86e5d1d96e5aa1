/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors with words. A function that can fail returns 0 or a negative errno and, where words help,
 * fills a struct err given as its last parameter (NULL is fine everywhere). Each caller may put
 * context in front of the message with err_wrap(); src/cmd/cmd.c prints once.
 */
#pragma once

#include "base/util.h"

struct err {
	int code;   /* negative errno, 0 if unset */
	char *msg;  /* lower case, what failed first, the subject in single quotes */
	char *hint; /* what to do next, or NULL; may have several lines */
};

/* Replaces what err holds. Returns code, so that `return err_set(err, -EINVAL, ...)` works. */
int err_set(struct err *err, int code, const char *fmt, ...) PRINTF(3, 4);
/* err_set() with -errno as the code and ": strerror" behind the message. */
int err_sys(struct err *err, const char *fmt, ...) PRINTF(2, 3);
/* The same for a given negative errno. */
int err_code(struct err *err, int code, const char *fmt, ...) PRINTF(3, 4);
/* Puts "context: " before the message. Returns err's code, or -EINVAL where err is NULL. */
int err_wrap(struct err *err, int code, const char *fmt, ...) PRINTF(3, 4);
/*
 * Sets (replaces) the hint of an error already set. Returns err's code; for use behind err_set().
 */
int err_hint(struct err *err, int code, const char *fmt, ...) PRINTF(3, 4);
/* Moves src into dst (dst's content is released first). */
void err_move(struct err *dst, struct err *src);
void err_release(struct err *err);

#define auto_err cleanup(err_release)
