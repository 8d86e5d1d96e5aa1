/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of planning a run, for each other; what others call is in run.h. */
#pragma once

#include "vm/run.h"

/* What PID 1 has to load before it can reach anything. */
struct vm_boot_modules {
	struct strv names;
	bool known; /* the configuration was there, so that these are modules for sure */
	bool strip; /* leave out their signatures and types */
};

/* Worth a line to the user. */
void vm_plan_note(const struct vm_run_spec *spec, const char *fmt, ...) PRINTF(2, 3);
/* What was decided, for -v. */
void vm_plan_detail(const struct vm_run_spec *spec, const char *fmt, ...) PRINTF(2, 3);
bool vm_plan_root_is(const struct vm_run_spec *spec, const char *what);
bool vm_plan_wants_shares(const struct vm_run_spec *spec);

/*
 * Which file QEMU starts, p->machine.kernel: a bzImage's own kernel unpacked, where that can be had;
 * of what QEMU cannot unpack always.
 */
int vm_plan_boot_path(const struct vm_run_spec *spec, struct vm_plan *p, struct err *err);

/* Changes a plan for kvm into one for tcg, after kvm turned out not to do. */
int vm_plan_under_tcg(const struct vm_run_spec *spec, struct vm_plan *p, struct err *err);

/*
 * Holds the kernel's configuration against what this run needs, chooses the file
 * system of the shares (p->fs), the boot path and the machine type (p->machine.board) by it and
 * lists the modules.
 * VM_ELACKS if something is missing.
 */
int vm_plan_needs(const struct vm_run_spec *spec, struct vm_plan *p, struct vm_boot_modules *ret,
		  struct err *err);
