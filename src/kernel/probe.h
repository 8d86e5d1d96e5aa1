/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of krn_image_probe(). */
#pragma once

#include "kernel/bytes.h"
#include "kernel/image.h"

#include <sys/stat.h>

struct krn_probe {
	int fd;
	const char *name; /* for messages */
	uint64_t size;	  /* of the file */
	struct bytes b;	  /* its beginning */
};

/* What every refusal's hint says. */
#define KRN_ACCEPTED                                                                                   \
	"KERNEL is a kernel build folder, an image (bzImage, vmlinux, Image, Image.gz), an installed " \
	"release\nor a kernel package (.deb, .rpm, .apk)"

/*
 * Each returns 1 if the file is of its kind (*im is filled in), 0 if it is not, or an error if it
 * is one but damaged.
 */
int krn_probe_elf(const struct krn_probe *p, struct krn_image *im, struct err *err);
int krn_probe_bzimage(const struct krn_probe *p, struct krn_image *im, struct err *err);
int krn_probe_flat(const struct krn_probe *p, struct krn_image *im, struct err *err);
int krn_probe_zboot(const struct krn_probe *p, struct krn_image *im, struct err *err);

/* An error for a file that is shorter than its own header says. */
int krn_probe_truncated(const struct krn_probe *p, const char *what, uint64_t declared,
			struct err *err);

/* What a file is that is no kernel: "a qcow2 disk image". Owned by the caller. */
char *krn_foreign_name(int fd, const struct bytes *b);
/* The same for what is no regular file: "a directory"; NULL for regular files. */
const char *krn_special_name(const struct stat *st);
