/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs of `kiln config` say in the same words: of lines that do not hold, those that would help, of origins. */
#pragma once

#include "base/out.h"
#include "cmd/config_renames.h"
#include "kconfig/fix.h"

/* What gave s its value, as kc_origin_of() found: "my.config:3", "the default at ...". Freed by the caller. */
char *config_origin_words(struct kc_conf *c, const struct kc_wishes *wishes, struct kc_sym *s,
			  enum kc_origin origin, const struct kc_prop *p);
/* "CONFIG_X=y" or "# CONFIG_X is not set"; freed by the caller. */
char *config_fix_line(const struct kc_fix_line *line);
/* The same of a wish. */
char *config_wish_line(const struct kc_wish *w);
/* A fixer for wishes on what was made; NULL where there is no solver, which is warned of. */
struct kc_fixer *config_fixer(struct out *out, const struct config_made *made,
			      const struct kc_wishes *wishes);
/* Which lines would help, in words to be printed below the reasons. */
void config_fix_words(const struct kc_fix *fix, struct strv *ret);
/* [{"symbol": ..., "value": ...}, ...] */
json_t *config_lines_json(const struct kc_fix *fix);
/* {"answer": "found", "lines": [...], "clash": [...]}; null for NULL */
json_t *config_fix_json(const struct kc_fix *fix);

/* Warns that w does not hold, and why. fix may be NULL. arch: of the tree. */
void config_tell_failure(struct out *out, const char *arch, const struct kc_wish *w,
			 const struct kc_explanation *e, const struct kc_fix *fix);
/* fix and renamed may be NULL. */
json_t *config_failure_json(const struct kc_wish *w, const struct kc_explanation *e,
			    const struct kc_fix *fix, const struct kc_renamed *renamed);
json_t *config_json_pos(const struct kc_wish *w);
