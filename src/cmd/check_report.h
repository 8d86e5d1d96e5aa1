/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What `kiln config check` found, for a person, a program, and as a part. */
#pragma once

#include "cmd/check_subject.h"
#include "kconfig/misses.h"

struct check_report {
	struct out *out;
	bool strict; /* what is recommended is required */
	struct check_subject subject;
	struct kc_check check;
	struct config_made asked; /* with a tree: the configuration with the wishes */
};

bool check_is_good(const struct check_report *c);
/* As text or JSON. */
void check_print(struct check_report *c);
/* Adds a part of what is missing. */
void check_part(const struct check_report *c, struct str *to);
void check_report_release(struct check_report *c);
