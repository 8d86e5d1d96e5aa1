/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configurations that were worked out, and in which every line held: kept in CACHE/resolved by all that they were made from, the
 * tree's Kconfig files and the answers of compilers among it, for two weeks.
 */
#pragma once

#include "cmd/config_tree.h"

/* Its key; false where it has none, as the tree was read just now. start: its text (config_start_text()). */
bool config_resolved_key(const struct config_tree *t, const struct config_start *start,
			 const struct kc_wishes *wishes, char ret[33]);
/* The text of .config; false where it is not there, or damaged. */
bool config_resolved_find(const char *key, struct str *ret);
/* Failing is no error. */
void config_resolved_keep(const char *key, const char *text);
