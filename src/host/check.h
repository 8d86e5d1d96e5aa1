/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One check of the doctor: a row in the table in doctor.c and a function that looks. */
#pragma once

#include "host/doctor.h"

struct check {
	const char *name;
	unsigned needed; /* purposes, see struct host_finding */
	unsigned useful;
	/*
	 * Fills f, by check_ok() and its like. It says HOST_MISSING where the thing is not there;
	 * whether that is only a warning for the purposes asked for is decided afterwards. It may
	 * narrow or widen f->needed.
	 */
	void (*look)(const struct host *h, const struct check *c, struct host_finding *f);
	const char *arg;  /* what to look for: a program, a header, a group ... */
	const char *what; /* what it is good for, said when it is not there */
};

void check_ok(struct host_finding *f, const char *fmt, ...) PRINTF(2, 3);
/* These take fix. */
void check_warn(struct host_finding *f, char *fix, const char *fmt, ...) PRINTF(3, 4);
void check_missing(struct host_finding *f, char *fix, const char *fmt, ...) PRINTF(3, 4);

/*
 * What to type to get `need`, a name in data/packages.def; with sudo in front for all but root. Where the distribution or
 * its package is not known: words that name it.
 */
char *host_install_command(const struct host *h, const char *need);
/* A command for root: with sudo in front for everyone else. */
char *host_root_command(const struct host *h, const char *fmt, ...) PRINTF(2, 3);

/* check_tools.c */
void look_qemu(const struct host *h, const struct check *c, struct host_finding *f);
void look_accel(const struct host *h, const struct check *c, struct host_finding *f);
void look_virtiofsd(const struct host *h, const struct check *c, struct host_finding *f);
void look_program(const struct host *h, const struct check *c, struct host_finding *f);
void look_cross(const struct host *h, const struct check *c, struct host_finding *f);
void look_header(const struct host *h, const struct check *c, struct host_finding *f);
void look_nix(const struct host *h, const struct check *c, struct host_finding *f);
/* check_system.c */
void look_kernel(const struct host *h, const struct check *c, struct host_finding *f);
void look_group(const struct host *h, const struct check *c, struct host_finding *f);
void look_systemd(const struct host *h, const struct check *c, struct host_finding *f);
void look_user_manager(const struct host *h, const struct check *c, struct host_finding *f);
void look_linger(const struct host *h, const struct check *c, struct host_finding *f);
void look_userns(const struct host *h, const struct check *c, struct host_finding *f);
void look_space(const struct host *h, const struct check *c, struct host_finding *f);
/* check_vfio.c */
void look_module(const struct host *h, const struct check *c, struct host_finding *f);
void look_iommu(const struct host *h, const struct check *c, struct host_finding *f);
void look_memlock(const struct host *h, const struct check *c, struct host_finding *f);
void look_vsock(const struct host *h, const struct check *c, struct host_finding *f);
