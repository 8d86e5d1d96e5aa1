/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs of the host with all they need to run: interpreter, libraries. */
#pragma once

#include "base/err.h"
#include "pack/cpio.h"

/*
 * Adds program (an absolute path) to the archive under its own path, with its shared libraries
 * (asked from its own loader, ld.so --list) or, for a script, its interpreter. Folders made on the
 * way are remembered in `made`.
 */
int vm_closure_add(struct cpio *c, struct strv *made, const char *program, struct err *err);
