/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changing the text of a part in place (part.h): order, comments and what stands behind a value are kept. Lines count
 * from 1; struct kc_wish has the one that a wish stands in.
 */
#pragma once

#include "base/str.h"

/*
 * Line n shall say that name has this value, as struct kc_wish has it: n as "# CONFIG_X is not set", before a comment
 * as "=n". n 0, or behind the last: a line is added at the end, out of reach of directives there; override: as one
 * that may contradict earlier lines.
 */
void kc_part_put(struct str *text, int n, const char *name, const char *value, bool override);
/* Removes line n; nothing where there is none. */
void kc_part_drop(struct str *text, int n);
