/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Satisfiability: variables, clauses, gates on top of them, and the smallest number of soft literals that must give
 * way. The search is CaDiCaL's.
 *
 * A literal is the number of a variable, negative for its opposite. Gates fold constants and find equal ones again.
 */
#pragma once

#include "base/err.h"
#include "base/mem.h"

#define SAT_TRUE  1
#define SAT_FALSE (-1)

struct sat;

struct sat_lits {
	int *v;
	size_t n, cap;
};

enum sat_answer { SAT_NO, SAT_YES, SAT_GAVE_UP };

/* Fails where the solver's module cannot be opened. */
int sat_new(struct sat **ret, struct err *err);
void sat_free(struct sat *s);

int sat_var(struct sat *s);
/* At least one of them holds. Zeroes among them are left out. */
void sat_clause(struct sat *s, int a, int b, int c);
void sat_clause_of(struct sat *s, const struct sat_lits *lits);
int sat_and(struct sat *s, int a, int b);
static inline int sat_or(struct sat *s, int a, int b)
{
	return -sat_and(s, -a, -b);
}
/* a where cond holds, else b */
int sat_if(struct sat *s, int cond, int a, int b);

/* Whether there is a model in which assume hold too. */
enum sat_answer sat_solve(struct sat *s, const struct sat_lits *assume);
/* Behind SAT_YES: whether lit holds in the model. */
bool sat_holds(const struct sat *s, int lit);
/* Behind SAT_NO: whether lit, one of those assumed, was needed for the answer. */
bool sat_failed(const struct sat *s, int lit);

/* A model in which hard hold and as few of soft as possible. */
enum sat_answer sat_minimize(struct sat *s, const struct sat_lits *hard,
			     const struct sat_lits *soft);
