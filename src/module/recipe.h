/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How modules are built whose tree is neither a plain Kbuild folder nor DKMS's: data/modules/NAME.yaml.
 *
 *	summary: one line
 *	source: [where that is known from]
 *	match: [compat/configure, "*.spec"]	all of these are in the tree; * and ? do not match a slash
 *	tools: [autoconf, automake]			programs it needs besides make and the compiler
 *	config: [CONFIG_PCI, "CONFIG_NET=y", "!CONFIG_X"]	what the kernel must have, see mod_check_config()
 *	steps:						run in order, without a shell
 *	- in: compat					folder, below the tree; the tree itself without it
 *	  run: [bash, autogen.sh]
 *	- run: [make, "-j${JOBS}", "${MAKEARGS}"]
 *	modules: destdir				or tree: where the modules are in the end
 *
 * In words: ${TREE}, ${SDK} (the kernel's headers), ${RELEASE}, ${ARCH} (make's), ${JOBS}, ${DESTDIR} (an empty folder to install
 * to). A word that is ${MAKEARGS} and nothing else becomes make's arguments for this kernel: ARCH=..., LLVM=1, what was given.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

enum mod_recipe_modules { MOD_IN_DESTDIR, MOD_IN_TREE };

struct mod_recipe_step {
	char *in; /* or NULL */
	char **run;
	unsigned n_run;
};

struct mod_recipe_file;
struct mod_recipe {
	char *name;
	struct mod_recipe_file *file; /* what the rest points into */
	const char *summary;
	char *const *match, *const *tools, *const *config;
	unsigned n_match, n_tools, n_config;
	const struct mod_recipe_step *steps;
	unsigned n_steps;
	enum mod_recipe_modules modules;
};

/* name: one of kiln's own, or a file (has a slash, or ends in .yaml). */
int mod_recipe_read(struct mod_recipe *r, const char *name, struct err *err);
/* Whether it is for the tree in this folder. */
bool mod_recipe_matches(const struct mod_recipe *r, const char *tree);
/* The first of kiln's own, by name, that is for this tree. 0: there is none; 1: *ret is set. */
int mod_recipe_find(const char *tree, struct mod_recipe *ret, struct err *err);
void mod_recipe_release(struct mod_recipe *r);

struct mod_recipe_vars {
	const char *tree, *sdk, *release, *arch, *destdir;
	unsigned jobs;
	const struct strv *make;
};
/* The words of a step with the variables in place; an unknown one is -EINVAL. */
int mod_recipe_words(const struct mod_recipe *r, const struct mod_recipe_step *step,
		     const struct mod_recipe_vars *vars, struct strv *ret, struct err *err);
