/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Modules out of tree, for a kernel that was built before: from a folder, an rpm or a tarball to a folder that lies over the
 * kernel's own,
 *
 *	lib/modules/RELEASE/updates/...		the modules, without debug information
 *	lib/modules/RELEASE/modules.*		depmod's files, for these and the kernel's own together
 *
 * The source is copied or unpacked into the cache and built there; it is never written to. What is built is checked
 * (module_check.h) before it is published.
 */
#pragma once

#include "kernel/cache.h"
#include "module/check.h"
#include "module/recipe.h"
#include "store/store.h"

#include <signal.h>

struct mod_spec {
	const char *source; /* folder, rpm or tarball */
	const char *subdir; /* where in it the module lies; NULL: looked for */
	const char *recipe; /* see mod_recipe_read(); NULL: looked for */
	const struct mod_target *cell;
	char *const *
		make; /* more arguments for make: CROSS_COMPILE=...; NULL-terminated, may be NULL */
	unsigned jobs;
	int log_fd; /* all that the steps write; see struct bld_step */
	/*
	 * Set by a handler of SIGTERM, SIGINT and SIGHUP where it is to end: then all that was started is ended, each of the
	 * functions below is -EINTR, and nothing is published. NULL: these signals are the caller's.
	 */
	const volatile sig_atomic_t *ended;
};

enum mod_kind { MOD_KBUILD, MOD_DKMS, MOD_RECIPE };

struct mod_step {
	char *cwd;
	struct strv argv;
};

/* Where a module is in the end, and its place below updates/. */
struct mod_file {
	char *from, *to;
};

struct mod_build {
	const struct mod_spec *spec;
	struct krn_cached scratch;
	char *tree;    /* in the scratch folder */
	char *top;     /* the module's folder in it */
	char *destdir; /* in the scratch folder */
	enum mod_kind kind;
	struct mod_recipe recipe; /* of MOD_RECIPE */
	struct strv make;	  /* all of make's arguments */
	struct strv env;
	struct {
		struct mod_step *v;
		size_t n, cap;
	} steps;
	struct {
		struct mod_file *v; /* known before it is built for DKMS alone */
		size_t n, cap;
	} files;
};

/*
 * Copies or unpacks, and finds out how it is built. What speaks against this kernel before anything is built goes to found:
 * then nothing is to be run. What cannot be built without a shell or has no kind: -ENOTSUP; hostile archives: -EPERM. spec must
 * stay until mod_release().
 */
int mod_open(struct mod_build *m, const struct mod_spec *spec, struct mod_findings *found,
	     struct err *err);
/* Runs the steps: -ECHILD where one fails. */
int mod_make(struct mod_build *m, struct err *err);
/*
 * Checks what came of it; without findings, or with force, it is published as the folder to, which must not be there, be empty,
 * or be what this made before. *ret_files: paths below to. Nothing is published: it is empty.
 */
int mod_publish(struct mod_build *m, const char *to, bool force, struct mod_findings *found,
		struct strv *ret_files, struct err *err);

/* Where modules go that become part of what a cell of the store has. */
struct mod_over {
	struct sto *store;
	const char *cell; /* its ID; held by sto_use() */
	const char *
		name; /* of these modules, see mod_over_name(); what was built before under it is replaced */
};
struct mod_over_result {
	char *path; /* the folder with lib/modules/RELEASE: that of a cell; NULL: nothing was published */
	struct strv files; /* the modules, below path */
	struct strv
		displaced; /* of modules of other names that were called so too, below path: they are not there any more */
};
/*
 * The same into the store: a cell with all of lib/modules/RELEASE, the kernel's modules, those that were built for it before and,
 * in updates/NAME, these; sto_over_get() leads to it (see doc/design/build.md).
 */
int mod_publish_over(struct mod_build *m, const struct mod_over *over, bool force,
		     struct mod_findings *found, struct mod_over_result *ret, struct err *err);
void mod_over_result_release(struct mod_over_result *r);
/* "hello" for /x/hello, /x/hello.tar.gz and /x/hello.rpm. What modules.dep has no way to write becomes '_'. */
char *mod_over_name(const char *source);
void mod_release(struct mod_build *m);

const char *mod_kind_name(enum mod_kind kind);
