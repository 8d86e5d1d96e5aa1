/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this folder share. */
#pragma once

#include "kernel/resolve.h"

/*
 * Opens and probes an image file; returns the descriptor or a negative errno. Never blocks. `name`
 * is for messages.
 */
int krn_open_image(const char *path, const char *name, struct krn_image *ret, struct err *err);
/* krn_cached_hold() until k is released. False if it is not there. */
bool krn_hold(struct krn *k, const char *dir);
void krn_let_go(struct krn *k);
/* krn_image_find_version() remembered in the cache. */
void krn_image_version(int fd, struct krn_image *im);
/*
 * Runs depmod on BASE/lib/modules/RELEASE. config: a file or folder instead of this host's depmod.d, whose order of folders
 * would count otherwise; may be NULL. -ENOENT if there is no depmod.
 */
int krn_depmod(const char *base, const char *release, const char *config,
	       const struct krn_progress *progress, struct err *err);
