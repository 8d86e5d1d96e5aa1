/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changing the text of a part in place (part.h): order, comments and what stands behind a value are kept. Lines count
 * from 1; struct kc_wish has the one that a wish stands in.
 */
#pragma once

#include "base/str.h"

/*
 * Line n shall say that name has this value, as struct kc_wish has it: n as "# CONFIG_X is not set", before a comment
 * as "=n". n 0, or behind the last: a line is added at the end, out of reach of directives there. override: the line is
 * to have that directive, which it has not yet.
 *
 * Behind a number nothing may stand: the kernel's conf would take it for a part of the number. A directive is then put
 * on a line of its own above it, between empty lines, and directives around are repeated; a comment goes above, too.
 */
void kc_part_put(struct str *text, int n, const char *name, const char *value, bool override);
/* Removes line n, and a directive that was put above it alone; nothing where there is none. */
void kc_part_drop(struct str *text, int n);
