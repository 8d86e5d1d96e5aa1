/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a kernel would take modules, found out without loading them. */
#pragma once

#include "module/target.h"

enum mod_misfit {
	MOD_NO_MODULES, /* the kernel loads none */
	MOD_EXCLUDED,	/* the module's own words: not for this kernel */
	MOD_OTHER_VERMAGIC,
	MOD_NO_SYMBOL,
	MOD_OTHER_CRC,
	MOD_GPL_ONLY,
	MOD_NO_IMPORT, /* of the namespace of a symbol */
	MOD_NOT_SIGNED,
};
const char *mod_misfit_name(enum mod_misfit kind);

struct mod_finding {
	enum mod_misfit kind;
	char *module; /* file name; NULL: all of them */
	char *symbol; /* NULL where it is about none */
	char *text;
	char *hint; /* or NULL */
};
struct mod_findings {
	struct mod_finding *v;
	size_t n, cap;
};
void mod_findings_release(struct mod_findings *f);
void mod_finding_add(struct mod_findings *f, struct mod_finding finding);

/* That the kernel loads no modules; nothing else needs to be tried then. */
void mod_check_target(const struct mod_target *c, struct mod_findings *ret);
/*
 * What somebody says of the configurations that a module is for: CONFIG_X or X (set, as y or m), CONFIG_X=V (so exactly), or one
 * of these behind '!' (not so). who begins the sentence: "it", "the recipe 'x'".
 */
void mod_check_config(const struct mod_target *c, const char *who, const char *wish,
		      struct mod_findings *ret);
/* Module files, which are loaded together: what one exports another may need. */
int mod_check_modules(const struct mod_target *c, char *const *files, size_t n,
		      struct mod_findings *ret, struct err *err);
