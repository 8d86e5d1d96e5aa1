/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this host can do for kiln, and the command that mends what it cannot. */
#pragma once

#include "host/host.h"

enum host_purpose {
	FOR_RUN = 1 << 0,   /* kiln run */
	FOR_BUILD = 1 << 1, /* kernels and modules */
	FOR_VM = 1 << 2,    /* machines that stay, as services of the user */
	FOR_VFIO = 1 << 3,  /* devices handed to guests */
	FOR_ALL = (1 << 4) - 1,
};
/* "run", "build", "vm", "vfio": the names of the bits in order, NULL-terminated. */
extern const char *const host_purposes[];

enum host_state {
	HOST_OK,
	HOST_WARN,    /* kiln does without it, or with less */
	HOST_MISSING, /* a purpose asked for fails without it */
};
const char *host_state_name(enum host_state s);

struct host_finding {
	const char *name;
	enum host_state state;
	char *detail;	 /* one line: what there is, or what is not and why it matters */
	char *fix;	 /* the command that mends it; NULL only where all is well */
	unsigned needed; /* purposes that fail without it */
	unsigned useful; /* purposes that are only better with it */
};

struct host_findings {
	struct host_finding *v;
	size_t n;
	size_t cap;
};

/*
 * Looks at all that concerns the purposes (0: everything there is, held against every purpose).
 * Never fails: what cannot be found out is a finding.
 */
void host_doctor(const struct host *h, unsigned purposes, struct host_findings *ret);
void host_findings_release(struct host_findings *f);
