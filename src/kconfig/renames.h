/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Renames and removals of the kernel's symbols that are known (data/renames, YAML). The file has one key, `renames`, a
 * list of entries:
 *
 *	- symbol: IOSCHED_OLD		the name before
 *	  kind: renamed			renamed, merged (into one that was there), split (into several), removed
 *	  into: [IOSCHED_NEW]		the names after; none of what was removed
 *	  since: "6.2"			the first version without it
 *	  first: "6.2"			the first version with it, where that is newer than 6.1
 *	  last: "6.1"			the last version known to have it, where what lies between is not known
 *	  arch: [x86]			folders below arch/ that it concerns; all without it
 *	  note: one sentence
 */
#pragma once

#include "base/map.h"
#include "kconfig/explain.h"

enum kc_rename_kind { KC_RENAMED, KC_MERGED, KC_SPLIT, KC_REMOVED };
const char *kc_rename_kind_name(enum kc_rename_kind kind);

struct kc_rename {
	char *symbol;
	enum kc_rename_kind kind;
	char **into;
	unsigned n_into;
	char *since, *first, *last; /* first and last may be NULL */
	char **arch;
	unsigned n_arch;
	char *note;
};

struct kc_rename_table {
	struct kc_rename *v;
	unsigned n;
};

struct kc_renames {
	struct kc_rename_table *table; /* NULL: nothing is known */
	struct map by_old, by_new;     /* name -> struct places * */
	struct arena mem;	       /* these */
};

/* What does not fit the table above: -EINVAL with file and line. Above 4 MiB: -EFBIG. */
int kc_renames_load(struct kc_renames *r, const char *path, struct err *err);
void kc_renames_release(struct kc_renames *r);

/* The symbol of that name if the tree defines it; NULL for what is only mentioned, and for choices. */
struct kc_sym *kc_sym_defined(const struct kc_tree *t, const char *name);

/* What is known of a name that a tree does not have. */
struct kc_renamed {
	const struct kc_rename *entry; /* the first step; NULL: nothing is known */
	bool back;		       /* the tree is older than the name */
	struct strv names;	       /* what the tree has instead, after all steps */
};

/*
 * Follows renames from name forwards, and else backwards, until the tree has a symbol. version: of the tree, or NULL;
 * srcarch: likewise.
 */
void kc_renames_find(const struct kc_renames *r, const struct kc_tree *t, const char *version,
		     const char *srcarch, const char *name, struct kc_renamed *ret);
void kc_renamed_release(struct kc_renamed *r);
/* "renamed to X in 6.2: note"; freed by the caller. */
char *kc_renamed_words(const struct kc_renamed *r);
/* Adds that, and the line to write instead, to what explains why w does not hold (KC_NO_SUCH_SYMBOL). */
void kc_explain_renamed(struct kc_explanation *e, const struct kc_wish *w,
			const struct kc_renamed *r);
