/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Distribution packages. Formats: deb(5) (ar of control.tar and data.tar), RPM v3/v4 (cpio
 * payload), Alpine's apk v2 (concatenated gzip'ed tars).
 */
#pragma once

#include "kernel/resolve.h"
#include "kernel/tree.h"

enum krn_pkg_format { KRN_PKG_NONE, KRN_PKG_DEB, KRN_PKG_RPM, KRN_PKG_APK };

/* By content, not by name. */
enum krn_pkg_format krn_pkg_format(int fd);

/* What the package says of itself; NULL where it does not. */
struct krn_pkg {
	char *name;
	char *depends; /* as written, on one line */
};
void krn_pkg_release(struct krn_pkg *p);

/*
 * Unpacks what a kernel needs (/boot, /lib/modules; /usr/lib/modules arrives as lib/modules) into
 * tree. `name` is for messages.
 */
int krn_pkg_unpack(int fd, const char *name, struct krn_tree *tree,
		   const struct krn_progress *progress, struct krn_pkg *ret, struct err *err);

/* The first package named linux-image-* among the dependencies; NULL if none. */
char *krn_pkg_kernel_dependency(const struct krn_pkg *p);

/* Fills in k from the package at fd (unpacked into the cache at most once). */
int krn_from_package(int fd, const char *path, const struct krn_progress *progress, struct krn *k,
		     struct err *err);
