/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * KVM put to work: a tiny guest (a counting loop in long mode) is run through the KVM ioctls
 * (Documentation/virt/kvm/api.rst) in a child of its own, and timed.
 */
#pragma once

#include "base/util.h"

enum vm_kvm_state {
	KVM_RAN,       /* the loop ran; iterations and ns say how fast, whether or not to its end */
	KVM_UNTRIED,   /* the guest below is x86 code and this host is something else */
	KVM_MISSING,   /* there is no device node */
	KVM_NO_MODULE, /* the node is there, and no driver behind it */
	KVM_DENIED,    /* no right to open it */
	KVM_BROKEN,    /* a step failed: see step and code */
	KVM_STUCK,     /* the child had to be killed at the deadline */
};

struct vm_kvm_probe {
	enum vm_kvm_state state;
	int code;	     /* KVM_BROKEN: errno; 0 if the guest did something else than asked */
	char step[32];	     /* KVM_BROKEN: what failed, "KVM_CREATE_VM" */
	uint64_t iterations; /* of the loop, KVM_LOOP_INSNS instructions each */
	uint64_t ns;
};

#define KVM_LOOP_INSNS 2
/*
 * A real KVM does thousands, QEMU's own emulation several hundred. Below this a guest is better off
 * without KVM.
 */
#define KVM_MIPS_WANTED 50.0

/* Never fails: what went wrong is the answer. Takes at most timeout_ns; dev is "/dev/kvm". */
struct vm_kvm_probe vm_kvm_probe_run(const char *dev, uint64_t timeout_ns);

/* Millions of instructions per second; 0 if nothing ran. */
double vm_kvm_probe_mips(const struct vm_kvm_probe *p);
