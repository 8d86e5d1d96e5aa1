/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel configuration file as it is written: lines at column 0 of the form CONFIG_NAME=VALUE or
 * "# CONFIG_NAME is not set"; later lines win (scripts/kconfig/confdata.c, conf_read_simple()).
 */
#pragma once

#include "base/map.h"

struct dotconfig {
	struct map value; /* name without CONFIG_ -> its text; "n" where it is not set */
	struct arena text;
};

/* Called for each such line in order; name and value as in struct dotconfig, line from 1. */
typedef void dotconfig_fn(void *ctx, const char *name, const char *value, int line);
void dotconfig_each(const char *text, size_t n, dotconfig_fn *fn, void *ctx);
void dotconfig_parse(struct dotconfig *c, const char *text, size_t n);
/* "y", "m", "n" or other text; a symbol that is not there is "n". name: without CONFIG_. */
const char *dotconfig_get(const struct dotconfig *c, const char *name);
bool dotconfig_has(const struct dotconfig *c, const char *name); /* =y */
void dotconfig_release(struct dotconfig *c);
