/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a kernel gives, taken out of its build folder into a folder that will be published:
 *
 *	boot/IMAGE-RELEASE	vmlinuz (bzImage, zImage), Image, Image.gz, vmlinuz.efi ...: by architecture, see outputs.c
 *	boot/System.map-RELEASE, boot/config-RELEASE
 *	lib/modules/RELEASE/	as modules_install makes it, stripped, with depmod's data, without links out
 *	usr/include/		UAPI headers
 *	usr/src/linux-headers-RELEASE/	what modules out of tree are built against (the SDK)
 *	boot/dtbs/		device trees
 *	debug/vmlinux		with debug information, if asked for
 *
 * The same bytes for the same build, wherever it was made.
 */
#pragma once

#include "build/kbuild.h"
#include "build/known.h"

struct bld_outputs {
	struct bld_kbuild_spec kbuild; /* without targets; log_fd is used */
	const char *arch;	       /* make's ARCH */
	const char *config;	       /* text of .config */
	const char *to;		       /* an empty folder */
	struct bld_known *known;       /* of the stage that to is; NULL: all is read */
	const char *ahead; /* the release for which bld_outputs_ahead() was done; NULL */
	bool debug;	   /* keep vmlinux and unstripped modules below debug/ */
};

/* The targets of make that outputs need, added to ret: "bzImage" and so on. */
void bld_outputs_targets(const char *arch, const char *config, struct strv *ret);
/*
 * While make runs: what of all this the tree alone gives, most of the SDK's files, for a kernel of that release. Where it fails
 * (negative errno) nothing is there, and nothing is lost: bld_outputs_take() does it, and says why it cannot.
 */
int bld_outputs_ahead(const struct bld_outputs *o, const char *release);
/* Behind make. *ret_release: kernelrelease. */
int bld_outputs_take(const struct bld_outputs *o, char **ret_release, struct err *err);
