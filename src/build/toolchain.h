/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compilers and what goes with them: found, asked what they are, and what is missing named with its package. */
#pragma once

#include "base/err.h"
#include "base/str.h"

enum bld_toolchain_kind { BLD_GCC, BLD_CLANG };

struct bld_toolchain {
	enum bld_toolchain_kind kind;
	char *spec; /* as asked for */
	char *arch; /* make's ARCH */
	char *name; /* for people: "aarch64-linux-gnu-gcc 12.2.0", "clang 14.0.6" */
	struct strv
		make; /* arguments for make: "ARCH=arm64", "CROSS_COMPILE=...", "CC=...", "LLVM=1" */
	struct strv
		wrap; /* what the whole call of make stands behind: podman run ... IMAGE, nix develop ... -c; empty: nothing */
	struct str
		probe; /* canonical text of what the tools say of themselves; part of the identity */
	unsigned
		jobs; /* that the launcher wants at once (distcc, icecream); 0: as many as processors */
};

struct bld_toolchain_ask {
	const char *
		spec; /* "gcc", "clang", "clang-14", "gcc-12", "aarch64-linux-gnu-gcc-12", a path, "container:IMAGE[#SPEC]", "nix:FLAKE[#SPEC]"; NULL: gcc */
	const char *arch;     /* make's ARCH */
	const char *launcher; /* "ccache", "distcc", "icecc", "none"; NULL: none */
	const char *
		tree; /* for container and nix: what must be seen in there, with build and the cache */
};

/*
 * gcc for another architecture is looked for under the prefixes that distributions use. What is missing is an error that
 * names it, the package that has it on this distribution and the command that installs it.
 */
int bld_toolchain_find(const struct bld_toolchain_ask *ask, struct bld_toolchain *ret,
		       struct err *err);
void bld_toolchain_release(struct bld_toolchain *t);

/*
 * What else a build of this configuration needs on this host (make, flex, bison, bc, perl, libelf, openssl, pahole, depmod,
 * rsync, compressors ...): data/build-tools.def says which symbol wants what. All that is missing in one error, with packages.
 * config: text of .config.
 */
int bld_tools_check(const struct bld_toolchain *t, const char *config, struct err *err);
