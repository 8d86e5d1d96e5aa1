/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dkms.conf (dkms(8)) read as data. It is a piece of shell that dkms sources; here no shell is run, and of what only one
 * could tell it is said so. Understood are assignments (NAME=..., NAME[3]=..., NAME+=...) with quotes, lines joined by a
 * backslash, and $NAME or ${NAME} of what was assigned before or was given.
 */
#pragma once

#include "base/err.h"
#include "base/map.h"
#include "base/str.h"

struct mod_dkms {
	struct map values; /* "MAKE[0]" (NAME is NAME[0]) -> struct dkms_value * */
	char *name;	   /* of the file, for messages */
};

/*
 * vars: names and values that dkms knows ("kernelver", ...), NAME=VALUE each. What nobody asks for may be any shell; a file
 * with a NUL, or a quote that does not end, is -EINVAL.
 */
int mod_dkms_parse(struct mod_dkms *d, const char *text, size_t n, const char *name,
		   char *const *vars, struct err *err);
/* The value of NAME[index]: *ret is NULL where there is none; freed by the caller. -ENOTSUP: only a shell could tell. */
int mod_dkms_get(const struct mod_dkms *d, const char *name, unsigned index, char **ret,
		 struct err *err);
/* How many there are, up to the first index without a value; at most 10000. */
unsigned mod_dkms_count(const struct mod_dkms *d, const char *name);
void mod_dkms_release(struct mod_dkms *d);

/*
 * A command line as words, quotes taken off. -ENOTSUP for what only a shell can do: pipes, lists, redirections, patterns,
 * expansions that are left.
 */
int mod_words(const char *command, struct strv *ret, struct err *err);
