/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtiofsd: finding it, proving that it works here, and running one per share.
 *
 * What is shared read-only is read-only on the host's side too: virtiofsd runs in a mount namespace
 * of its own (as a user: in a user namespace as well) in which the folder, with all that is mounted
 * below it, is a read-only bind mount. Nothing the guest does, remounting included, can change
 * that.
 */
#pragma once

#include "vm/share.h"

struct vm_virtiofsd {
	char *path;
	bool rust;     /* the Rust program (--shared-dir), not QEMU's old C program (-o source=) */
	char *preload; /* what the old one needs to be of use to a user (preload/noatime.c), or NULL */
};

extern const char *const vm_virtiofsd_dirs[]; /* where distributions hide it; then NULL */
/*
 * Finds it ($PATH, then the folders distributions hide it in) and tries it out on an empty folder;
 * the answer is remembered per program, user and boot of the host. -ENOENT: there is none; -EIO: it
 * does not work, with its own words.
 */
int vm_virtiofsd_find(struct vm_virtiofsd *ret, struct err *err);
void vm_virtiofsd_release(struct vm_virtiofsd *v);

/* Starts one for share s with its socket in folder dir; sets s->socket and s->virtiofsd. log: what
 * takes its messages. */
int vm_virtiofsd_start(const struct vm_virtiofsd *v, struct vm_share *s, const char *dir,
		       int log_fd, struct err *err);
/* The command lines that do the same by hand, for --dry-run. */
char *vm_virtiofsd_line(const struct vm_virtiofsd *v, const struct vm_share *s);
