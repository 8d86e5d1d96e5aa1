/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building the cells of a plan: how many at once, what is shown meanwhile, what is said behind. */
#pragma once

#include "build/workers.h"
#include "cmd/build_plan.h"

/* What Ctrl-C is answered with. */
#define BUILD_ENDED "what is done is kept, and the next call goes on from there"

/* Builds all cells that are neither there nor bad; *ret_failed: how many it could not. -EINTR: it was ended. */
int build_run(struct build_plan *p, size_t *ret_failed, json_t *results, struct err *err);

/* The bars: a line for each cell that is being built. Drawn on a terminal; elsewhere a line now and then. */
struct build_view;
struct build_view *build_view_new(struct out *out);
void build_view_show(struct build_view *v, const struct bld_worker *workers, size_t n);
/* Clears the bars, for a line of text to be printed; they come again with the next build_view_show(). */
void build_view_clear(struct build_view *v);
void build_view_free(struct build_view *v);
