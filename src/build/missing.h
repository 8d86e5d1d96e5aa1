/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is missing, said at once: each thing with its package, and one command that installs them all. */
#pragma once

#include "build/ask.h"

struct bld_missing {
	struct strv what;  /* as it is said: "'flex'", "libelf headers" */
	struct strv needs; /* the same, by their names in data/packages.def */
};
void bld_missing_add(struct bld_missing *m, const char *what, const char *need);
void bld_missing_release(struct bld_missing *m);
/* 0 if nothing is missing, else -ENOENT: "WHO lacks 'flex' (package flex), ...". */
int bld_missing_check(const struct bld_missing *m, const char *who, struct bld_place *p,
		      struct err *err);
