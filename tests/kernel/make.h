/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small kernels, packages and modules made on the spot. All appending goes to a struct str. */
#pragma once

#include "base/str.h"
#include "kernel/image.h"

/* Writes a file below dir, making folders as needed. */
void make_file(const char *dir, const char *path, const void *data, size_t n);
static inline void make_text(const char *dir, const char *path, const char *text)
{
	make_file(dir, path, text, strlen(text));
}
/* A descriptor of a memory file with this content. */
int make_fd(const void *data, size_t n);

/*
 * An x86_64 vmlinux: one segment high up, a PVH note, a banner with this release, and (config not
 * NULL) IKCONFIG.
 */
void make_vmlinux(struct str *b, const char *release, const char *config);
/* A bzImage around a payload, with this version in its header. */
void make_bzimage(struct str *b, const char *version, const struct str *payload);
/* An arm64 Image with a banner. */
void make_arm64_image(struct str *b, const char *release);
/* Runs a compressor over in; false if it is not installed. argv is NULL-terminated. */
bool make_compressed(struct str *out, const struct str *in, const char *const *argv);
/* A module: an ELF object with this .modinfo (NUL-separated, n bytes). */
void make_module(struct str *b, const char *modinfo, size_t n);

/* One tar entry: type '0' file, '1' hard link, '2' symlink, '3' device, '5' folder. */
void make_tar_entry(struct str *b, const char *name, char type, const char *link, const void *data,
		    size_t n);
void make_tar_end(struct str *b);
/* A .deb of this control text and data.tar. */
void make_deb(struct str *b, const char *control, const struct str *data);
/* A .deb of this control.tar and data.tar. */
void make_deb_of(struct str *b, const struct str *control, const struct str *data);
