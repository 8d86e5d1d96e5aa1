/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compilers and what goes with them: found, asked what they are, and what is missing named with its package.
 *
 * What programs say is remembered by the identity of their files, so that a toolchain already known is found within
 * milliseconds; one in a container or from a flake takes the time that podman, docker or nix need to name it.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

enum bld_toolchain_kind { BLD_GCC, BLD_CLANG };

struct bld_toolchain {
	enum bld_toolchain_kind kind;
	char *spec; /* as asked for; "gcc" for NULL */
	char *arch; /* make's ARCH */
	char *name; /* for people: "aarch64-linux-gnu-gcc 12.2.0", "clang 14.0.6 in image 'x'" */
	char *cc, *hostcc; /* as make calls them, without the launcher */
	/* arguments for make: "ARCH=arm64", "CROSS_COMPILE=...", "CC=...", "LLVM=1"; also what Kconfig needs (kc_env_make()) */
	struct strv make;
	/*
	 * What each call of make (and of anything that is to see its compilers) stands behind: podman run ... IMAGE, nix
	 * develop ... -c; empty: nothing. In a container there are the folders named in the question and no network; the
	 * environment is make's arguments and what bld_toolchain_env() names. Descriptors are not handed in, so a jobserver
	 * is no use there. A container is named after the build folder, so that what a killed kiln left can be ended, and
	 * there may be one call at a time for each folder.
	 */
	struct strv wrap;
	/*
	 * "NAME=VALUE" that the launcher wants to be set; bld_toolchain_env() has them. With ccache the build must map its
	 * folder away (-ffile-prefix-map=BUILD=X), to the same X always: objects are shared between build folders.
	 */
	struct strv env;
	/*
	 * Canonical text of what the tools say of themselves; part of the identity. In the C locale and without paths, so two
	 * machines with the same packages give the same text, wherever things are installed. Ends with a newline.
	 */
	struct str probe;
	/* that the launcher wants at once (distcc, icecream); 0: as many as processors */
	unsigned jobs;
	struct bld_place *place; /* where its programs are */
};

struct bld_toolchain_ask {
	/*
	 * "gcc", "clang", "clang-14", "gcc-12", "aarch64-linux-gnu-gcc-12", "aarch64-linux-gnu-" (make's CROSS_COMPILE), a path
	 * to a compiler or with such a prefix, "container:IMAGE[#SPEC]", "nix:FLAKE[#SPEC]"; NULL: gcc. Behind the last # of a
	 * flake is a SPEC where it names a compiler, else it is the flake's output. A relative path counts from the current folder.
	 */
	const char *spec;
	const char *arch;     /* make's ARCH, or i386, x86_64 ... ; not NULL */
	const char *launcher; /* "ccache", "distcc", "icecc", "none"; NULL: none */
	/* For a container, all may be NULL: folders seen there under their own names. Absolute or from the current folder. */
	const char *tree;      /* read only, unless it lies in one of the others */
	const char *build;     /* written to; also where the wrap starts */
	char *const *writable; /* more of them: the cache, where modules are installed to */
};

/*
 * gcc for another architecture is looked for under the prefixes that distributions use (data/cross.def); what compiles for
 * another one than asked for is not taken. All that is missing is one error (-ENOENT) that names each thing with its package
 * on this distribution, and the command that installs them. -EINVAL: a spec, an architecture or a launcher that is none.
 */
int bld_toolchain_find(const struct bld_toolchain_ask *ask, struct bld_toolchain *ret,
		       struct err *err);
void bld_toolchain_release(struct bld_toolchain *t);

/*
 * The environment that make is to have (struct bld_kbuild_spec): base (NULL: this process's) without what kbuild and
 * compilers would take from it behind the identity's back (CROSS_COMPILE, KCFLAGS, CPATH, MAKEFLAGS, LANG, ...), with LC_ALL=C,
 * TZ=UTC, the sbin folders at the end of PATH, and t->env. t may be NULL. Added to ret.
 */
void bld_toolchain_env(const struct bld_toolchain *t, char *const *base, struct strv *ret);

/*
 * What else a build of this configuration needs where the toolchain is (make, flex, bison, bc, perl, libelf, openssl, pahole,
 * depmod, compressors ...): data/build-tools.def says which symbol wants what. Headers are proved by compiling and linking with
 * them, unless what needs them was built. All that is missing in one error (-ENOENT), with packages and one command. config:
 * text of .config.
 */
int bld_tools_check(const struct bld_toolchain *t, const char *config, bool built, struct err *err);
/*
 * Canonical text of what those tools say of themselves whose version can change the bytes of what is built (pahole,
 * compressors, rustc, depmod ...): part of the identity, like probe. What is missing is a line that says so, and no error.
 */
int bld_tools_probe(const struct bld_toolchain *t, const char *config, struct str *ret,
		    struct err *err);
