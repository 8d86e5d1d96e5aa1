/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of what a kernel gives, each written below o->to; see outputs.h. */
#pragma once

#include "build/outputs.h"
#include "kconfig/dotconfig.h"

struct bld_take {
	const struct bld_outputs *o;
	const char *srcarch;
	char *release;
	struct dotconfig config;
};

/* To be called before anything of the tree is read behind make, by a make of its own too. */
static inline void bld_take_reads_tree(const struct bld_take *t)
{
	if (t->o->read_tree)
		*t->o->read_tree = true;
}

bool bld_take_has(const struct bld_take *t, const char *symbol); /* =y */

int bld_take_images(const struct bld_take *t, struct err *err);
/* boot/dtbs, where the architecture has some. */
int bld_take_dtbs(const struct bld_take *t, struct err *err);
/* lib/modules/RELEASE, and debug/lib/modules/RELEASE if asked for. */
int bld_take_modules(const struct bld_take *t, struct err *err);
int bld_take_uapi(const struct bld_take *t, struct err *err);
/* While make runs, where they are as the last make left them; else nothing is set in ret. */
void bld_take_uapi_ahead(const struct bld_take *t, struct bld_ahead *ret);
int bld_take_sdk(const struct bld_take *t, struct err *err);
/* What of it comes out of the tree. */
int bld_take_sdk_ahead(const struct bld_take *t, struct err *err);

/*
 * Takes what differs between build folders out of a program or object: debug information, and the build's ID, which is a
 * digest over that too. Files that are not ELF are left alone. host: it is a program for this host; else one of the kernel's.
 */
int bld_take_strip(const struct bld_take *t, const char *path, bool host, struct err *err);
/* The same for many, by one start of strip. */
int bld_take_strip_all(const struct bld_take *t, const struct strv *paths, bool host,
		       struct err *err);

/* A folder of the build folder's own for what goes on to o->to; what was there is removed. */
int bld_take_scratch(const struct bld_take *t, const char *name, char **ret, struct err *err);
