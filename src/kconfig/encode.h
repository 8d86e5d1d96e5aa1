/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree and what a user said as a question of satisfiability: which values can symbols have if lines are added? What
 * value.c works out for one configuration is written down here for all that differ by lines "SYMBOL = y, m or n".
 *
 * Numbers and strings follow what they depend on, but are given no lines; of a bound that is a symbol, the value is taken that it has
 * now. So an answer is to be tried before it is told: fix.c does.
 */
#pragma once

#include "kconfig/conf.h"
#include "kconfig/part.h"
#include "kconfig/sat.h"

/* A value: at least m, y. */
struct kc_lits {
	int m, y;
};

struct kc_encoding;

/* A symbol that may be given a line, instead of what the user has said of it. */
struct kc_change {
	struct kc_sym *sym;
	int on;		   /* it is */
	struct kc_lits to; /* what the line says */
	int avoid;	   /* it is, and lowers a value or is for compile tests; SAT_FALSE: never */
	bool fixed;	   /* a wish speaks of it: only to see which wishes are in the way */
};

struct kc_changes {
	struct kc_change *v;
	size_t n, cap;
};

/*
 * c is worked out; asked is the same configuration before what is not visible was dropped from it. fixed[sym->id]
 * is true of symbols that wishes speak of. All of them must outlive the encoding.
 */
struct kc_encoding *kc_encoding_new(struct kc_conf *c, const struct kc_conf *asked,
				    const bool *fixed, struct sat *sat);
void kc_encoding_free(struct kc_encoding *x);

/* The literal of a wish's being fulfilled; whatever it depends on is encoded. */
int kc_encode_wish(struct kc_encoding *x, const struct kc_wish *w);
/* Whether nothing that may vary was taken as it is now: only then is "no" a proof. */
bool kc_encoding_is_exact(const struct kc_encoding *x);
/* What may be said of s instead of what the user said; NULL: nothing, or it was not encoded. */
const struct kc_change *kc_encoded_change(const struct kc_encoding *x, const struct kc_sym *s);
/* What may change in what was encoded so far. */
const struct kc_changes *kc_encoded_changes(const struct kc_encoding *x);
