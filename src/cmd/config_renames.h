/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of renamed symbols for the verbs of `kiln config`: read when it is first asked. */
#pragma once

#include "cmd/config_tree.h"
#include "kconfig/renames.h"

struct config_renames {
	struct out *out;
	struct kc_renames table;
	bool tried;
};

/* file: read now; NULL: kiln's own, read when it is asked, where a failure is a warning and nothing is known then. */
int config_renames_open(struct config_renames *r, const char *file, struct out *out,
			struct err *err);
/* The table itself, empty where kiln's own cannot be read. */
const struct kc_renames *config_renames_table(struct config_renames *r);
/* What is known of a name that the tree does not have; *ret is to be released. */
void config_renamed(struct config_renames *r, const struct config_tree *t, const char *name,
		    struct kc_renamed *ret);
/*
 * Of a wish that fails for want of its symbol: adds what is known to its explanation. One for n holds then, but where the
 * symbol has another name now and is on under that it fails, too. *ret is to be released.
 */
void config_explain_renamed(struct config_renames *r, const struct config_tree *t,
			    struct kc_conf *c, const struct kc_wish *w, struct kc_explanation *e,
			    struct kc_renamed *ret);
void config_renames_release(struct config_renames *r);
