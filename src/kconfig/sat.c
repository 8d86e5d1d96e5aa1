/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The smallest number is found from below, as MSU3 does (Marques-Silva and Planes, 2007): assume that no soft literal
 * holds; of an answer "no" take the soft literals it needed, allow one more of all taken so far, and ask again. The
 * sum of those taken is counted by a totalizer (Bailleux and Boufkhad, 2003) that grows with them.
 */
#include "kconfig/sat.h"

#include "base/dl.h"
#include "base/path.h"

#include <ccadical.h>

#define MAX_CONFLICTS 10000 /* of one solution */
#define MAX_ROUNDS    2000

DL_FUNC(ccadical_init);
DL_FUNC(ccadical_release);
DL_FUNC(ccadical_add);
DL_FUNC(ccadical_assume);
DL_FUNC(ccadical_solve);
DL_FUNC(ccadical_val);
DL_FUNC(ccadical_failed);
DL_FUNC(ccadical_limit);

static const struct dl_sym syms[] = {
	DL_SYM(ccadical_init),	 DL_SYM(ccadical_release), DL_SYM(ccadical_add),
	DL_SYM(ccadical_assume), DL_SYM(ccadical_solve),   DL_SYM(ccadical_val),
	DL_SYM(ccadical_failed), DL_SYM(ccadical_limit),
};

struct gate {
	int a, b, out; /* out 0: free */
};

struct sat {
	CCaDiCaL *solver;
	int vars;
	struct gate *gate; /* open addressing */
	size_t gates, slots;
};

static int open_solver(struct err *err)
{
	static void *lib;
	auto_free char *path = NULL;
	int r = lib ? 0 : dir_own_file("kiln-sat.so", &path, err);

	return r < 0 ? r : dl_open(&lib, path, syms, countof(syms), err);
}

int sat_new(struct sat **ret, struct err *err)
{
	struct sat *s;
	int r = open_solver(err);

	if (r < 0)
		return r;
	s = xnew(struct sat);
	s->solver = dl_ccadical_init();
	s->slots = 1 << 16;
	s->gate = xcalloc(s->slots, sizeof(*s->gate));
	dl_ccadical_add(s->solver, sat_var(s)); /* SAT_TRUE */
	dl_ccadical_add(s->solver, 0);
	*ret = s;
	return 0;
}

void sat_free(struct sat *s)
{
	if (!s)
		return;
	dl_ccadical_release(s->solver);
	free(s->gate);
	free(s);
}

int sat_var(struct sat *s)
{
	return ++s->vars;
}

void sat_clause(struct sat *s, int a, int b, int c)
{
	const int lits[] = { a, b, c };

	for (size_t i = 0; i < countof(lits); i++)
		if (lits[i] == SAT_TRUE)
			return;
	for (size_t i = 0; i < countof(lits); i++)
		if (lits[i] && lits[i] != SAT_FALSE)
			dl_ccadical_add(s->solver, lits[i]);
	dl_ccadical_add(s->solver, 0);
}

void sat_clause_of(struct sat *s, const struct sat_lits *lits)
{
	for (size_t i = 0; i < lits->n; i++)
		dl_ccadical_add(s->solver, lits->v[i]);
	dl_ccadical_add(s->solver, 0);
}

/* Where a gate of a and b is or would be. */
static struct gate *find_gate(const struct sat *s, int a, int b)
{
	uint64_t key = (uint64_t)(uint32_t)a << 32 | (uint32_t)b;
	size_t i = (key * UINT64_C(0x9e3779b97f4a7c15)) >> 20 & (s->slots - 1);

	while (s->gate[i].out && (s->gate[i].a != a || s->gate[i].b != b))
		i = (i + 1) & (s->slots - 1);
	return &s->gate[i];
}

static void grow_gates(struct sat *s)
{
	struct gate *old = s->gate;
	size_t n = s->slots;

	s->slots *= 2;
	s->gate = xcalloc(s->slots, sizeof(*s->gate));
	for (size_t i = 0; i < n; i++)
		if (old[i].out)
			*find_gate(s, old[i].a, old[i].b) = old[i];
	free(old);
}

int sat_and(struct sat *s, int a, int b)
{
	struct gate *g;

	if (a > b) {
		int swap = a;

		a = b;
		b = swap;
	}
	if (a == SAT_FALSE || b == SAT_FALSE || a == -b)
		return SAT_FALSE;
	if (a == SAT_TRUE || a == b)
		return b;
	if (b == SAT_TRUE)
		return a;
	if (s->gates * 2 > s->slots)
		grow_gates(s);
	g = find_gate(s, a, b);
	if (g->out)
		return g->out;
	s->gates++;
	*g = (struct gate){ a, b, sat_var(s) };
	sat_clause(s, -g->out, a, 0);
	sat_clause(s, -g->out, b, 0);
	sat_clause(s, g->out, -a, -b);
	return g->out;
}

