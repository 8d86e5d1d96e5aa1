/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which patches a folder or a list of them stands for. */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct src_listed {
	char *path, *name;   /* name: below the folder, or the file's */
	char *since, *until; /* of series.yaml; NULL */
	bool ranged;	     /* series.yaml has one of them */
};
struct src_list {
	struct src_listed *v;
	size_t n, cap;
};
/* Adds what path stands for. */
int src_list_add(struct src_list *l, const char *path, struct err *err);
void src_list_release(struct src_list *l);
