/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `kiln config diff --blame`. */
#pragma once

#include "cmd/config_tree.h"

/* Prints each line of the configuration that parts on a base make, with what gave it its value. An exit status. */
int config_blame(struct out *out, const struct config_opts *o, const char *base, char **parts,
		 size_t n_parts, struct err *err);
