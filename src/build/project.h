/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kiln.yaml: which kernels there are to be. Lists of it are axes; each combination is a cell.
 *
 *	kernels:
 *	  guest:
 *	    source: debian:linux-source-6.1   # or a list, or names with sources
 *	    arch: [x86_64, arm64]
 *	    base: tinyconfig
 *	    config: [kiln:guest, parts/net.config, CONFIG_NET=y]
 *	    variants: {release: [], debug: [kiln:debug]}
 *	    patches: [patches/6.1]
 *	    toolchain: gcc
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#define BLD_PROJECT_FILE "kiln.yaml"

/* A name and what it stands for: a source with one text, a variant with any number of parts. */
struct bld_named {
	char *name;
	struct strv values;
};
struct bld_names {
	struct bld_named *v;
	size_t n, cap;
};

struct bld_kernel {
	char *name;
	unsigned line;			    /* of the file; 0: from the command line */
	struct bld_names sources, variants; /* no variants: one without a name */
	struct strv arch;		    /* make's ARCH; empty: this machine's */
	char *base;			    /* NULL: defconfig */
	struct strv config,
		patches; /* paths are absolute; kiln:NAME and CONFIG_X=V are as they stand there */
	struct strv toolchains;	       /* empty: gcc */
	char *launcher;		       /* NULL: none */
	bool debug_info;	       /* vmlinux is kept */
	char *sha256, *keyring, *sign; /* of its one source, see src_spec_prove(); NULL */
};

struct bld_project {
	char *path, *dir; /* the file and its folder; the current folder without a file */
	struct {
		struct bld_kernel *v;
		size_t n, cap;
	} kernels;
};

/* The nearest kiln.yaml from dir upward; NULL: there is none. */
char *bld_project_find(const char *dir);
/* What does not belong there is -EINVAL with file, line, column and the nearest name that does. */
int bld_project_read(const char *path, struct bld_project *ret, struct err *err);
void bld_project_release(struct bld_project *p);

/*
 * Fills in what the file, or the command line, left open: names of sources, absolute paths below dir. Words for what cannot
 * be, such as two sources of one name.
 */
int bld_kernel_finish(struct bld_kernel *k, const char *dir, struct err *err);
void bld_kernel_release(struct bld_kernel *k);

struct bld_cell {
	const struct bld_kernel *kernel;
	char *name; /* KERNEL, with /SOURCE, /ARCH, /VARIANT, /TOOLCHAIN for those axes that have more than one */
	const char *source, *arch, *variant, *toolchain; /* point into kernel; variant NULL: none */
	const struct strv *variant_parts;		 /* NULL: none */
};
struct bld_cells {
	struct bld_cell *v;
	size_t n, cap;
};

/* All cells of a project, in the order of the file. Point into it. */
void bld_cells_of(const struct bld_project *p, struct bld_cells *ret);
void bld_cells_release(struct bld_cells *c);
/* A cell is meant by its name, what its name begins with up to a slash, or a pattern for it (fnmatch(3), * also takes slashes). */
bool bld_cell_matches(const struct bld_cell *c, const char *word);
