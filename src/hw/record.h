/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A record: what hw_scan() reads of a machine, as a tar of the same files and links at the same paths, packed by zstd, so that
 * the same scan of what comes out of it gives the same devices. Besides that, where they can be read:
 *
 *	proc/cmdline, proc/mountinfo (/proc/self/mountinfo), proc/config.gz
 *	kernel-log	lines of the kernel's log that speak of firmware (hw/kmsg.h)
 *
 * Serial numbers are never read, and hardware addresses are taken out (hw/hide.h), unless they are asked for; of the command
 * line also the values of words that sound like keys and passwords. The same input gives the same bytes.
 */
#pragma once

#include "hw/inventory.h"

struct hw_record_opts {
	bool secrets;
	const char *log; /* the kernel's log; NULL: none */
};

struct hw_record_entry {
	char *path;
	char *data; /* of a link: where it leads */
	size_t n;
	bool link;
};

/* Sorted by path. */
struct hw_record {
	struct hw_record_entry *v;
	size_t n, cap;
};
void hw_record_release(struct hw_record *r);
#define auto_hw_record cleanup(hw_record_release)

/* -ENODEV and -EFBIG as hw_scan() has them. *ret is released by the caller in either case. */
int hw_record(int root_fd, const struct hw_record_opts *opts, struct hw_record *ret,
	      struct err *err);
/* As it is in a file. */
int hw_record_pack(const struct hw_record *r, struct str *ret, struct err *err);

/* Whether that looks like a record, or another archive: what is no text. */
bool hw_record_is(const void *data, size_t n);
/*
 * Writes what an archive holds into an empty folder, whatever the archive says: nothing outside of it, no link out of it,
 * no devices. -EBADMSG for a damaged one, -EPERM for one made to do harm, -EFBIG.
 */
int hw_record_unpack(int fd, int folder, struct err *err);
