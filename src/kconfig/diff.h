/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two configurations of one tree, compared by what they mean: a symbol without a line, one that is not set and one that is
 * n are the same, and so are 16 and 0x10 of a hex symbol. What differs was asked for (lines that turn the first into
 * the second) or followed from that.
 */
#pragma once

#include "kconfig/conffile.h"

enum kc_diff_kind {
	KC_ASKED,    /* a line that turns A into B has to say it */
	KC_FOLLOWED, /* it has B's value once those lines are there */
	KC_REMAINS,  /* no line was found that would do it */
};
const char *kc_diff_kind_name(enum kc_diff_kind kind);

struct kc_difference {
	struct kc_sym *sym;
	enum kc_diff_kind kind;
	char *a,
		*b; /* as behind "=" in .config; NULL: it has no value. The same: it has to be said to stay so. */
	char *line;  /* of what was asked, also where it remains: without the newline */
	char *cause; /* of what followed: in words */
	int origin;  /* of what followed: enum kc_origin in B */
};

struct kc_diff {
	/* in the order of the menu */
	struct {
		struct kc_difference *v;
		size_t n, cap;
	} all;
	size_t n[3]; /* of each kind */
	/*
	 * The lines asked for turn all of A's file into B; else they do with those lines of A alone that do not say
	 * what would hold anyway.
	 */
	bool on_file;
};

/*
 * Compares; both stand on the same tree. on_file: all lines of A stay; else whichever way needs fewer lines is taken. That the
 * lines turn A into B has been tried: where they do not, something remains.
 */
void kc_diff_make(struct kc_conf *a, struct kc_conf *b, const struct kc_files *f, bool on_file,
		  struct kc_diff *ret);
void kc_diff_release(struct kc_diff *d);

/* The configuration that olddefconfig makes of a text, worked out. */
struct kc_conf *kc_conf_from_text(const struct kc_tree *tree, const struct kc_files *f,
				  const struct str *text);
/* What differs from the defaults, as kc_conf_minimal(), which changes what it looks at; c stays as it is. */
void kc_conf_kept(const struct kc_conf *c, const char *prefix, struct str *out);
/* Whether s means the same in both; values have been worked out. */
bool kc_same_value(const struct kc_conf *a, const struct kc_conf *b, const struct kc_sym *s);
/* The value as behind "=" in .config, freed by the caller; NULL: a number or string without a line. */
char *kc_file_value(const struct kc_conf *c, const struct kc_sym *s);
