/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modules of a kernel that is not running here: finding them by name and loading order, from a
 * package's or installed /lib/modules/RELEASE (with or without depmod's files) or straight from a
 * build folder.
 */
#pragma once

#include "kernel/resolve.h"

/*
 * The files (absolute, decompressed content not implied: .ko, .ko.gz, .ko.xz, .ko.zst) that must be
 * loaded so that each of `names` ('-' and '_' are the same) is there, each file behind those it
 * depends on (the "depends" of its .modinfo, read with libkmod; soft "pre" dependencies where they
 * exist). A name that is built in (modules.builtin) needs nothing. Names found neither way are
 * added to *ret_missing. Soft dependencies that are aliases bring every module of that alias, one
 * of which the machine may refuse (crc32c-intel): loading those must not be taken for failure.
 */
int krn_modules_closure(const struct krn *k, const char *const *names, size_t n,
			struct strv *ret_files, struct strv *ret_missing, struct err *err);

/* Whether this is a module by its name: NAME.ko, compressed or not. */
bool krn_is_module(const char *name);

/* A module's ELF file, decompressed. At most 256 MiB. */
int krn_module_read(const char *path, struct str *ret, struct err *err);
/*
 * Cuts the signature off a module's end (include/linux/module_signature.h), if it has one, and hides
 * two sections from the kernel: ".BTF", types for BPF, each of which it would check, and
 * "_ftrace_eval_map", the constants that formats of trace events name, which it would look for in the
 * formats of all events there are (trace_event_eval_update() in kernel/trace/trace_events.c).
 */
void krn_module_strip(struct str *module);

/*
 * A folder to be shown in the guest as /lib/modules/RELEASE, complete with depmod's files, so that
 * modprobe works there. For packages and installed kernels that is k->modules itself (depmod run
 * once where its files are missing and the folder is kiln's own). For a build folder it is a small
 * folder in the cache: links kernel/PATH.ko -> ../build/PATH.ko, `build` -> the build folder,
 * copies of modules.order, modules.builtin, modules.builtin.modinfo, and depmod's files over
 * exactly the modules in modules.order; renewed when those changed. *ret_path is NULL if the kernel
 * has no modules. *ret_note is NULL, or what to tell the user: a static text.
 */
int krn_modules_view(struct krn *k, const struct krn_progress *progress, char **ret_path,
		     const char **ret_note, struct err *err);
