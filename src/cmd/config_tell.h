/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the verbs of `kiln config` speak of lines that do not hold, and of those that would help. */
#pragma once

#include "base/out.h"
#include "cmd/config_renames.h"
#include "kconfig/fix.h"

/* "CONFIG_X=y" or "# CONFIG_X is not set"; freed by the caller. */
char *config_fix_line(const struct kc_fix_line *line);
/* The same of a wish. */
char *config_wish_line(const struct kc_wish *w);
/* Which lines would help, in words to be printed below the reasons. */
void config_fix_words(const struct kc_fix *fix, struct strv *ret);
/* {"answer": "found", "lines": [...], "clash": [...]}; null for NULL */
json_t *config_fix_json(const struct kc_fix *fix);

/* Warns that w does not hold, and why. fix may be NULL. arch: of the tree. */
void config_tell_failure(struct out *out, const char *arch, const struct kc_wish *w,
			 const struct kc_explanation *e, const struct kc_fix *fix);
/* fix and renamed may be NULL. */
json_t *config_failure_json(const struct kc_wish *w, const struct kc_explanation *e,
			    const struct kc_fix *fix, const struct kc_renamed *renamed);
json_t *config_json_pos(const struct kc_wish *w);
