/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The environment that a tree's root Makefile gives to its Kconfig files: ARCH, SRCARCH, srctree, KERNELVERSION, CC, LD
 * and the other tools, and what compilers say of their versions.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct kc_elsewhere;

struct kc_env_spec {
	int dirfd;	  /* the tree */
	const char *arch; /* x86_64, arm64, ...; NULL: $ARCH, else what make would take here */
	const char *
		cross; /* prefix of the tools, "aarch64-linux-gnu-"; NULL: $CROSS_COMPILE or none */
	char *const *env; /* what else there is; $CC and the like there win */
	bool remember;	  /* answers of tools may come from the cache */
	/*
	 * Where the tools are, if not here (kconfig/probe.h). What else there is goes to commands there, so it is to have
	 * nothing of this host (PATH, HOME). KILN_PLACE is added: its identity.
	 */
	const struct kc_elsewhere *elsewhere;
};

/* Adds "NAME=VALUE" entries, those of spec->env included. -ENOENT: dirfd is no kernel tree; elsewhere also what that says. */
int kc_env_make(const struct kc_env_spec *spec, struct strv *ret, struct err *err);
/* The version as `make kernelversion` prints it, read from the tree's Makefile. -ENOENT: dirfd is no kernel tree. */
int kc_tree_version(int dirfd, char **ret, struct err *err);
/* The folder below arch/ of an architecture: "x86" for x86_64. */
const char *kc_srcarch(const char *arch);
