/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A run: from what the user asked for to a plan (all decisions made, nothing started), and the plan
 * carried out. */
#pragma once

#include "kernel/resolve.h"
#include "vm/machine.h"
#include "vm/needs.h"
#include "vm/session.h"
#include "vm/virtiofsd.h"

#include <errno.h>

/* The kernel lacks something the run needs: known before booting, and reported like a guest that
 * did not come up. Outside the range of errno, so that nothing else is taken for it. */
#define VM_ELACKS (-10001)

struct vm_run_spec {
	const char *kernel; /* KERNEL, or NULL */
	enum krn_arch arch; /* KRN_ARCH_UNKNOWN: the kernel's */
	const char *root;   /* "host", "none" or a folder */
	struct {
		struct vm_share *v;
		size_t n, cap;
	} shares;
	struct vm_forwards forwards;
	struct vm_disks disks;
	const char *cwd;  /* absolute in the guest, or from where kiln stands; NULL: there */
	char *const *env; /* NAME=VALUE for the guest */
	const char *user;
	char *const *argv; /* NULL terminated; an empty list is a shell */
	unsigned cpus;	   /* 0: choose */
	uint64_t memory;   /* bytes; 0: choose */
	char *const *append;
	const char *initrd;
	bool net;
	uint16_t gdb;
	enum vm_accel accel;
	enum vm_fs fs;
	enum vm_board board;
	const char *qemu;
	char *const *qemu_args;
	bool no_tune, chatty; /* no tuning parameters; kernel messages on the console */
	bool tty;
	int fds[3];
	int console_fd;
	uint64_t timeout_ns;

	const struct krn_progress *progress;
	void (*note)(void *ctx, const char *text);   /* worth a line to the user */
	void (*detail)(void *ctx, const char *text); /* with -v */
	void *ctx;
};
void vm_run_spec_release(struct vm_run_spec *s);

struct vm_plan {
	struct krn kernel;
	struct vm_qemu qemu;
	struct vm_accel_verdict accel;
	struct vm_virtiofsd virtiofsd;
	struct vm_machine machine;
	size_t n_asked;	  /* of its shares, behind which are kiln's own */
	enum vm_fs fs;	  /* never AUTO; meaningless without shares */
	bool small_pages; /* QEMU goes without transparent huge pages */
	uint64_t tsc_khz; /* the guest's time stamp counter, where that is known beforehand, or 0 */
	char *modules;	  /* the folder shown as /lib/modules/RELEASE, or NULL */
	char *command;	  /* absolute: the program that goes into the initramfs, or NULL */
	char *run_dir;	  /* where sockets lie, NULL without virtiofs */
	struct strv argv; /* QEMU's, once complete */
	struct str request;
};

/* VM_ELACKS: the kernel lacks something, err names it and the options to set. */
int vm_plan_make(const struct vm_run_spec *spec, struct vm_plan *ret, struct err *err);
void vm_plan_release(struct vm_plan *p);

/* Writes p->request from what was planned; a part of vm_plan_make(). */
void vm_plan_request(const struct vm_run_spec *spec, struct vm_plan *p);
/* Where a folder of the host is seen in the guest, through the share that shows most of it; NULL if
 * nowhere. */
char *vm_plan_guest_path(const struct vm_plan *p, const char *host);

/* Boots it. Under a kvm that shows no life, tries once more under tcg (unless kvm was asked for).
 */
int vm_plan_run(const struct vm_run_spec *spec, struct vm_plan *p, struct vm_outcome *ret,
		struct err *err);

/* Its kernel ended up without a working timer, and PID 1 gave up. */
bool vm_lacks_ticks(const struct vm_outcome *o);
/*
 * Puts an outcome into words: 0 if the command ended by itself (its status is the answer), else the
 * exit status for it with err set: what happened, how far it had come, the console's last lines,
 * what to try.
 */
int vm_diagnose(const struct vm_run_spec *spec, const struct vm_plan *p, const struct vm_outcome *o,
		struct err *err);
