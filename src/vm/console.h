/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What QEMU's stderr brings: the guest's serial console and QEMU's own messages, told apart by the
 * prefix QEMU puts before its own ("qemu-system-x86_64: ").
 */
#pragma once

#include "base/str.h"

struct vm_console {
	const char *qemu_name; /* given: base name of the program */
	struct str tail;       /* the last lines of the console, at most 128 KiB kept */
	struct str line;       /* the line being received */
	struct str qemu;       /* QEMU's own messages, at most 128 KiB */
	char *panic;	       /* "Kernel panic - not syncing: ...", the first one */
	char *oops;	       /* the first "BUG: ", "Oops: " or similar line */
	char *guest;	       /* why PID 1 gave up, when it had no other way to say so */
	uint64_t bytes;	       /* of the guest's own lines, this far */
};

void vm_console_feed(struct vm_console *c, const char *data, size_t n);
/* Bytes the guest has written so far: what may yet become a line of QEMU's is not counted. */
uint64_t vm_console_heard(const struct vm_console *c);
/* The last n lines of the console, each indented by two spaces; owned by the caller, "" if there
 * were none. */
char *vm_console_last(const struct vm_console *c, size_t n);
/* It was no panic after all; one that comes later is taken. */
void vm_console_forget_panic(struct vm_console *c);
void vm_console_release(struct vm_console *c);
