/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parts of a configuration: Kconfig fragments as merge_config.sh reads them, each line a wish. Comments may carry
 * directives; behind a line they are about that line, on a line of their own about the lines up to the next empty one:
 *
 *	#kiln: override		it may contradict an earlier line
 *	#kiln: optional		it is no failure if it cannot be
 *	#kiln: silent		the same, and nothing is said
 *	#kiln: since 6.2	only for trees of that version and newer; until 6.12: up to and without it
 *	#kiln: arch x86 arm64	only for these (names of $ARCH or of folders below arch/)
 *	#kiln: include FILE	the lines of another part, here (a line of its own; relative to this part); what
 *				is said about this line is said about those
 *
 * A comment may have several, each with its "#kiln:"; nothing else may stand beside them, and a comment with "#kiln:"
 * elsewhere is an error, for what it says would be lost.
 */
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "kconfig/model.h"

struct kc_wish {
	const char *name; /* of the symbol, without prefix */
	const char *
		value; /* as conf would read it: y, m, n, 42, "text" with its quotes; n for "is not set" */
	struct kc_pos pos;
	bool override, optional, silent;
};

struct kc_wishes {
	struct kc_wish *v;
	size_t n, cap;
	struct arena text;
};

struct kc_part_spec {
	const char *version; /* of the tree, for since and until; NULL: unknown, all lines count */
	const char *arch, *srcarch;
};

/* Whether word names its architecture. */
bool kc_is_arch(const struct kc_part_spec *spec, const char *word);
/* Whether its version is since or newer and older than until; either may be NULL, and so may the version. */
bool kc_is_version(const struct kc_part_spec *spec, const char *since, const char *until);

/*
 * The bytes of a value as it stands behind the '=' of a line, without the comment behind it: up to a '#' behind a
 * blank and outside of quotes. Blanks in front of the comment count.
 */
size_t kc_part_value_len(const char *value);

/*
 * Reads a part and adds its wishes. A line that is neither wish nor comment, an unknown directive, parts that include
 * each other: -EINVAL with file and line.
 */
int kc_part_read(struct kc_wishes *w, const struct kc_part_spec *spec, const char *path,
		 struct err *err);
/* The same for text; name is for places. */
int kc_part_parse(struct kc_wishes *w, const struct kc_part_spec *spec, const char *text, size_t n,
		  const char *name, struct err *err);
/* The last wish about that symbol, or NULL. */
const struct kc_wish *kc_last_wish(const struct kc_wishes *all, const char *name);
void kc_wishes_release(struct kc_wishes *w);
