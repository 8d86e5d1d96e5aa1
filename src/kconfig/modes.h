/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Giving values to all symbols the user has not spoken of: all*config, randconfig, defconfig, yes2modconfig... */
#pragma once

#include "kconfig/conf.h"

enum kc_fill { KC_FILL_DEFAULT, KC_FILL_YES, KC_FILL_MOD, KC_FILL_NO, KC_FILL_RANDOM };

/* Percentages of $KCONFIG_PROBABILITY: bool y, tristate y, tristate m. */
struct kc_odds {
	int bool_y, tri_y, tri_m;
};
/* "N", "Y:M" or "B:Y:M"; NULL or "" gives 50, 33, 33. -ERANGE: not percentages, or above 100 in sum. */
int kc_odds_parse(const char *text, struct kc_odds *ret);

/* odds: for KC_FILL_RANDOM, drawn with rand(). */
void kc_fill(struct kc_conf *c, enum kc_fill fill, const struct kc_odds *odds);
/* Tristates the user set to one value get another. */
void kc_rewrite(struct kc_conf *c, enum kc_tri from, enum kc_tri to);
