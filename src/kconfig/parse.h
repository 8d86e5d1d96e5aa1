/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the Kconfig files of a tree. */
#pragma once

#include "base/err.h"
#include "kconfig/model.h"

/* A whole line as conf prints it, newline included; err: to stderr. */
typedef void kc_say_fn(void *ctx, bool err, const char *line);
/*
 * The answer to $(shell,command): its stdout, as it is, at most 4096 bytes of it. False: not known yet. Reading goes
 * on, to find what else will be asked, and ends with -EAGAIN.
 */
typedef bool kc_shell_fn(void *ctx, const char *command, struct str *ret);

struct kc_inputs;

struct kc_parse {
	int dirfd; /* files are looked for here first, then below $srctree; AT_FDCWD is fine */
	char *const *env; /* "NAME=VALUE", ended by NULL: what $(NAME) may name */
	const struct kc_dialect *dialect;
	kc_shell_fn *shell;
	kc_say_fn *say;		  /* may be NULL */
	void (*turn)(void *ctx);  /* called at each file that is opened; may be NULL */
	void *ctx;		  /* of all three */
	struct kc_inputs *inputs; /* what the tree is made from is added here; may be NULL */
};

/*
 * Reads file and all it includes. -EINVAL where conf would exit with 1, everything said by then. -EAGAIN: an answer
 * was unknown, and what was said is of no value. *ret_tree is set on success only.
 */
int kc_tree_parse(const struct kc_parse *spec, const char *file, struct kc_tree **ret_tree);
