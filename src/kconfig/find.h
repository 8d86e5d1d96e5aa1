/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Searching a tree by text, for people who type: names, prompts and help, the best first. Fast enough for each key
 * press: the texts are folded once into an index, 4 MB for x86.
 */
#pragma once

#include "kconfig/model.h"

/* Where the worst placed word of a search was found; the lower the better. */
enum kc_found_in { KC_IN_NAME, KC_IN_PROMPT, KC_IN_HELP, KC_IN_TYPO };
/* "name", "prompt" and the like, for programs. */
const char *kc_found_name(enum kc_found_in in);

struct kc_found {
	struct kc_sym *sym; /* NULL: a menu, a comment, a choice without a name */
	const struct kc_menu
		*menu; /* the entry: of a symbol the first one with a prompt, else the first */
	enum kc_found_in in;
};

struct kc_founds {
	struct kc_found *v;
	size_t n, cap;
	size_t total; /* what matched, of which v holds the best */
};

/* The index of a tree, which must outlive it. */
struct kc_finder *kc_finder_new(const struct kc_tree *t);
void kc_finder_free(struct kc_finder *f);

/*
 * What matches all words of text, at most max, the best first. Words stand between blanks; the case of ASCII letters
 * does not matter, and CONFIG_ in front may be left out. Names that are the word, begin with it, have it as a part
 * between underscores, have a part that begins with it; then prompts with the word, and prompts and names that hold it
 * anywhere; then help, for words of three letters and more. Of equals, what has a prompt and shorter names come first.
 * Only where nothing matches so, names and parts of names with typing errors: one in words of four to seven letters, two
 * in longer ones. Nothing matches a text without words.
 *
 * free(ret->v) is the caller's.
 */
void kc_find(const struct kc_finder *f, const char *text, size_t max, struct kc_founds *ret);

/* "Device Drivers > Network device support": the prompts of what m stands in; "" at the top. Freed by the caller. */
char *kc_menu_path(const struct kc_menu *m);
/* The entry that speaks for a symbol: the first with a prompt, else the first; NULL: it is only mentioned. */
const struct kc_menu *kc_main_entry(const struct kc_sym *s);
