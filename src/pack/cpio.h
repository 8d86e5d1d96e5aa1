/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing initramfs archives: cpio "newc"
 * (Documentation/driver-api/early-userspace/buffer-format.rst). The bytes depend on what is added,
 * in its order, and on nothing else: owner 0, times 0, inodes counted from 1.
 */
#pragma once

#include "base/str.h"

#include <sys/types.h>

struct cpio {
	struct str data; /* the archive so far */
	uint32_t inode;
};

/* Names are relative to the root ("dev/console"). A folder must be added before what lies in it. */
void cpio_dir(struct cpio *c, const char *name, mode_t mode);
void cpio_file(struct cpio *c, const char *name, mode_t mode, const void *data, size_t n);
void cpio_node(struct cpio *c, const char *name, mode_t mode, unsigned major, unsigned minor);
/* Ends the archive, padded to 512 bytes, so that another may stand behind it. */
void cpio_end(struct cpio *c);
void cpio_release(struct cpio *c);
#define auto_cpio cleanup(cpio_release)
