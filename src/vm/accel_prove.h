/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The proof behind a verdict on acceleration, in parts that can be tested without a working KVM. */
#pragma once

#include "vm/accel.h"
#include "vm/kvm_probe.h"

/* What stands between this host and KVM, for a hint. */
struct vm_kvm_host {
	const char *vendor; /* "intel", "amd" or NULL; which kvm module there would be */
	bool cpu_flag;	    /* the CPU says vmx or svm */
	const char *user;   /* who should join group kvm */
};

/*
 * Turns a probe into words. True if KVM is worth going on with; else ret holds tcg with lost and
 * hint. ret->mips is set either way. Asks nobody.
 */
bool vm_accel_judge(const struct vm_kvm_probe *p, const struct vm_kvm_host *host,
		    struct vm_accel_verdict *ret);

/* The CPU models to try in turn under KVM for guests of this architecture; NULL-terminated. */
const char *const *vm_accel_models(enum krn_arch arch);

/*
 * Starts q->path under KVM with each of the models in turn, at most each_ns for one and some more
 * than twice that for all, until one of them comes up. ret becomes kvm with that model (and what
 * was lost, if it is not the first), or tcg with QEMU's own words as the reason.
 */
void vm_accel_pick_cpu(const struct vm_qemu *q, const char *const *models, uint64_t each_ns,
		       struct vm_accel_verdict *ret);

/* All of it: the ioctl guest on dev, then QEMU. */
void vm_accel_prove(const struct vm_qemu *q, const char *dev, struct vm_accel_verdict *ret);
