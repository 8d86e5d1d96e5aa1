/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The places a kernel may be: each fills in image, release, modules, config and build of a struct
 * krn; krn_resolve() does the rest.
 */
#pragma once

#include "kernel/resolve.h"

/*
 * Whether s can be a kernel's release: they all begin with a number (the kernel's Makefile). What a
 * package or an image says of itself becomes a part of paths and an argument of depmod.
 */
bool krn_is_release(const char *s);
/* Releases with an image below root, newest first. */
void krn_installed_releases(const char *root, struct strv *ret);
/* The image of a release below root, or NULL. */
char *krn_installed_image(const char *root, const char *release);
/*
 * -ENOENT without words if there is no such release. A name that is none, such as "linux" for
 * Arch's boot/vmlinuz-linux, finds the image and leaves k->release and what belongs to it unset.
 */
int krn_installed_find(const char *root, const char *release, struct krn *k);
/* ROOT/lib/modules/RELEASE or ROOT/usr/lib/modules/RELEASE if it is a folder, else NULL. */
char *krn_installed_modules(const char *root, const char *release);
/*
 * A cell of the store, by its name or the beginning of its identity. -ENOENT: there is none of that name, or no store.
 */
int krn_cell_find(const char *name, struct krn *k, struct err *err);
/* The names of all cells; nothing where there is no store. */
void krn_cell_names(struct strv *ret);
/* No such path, release or cell: says what there is. */
int krn_installed_unknown(const char *spec, const char *root, struct err *err);
/* No kernel at all: says how to get one. */
int krn_installed_none(const char *root, struct err *err);

/* Whether path is a kernel build folder or tree. */
bool krn_folder_is(const char *path);
/* image: a file inside it, or NULL to look for it. */
int krn_folder_find(const char *path, const char *image, struct krn *k, struct err *err);
/* The build folder an image file lies in (".../arch/x86/boot/bzImage", ".../vmlinux"), or NULL. */
char *krn_folder_of(const char *image);
/* Adds the identity of each module of a build folder: a rebuilt module is another kernel. */
struct krn_mix;
void krn_folder_mix_modules(const char *build, struct krn_mix *m);
/* A line of modules.order (without newline) as the path of the .ko file; false if it is none. */
bool krn_order_path(const char *line, size_t n, struct str *ret);
