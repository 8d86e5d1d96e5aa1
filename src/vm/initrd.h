/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The initramfs of a run: PID 1, the modules it must load, and for a run without a root share the
 * command itself. Kept in the cache under a name made of everything that goes into it.
 */
#pragma once

#include "kernel/resolve.h"

struct vm_initrd_spec {
	const char *guest; /* the guest program; NULL: kiln's own for the kernel's architecture */
	const struct krn *kernel;
	const struct strv *modules; /* names wanted */
	bool must_have; /* a module that is found neither as a file nor built in is an error */
	bool strip; /* put the modules in without their signatures and types, see krn_module_strip() */
	const char *user;    /* an initramfs to be unpacked below kiln's own; NULL: none */
	const char *command; /* absolute path of a program to be put in with its libraries; NULL:
				none */
};

int vm_initrd_make(const struct vm_initrd_spec *spec, char **ret_path, struct err *err);
