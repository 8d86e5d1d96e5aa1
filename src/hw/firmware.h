/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Firmware: which files the drivers of a machine's devices ask for, which of them it really loaded or missed, and where they
 * are.
 *
 * Drivers announce files by MODULE_FIRMWARE() (hw/index.h), mostly more than one machine needs. What this one needs tells its
 * log (hw/kmsg.h); of most kernels that names what was missed and, by the words of some drivers, what was loaded.
 */
#pragma once

#include "hw/match.h"

enum hw_fw_state {
	HW_FW_CANDIDATE, /* a driver may ask for it */
	HW_FW_LOADED,
	HW_FW_MISSED, /* asked for, and it was not there */
	HW_FW_STATES
};
extern const char *const hw_fw_state_name[HW_FW_STATES]; /* "candidate" */

/* In the order of the kernel's loader. */
enum hw_fw_form { HW_FW_PLAIN, HW_FW_ZST, HW_FW_XZ, HW_FW_ABSENT };
extern const char *const hw_fw_suffix[HW_FW_ABSENT]; /* "", ".zst", ".xz" */

struct hw_fw_file {
	const char *
		name; /* below a folder of firmware: "i915/kbl_dmc_ver1_04.bin"; a pattern where nothing fits one */
	enum hw_fw_state state;
	enum hw_fw_form form;
	const char *folder; /* where it is: "/lib/firmware"; NULL: absent */
	const char *module; /* that asks for it, as lsmod has it; NULL: not known */
	const char *source; /* file below the tree; NULL: from the log, or from data/firmware */
	unsigned line;
	const struct hw_device *device; /* NULL: none is known */
	const char *
		reason; /* why a module of another driver asks for it; NULL: it is the driver's own */
	const char *instead; /* missed, but the same device loaded this one; NULL: it did not */
};

struct hw_firmware {
	struct hw_fw_file *v; /* by device as the inventory has them, then by name */
	size_t n, cap;
	bool log_known;	   /* there was a log at all */
	bool log_complete; /* and it names each file that was loaded */
	struct arena arena;
};

/* data/firmware: what the tables do not tell, and which package has a file. */
struct hw_fw_data;
int hw_fw_data_read(struct hw_fw_data **ret, struct err *err);
void hw_fw_data_free(struct hw_fw_data *d);
/* A package's name for the caller to free; NULL: none is known. distro: "debian", "fedora", "arch", "alpine". */
char *hw_fw_package(const struct hw_fw_data *d, const char *distro, const char *file);

/* Folders of firmware, as paths below a root; links in them are followed as the root's own programs would. */
struct hw_fw_dirs {
	int root; /* owned by the caller */
	struct strv v;
	bool without_openat2; /* as on Linux before 5.6; for tests */
};
/*
 * The kernel's own: firmware_class.path, /lib/firmware/updates/RELEASE, updates, RELEASE, /lib/firmware. release NULL: not
 * known.
 */
void hw_fw_dirs_usual(struct hw_fw_dirs *d, const char *release);
/* Opens a plain file of that name; a descriptor, or -ENOENT. *ret_folder is one of d's. */
int hw_fw_open(const struct hw_fw_dirs *d, const char *name, enum hw_fw_form *ret_form,
	       const char **ret_folder);
/* The names below the folders that fit a pattern, whatever they are packed with, sorted. */
void hw_fw_glob(const struct hw_fw_dirs *d, const char *pattern, struct strv *ret);

struct hw_firmware_spec {
	const struct hw_inventory *inv;
	const struct hw_matches *found; /* for each device of inv, sorted */
	const struct hw_index *index;
	size_t n_indexes;
	/* whether a record is there, may be NULL: all are */
	bool (*holds)(const void *ctx, const struct hw_index *ix, const struct hw_ix_record *r);
	const void *ctx;
	const char *log; /* NULL: there is none */
	const struct hw_fw_dirs *dirs;
	const struct hw_fw_data *data;
};
/* Strings of *ret are its own or those of the spec, which has to stay. */
void hw_firmware_find(const struct hw_firmware_spec *spec, struct hw_firmware *ret);
void hw_firmware_release(struct hw_firmware *f);
#define auto_hw_firmware cleanup(hw_firmware_release)

/*
 * What belongs into a kernel that has its firmware built in: what was loaded, what was missed and is there now; where the log
 * does not name all that was loaded, also the candidates of drivers of which it names nothing. all: every file that is there.
 */
bool hw_firmware_is_needed(const struct hw_firmware *f, const struct hw_fw_file *x, bool all);
/* A file that something has to be done about: the machine asked for it, it is not here, and no other was taken in its place. */
bool hw_firmware_is_lacking(const struct hw_fw_file *x);
/*
 * The value of EXTRA_FIRMWARE, names with a blank between them, and in *ret_folder that of EXTRA_FIRMWARE_DIR: the folder where
 * they all are as plain files, else NULL. needed: for each file whether it is to be in.
 */
void hw_firmware_extra(const struct hw_firmware *f, const bool *needed, struct str *ret_names,
		       const char **ret_folder);

/*
 * Copies those files, unpacked and as plain files, into a new folder, which is there when it is whole. -EEXIST where it has
 * something in it, -EBADMSG for what cannot be unpacked, -EFBIG.
 */
int hw_firmware_copy(const struct hw_firmware *f, const bool *needed, const struct hw_fw_dirs *dirs,
		     const char *folder, struct err *err);
