/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Profiles held against a configuration: what does not hold, and which lines to ask for. Of what goes against each other only
 * one is asked for: what is required before what is recommended, else what was said first.
 */
#pragma once

#include "kconfig/explain.h"
#include "kconfig/profile.h"

#include <sys/types.h>

/* A requirement that does not hold. */
struct kc_miss {
	const struct kc_requirement *r;
	const char *symbol; /* the name to ask for; points into r */
	const char *is;	    /* its value; points into the configuration */
	unsigned candidate; /* which of its names that is, of those that the tree has */
	bool spent;	    /* all of them were tried */
	ssize_t wish;	    /* index into kc_check.wishes; -1: it is not asked for */
	const char *
		instead; /* NULL, or a symbol that is asked for otherwise, so that this is not asked for */
	const struct kc_requirement
		*against; /* NULL, or one that wants something else of the symbol */
};

/* What became of one profile. */
struct kc_checked {
	struct kc_profile profile;
	size_t held, skipped, required, recommended; /* the latter two do not hold */
	/* what does not hold, and what would no longer once that is asked for */
	struct kc_misses {
		struct kc_miss *v;
		size_t n, cap;
	} missing, following;
};

struct kc_check {
	const struct kc_tree *tree;	/* NULL: none is at hand */
	const struct dotconfig *config; /* what is checked */
	struct kc_part_spec kernel;
	struct {
		struct kc_checked *v;
		size_t n, cap;
	} results; /* the profiles are filled in by the caller */
	struct kc_wishes wishes;
};

/* Holds all profiles against the configuration and makes the wishes. */
void kc_check_all(struct kc_check *c);
/*
 * now: a configuration in which the wishes were asked for, and asked the same in the engine (NULL without a tree). Of several
 * symbols the next is taken where one cannot be, and what now lacks gets wishes. True if there are other wishes than before:
 * ask again. Without a tree only lines are looked for that wishes go against.
 */
bool kc_check_again(struct kc_check *c, struct kc_conf *asked, const struct dotconfig *now);
/* The profiles too. */
void kc_check_release(struct kc_check *c);
