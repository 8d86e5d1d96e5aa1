/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a toolchain's programs are: this host, a container's image, a flake's shell. */
#pragma once

#include "build/ask.h"
#include "build/toolchain.h"

/* Makes a place of an image's or a flake's name; p is empty but for env. */
int bld_container_open(const char *image, struct bld_place *p, struct err *err);
/* The wrap of p with the folders of ask. */
int bld_container_wrap(const struct bld_place *p, const struct bld_toolchain_ask *ask,
		       struct strv *ret, struct err *err);
/*
 * Ends the container that wrap is named after, where a killed kiln left one; it may write there until then. The caller has the
 * build folder's lock. marked: make was killed in that folder; podman, whose next start ends it too, is called only then.
 * Other wraps are fine.
 */
int bld_container_end(char *const *wrap, bool marked, struct err *err);
/* A bind mount, as an argument of podman and docker. -EINVAL: a path they have no way to write. */
int bld_container_mount(const char *path, bool readonly, struct strv *ret, struct err *err);
int bld_flake_open(const char *flake, struct bld_place *p, struct err *err);
/* The canonical text of `nix flake metadata --json`: revisions and digests. For its test and the fuzzer. */
int bld_flake_lock(const char *json, size_t n, struct str *ret, struct err *err);

/* Variables that are handed through a wrap which keeps the others out, NULL-terminated. */
extern const char *const bld_env_through[];
