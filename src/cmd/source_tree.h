/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder with a kernel's source, for verbs that only look at some of its files: no digest is made of it. */
#pragma once

#include "source/series.h"

/* -ENOENT: it is no kernel tree. *ret has path and version. */
int source_tree_open(const char *path, struct src_tree *ret, struct err *err);
void source_tree_release(struct src_tree *t);
