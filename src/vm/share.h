/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host folders seen in a guest, by 9p (served by QEMU) or virtiofs (served by virtiofsd). */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <sys/types.h>

enum vm_fs { VM_FS_AUTO, VM_FS_9P, VM_FS_VIRTIOFS };
extern const char *const vm_fs_names[]; /* of each, then NULL */
const char *vm_fs_name(enum vm_fs fs);

enum vm_share_mode {
	VM_SHARE_RO,
	VM_SHARE_RW,
	VM_SHARE_COW, /* read-only on the host's side, a tmpfs on top in the guest */
};

struct vm_share {
	enum vm_fs fs;
	char *host;  /* absolute path of the folder */
	char *guest; /* absolute path in the guest; "/" is its root */
	enum vm_share_mode mode;
	bool no_xattrs; /* 9p: the guest shall not ask for extended attributes */
	char tag[16];
	char *socket;	 /* virtiofs: where virtiofsd listens */
	pid_t virtiofsd; /* 0: none */
};

/*
 * "HOST[:GUEST][:ro|rw|cow]"; a colon or backslash in a path is written with a backslash before it.
 * GUEST is HOST's absolute path, the mode is ro, where they are not given. HOST must be a folder.
 */
int vm_share_parse(const char *spec, struct vm_share *ret, struct err *err);
void vm_share_release(struct vm_share *s);

/* The mount options for the guest. */
const char *vm_share_options(const struct vm_share *s);
const char *vm_share_mode_name(enum vm_share_mode mode);
