/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In words, what gave a symbol its value (kc_origin_of() in explain.h). */
#pragma once

#include "kconfig/explain.h"

/*
 * "the default at init/Kconfig:12", "select: NET, TUN", "its choice 'timer' has HZ_100"; of KC_BY_USER and KC_BY_NOTHING
 * "the configuration" and "nothing ...". prop: as kc_origin_of() gave it. Freed by the caller.
 */
char *kc_origin_words(struct kc_conf *c, const struct kc_sym *s, enum kc_origin origin,
		      const struct kc_prop *prop);
/* The member of a choice that is y, or NULL; values have been worked out. choice: its entry. */
struct kc_sym *kc_choice_chosen(const struct kc_conf *c, const struct kc_menu *choice);
