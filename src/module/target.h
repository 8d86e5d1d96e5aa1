/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A built kernel as modules see it: the folder that bld_outputs_take() filled. */
#pragma once

#include "base/str.h"
#include "kconfig/dotconfig.h"
#include "module/symvers.h"

struct mod_target {
	char *folder;
	char *sdk; /* FOLDER/usr/src/linux-headers-RELEASE, links resolved */
	char *release;
	char *modules;	/* FOLDER/lib/modules/RELEASE; NULL if there is none */
	char *srcarch;	/* the folder below arch/ */
	char *vermagic; /* that its own modules have; NULL if it has none */
	struct dotconfig config;
	struct mod_symvers symvers;
	struct strv make; /* ARCH=..., and CC=clang or LLVM=1 where it was built so */
};

/* What lacks to be one is said: -ENOENT. */
int mod_target_open(const char *folder, struct mod_target *ret, struct err *err);
bool mod_target_has(const struct mod_target *c, const char *symbol); /* =y */
void mod_target_release(struct mod_target *c);
#define auto_target cleanup(mod_target_release)
