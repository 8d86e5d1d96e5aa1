/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs of `kiln config` have in common: a tree for an architecture, a base, parts. */
#pragma once

#include "base/opt.h"
#include "base/out.h"
#include "kconfig/conffile.h"
#include "kconfig/modes.h"
#include "kconfig/part.h"

struct kc_elsewhere;

struct config_opts {
	const char *tree, *arch, *cross;
	bool no_cache;
	/* where lines CONFIG_X=V stand, for messages; NULL: on the command line */
	const char *lines_of;
	int line;
	char *const *env;   /* "CC=clang" and the like, above those of outer; NULL: nothing */
	char *const *outer; /* NULL: this process's */
	/* where the tools are (kconfig/probe.h), and outer is of: nothing of this process's environment; NULL: here */
	const struct kc_elsewhere *elsewhere;
};

/* The options that fill it, at offset base of a command's options. */
#define CONFIG_OPTS(base)                                                                       \
	{ "tree",                                                                               \
	  't',                                                                                  \
	  OPT_STRING,                                                                           \
	  (base) + offsetof(struct config_opts, tree),                                          \
	  "DIR",                                                                                \
	  "the kernel source (default: the current folder)",                                    \
	  .complete = OC_DIR },                                                                 \
		{ "arch",     'a',                                                              \
		  OPT_STRING, (base) + offsetof(struct config_opts, arch),                      \
		  "ARCH",     "x86_64, arm64, ... as make's ARCH (default: this machine's)" },  \
		{ "cross",    0,                                                                \
		  OPT_STRING, (base) + offsetof(struct config_opts, cross),                     \
		  "PREFIX",   "of the compiler and its tools: aarch64-linux-gnu-" },            \
	{                                                                                       \
		"no-cache", 0, OPT_FLAG, (base) + offsetof(struct config_opts, no_cache), NULL, \
			"ask compilers anew, read all files"                                    \
	}

struct config_tree {
	struct out *out;
	int dirfd;
	struct strv env;
	const char *version, *arch, *srcarch; /* point into env */
	const char *lines_of;
	int line;
	struct kc_tree *tree;
};

/* Reads the tree. What its Kconfig files have to say is passed on with -v, or where they are wrong. */
int config_tree_open(struct config_tree *t, const struct config_opts *o, struct out *out,
		     struct err *err);
void config_tree_release(struct config_tree *t);

/* What wishes are put on: a base, and how the rest is filled. A zeroed struct is alldefconfig's. */
struct config_start {
	struct str text;
	struct str
		seed; /* of tinyconfig, until config_start_take(): text goes behind what allnoconfig makes of it */
	bool seeded;
	struct kc_conf *read; /* the text; NULL: there is none */
	enum kc_fill fill;
};

/*
 * Reads a base: a file, NAME_defconfig, defconfig, tinyconfig, allnoconfig and its kin; NULL is alldefconfig. A file may be
 * a pipe: what is made of it more than once is made of what was read once.
 */
int config_start_read(const struct config_tree *t, const char *base, struct config_start *ret,
		      struct err *err);
/* The first half: its text alone. The second: for a text that was put there, too. */
int config_start_text(const struct config_tree *t, const char *base, struct config_start *ret,
		      struct err *err);
void config_start_take(const struct config_tree *t, struct config_start *s);
void config_start_release(struct config_start *s);

/* A configuration, and what it was made from. A zeroed struct holds none. */
struct config_made {
	struct kc_conf *conf; /* worked out */
	struct kc_conf
		*asked;	 /* before what is not visible was dropped: what kc_fixer_new() wants */
	bool checked;	 /* it was, between the two */
	struct str text; /* of .config */
	struct config_start start; /* config_make()'s own */
};

/* A configuration from wishes on a start, which must outlive it; what ret held is released before. */
void config_make_on(const struct config_tree *t, const struct config_start *start,
		    const struct kc_wishes *wishes, struct config_made *ret);
/* The same from a base. */
int config_make(const struct config_tree *t, const char *base, const struct kc_wishes *wishes,
		struct config_made *ret, struct err *err);
void config_made_release(struct config_made *m);
/* Reads a configuration; -EINVAL for what is no text, or text of another kind. An empty file is one. */
int config_read(const char *path, struct str *to, struct err *err);
/* For what reads and writes configurations of that tree. Points into t. */
struct kc_files config_files(const struct config_tree *t);
/* The configuration that a command without --base is about: the tree's .config; NULL where there is none. Freed by the caller. */
char *config_base(const struct config_opts *o, const char *base);
/* The symbol of that name, with or without CONFIG_; NULL, and *err with the nearest name, where there is none. */
struct kc_sym *config_symbol(const struct config_tree *t, const char *name, struct err *err);
/*
 * "SYMBOL=VALUE" from the command line as a wish behind the others. A string may come without its quotes, which shells
 * take away. -EINVAL where it is nothing of the kind.
 */
int config_wish_arg(const struct config_tree *t, const char *arg, struct kc_wishes *wishes,
		    struct err *err);
/* The names of the built-in parts, without "kiln:", sorted; none where this kiln came without them. */
void config_part_names(struct strv *to);
/*
 * Reads a part: a file, kiln:NAME for one of kiln's own (data/parts/NAME.config; src/cmd/config_part.c), or a line
 * CONFIG_X=V.
 */
int config_part(const struct config_tree *t, const char *name, struct kc_wishes *wishes,
		struct err *err);
