/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of $(shell,...) that need no shell. scripts/Kconfig.include wraps nearly all of them alike:
 *
 *	{ trap "rm -rf .tmp_$$" EXIT; mkdir .tmp_$$; gcc -Werror -mfoo -c -x c /dev/null -o .tmp_$$/tmp.o; } \
 *		>/dev/null 2>&1 && echo "y" || echo "n"
 *
 * What runs is one program with plain words, and its status says which of two texts is the answer. A shell, a mkdir and
 * a rm less for each are a fifth of all the time they take.
 */
#pragma once

#include "base/str.h"

struct kc_plain {
	struct strv argv; /* of the program */
	char *dir;	  /* the scratch folder that its words speak of; NULL: none */
	char *yes, *no;	  /* the answers for status 0 and for any other, with their newline */
};

/*
 * Whether a command is of that form, with nothing in it that a shell would do more with than split it at blanks. scratch
 * is what .tmp_$$ becomes. ret is set on success only.
 */
bool kc_plain_of(const char *command, const char *scratch, struct kc_plain *ret);
void kc_plain_release(struct kc_plain *p);
