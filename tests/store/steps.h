/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every call by which the store changes what is on disk, counted, so that a test can end the process, or let the disk be
 * full, at each of them in turn. The linker puts these in the place of libc's (--wrap, see meson.build). Nothing is synced:
 * what a kill leaves is in memory all the same.
 */
#pragma once

#include "base/util.h"

struct steps {
	unsigned long n;       /* so many were done */
	unsigned long kill_at; /* SIGKILL in front of this one, from 1 */
	unsigned long full_at; /* from this one on whatever needs room is ENOSPC */
	unsigned long fail_at; /* this one alone is EIO */
	int link_error;	       /* no file gets a second link: this error */
	bool synced;	       /* sync for all that */
};
extern struct steps steps;
