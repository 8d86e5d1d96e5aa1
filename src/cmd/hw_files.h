/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware of a machine, as several verbs of `kiln hw` ask for it. */
#pragma once

#include "cmd/hw_find.h"
#include "hw/firmware.h"

struct hw_files_opts {
	const struct hw_source_opts *source;
	const struct strv *dirs; /* where to look; empty or NULL: where the kernel does */
	const char *log;	 /* a file, "-"; NULL: the machine's own */
	const char *release;	 /* NULL: this machine's, where the machine is this one */
	bool all;
};

struct hw_files {
	const char *root; /* below which the files are */
	struct hw_fw_data *data;
	struct hw_fw_dirs dirs;
	char *log;
	struct hw_firmware found;
	bool *needed; /* for each of found */
};
#define HW_FILES_NONE ((struct hw_files){ .dirs.root = -1 })

/* find: with its devices; it has to stay. */
int hw_files_find(struct hw_files *f, const struct hw_find *find, const struct hw_files_opts *o,
		  struct err *err);
/* Where a file is, for this machine; NULL: it is not there. The caller's. */
char *hw_files_path(const struct hw_files *f, const struct hw_fw_file *x);
/* The package of this machine's distribution that has files like it; NULL: none is known. The caller's. */
char *hw_files_package(const struct hw_files *f, const struct hw_fw_file *x);
/*
 * Where the i-th file is the first of a driver for which nothing at all is there, though it may ask for something: a note, in
 * which that file speaks for all.
 */
void hw_files_tell_empty(const struct hw_files *f, struct out *out, size_t i);
/*
 * Appends the lines of a configuration that build what is needed into a kernel: nothing where nothing is. copy: the folder that
 * has them all as plain files; NULL: where they are, which is -EINVAL where that is no one folder of plain files.
 */
int hw_files_extra(const struct hw_files *f, const char *copy, struct str *ret, struct err *err);
void hw_files_release(struct hw_files *f);
