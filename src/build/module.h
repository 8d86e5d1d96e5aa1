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

#include "build/module_check.h"
#include "build/recipe.h"
#include "kernel/cache.h"
#include "store/store.h"

struct bld_module_spec {
	const char *source; /* folder, rpm or tarball */
	const char *subdir; /* where in it the module lies; NULL: looked for */
	const char *recipe; /* see bld_recipe_read(); NULL: looked for */
	const struct bld_target *cell;
	char *const *
		make; /* more arguments for make: CROSS_COMPILE=...; NULL-terminated, may be NULL */
	unsigned jobs;
	int log_fd; /* all that the steps write; see struct bld_step */
};

enum bld_module_kind { BLD_MODULE_KBUILD, BLD_MODULE_DKMS, BLD_MODULE_RECIPE };

struct bld_module_step {
	char *cwd;
	struct strv argv;
};

/* Where a module is in the end, and its place below updates/. */
struct bld_module_file {
	char *from, *to;
};

struct bld_module {
	const struct bld_module_spec *spec;
	struct krn_cached scratch;
	char *tree;    /* in the scratch folder */
	char *top;     /* the module's folder in it */
	char *destdir; /* in the scratch folder */
	enum bld_module_kind kind;
	struct bld_recipe recipe; /* of BLD_MODULE_RECIPE */
	struct strv make;	  /* all of make's arguments */
	struct strv env;
	struct {
		struct bld_module_step *v;
		size_t n, cap;
	} steps;
	struct {
		struct bld_module_file *v; /* known before it is built for DKMS alone */
		size_t n, cap;
	} files;
};

/*
 * Copies or unpacks, and finds out how it is built. What speaks against this kernel before anything is built goes to found:
 * then nothing is to be run. What cannot be built without a shell or has no kind: -ENOTSUP; hostile archives: -EPERM. spec must
 * stay until bld_module_release().
 */
int bld_module_open(struct bld_module *m, const struct bld_module_spec *spec,
		    struct bld_findings *found, struct err *err);
/* Runs the steps: -ECHILD where one fails. */
int bld_module_make(struct bld_module *m, struct err *err);
/*
 * Checks what came of it; without findings, or with force, it is published as the folder to, which must not be there, be empty,
 * or be what this made before. *ret_files: paths below to. Nothing is published: it is empty.
 */
int bld_module_publish(struct bld_module *m, const char *to, bool force, struct bld_findings *found,
		       struct strv *ret_files, struct err *err);

/* Where modules go that become part of what a cell of the store has. */
struct bld_over {
	struct sto *store;
	const char *cell; /* its ID; held by sto_use() */
	const char *
		name; /* of these modules, see bld_over_name(); what was built before under it is replaced */
};
struct bld_over_result {
	char *path; /* the folder with lib/modules/RELEASE: that of a cell; NULL: nothing was published */
	struct strv files; /* the modules, below path */
	struct strv
		displaced; /* of modules of other names that were called so too, below path: they are not there any more */
};
/*
 * The same into the store: a cell with all of lib/modules/RELEASE, the kernel's modules, those that were built for it before and,
 * in updates/NAME, these; sto_over_get() leads to it (see doc/design/build.md).
 */
int bld_module_publish_over(struct bld_module *m, const struct bld_over *over, bool force,
			    struct bld_findings *found, struct bld_over_result *ret,
			    struct err *err);
void bld_over_result_release(struct bld_over_result *r);
/* "hello" for /x/hello, /x/hello.tar.gz and /x/hello.rpm. What modules.dep has no way to write becomes '_'. */
char *bld_over_name(const char *source);
void bld_module_release(struct bld_module *m);

const char *bld_module_kind_name(enum bld_module_kind kind);

/* Parts of bld_module_open(). */

/* Copies or unpacks m->spec->source to m->tree. */
int bld_module_fetch(struct bld_module *m, struct err *err);
/* Sets m->top, m->kind and m->recipe. */
int bld_module_find(struct bld_module *m, struct err *err);
/* Adds steps and files. */
int bld_module_plan(struct bld_module *m, struct bld_findings *found, struct err *err);
int bld_module_plan_dkms(struct bld_module *m, struct bld_findings *found, struct err *err);
/* A step whose words (NULL-terminated list, last argument NULL) are added by the caller. */
struct bld_module_step *bld_module_add_step(struct bld_module *m, const char *cwd);

/* Parts of publishing. */

bool bld_is_module(const char *name); /* NAME.ko, compressed or not */
struct bld_module_laid {
	char *dir;	   /* a folder, or where it will be */
	char *updates;	   /* "lib/modules/RELEASE/updates..." */
	struct strv files; /* of modules, below dir */
};
/* Puts what was built into DIR/UPDATES, without debug information, and checks it there. */
int bld_module_lay(struct bld_module *m, struct bld_module_laid *l, struct bld_findings *found,
		   struct err *err);
/* depmod's files, for what lies in DIR/lib/modules/RELEASE and the kernel's own modules. */
int bld_module_index(const struct bld_module *m, const struct bld_module_laid *l, struct err *err);
void bld_module_laid_release(struct bld_module_laid *l);
