/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a module says of itself, read with libkmod (opened on first use). */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* "depends" (comma separated, NULL if it has none) and each "softdep" of a module file. */
int krn_modinfo(const char *path, char **ret_depends, struct strv *ret_soft, struct err *err);

struct krn_module_symbol {
	char *name;
	uint64_t crc; /* 0: there is none */
	bool weak;    /* may be missing */
};
struct krn_module_symbols {
	struct krn_module_symbol *v;
	size_t n, cap;
};
/* What the kernel looks at when it loads a module. What a module does not say is NULL. */
struct krn_module_facts {
	char *vermagic, *license;
	struct strv namespaces; /* imported */
	bool is_signed;
	struct krn_module_symbols needs, gives;
};
int krn_module_facts(const char *path, struct krn_module_facts *ret, struct err *err);
void krn_module_facts_release(struct krn_module_facts *f);
