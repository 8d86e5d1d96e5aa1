/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The answers to $(shell,...): nearly all of the time that conf takes is spent in compilers being asked what they can.
 * A tree is first read to find the commands; those without a known answer run side by side, and while they do it is
 * read again, with the answers. Commands of the usual form are run without a shell (plain.h).
 */
#pragma once

#include "kconfig/parse.h"

struct kc_probe;

/* dirfd: the current folder of the commands; env: their environment; both must outlive it. remember: use
 * and fill the cache of answers. */
struct kc_probe *kc_probe_new(int dirfd, char *const *env, bool remember);
void kc_probe_free(struct kc_probe *p);

/* kc_tree_parse() with shell set to this. spec->ctx remains that of spec->say. */
int kc_probe_parse(struct kc_probe *p, const struct kc_parse *spec, const char *file,
		   struct kc_tree **ret_tree);

/* The answer to one command, from the cache or by running it now; at most 4096 bytes. A negative errno. */
int kc_probe_ask(struct kc_probe *p, const char *command, struct str *ret);
