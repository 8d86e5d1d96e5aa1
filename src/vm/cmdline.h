/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel command line of a run: what it needs, and what makes it boot faster without harm. */
#pragma once

#include "base/str.h"
#include "kernel/image.h"

struct vm_param {
	const char *text;
	const char *why;
	bool emulated; /* only under tcg */
};

/* The parameters that only make the boot faster, with the reason of each; *ret_n of them. */
const struct vm_param *vm_cmdline_tuning(enum krn_arch arch, size_t *ret_n);

struct vm_cmdline_spec {
	enum krn_arch arch;
	bool tune;
	bool emulated;	   /* runs under tcg */
	bool quiet;	   /* keep the kernel's chatter off the emulated serial port */
	uint64_t tsc_khz;  /* told to the kernel, so that it need not measure; 0: it measures */
	char *const *user; /* may be NULL; stands last, so that it wins */
};

/* The whole line, owned by the caller. */
char *vm_cmdline(const struct vm_cmdline_spec *spec);
