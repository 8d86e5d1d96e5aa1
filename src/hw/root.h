/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of sysfs and procfs below a folder that need not be the kernel's: a record, or what somebody made to do harm. No
 * link is followed on the way; those that are to be followed are read and made paths below the root by their text. What is
 * no plain file is never read.
 */
#pragma once

#include "base/str.h"

/* sysfs never has more in a file of text */
#define HW_ROOT_VALUE 4096
/* names in a folder; one with more counts as unreadable */
#define HW_ROOT_NAMES 100000

struct hw_root {
	int fd; /* of the folder that has sys and proc; owned by the caller */
	/* told of each file and link that is read, with its path below the root; may be NULL */
	void (*seen)(void *ctx, const char *path, const struct str *content, bool link);
	void *ctx;
	bool step_by_step; /* without openat2(2), as on Linux before 5.6; set where that is found so */
};

/* All of a file of at most max bytes. -ENOENT where there is none, -EFBIG, -EINVAL for what is no plain file. */
int hw_root_file(struct hw_root *r, const char *path, size_t max, struct str *ret);
/* Where a link leads, as a path below the root; -EPERM where its text leads out of it. */
int hw_root_link(struct hw_root *r, const char *path, struct str *ret);
/* What is mounted (proc(5), mountinfo): of a record it lies in proc, of a running system in the process's own folder. */
int hw_root_mounts(struct hw_root *r, size_t max, struct str *ret);
/* The names in a folder, sorted by bytes; none where it cannot be read. */
void hw_root_names(struct hw_root *r, const char *path, struct strv *ret);
