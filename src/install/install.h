/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Installing kernels below a root folder: image, modules, configuration, an entry for the boot loader; making one the
 * default; going back to the one before. doc/design/install.md says why a kill at any moment leaves a system that boots.
 */
#pragma once

#include "install/state.h"
#include "kernel/resolve.h"

struct ins_spec {
	const char *root; /* where it is installed; "/" for this system */
	enum ins_layout layout;
	enum ins_loader
		loader;	    /* INS_AUTO: the one used last below root, else the one that is there */
	const char *initrd; /* file to install beside it; NULL: none */
	const char *cmdline; /* NULL: that of the present default, else "ro" */
	const char *
		root_device; /* what root= is to say, such as PARTUUID=...; NULL: see ins_install() */
	uint64_t keep;	     /* kernels of kiln's own to be kept, this one with them; 0: all */
	const char *running; /* the release that is never removed; may be NULL */
	bool dry_run;	     /* nothing is written; the result says what would be */
	const struct krn_progress *progress;
};

struct ins_result {
	char *now, *before; /* ids of the default now and before; NULL: the loader's own */
	struct strv steps;  /* what was done, or would be: "write /boot/vmlinuz-6.15.3 (8.1 MiB)" */
	struct strv notes;  /* what the user should know or must do */
	struct strv removed; /* ids */
};
void ins_result_release(struct ins_result *r);

/*
 * Installs k and makes it the default. Without a root device and without an initrd GRUB is told to find the partition that
 * it reads the kernel from (probe --part-uuid); other loaders cannot, and it is an error, as it is where cmdline is too long or
 * holds what the loader would change. What is there and not kiln's own is never replaced: -EEXIST. After any error nothing
 * is switched and nothing new is left in place.
 */
int ins_install(struct krn *k, const struct ins_spec *spec, struct ins_result *ret,
		struct err *err);
/* Makes the default before the present one the default again. Nothing is removed. -ENOENT if there is none. */
int ins_rollback(const struct ins_spec *spec, struct ins_result *ret, struct err *err);
/* What is installed below root, as the last whole change left it. Nothing there: an empty state. */
int ins_list(const char *root, struct ins_state *ret, struct err *err);
