/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Acceleration, proved and not assumed.
 *
 * A /dev/kvm that opens can be useless: nested hosts where `-cpu host` aborts QEMU ("failed to set
 * MSR"), or where each guest instruction is emulated, so that a kernel seems to hang. So a tiny
 * guest (a counting loop in 64-bit mode) is run through the KVM ioctls in a child under a deadline
 * and its speed judged; then QEMU itself is started for a moment with -cpu host, else with named
 * models. The verdict is remembered per boot of the host (boot_id), QEMU and /dev/kvm's rights; a
 * cached verdict costs one small file read.
 */
#pragma once

#include "vm/qemu.h"

enum vm_accel { ACCEL_AUTO, ACCEL_KVM, ACCEL_TCG };
extern const char *const vm_accel_names[]; /* of each, then NULL */
const char *vm_accel_name(enum vm_accel a);

struct vm_accel_verdict {
	enum vm_accel accel; /* never ACCEL_AUTO */
	char *cpu;	     /* QEMU -cpu value: "host", a model, "max" under tcg */
	char *lost;	     /* one line: what was lost and why; NULL if nothing */
	char *hint;	     /* how to get it back; NULL if nothing is known */
	double mips;	 /* measured under kvm, millions of instructions per second; 0 if not run */
	bool proved_now; /* not a remembered verdict: worth telling the user once */
};

/*
 * want AUTO: the best that works. want KVM: an error (with lost and hint) where it does not. want
 * TCG: nothing is probed. A guest of another architecture than the host's is always tcg. fresh: do
 * not use the remembered verdict.
 */
int vm_accel_choose(const struct vm_qemu *q, enum vm_accel want, bool fresh,
		    struct vm_accel_verdict *ret, struct err *err);
void vm_accel_verdict_release(struct vm_accel_verdict *v);
