/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What verbs of `kiln config` say in the same words. */
#pragma once

#include "kconfig/explain.h"

/* What gave s its value, as kc_origin_of() found: "my.config:3", "the default at ...". Freed by the caller. */
char *config_origin_words(struct kc_conf *c, const struct kc_wishes *wishes, struct kc_sym *s,
			  enum kc_origin origin, const struct kc_prop *p);
