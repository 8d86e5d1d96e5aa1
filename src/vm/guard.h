/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process that holds a pipe from kiln and removes a folder, with sockets and the like, when the pipe
 * closes: even a kill -9 of kiln leaves nothing.
 */
#pragma once

#include "base/err.h"

#include <sys/types.h>

struct vm_guard {
	pid_t pid; /* 0: none */
	int pipe;
};

/* Guards dir, which need not exist yet. Undone by vm_guard_stop(), which waits for the removal. */
int vm_guard_start(struct vm_guard *g, const char *dir, struct err *err);
void vm_guard_stop(struct vm_guard *g);
#define auto_guard cleanup(vm_guard_stop)
