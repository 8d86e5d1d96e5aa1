/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs of `kiln hw` have in common that ask which drivers are for a machine's devices. */
#pragma once

#include "cmd/hw_source.h"
#include "hw/match.h"
#include "kconfig/dotconfig.h"

struct hw_find_opts {
	struct hw_source_opts source;
	const char *tree, *arch; /* tree NULL: the current folder, where no aliases are given */
	const char *config;	 /* a .config: of the tree's tables only what is there with it */
	const char *aliases;	 /* modules.alias */
	bool again;		 /* read the tree's sources again */
};

/* The options for a struct hw_find_opts at that offset, but for those of its source. */
/* clang-format off */
#define HW_FIND_OPTS(at)                                                                                                       \
	{ "tree", 't', OPT_STRING, (at) + offsetof(struct hw_find_opts, tree), "DIR",                                          \
	  "the kernel source (default: the current folder)", .complete = OC_DIR },                                             \
	{ "arch", 'a', OPT_STRING, (at) + offsetof(struct hw_find_opts, arch), "ARCH",                                         \
	  "x86_64, arm64, ... as make's ARCH (default: this machine's)" },                                                     \
	{ "config", 'c', OPT_STRING, (at) + offsetof(struct hw_find_opts, config), "FILE",                                     \
	  "a .config: leave out what is not there with it", .complete = OC_FILE },                                             \
	{ "aliases", 0, OPT_STRING, (at) + offsetof(struct hw_find_opts, aliases), "FILE",                                     \
	  "a modules.alias, beside the tree; without --tree instead of one", .complete = OC_FILE },                            \
	{ "no-cache", 0, OPT_FLAG, (at) + offsetof(struct hw_find_opts, again), NULL, "read the sources again" }
/* clang-format on */

struct hw_find {
	struct out *out;
	char *tree;	     /* absolute; NULL: aliases alone */
	const char *srcarch; /* "x86" */
	struct hw_index index[2];
	size_t n_indexes;
	struct hw_order *order;
	struct dotconfig config;
	bool has_config;
	struct hw_inventory inv;
	struct hw_matches *found; /* for each device of inv */
};

/* The indexes alone: tree and aliases. */
int hw_find_open(struct hw_find *f, struct out *out, const struct hw_find_opts *o, struct err *err);
/* The machine, and what is for each of its devices. */
int hw_find_devices(struct hw_find *f, const struct cmd *cmd, const struct hw_find_opts *o,
		    struct err *err);
void hw_find_release(struct hw_find *f);

/* Whether a record is there with the configuration that was given: true where none was. */
bool hw_find_holds(const struct hw_find *f, const struct hw_index *ix,
		   const struct hw_ix_record *r);

/* What is left out, and what was not found. */
struct hw_needs;
void hw_needs_tell(struct out *out, const struct hw_needs *n);
