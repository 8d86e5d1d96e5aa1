/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking for values line by line, as scripts/kconfig/conf does: --oldaskconfig, --oldconfig, --syncconfig. */
#pragma once

#include "kconfig/conf.h"

#include <stdio.h>

enum ask_mode {
	ASK_ALL,  /* oldaskconfig */
	ASK_NEW,  /* oldconfig, syncconfig: what has no value yet */
	ASK_LIST, /* listnewconfig: nothing is asked, what would be is listed */
	ASK_HELP, /* helpnewconfig: with help */
};

struct ask {
	struct kc_conf *c;
	enum ask_mode mode;
	const char *prefix;
	FILE *in, *out, *err;
	bool echo; /* answers are not seen as they are typed: they are printed */
	int indent;
	unsigned asked;
	const struct kc_menu *root; /* the menu that is gone through */
	bool gave_up;		    /* at the end of input */
	char line[4096];
};

/* All that the mode asks. False: a number without a valid default was asked for at the end of input. */
bool ask_all(struct ask *a);
