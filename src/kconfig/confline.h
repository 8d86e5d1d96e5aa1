/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the writing of configurations: lines and files, shared by confwrite.c and autoconf.c. */
#pragma once

#include "base/err.h"
#include "kconfig/conf.h"

enum kc_line_style {
	KC_LINE_CONFIG, /* n as "# CONFIG_X is not set" */
	KC_LINE_AUTO,	/* no n, strings as they are */
	KC_LINE_LIST,	/* n as "=n" */
};

void kc_add_line(const struct kc_conf *c, const char *prefix, const struct kc_sym *s,
		 enum kc_line_style style, struct str *out);
/* In double quotes, with these and the backslash escaped. */
void kc_add_quoted(struct str *out, const char *text);
/* The text in such quotes, freed by the caller; NULL: it has none. */
char *kc_unquoted(const char *value);
/* "# Automatically generated file; DO NOT EDIT." and the title, each behind decoration. */
void kc_add_heading(const struct kc_tree *t, const char *decoration, struct str *out);

/* Makes the folders of path. A negative errno. */
int kc_make_parents(int dirfd, const char *path);
/* Whether name is there and a device or a pipe: it is written into, where conf would put a file in its place. */
bool kc_is_special(int dirfd, const char *name);
/* Writes in place. */
int kc_write_text(int dirfd, const char *name, const struct str *text, struct err *err);
