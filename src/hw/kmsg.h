/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a kernel's log tells of firmware: the loader's own lines (drivers/base/firmware_loader), which most kernels print for
 * failures alone, and lines of drivers that name a file. The text is taken as dmesg, journalctl -k, /dev/kmsg and syslog(2)
 * give it.
 */
#pragma once

#include "base/str.h"

/* More of a log is not looked at. */
#define HW_KMSG_BYTES (16 << 20)
/* More files are not taken. */
#define HW_KMSG_FILES 10000

struct hw_kmsg_file {
	const char *
		name; /* as the kernel asks for it: "i915/kbl_dmc_ver1_04.bin"; printable, without blanks */
	const char *driver,
		*addr; /* of the line "iwlwifi 0000:3b:00.0: ..."; NULL: it does not begin so */
	bool loaded,
		missed; /* none of them: it was asked for, and no line says what became of it */
	unsigned line;	/* of the first that names it, from 1 */
	const char
		*instead; /* missed, but the same device loaded this one afterwards; NULL: none */
};

struct hw_kmsg {
	struct hw_kmsg_file *v; /* by their first line */
	size_t n, cap;
	bool told_loads; /* this kernel tells of each file that it loads: Debian's and Gentoo's do */
	bool microcode;	 /* the processor's was updated */
	struct arena arena;
};

/* Whether a name is that of a firmware file: relative, without "..", printable, without what make or a shell would act on. */
bool hw_firmware_is_name(const char *name, size_t n);

/* known: whether some driver names this file, so that it is one wherever it stands; may be NULL. */
typedef bool hw_kmsg_known_fn(const void *ctx, const char *name);
void hw_kmsg_read(const char *log, hw_kmsg_known_fn *known, const void *ctx, struct hw_kmsg *ret);
void hw_kmsg_release(struct hw_kmsg *k);
#define auto_hw_kmsg cleanup(hw_kmsg_release)

/* Whether a line is worth recording: it speaks of firmware or microcode, or names what looks like such a file. Never the command line. */
bool hw_kmsg_matters(const char *line, size_t n);

/*
 * The log of this boot of this machine: of the journal, else of the kernel's buffer, which forgets its beginning. NULL where
 * neither can be read.
 */
char *hw_kmsg_here(void);
