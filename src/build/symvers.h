/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Module.symvers: what a kernel and its modules export, a line each, separated by tabs (Documentation/kbuild/modules.rst):
 *
 *	0xe3ec2f2b	symbol	drivers/net/dummy	EXPORT_SYMBOL_GPL	NAMESPACE
 */
#pragma once

#include "base/err.h"
#include "base/map.h"

struct bld_symbol {
	uint32_t crc;	    /* 0 without MODVERSIONS */
	const char *module; /* "vmlinux", or the path of a module without ".ko" */
	const char *ns;	    /* namespace; NULL: none */
	bool gpl;
};

struct bld_symvers {
	struct map by_name; /* -> struct bld_symbol * */
	struct arena mem;
};

/* A line that is none of these is -EINVAL with its place. name is for messages. */
int bld_symvers_parse(struct bld_symvers *s, const char *text, size_t n, const char *name,
		      struct err *err);
/* A file of at most 64 MiB. */
int bld_symvers_read(struct bld_symvers *s, const char *path, struct err *err);
const struct bld_symbol *bld_symvers_get(const struct bld_symvers *s, const char *symbol);
void bld_symvers_release(struct bld_symvers *s);
