/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The environment of a command in a guest. */
#pragma once

#include "base/str.h"

/*
 * Adds what host (NULL terminated) has, but for what belongs to the host's session alone, with the
 * changes made: NAME=VALUE sets, NAME removes, and of several for one name the last decides.
 */
void env_for_guest(char *const *host, const struct strv *changes, struct strv *ret);
