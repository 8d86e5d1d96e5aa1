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

/* What was laid while make ran; see bld_outputs_ahead(). */
struct bld_ahead {
	char *release; /* the SDK's files of the tree, for a kernel of that name; NULL: not */
	char *uapi;    /* the UAPI headers, and the digest of what they depend on; NULL: not */
	struct str uapi_sources; /* the part of that which the tree is */
};

struct bld_outputs {
	struct bld_kbuild_spec kbuild; /* without targets; log_fd is used */
	const char *arch;	       /* make's ARCH */
	const char *config;	       /* text of .config */
	const char *to;		       /* an empty folder */
	struct bld_known *known;       /* of the stage that to is; NULL: all is read */
	const struct bld_ahead *ahead; /* NULL: nothing */
	bool *read_tree; /* set as soon as something of the tree is read behind make; NULL: of no interest */
	bool debug; /* keep vmlinux and unstripped modules below debug/ */
};

/* The targets of make that outputs need, added to ret: "bzImage" and so on. */
void bld_outputs_targets(const char *arch, const char *config, struct strv *ret);
/*
 * While make runs: what of all this the tree alone gives, most of the SDK's files, for a kernel of that release; and headers that
 * are as an earlier make left them. What fails is not there, and nothing is lost: bld_outputs_take() does it, as it does again
 * what make changed, and says why it cannot.
 */
void bld_outputs_ahead(const struct bld_outputs *o, const char *release, struct bld_ahead *ret);
void bld_ahead_release(struct bld_ahead *a);
/* Behind make. *ret_release: kernelrelease. */
int bld_outputs_take(const struct bld_outputs *o, char **ret_release, struct err *err);
