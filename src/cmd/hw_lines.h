/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs of `kiln hw` have in common that work out lines of a configuration. */
#pragma once

#include "cmd/config_tree.h"
#include "cmd/hw_find.h"
#include "hw/symbols.h"

struct hw_lines {
	struct out *out;
	struct config_tree tree;
	struct config_start start;
	struct kb_module_list modules;
	struct hw_symbols found;
};
#define HW_LINES_NONE ((struct hw_lines){ .tree = { .dirfd = -1 } })

/* The tree, its makefiles, and what the lines are put on; base NULL: allnoconfig. */
int hw_lines_open(struct hw_lines *l, struct out *out, const struct config_opts *o,
		  const char *base, struct err *err);
/* Works out found. */
int hw_lines_find(struct hw_lines *l, const struct hw_wanted *wanted, size_t n, bool as_modules,
		  struct err *err);
/* The same tree, for what drives a machine's devices. */
struct hw_find_opts hw_lines_find_opts(const struct config_opts *o,
				       const struct hw_source_opts *source);
/* Whether the tree has a symbol at all. */
bool hw_lines_has(const struct hw_lines *l, const char *symbol);
/* What was not met, as warnings. */
void hw_lines_tell(struct hw_lines *l, const struct hw_wanted *wanted);
json_t *hw_lines_json(struct hw_lines *l, const struct hw_wanted *wanted);
void hw_lines_release(struct hw_lines *l);
