/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of each patch of a series on each of some trees, as a table; below it the hunks that do not apply. */
#pragma once

#include "base/out.h"
#include "source/series.h"

struct patch_column {
	const struct src_tree *tree;
	const struct src_verdicts *verdicts;
	char *title; /* patch_table_print()'s own */
};
struct patch_table {
	struct out *out;
	const struct src_series *series;
	struct patch_column *v;
	size_t n, cap;
};

/* Prints it; EXIT_NO where something needs a rebase or is bad. With --json nothing is printed. */
int patch_table_print(struct patch_table *t, struct err *err);
/* {"good": ..., "patches": [...]} */
json_t *patch_table_json(const struct patch_table *t);
void patch_table_release(struct patch_table *t);
