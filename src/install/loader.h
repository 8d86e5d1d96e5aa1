/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What boot loaders read. Each has one file that names the default, and that file's rename is the switch:
 *
 *	grub		ROOT/boot/grub/kiln.cfg (or grub2): all entries and the default, for grub.cfg to source
 *	bls		ROOT/boot/loader/entries/ID.conf for each kernel; the default in loader.conf
 *	extlinux	ROOT/boot/extlinux/kiln.conf: all entries and the default, for extlinux.conf to include
 *
 * Sources: GRUB's manual (menuentry, probe) and grub-core/lib/cmdline.c for how it hands on words; the Boot Loader
 * Specification, type 1, and the Version Format Specification (uapi-group.org); loader.conf(5); Syslinux's config.txt.
 */
#pragma once

#include "install/place.h"
#include "install/state.h"

/* The loader that is there, by its files; INS_NONE if none is. */
enum ins_loader ins_loader_detect(const struct ins_place *p);
/* The file of the switch, relative to the root; NULL for INS_NONE. */
char *ins_loader_file(const struct ins_place *p, enum ins_loader loader);
/* A file of its own that each kernel has; NULL where the loader has none. */
char *ins_loader_entry_path(enum ins_loader loader, const char *id);
/* Whether the loader hands on this kernel's words as they are: -EINVAL if not. */
int ins_loader_check(const struct ins_kernel *k, enum ins_loader loader, struct err *err);
/* The file of the switch for s (sorted); old is the content that it has, of which loader.conf keeps what is the user's. */
void ins_loader_text(const struct ins_place *p, const struct ins_state *s, const char *old,
		     struct str *ret);
/* The kernel's own file. */
void ins_loader_entry(const struct ins_place *p, const struct ins_kernel *k, struct str *ret);
/* The serial of the state that a file of the switch was made from; 0: not by kiln. */
uint64_t ins_loader_serial(const char *text);
/* The default that loader.conf names and that is not kiln's; NULL. */
char *ins_loader_foreign(const char *text);
/* "root=PARTUUID=... ro quiet" */
void ins_loader_options(const struct ins_kernel *k, struct str *ret);
/* What must be added to the user's own files once, if it is not there. */
void ins_loader_notes(const struct ins_place *p, enum ins_loader loader, struct strv *ret);
