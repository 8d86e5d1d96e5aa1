/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The QEMU of this host: where it is and what it can do, asked by QMP (-M none), never by version.
 * Answers are kept in the cache folder, keyed by the program's identity.
 */
#pragma once

#include "kernel/image.h"

struct vm_qemu {
	enum krn_arch arch;
	char *path;	   /* absolute */
	char *version;	   /* "7.2.22", for people */
	bool has_9p;	   /* virtio-9p-pci and -fsdev local */
	bool has_vhost_fs; /* vhost-user-fs-pci */
	bool has_serial;   /* virtio-serial-pci */
	bool has_microvm;  /* machine microvm */
	bool has_memfd;	   /* memory-backend-memfd */
	bool has_kvm;	   /* accelerator compiled in */
	struct {
		bool hpet, i8042, sata, smbus, smm, vmport;
	} pc; /* machine properties of pc and q35 that can be switched off */
};

/*
 * override: a program given by the user, or NULL. -ENOENT with the package to install as the hint.
 */
int vm_qemu_find(enum krn_arch arch, const char *override, struct vm_qemu *ret, struct err *err);
void vm_qemu_release(struct vm_qemu *q);

/*
 * A proc_spec's setup: the program goes without transparent huge pages, which QEMU asks for by itself
 * for the guest's memory and the translated code (prctl(2), PR_SET_THP_DISABLE; Linux 3.15).
 */
int vm_qemu_small_pages(void *unused);
