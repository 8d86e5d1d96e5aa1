/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the verbs of `kiln config` speak of the lines that would make others hold. */
#pragma once

#include "base/out.h"
#include "kconfig/fix.h"

/* "CONFIG_X=y" or "# CONFIG_X is not set"; freed by the caller. */
char *config_fix_line(const struct kc_fix_line *line);
/* The same of a wish. */
char *config_wish_line(const struct kc_wish *w);
/* In words, to be printed below the reasons. */
void config_fix_words(const struct kc_fix *fix, struct strv *ret);
/* {"answer": "found", "lines": [...], "clash": [...]} */
json_t *config_fix_json(const struct kc_fix *fix);
