/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What make, kbuild, compilers and linkers say, read as it comes. Results go into struct bld_kbuild: steps, step, warnings,
 * errors, first_error, failed_object.
 */
#pragma once

#include "build/kbuild.h"

struct bld_output;
/* tree and build: absolute; they are taken off the front of paths in messages. */
struct bld_output *bld_output_new(struct bld_kbuild *k, const char *tree, const char *build);
/* Any pieces, lines may be cut anywhere. Lines are read up to 64 KiB, the rest of a longer one is dropped. */
void bld_output_feed(struct bld_output *o, const char *data, size_t n);
/* Behind the last piece. */
void bld_output_end(struct bld_output *o);
void bld_output_free(struct bld_output *o);
/* The results, for whoever made k. */
void bld_messages_release(struct bld_messages *m);
