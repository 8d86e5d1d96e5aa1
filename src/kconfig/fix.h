/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The smallest set of lines that makes wishes hold: found among all that could be (encode.h, sat.h), and tried on the
 * configuration before it is told. Lines that switch something off that is on, or that switch COMPILE_TEST on, are
 * taken only where there is no other way.
 */
#pragma once

#include "base/err.h"
#include "kconfig/conf.h"
#include "kconfig/part.h"

struct kc_fixer;

enum kc_fix_answer {
	KC_FIX_FOUND, /* lines */
	KC_FIX_CLASH, /* beside the wishes in clash nothing helps */
	KC_FIX_NONE,  /* nothing helps */
	KC_FIX_UNSURE /* none was found, and none was excluded */
};
/* "found", "clash", "none", "unsure", for programs. */
const char *kc_fix_name(enum kc_fix_answer answer);

/* Lines to be added behind all others: "SYMBOL = value". */
struct kc_fix_line {
	struct kc_sym *sym;
	enum kc_tri tri;
};

struct kc_fix {
	enum kc_fix_answer answer;
	struct {
		struct kc_fix_line *v;
		size_t n, cap;
	} lines;
	struct {
		const struct kc_wish **v;
		size_t n, cap;
	} clash;
};

/*
 * c is worked out from all; asked is the same before it was; checked: kc_conf_check_read() came between. What they are made
 * from must outlive the fixer. Fails where the solver cannot be opened.
 */
int kc_fixer_new(struct kc_conf *c, const struct kc_conf *asked, bool checked,
		 const struct kc_wishes *all, struct kc_fixer **ret, struct err *err);
void kc_fixer_free(struct kc_fixer *f);

/* For one wish that does not hold, optional or not; all that hold go on holding. ret is released by kc_fix_release(). */
void kc_fix_one(struct kc_fixer *f, const struct kc_wish *w, struct kc_fix *ret);
/* For as many wishes as can be had at once, without the optional ones; those that cannot are in clash. */
void kc_fix_all(struct kc_fixer *f, struct kc_fix *ret);
void kc_fix_release(struct kc_fix *fix);
