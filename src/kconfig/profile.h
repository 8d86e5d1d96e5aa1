/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Profiles: what a use of a kernel requires of its configuration, as data (data/profiles/NAME.yaml):
 *
 *	summary: what systemd needs of a kernel
 *	source: [the documents it is made from]
 *	include: [NAME, ./FILE.yaml]		other profiles, relative to this one where there is a slash
 *	requires:
 *	  - symbol: KCMP			without CONFIG_; or any: [A, B], where one of several will do
 *	    want: [y, m]			one of these, see below
 *	    since: "5.12"			only for kernels of that version and newer
 *	    until: "6.10"			up to and without it
 *	    arch: [x86, arm64]			only for these (names of $ARCH or of folders below arch/)
 *	    when: DEVMEM			only where this symbol is not n
 *	    was: [CHECKPOINT_RESTORE]		its names in other versions: they count for it
 *	    level: recommended			required where it does not say
 *	    reason: what for, in a sentence
 *
 * What may be wanted: y, m, n; a number or a text as it is without quotes; >=N, <=N, >N, <N; "set": a text that is not
 * empty; "has WORD": a list with commas that names it. A symbol that is not there is n.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "kconfig/dotconfig.h"
#include "kconfig/part.h"

#include <sys/stat.h>

enum kc_level { KC_REQUIRED, KC_RECOMMENDED };

struct kc_requirement {
	char **symbols; /* one of them must have what is wanted */
	unsigned n_symbols;
	char **want, **arch, **was;
	unsigned n_want, n_arch, n_was;
	char *since, *until, *when; /* or NULL */
	char *reason;
	int level;	   /* enum kc_level */
	struct kc_pos pos; /* of its symbol or any; file as the profile was found */
	/* as the file has them; symbols is one or the other */
	char *symbol;
	char **any;
	unsigned n_any;
};

struct kc_profile {
	char *name;	     /* as it was asked for */
	const char *summary; /* of the profile itself, not of what it includes */
	/* in the order of reading, what is included first */
	struct {
		struct kc_requirement **v;
		size_t n, cap;
	} requires;
	/* what was read, with the files' names */
	struct {
		struct kc_profile_file **v;
		size_t n, cap;
	} files;
};

/*
 * Reads a profile and what it includes. name: one of kiln's own, or (with a slash, or ending in .yaml) a file. -ENOENT, with
 * the nearest name, where there is no such profile; -EINVAL with file and line where one says something else than above.
 */
int kc_profile_read(struct kc_profile *p, const char *name, struct err *err);
void kc_profile_release(struct kc_profile *p);
/* Whether st is of the profile's file, or one that it includes. */
bool kc_profile_is_from(const struct kc_profile *p, const struct stat *st);
/* The names of kiln's own profiles, sorted. */
int kc_profile_names(struct strv *ret, struct err *err);

/*
 * Whether r is about a kernel of that version and architecture and that configuration. What is unknown of the first two
 * (NULL) excludes nothing.
 */
bool kc_requirement_applies(const struct kc_requirement *r, const struct kc_part_spec *kernel,
			    const struct dotconfig *c);
/*
 * Whether the configuration has what r wants. *ret_symbol is the symbol that has it, or the first that would do; *ret_is
 * its value there, with quotes as in .config (under whichever of its names). Both point into r and c.
 */
bool kc_requirement_holds(const struct kc_requirement *r, const struct dotconfig *c,
			  const char **ret_symbol, const char **ret_is);
/* The value of a symbol of r in c, or where that is n, under another of its names. */
const char *kc_requirement_is(const struct kc_requirement *r, const char *symbol,
			      const struct dotconfig *c);
/* Whether a value, as it stands in .config, is what r wants. */
bool kc_requirement_accepts(const struct kc_requirement *r, const char *value);
/* "y or m", "at least 65536": what is wanted, for a person. Freed by the caller. */
char *kc_requirement_words(const struct kc_requirement *r);
/*
 * A value that fulfils it, as it would stand in .config; now: the value there is, which tells a text from a number. NULL
 * where there is none to name (set, has; n of a text). Freed by the caller.
 */
char *kc_requirement_value(const struct kc_requirement *r, const char *now);
