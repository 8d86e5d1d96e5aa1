/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One boot: QEMU, the line to its PID 1, the user's streams, signals and deadlines on one event
 * loop. Ends with an outcome; QEMU is gone by then, whatever happened.
 */
#pragma once

#include "vm/console.h"
#include "vm/request.h"
#include "vm/share.h"

#include "base/err.h"

enum vm_end {
	VM_END_EXIT,	    /* the command ended: status */
	VM_END_PANIC,	    /* the guest's kernel panicked */
	VM_END_NO_LIFE,	    /* not a byte on the console, no PID 1 within the life limit */
	VM_END_HUNG,	    /* there was life, then nothing before the command was reached */
	VM_END_LOST,	    /* QEMU ended, or the line broke, without a status */
	VM_END_REFUSED,	    /* PID 1 could not do what it was told */
	VM_END_QEMU,	    /* QEMU did not start the machine */
	VM_END_DEADLINE,    /* --timeout */
	VM_END_INTERRUPTED, /* a signal ended kiln: status is 128 + signal */
};

struct vm_times {
	uint64_t begin, hello, run, exit, end; /* now_ns(); 0: not reached */
};

struct vm_outcome {
	enum vm_end end;
	int status;	   /* 0 to 255; 128 + n for a signal */
	int stage;	   /* enum kp_stage, 0: PID 1 was not reached */
	char *words;	   /* PID 1's reason (REFUSED), what was lost (LOST); NULL: nothing known */
	bool asked;	   /* at the deadline the guest was asked what it does */
	char *tasks;	   /* its answer, "sh[101] S do_wait, ..."; NULL: it did not answer */
	int output_error;  /* errno of the user's stdout or stderr that could not be written */
	int console_error; /* the same of the console's copy */
	struct vm_console console;
	uint64_t boot_bytes; /* of the console's, what had come when the command was started */
	struct vm_times times;
};
void vm_outcome_release(struct vm_outcome *o);

struct vm_session_spec {
	char *const *argv;	   /* QEMU */
	const struct str *request; /* records, see vm/request.h */
	struct vm_share *shares; /* whose virtiofsds are watched; one that has ended is set to 0 */
	size_t n_shares;
	bool tty;	/* stdin and stdout are one terminal, kept raw while the command runs */
	int fds[3];	/* the user's streams; -1: none (/dev/null in the guest) */
	int console_fd; /* gets a copy of the console; -1: none */
	uint64_t timeout_ns; /* 0: none */
	uint64_t life_ns;    /* without any sign of life for so long before the command is reached:
			     NO_LIFE or HUNG; at the latest after ten times that */
	bool gentle;	     /* let QEMU end by itself (it has disks to close) */
	bool small_pages;    /* QEMU goes without transparent huge pages */
	bool halted;	     /* the machine waits for a debugger: no life limit */
	void (*note)(void *ctx, const char *text); /* something for the user */
	void *note_ctx;
};

/* 0 with an outcome, or a negative errno where the session could not even begin. */
int vm_session(const struct vm_session_spec *spec, struct vm_outcome *ret, struct err *err);
