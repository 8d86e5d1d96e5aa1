/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answers to $(shell,...): nearly all of the time that conf takes is spent in compilers being asked what they can.
 * A tree is first read to find the commands; those without a known answer run side by side, and while they do it is
 * read again, with the answers. Commands of the usual form are run without a shell (plain.h).
 */
#pragma once

#include "kconfig/parse.h"

struct kc_probe;

/* A place other than this host, where the commands are to run: that of the compiler. */
struct kc_elsewhere {
	/* All that answers depend on there, beside the tree. kc_env_make() puts it into the environment, and so into all keys. */
	const char *identity;
	/*
	 * Runs each of the n commands by a shell where it may write and the tree's files have their relative names;
	 * ret_answers[i], which is empty, gets what it wrote to stdout. 1: done, and the answers are not to be remembered, as
	 * one was killed. env: that of kc_probe_new().
	 */
	int (*ask)(void *ctx, char *const *env, char *const *commands, size_t n,
		   struct str *ret_answers, struct err *err);
	void *ctx;
};

/*
 * dirfd: the current folder of the commands; env: their environment; all that is pointed to must outlive it. remember: use and
 * fill the cache of answers. elsewhere: no command is started on this host; what a reading asks for goes there in one call,
 * and the tree is read again until no answer is unknown. NULL: they run here.
 */
struct kc_probe *kc_probe_new(int dirfd, char *const *env, bool remember,
			      const struct kc_elsewhere *elsewhere);
void kc_probe_free(struct kc_probe *p);

/* kc_tree_parse() with shell set to this. spec->ctx remains that of spec->say. */
int kc_probe_parse(struct kc_probe *p, const struct kc_parse *spec, const char *file,
		   struct kc_tree **ret_tree);

/* The answers to n commands, from the cache or by running them now; ret: n of them, at most 4096 bytes are added to each. */
int kc_probe_ask(struct kc_probe *p, const char *const *commands, size_t n, struct str *ret,
		 struct err *err);
