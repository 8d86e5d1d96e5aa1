/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a toolchain is asked for by, taken apart; and which compilers fit an architecture (data/cross.def). */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct bld_spec {
	char *container; /* image, or NULL */
	char *flake;	 /* or NULL */
	char *dir;	 /* in front of every tool, absolute, with a slash at its end; "" */
	char *prefix;	 /* "aarch64-linux-gnu-"; NULL: not said */
	char *base;	 /* "gcc", "clang", "cc" */
	char *suffix;	 /* "-12"; "" */
};

/* text NULL: gcc. -EINVAL: it is no spec. Release what is returned. */
int bld_spec_parse(const char *text, struct bld_spec *ret, struct err *err);
void bld_spec_release(struct bld_spec *s);

/* Of data/cross.def, by make's ARCH; the kernel's arch/ has one folder for several of these (kc_srcarch()). */
/* Whether an architecture has a row there; without one every target fits. */
bool bld_arch_known(const char *arch);
bool bld_target_fits(const char *target, const char *arch);
/* The prefixes that cross compilers for it have, added to ret. */
void bld_cross_prefixes(const char *arch, struct strv *ret);
