/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual machine of one run, and the QEMU command line it comes to. */
#pragma once

#include "vm/accel.h"
#include "vm/share.h"

enum vm_board { VM_BOARD_AUTO, VM_BOARD_PC, VM_BOARD_Q35, VM_BOARD_MICROVM, VM_BOARD_VIRT };

const char *vm_board_name(enum vm_board b);

struct vm_forward {
	uint16_t host, guest; /* TCP ports; bound to 127.0.0.1 on the host */
};

struct vm_disk {
	char *path;
	char *format; /* "raw", "qcow2" */
	bool readonly;
};

struct vm_forwards {
	struct vm_forward *v;
	size_t n, cap;
};

struct vm_disks {
	struct vm_disk *v;
	size_t n, cap;
};

struct vm_machine {
	const struct vm_qemu *qemu;
	const struct vm_accel_verdict *accel;
	enum vm_board board; /* not AUTO */
	uint64_t memory;     /* bytes */
	unsigned cpus;
	char *kernel, *initrd, *cmdline;
	struct vm_share *shares;
	size_t n_shares;
	bool net;
	struct vm_forwards forwards;
	struct vm_disks disks;
	uint16_t gdb; /* TCP port on 127.0.0.1; 0: none */
	struct strv extra;
};

/* Appends text with its commas doubled, as values inside QEMU's options need it. */
void vm_add_value(struct str *s, const char *text);

/*
 * The whole argv. The machine speaks the guest protocol on its stdin and stdout and writes its
 * serial console to its stderr, so that the line works as it is when pasted into a shell.
 */
void vm_machine_argv(const struct vm_machine *m, struct strv *ret);
/* QEMU's -machine value without the memory: board, acceleration, parts left out. */
void vm_machine_board(const struct vm_machine *m, enum vm_board board, struct str *ret);
/* Arguments that go with a board. */
void vm_machine_globals(enum vm_board board, struct strv *ret);
void vm_machine_release(struct vm_machine *m);
