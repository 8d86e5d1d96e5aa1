/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From an outcome to words: what happened, how far it had come, what to try. */
#include "vm/run.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

enum { STATUS_PANIC = 120, STATUS_NOT_UP = 121, STATUS_DEADLINE = 124, STATUS_KILN = 125 };

#define CONSOLE_LINES 15

static const char *stage_name(int stage)
{
	static const char *const names[] = {
		[0] = "before the kernel reached PID 1",
		[KP_STAGE_INIT] = "when PID 1 ran, waiting for its request",
		[KP_STAGE_ROOT] = "while mounting the root",
		[KP_STAGE_SETUP] = "while setting up the guest",
		[KP_STAGE_RUN] = "while the command was running",
		[KP_STAGE_END] = "after the command had ended",
	};

	return stage >= 0 && stage < (int)countof(names) ? names[stage] : names[0];
}

/* The message, with the console's end behind it. */
static int tell(const struct vm_outcome *o, struct err *err, int status, const char *message)
{
	auto_free char *tail = vm_console_last(&o->console, CONSOLE_LINES);
	auto_free char *qemu = xstrdup(str_c(&o->console.qemu));

	while (*qemu && qemu[strlen(qemu) - 1] == '\n')
		qemu[strlen(qemu) - 1] = 0;
	err_set(err, -EIO, "%s%s%s%s%s", message, *qemu ? "\n" : "", qemu,
		*tail ? "\nthe guest's console ends with:\n" : "", tail);
	return status;
}

static int panicked(const struct vm_outcome *o, struct err *err)
{
	auto_free char *message = xasprintf(
		"the guest's kernel panicked %s: %s%s%s", stage_name(o->stage), o->console.panic,
		o->console.oops ? "; before that: " : "", o->console.oops ? o->console.oops : "");

	tell(o, err, 0, message);
	err_hint(err, -EIO,
		 "the whole console: --console FILE (and -v for all of the kernel's messages)");
	return STATUS_PANIC;
}

static int silent(const struct vm_run_spec *spec, const struct vm_plan *p,
		  const struct vm_outcome *o, struct err *err)
{
	uint64_t seconds = (o->times.end - o->times.begin) / NSEC_PER_SEC;
	auto_free char *message = xasprintf(
		"the guest %s %s for %llu s (%s)",
		o->end == VM_END_HUNG ? "hung" : "showed no sign of life", stage_name(o->stage),
		(unsigned long long)seconds, vm_accel_name(p->accel.accel));

	tell(o, err, 0, message);
	err_hint(err, -EIO, "see how far it comes: -v --console -%s%s",
		 p->accel.accel == ACCEL_KVM ? "; without kvm: --accel tcg" : "",
		 spec->no_tune ? "" : "; without kiln's boot parameters: --no-tune");
	return STATUS_NOT_UP;
}

static int lost(const struct vm_outcome *o, struct err *err)
{
	auto_free char *message = NULL;

	if (o->console.guest && o->stage == 0)
		message = xasprintf("the guest gave up: %s", o->console.guest);
	else
		message = xasprintf("the machine was lost %s%s%s", stage_name(o->stage),
				    o->words ? ": " : "", o->words ? o->words : "");
	tell(o, err, 0, message);
	err_hint(err, -EIO, "%s",
		 vm_lacks_ticks(o) ? "a machine with more clocks may do: --machine q35"
		 : o->stage < KP_STAGE_RUN
			 ? "see how far it comes: -v --console -"
			 : "the guest switched itself off, or QEMU was killed (out of memory?)");
	return STATUS_NOT_UP;
}

/* PID 1 has named the thing itself; the console has nothing to add, unless the kernel complained too. */
static int refused(const struct vm_outcome *o, struct err *err)
{
	auto_free char *message = xasprintf("the guest could not do as asked: %s", o->words);

	if (o->console.oops)
		return tell(o, err, STATUS_NOT_UP, message);
	err_set(err, -EIO, "%s", message);
	return STATUS_NOT_UP;
}

/* What the console has said since the command runs may be why; what the boot said is not. */
static int deadline(const struct vm_run_spec *spec, const struct vm_outcome *o, struct err *err)
{
	const char *tasks = o->tasks ? o->tasks : "it does not answer";
	auto_free char *message =
		xasprintf("the deadline of %.10g s has passed %s%s%s",
			  (double)spec->timeout_ns / (double)NSEC_PER_SEC, stage_name(o->stage),
			  o->asked ? "; the guest: " : "", o->asked ? tasks : "");

	if (vm_console_heard(&o->console) > o->boot_bytes)
		return tell(o, err, STATUS_DEADLINE, message);
	err_set(err, -ETIMEDOUT, "%s", message);
	return STATUS_DEADLINE;
}

int vm_diagnose(const struct vm_run_spec *spec, const struct vm_plan *p, const struct vm_outcome *o,
		struct err *err)
{
	switch (o->end) {
	case VM_END_EXIT:
		if (!o->output_error)
			return 0;
		err_code(err, -o->output_error, "cannot write the command's output");
		return STATUS_KILN;
	case VM_END_PANIC:
		return panicked(o, err);
	case VM_END_NO_LIFE:
	case VM_END_HUNG:
		return silent(spec, p, o, err);
	case VM_END_LOST:
		return lost(o, err);
	case VM_END_REFUSED:
		return refused(o, err);
	case VM_END_QEMU:
		tell(o, err, 0, "QEMU could not start the machine");
		err_hint(err, -EIO, "the line it was given: kiln run --dry-run ...");
		return STATUS_KILN;
	case VM_END_DEADLINE:
		return deadline(spec, o, err);
	case VM_END_INTERRUPTED:
		err_set(err, -EINTR, "ended by signal %d (%s) %s", o->status - 128,
			strsignal(o->status - 128), stage_name(o->stage));
		return o->status;
	}
	return STATUS_KILN;
}
