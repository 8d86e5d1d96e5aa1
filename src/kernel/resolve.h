/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * KERNEL, as every command takes it: a build folder or tree, an image file, an installed release, a
 * distribution package, a cell of the store by its name or identity, or nothing (the build folder one
 * stands in, else the newest installed kernel). What is there as a path is that path.
 *
 * Packages are unpacked once into the cache, keyed by their digest; images are unpacked once
 * likewise.
 */
#pragma once

#include "kernel/image.h"

enum krn_kind { KRN_FOLDER, KRN_FILE, KRN_INSTALLED, KRN_PACKAGE };

struct krn {
	enum krn_kind kind;
	char *spec;  /* as asked for, or what the default came to */
	char *image; /* absolute path of the image file */
	struct krn_image info;
	char *release; /* "6.1.0-56-amd64"; NULL if it cannot be known without booting */
	char *stale; /* what the build folder says the release is, where the image says otherwise */
	/*
	 * Folder holding modules.order and so on, in the form of /lib/modules/RELEASE (KRN_FOLDER:
	 * the build folder itself); NULL if none. krn_modules_view() makes of either what a guest
	 * can use.
	 */
	char *modules;
	char *build; /* kernel build folder (KRN_FOLDER), else NULL */
	char *config; /* file with the kernel's configuration; NULL if none is known (see krn_config()) */
	struct {
		int *v;
		size_t n, cap;
	} held;	      /* the cache's folders that it lies in, see krn_hold() */
	char key[65]; /* hex; another kernel, or the same path with other content, has another key */
};

/* What a long step (unpacking a package) reports to; may be NULL. */
struct krn_progress {
	void (*report)(void *ctx, const char *what, uint64_t done, uint64_t total);
	void *ctx;
};

/*
 * spec NULL: the default. `root` is where installed kernels are looked for ("/" normally; tests
 * give a recorded tree). arch KRN_ARCH_UNKNOWN: whatever it is. Errors name what the thing is and
 * what would be accepted; an unknown release names the nearest installed ones.
 */
int krn_resolve(const char *spec, const char *root, enum krn_arch arch,
		const struct krn_progress *progress, struct krn *ret, struct err *err);
void krn_release(struct krn *k);

/*
 * The uncompressed kernel: k->image itself if it is one, the build folder's vmlinux if it belongs
 * to the image, else unpacked into the cache (keyed by the image's digest). *ret_info is probed
 * from it.
 */
int krn_vmlinux(struct krn *k, const struct krn_progress *progress, char **ret_path,
		struct krn_image *ret_info, struct err *err);

/*
 * The kernel's configuration as text: k->config if it can be read, else embedded in the image.
 * -ENOENT if neither is there.
 */
int krn_config(struct krn *k, struct str *ret, struct err *err);
