/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a kernel would take modules, found out without loading them. */
#pragma once

#include "build/target.h"

enum bld_misfit {
	BLD_NO_MODULES, /* the kernel loads none */
	BLD_EXCLUDED,	/* the module's own words: not for this kernel */
	BLD_OTHER_VERMAGIC,
	BLD_NO_SYMBOL,
	BLD_OTHER_CRC,
	BLD_GPL_ONLY,
	BLD_NO_IMPORT, /* of the namespace of a symbol */
	BLD_NOT_SIGNED,
};
const char *bld_misfit_name(enum bld_misfit kind);

struct bld_finding {
	enum bld_misfit kind;
	char *module; /* file name; NULL: all of them */
	char *symbol; /* NULL where it is about none */
	char *text;
	char *hint; /* or NULL */
};
struct bld_findings {
	struct bld_finding *v;
	size_t n, cap;
};
void bld_findings_release(struct bld_findings *f);
void bld_finding_add(struct bld_findings *f, struct bld_finding finding);

/* That the kernel loads no modules; nothing else needs to be tried then. */
void bld_check_target(const struct bld_target *c, struct bld_findings *ret);
/*
 * What somebody says of the configurations that a module is for: CONFIG_X or X (set, as y or m), CONFIG_X=V (so exactly), or one
 * of these behind '!' (not so). who begins the sentence: "it", "the recipe 'x'".
 */
void bld_check_config(const struct bld_target *c, const char *who, const char *wish,
		      struct bld_findings *ret);
/* Module files, which are loaded together: what one exports another may need. */
int bld_check_modules(const struct bld_target *c, char *const *files, size_t n,
		      struct bld_findings *ret, struct err *err);
