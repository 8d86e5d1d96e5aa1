/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A built kernel as modules see it: the folder that bld_outputs_take() filled. */
#pragma once

#include "base/str.h"
#include "build/symvers.h"
#include "kconfig/dotconfig.h"

struct bld_cell {
	char *folder;
	char *sdk; /* FOLDER/usr/src/linux-headers-RELEASE, links resolved */
	char *release;
	char *modules;	/* FOLDER/lib/modules/RELEASE; NULL if there is none */
	char *srcarch;	/* the folder below arch/ */
	char *vermagic; /* that its own modules have; NULL if it has none */
	struct dotconfig config;
	struct bld_symvers symvers;
	struct strv make; /* ARCH=..., and CC=clang or LLVM=1 where it was built so */
};

/* What lacks to be one is said: -ENOENT. */
int bld_cell_open(const char *folder, struct bld_cell *ret, struct err *err);
bool bld_cell_has(const struct bld_cell *c, const char *symbol); /* =y */
void bld_cell_release(struct bld_cell *c);
#define auto_cell cleanup(bld_cell_release)
