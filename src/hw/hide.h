/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hardware addresses taken out of texts, such as names of network interfaces that are made of them ("enx001122334455"). */
#pragma once

#include "base/str.h"

struct hw_hidden {
	struct strv names; /* of interfaces, each of which keeps its number */
};
void hw_hidden_release(struct hw_hidden *h);
#define auto_hidden cleanup(hw_hidden_release)

/*
 * Adds the text with hardware addresses as zeros ("00:00:00:00:00:00"), and in names of interfaces a number in their place, from 1
 * in the order in which they are met. What was hidden once comes out the same again.
 */
void hw_hide(struct hw_hidden *h, const char *text, size_t n, struct str *ret);
