/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A build folder's configuration, given another name. */
#pragma once

#include "base/err.h"

/*
 * Where old and now (texts of .config) differ by CONFIG_LOCALVERSION alone, as they do when a source file was changed, writes
 * now and what `conf --syncconfig` would make of it: include/config/auto.conf, include/generated/autoconf.h and rustc_cfg, and
 * the mark include/config/LOCALVERSION (scripts/kconfig/confdata.c). So make does not run conf, which asks the compiler for seconds.
 * 1: done; 0: it is another difference, or there is nothing to go by, and nothing was written.
 */
int bld_relabel(const char *build, const char *old, const char *now, struct err *err);
/* Whether two texts of .config differ by CONFIG_LOCALVERSION alone, or not at all. */
bool bld_same_but_name(const char *old, const char *now);
