/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Module.symvers: what a kernel and its modules export, a line each, separated by tabs (Documentation/kbuild/modules.rst):
 *
 *	0xe3ec2f2b	symbol	drivers/net/dummy	EXPORT_SYMBOL_GPL	NAMESPACE
 */
#pragma once

#include "base/err.h"
#include "base/map.h"

struct mod_symbol {
	uint32_t crc;	    /* 0 without MODVERSIONS */
	const char *module; /* "vmlinux", or the path of a module without ".ko" */
	const char *ns;	    /* namespace; NULL: none */
	bool gpl;
};

struct mod_symvers {
	struct map by_name; /* -> struct mod_symbol * */
	struct arena mem;
};

/* A line that is none of these is -EINVAL with its place. name is for messages. */
int mod_symvers_parse(struct mod_symvers *s, const char *text, size_t n, const char *name,
		      struct err *err);
/* A file of at most 64 MiB. */
int mod_symvers_read(struct mod_symvers *s, const char *path, struct err *err);
const struct mod_symbol *mod_symvers_get(const struct mod_symvers *s, const char *symbol);
void mod_symvers_release(struct mod_symvers *s);
