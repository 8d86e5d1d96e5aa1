/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What kiln has installed below a root: ROOT/var/lib/kiln/install.json. All paths in it are relative to the root and lie
 * where kernels are put, or the file is refused: what it names may be removed.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

enum ins_layout { INS_BOOT, INS_STALIX };
enum ins_loader { INS_AUTO, INS_GRUB, INS_BLS, INS_EXTLINUX, INS_NONE };
extern const char *const ins_layout_names[]; /* "boot", "stalix"; NULL-terminated */
extern const char *const ins_loader_names[]; /* "auto", "grub", ... */

struct ins_kernel {
	char *id; /* of its entry: "kiln-6.15.3" */
	char *release;
	char *arch;	   /* as krn_arch_name() */
	char *digest;	   /* SHA-256 of the image */
	char *image;	   /* "boot/vmlinuz-6.15.3" */
	char *initrd;	   /* NULL: none */
	char *cmdline;	   /* without root= */
	char *root_device; /* "PARTUUID=..."; NULL: none */
	bool probe;	   /* GRUB is to find the root device */
	uint64_t serial;   /* of the change that installed it last */
	struct strv paths; /* all that is its own: files, and its folder of modules */
};

struct ins_state {
	uint64_t
		serial; /* of the change that made it; also in the loader's file, which tells whether that took place */
	enum ins_loader loader; /* INS_AUTO: nothing was installed yet */
	char *foreign;		/* the default that loader.conf had before kiln's; NULL: none */
	struct {
		struct ins_kernel *v;
		size_t n, cap;
	} kernels;
	struct strv history; /* ids that were the default, the present one last */
};
void ins_kernel_release(struct ins_kernel *k);
void ins_state_release(struct ins_state *s);
#define auto_ins_state cleanup(ins_state_release)
void ins_state_copy(struct ins_state *to, const struct ins_state *from);
/* NULL if there is none of that id (which may be NULL). */
struct ins_kernel *ins_find(const struct ins_state *s, const char *id);
/* Id of the default and the one before; NULL: the loader's own. */
const char *ins_default(const struct ins_state *s);
const char *ins_previous(const struct ins_state *s);
/* Drops a kernel and its place in the history. */
void ins_drop(struct ins_state *s, const char *id);
/* Newest version first. */
void ins_sort(struct ins_state *s);

/* The file: what is, what a change under way is to lead to (NULL: none is), what is to be removed. */
struct ins_file {
	struct ins_state now, next;
	bool under_way;
	struct strv garbage; /* paths */
};
void ins_file_release(struct ins_file *f);
#define auto_ins_file cleanup(ins_file_release)

#define INS_FILE "var/lib/kiln/install.json"
/* A missing file is an empty state. */
int ins_file_read(const char *path, struct ins_file *ret, struct err *err);
int ins_file_write(const char *path, const struct ins_file *f, struct err *err);
int ins_file_parse(const char *text, size_t n, const char *name, struct ins_file *ret,
		   struct err *err);