int sat_if(struct sat *s, int cond, int a, int b)
{
	if (a == b)
		return a;
	return sat_or(s, sat_and(s, cond, a), sat_and(s, -cond, b));
}

static void assume_all(struct sat *s, const struct sat_lits *lits)
{
	for (size_t i = 0; i < lits->n; i++)
		dl_ccadical_assume(s->solver, lits->v[i]);
}

static enum sat_answer solve(struct sat *s)
{
	dl_ccadical_limit(s->solver, "conflicts", MAX_CONFLICTS);
	switch (dl_ccadical_solve(s->solver)) {
	case 10:
		return SAT_YES;
	case 20:
		return SAT_NO;
	default:
		return SAT_GAVE_UP;
	}
}

enum sat_answer sat_solve(struct sat *s, const struct sat_lits *assume)
{
	assume_all(s, assume);
	return solve(s);
}

bool sat_holds(const struct sat *s, int lit)
{
	int val = dl_ccadical_val(s->solver, lit < 0 ? -lit : lit);

	return lit < 0 ? val < 0 : val > 0;
}

bool sat_failed(const struct sat *s, int lit)
{
	return dl_ccadical_failed(s->solver, lit);
}

/* A search for the smallest number. sum->v[i]: more than i of those taken hold (or may, where fewer do). */
struct search {
	struct sat *s;
	const struct sat_lits *hard, *soft;
	bool *taken; /* by index into soft */
	struct sat_lits sum;
	size_t allowed;
};

/* The sorted sum of two: out[k] where a[i] and b[j] with i + j + 1 = k. */
static struct sat_lits merge(struct sat *s, const struct sat_lits *a, const struct sat_lits *b)
{
	struct sat_lits out = { 0 };

	for (size_t i = 0; i < a->n + b->n; i++)
		vec_push(&out, sat_var(s));
	for (size_t i = 0; i <= a->n; i++) {
		for (size_t j = 0; j <= b->n; j++) {
			if (i + j)
				sat_clause(s, out.v[i + j - 1], i ? -a->v[i - 1] : 0,
					   j ? -b->v[j - 1] : 0);
		}
	}
	return out;
}

static struct sat_lits sum_of(struct sat *s, const int *lits, size_t n)
{
	struct sat_lits out = { 0 }, low, high;

	if (n <= 1) {
		if (n)
			vec_push(&out, lits[0]);
		return out;
	}
	low = sum_of(s, lits, n / 2);
	high = sum_of(s, lits + n / 2, n - n / 2);
	out = merge(s, &low, &high);
	free(low.v);
	free(high.v);
	return out;
}

static void take(struct search *x, const struct sat_lits *lits)
{
	struct sat_lits more = sum_of(x->s, lits->v, lits->n), all;

	if (x->sum.n) {
		all = merge(x->s, &x->sum, &more);
		free(x->sum.v);
		free(more.v);
		more = all;
	}
	x->sum = more;
}

static enum sat_answer ask(struct search *x)
{
	assume_all(x->s, x->hard);
	for (size_t i = 0; i < x->soft->n; i++)
		if (!x->taken[i])
			dl_ccadical_assume(x->s->solver, -x->soft->v[i]);
	if (x->allowed < x->sum.n)
		dl_ccadical_assume(x->s->solver, -x->sum.v[x->allowed]);
	return solve(x->s);
}

/* Behind a no: takes what it needed. False: soft literals had no part in it. */
static bool learn(struct search *x)
{
	struct sat_lits needed = { 0 };
	bool counted = x->allowed < x->sum.n && sat_failed(x->s, -x->sum.v[x->allowed]);

	for (size_t i = 0; i < x->soft->n; i++) {
		if (x->taken[i] || !sat_failed(x->s, -x->soft->v[i]))
			continue;
		x->taken[i] = true;
		vec_push(&needed, x->soft->v[i]);
	}
	if (needed.n)
		take(x, &needed);
	x->allowed++;
	counted |= needed.n > 0;
	free(needed.v);
	return counted;
}

enum sat_answer sat_minimize(struct sat *s, const struct sat_lits *hard,
			     const struct sat_lits *soft)
{
	struct search x = { .s = s, .hard = hard, .soft = soft };
	enum sat_answer answer = SAT_GAVE_UP;

	x.taken = xcalloc(soft->n + 1, sizeof(*x.taken));
	for (int round = 0; round < MAX_ROUNDS; round++) {
		answer = ask(&x);
		if (answer != SAT_NO || !learn(&x))
			break;
		answer = SAT_GAVE_UP;
	}
	free(x.taken);
	free(x.sum.v);
	return answer;
}
