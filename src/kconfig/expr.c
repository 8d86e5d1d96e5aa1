/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expressions are interned, so equality of form is equality of pointers, and simplifying makes new ones instead of
 * changing old ones. How high an expression may be is bounded where it is read and where conditions are
 * joined (KC_MAX_HEIGHT), so recursion is.
 */
#include "kconfig/expr.h"

/* Far beyond what is let in where it is read; selects alone may grow higher. */
#define MAX_HEIGHT_KEPT ((uint32_t)(1 << 24) - 1)

static uint32_t expr_hash(enum kc_op op, const void *l, const void *r)
{
	uint64_t h = (uint64_t)op * UINT64_C(0x9e3779b97f4a7c15);

	h = (h ^ (uintptr_t)l) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 29 ^ (uintptr_t)r) * UINT64_C(0xc4ceb9fe1a85ec53);
	return (uint32_t)(h >> 32);
}

static void grow(struct kc_tree *t)
{
	uint32_t slots = t->expr_slots ? t->expr_slots * 4 : 1 << 12;
	struct kc_expr **table = kc_region_alloc(&t->mem, slots * sizeof(struct kc_expr *));
	struct kc_expr_more *more = kc_region_alloc(&t->mem, slots * sizeof(*more));

	if (t->n_exprs)
		memcpy(more, t->expr_more, t->n_exprs * sizeof(*more));

	for (uint32_t i = 0; i < t->expr_slots; i++) {
		struct kc_expr *next;

		for (struct kc_expr *e = t->exprs[i]; e; e = next) {
			uint32_t h = expr_hash(e->op, e->left.any, e->right.any) & (slots - 1);

			next = more[e->id].next;
			more[e->id].next = table[h];
			table[h] = e;
		}
	}
	t->exprs = table;
	t->expr_more = more;
	t->expr_slots = slots;
}

static uint32_t height_below(enum kc_op op, const struct kc_expr *l, const struct kc_expr *r)
{
	uint32_t left = 0, right = 0;

	if (op == KC_NOT || op == KC_AND || op == KC_OR)
		left = l->height;
	if (op == KC_AND || op == KC_OR)
		right = r->height;
	return MAX(left, right);
}

static const struct kc_expr *intern(struct kc_tree *t, enum kc_op op, const void *l, const void *r)
{
	struct kc_expr *e, **head;

	if (t->n_exprs >= t->expr_slots)
		grow(t);
	head = &t->exprs[expr_hash(op, l, r) & (t->expr_slots - 1)];
	for (e = *head; e; e = t->expr_more[e->id].next)
		if (e->op == op && e->left.any == l && e->right.any == r)
			return e;
	e = kc_region_alloc(&t->mem, sizeof(*e));
	e->op = op;
	e->left.any = l;
	e->right.any = r;
	e->height = MIN(1 + height_below(op, l, r), MAX_HEIGHT_KEPT);
	e->id = t->n_exprs++;
	t->expr_more[e->id].next = *head;
	*head = e;
	return e;
}

const struct kc_expr *kc_expr_sym(struct kc_tree *t, struct kc_sym *s)
{
	return intern(t, KC_SYM, s, NULL);
}

const struct kc_expr *kc_expr_not(struct kc_tree *t, const struct kc_expr *e)
{
	return intern(t, KC_NOT, e, NULL);
}

static const struct kc_expr *two(struct kc_tree *t, enum kc_op op, const struct kc_expr *a,
				 const struct kc_expr *b)
{
	return intern(t, op, a, b);
}

const struct kc_expr *kc_expr_join(struct kc_tree *t, enum kc_op op, const struct kc_expr *a,
				   const struct kc_expr *b)
{
	if (!a)
		return b;
	return b ? two(t, op, a, b) : a;
}

const struct kc_expr *kc_expr_cmp(struct kc_tree *t, enum kc_op op, struct kc_sym *a,
				  struct kc_sym *b)
{
	return intern(t, op, a, b);
}

/* e with other operands; itself, without a look into the table, where they are the same. */
static const struct kc_expr *with_operands(struct kc_tree *t, const struct kc_expr *e,
					   const struct kc_expr *l, const struct kc_expr *r)
{
	return l == e->left.expr && r == e->right.expr ? e : two(t, e->op, l, r);
}

static bool is_sym(const struct kc_expr *e, const struct kc_sym *s)
{
	return e->op == KC_SYM && e->left.sym == s;
}

static bool is_junction(const struct kc_expr *e)
{
	return e->op == KC_AND || e->op == KC_OR;
}

const struct kc_expr *kc_expr_rewrite_m(struct kc_tree *t, const struct kc_expr *e)
{
	if (!e)
		return e;
	switch (e->op) {
	case KC_NOT:
		return with_operands(t, e, kc_expr_rewrite_m(t, e->left.expr), NULL);
	case KC_AND:
	case KC_OR:
		return with_operands(t, e, kc_expr_rewrite_m(t, e->left.expr),
				     kc_expr_rewrite_m(t, e->right.expr));
	case KC_SYM:
		if (e->left.sym == t->mod)
			return two(t, KC_AND, e, kc_expr_sym(t, t->modules));
		return e;
	default:
		return e;
	}
}

/* && and || with y or n as an operand. */
static const struct kc_expr *eliminate_yn(struct kc_tree *t, const struct kc_expr *e)
{
	const struct kc_expr *l, *r;
	const struct kc_sym *zero, *one; /* absorbs the other operand; leaves it alone */

	if (!is_junction(e))
		return e;
	zero = e->op == KC_AND ? t->no : t->yes;
	one = e->op == KC_AND ? t->yes : t->no;
	l = eliminate_yn(t, e->left.expr);
	r = eliminate_yn(t, e->right.expr);
	if (is_sym(l, zero))
		return l;
	if (is_sym(l, one))
		return r;
	if (is_sym(r, zero))
		return r;
	if (is_sym(r, one))
		return l;
	return with_operands(t, e, l, r);
}

/* What is done with two operands below the same operator; both may be replaced. */
typedef void pair_fn(struct kc_tree *t, enum kc_op op, const struct kc_expr **a,
		     const struct kc_expr **b, unsigned *changes);

/* Each operand of a, however deep below op, with each of b. */
static void for_pairs(struct kc_tree *t, enum kc_op op, const struct kc_expr **a,
		      const struct kc_expr **b, pair_fn *fn, unsigned *changes)
{
	const struct kc_expr *l, *r;

	if ((*a)->op == op) {
		l = (*a)->left.expr;
		r = (*a)->right.expr;
		for_pairs(t, op, &l, b, fn, changes);
		for_pairs(t, op, &r, b, fn, changes);
		*a = with_operands(t, *a, l, r);
	} else if ((*b)->op == op) {
		l = (*b)->left.expr;
		r = (*b)->right.expr;
		for_pairs(t, op, a, &l, fn, changes);
		for_pairs(t, op, a, &r, fn, changes);
		*b = with_operands(t, *b, l, r);
	} else {
		fn(t, op, a, b, changes);
	}
}

/* Equal ones become what op leaves alone. */
static void eliminate_pair(struct kc_tree *t, enum kc_op op, const struct kc_expr **a,
			   const struct kc_expr **b, unsigned *changes)
{
	if (*a == *b && (is_sym(*a, t->yes) || is_sym(*a, t->no)))
		return;
	if (!kc_expr_eq(t, *a, *b))
		return;
	++*changes;
	*a = *b = kc_expr_sym(t, op == KC_OR ? t->no : t->yes);
}

void kc_expr_eliminate_eq(struct kc_tree *t, const struct kc_expr **a, const struct kc_expr **b)
{
	unsigned changes = 0;

	if (!*a || !*b)
		return;
	if (is_junction(*a))
		for_pairs(t, (*a)->op, a, b, eliminate_pair, &changes);
	if ((*a)->op != (*b)->op && is_junction(*b))
		for_pairs(t, (*b)->op, a, b, eliminate_pair, &changes);
	*a = eliminate_yn(t, *a);
	*b = eliminate_yn(t, *b);
}

bool kc_expr_eq(struct kc_tree *t, const struct kc_expr *a, const struct kc_expr *b)
{
	if (!a || !b)
		return kc_expr_is_yes(t, a) && kc_expr_is_yes(t, b);
	if (a->op != b->op)
		return false;
	switch (a->op) {
	case KC_NOT:
		return kc_expr_eq(t, a->left.expr, b->left.expr);
	case KC_AND:
	case KC_OR:
		kc_expr_eliminate_eq(t, &a, &b);
		return a->op == KC_SYM && a == b;
	default:
		return a == b && a->op != KC_RANGE;
	}
}

static bool is_simple(const struct kc_expr *e)
{
	return e->op == KC_EQ || e->op == KC_NE || e->op == KC_SYM || e->op == KC_NOT;
}

/*
 * The symbol that both speak of, where both are of a form the rules below know; else NULL. A negation counts where
 * it stands before a symbol (in a, before a comparison as well).
 */
static struct kc_sym *common_sym(const struct kc_expr *a, const struct kc_expr *b)
{
	struct kc_sym *s;

	if (!is_simple(a) || !is_simple(b))
		return NULL;
	if (a->op == KC_NOT) {
		const struct kc_expr *in = a->left.expr;

		if (in->op != KC_EQ && in->op != KC_NE && in->op != KC_SYM)
			return NULL;
		s = in->left.sym;
	} else {
		s = a->left.sym;
	}
	if (b->op == KC_NOT) {
		if (b->left.expr->op != KC_SYM || b->left.expr->left.sym != s)
			return NULL;
	} else if (b->left.sym != s) {
		return NULL;
	}
	return kc_is_tri(s) ? s : NULL;
}

/*
 * Two comparisons of s by op with two different ones of y, m, n are one by the opposite with the third; NULL: they
 * are not that.
 */
static const struct kc_expr *join_compares(struct kc_tree *t, struct kc_sym *s, enum kc_op op,
					   const struct kc_expr *a, const struct kc_expr *b)
{
	struct kc_sym *const all[] = { t->no, t->mod, t->yes };
	struct kc_sym *third = NULL;
	size_t named = 0;

	if (a->op != op || b->op != op || a->right.sym == b->right.sym)
		return NULL;
	for (size_t i = 0; i < countof(all); i++) {
		if (a->right.sym == all[i] || b->right.sym == all[i])
			named++;
		else
			third = all[i];
	}
	return named == 2 ? kc_expr_cmp(t, op == KC_EQ ? KC_NE : KC_EQ, s, third) : NULL;
}

static bool is_not_sym(const struct kc_expr *e)
{
	return e->op == KC_NOT && e->left.expr->op == KC_SYM;
}

/* What a || b comes to in one operand; NULL: nothing shorter. */
static const struct kc_expr *join_or(struct kc_tree *t, const struct kc_expr *a,
				     const struct kc_expr *b)
{
	struct kc_sym *s;

	if (kc_expr_eq(t, a, b))
		return a;
	s = common_sym(a, b);
	if (!s)
		return NULL;
	if (s->type == KC_BOOL) {
		if ((is_not_sym(a) && b->op == KC_SYM) || (is_not_sym(b) && a->op == KC_SYM))
			return kc_expr_sym(t, t->yes);
		return NULL;
	}
	return join_compares(t, s, KC_EQ, a, b);
}

/* One of a and b is the bare symbol, the other compares it by op with x. */
static bool sym_and_compare(const struct kc_expr *a, const struct kc_expr *b, enum kc_op op,
			    const struct kc_sym *x)
{
	return (a->op == KC_SYM && b->op == op && b->right.sym == x) ||
	       (b->op == KC_SYM && a->op == op && a->right.sym == x);
}

/* (s = x) && (s != y) of two constants. */
static const struct kc_expr *join_eq_ne(struct kc_tree *t, struct kc_sym *s,
					const struct kc_expr *eq, const struct kc_expr *ne)
{
	if (!(eq->right.sym->flags & KC_CONST) || !(ne->right.sym->flags & KC_CONST))
		return NULL;
	return eq->right.sym != ne->right.sym ? eq : kc_expr_sym(t, t->no);
}

static const struct kc_expr *join_and_tristate(struct kc_tree *t, struct kc_sym *s,
					       const struct kc_expr *a, const struct kc_expr *b)
{
	const struct kc_expr *e = NULL;

	if (a->op == KC_EQ && b->op == KC_NE)
		e = join_eq_ne(t, s, a, b);
	else if (a->op == KC_NE && b->op == KC_EQ)
		e = join_eq_ne(t, s, b, a);
	if (e)
		return e;
	return join_compares(t, s, KC_NE, a, b);
}

static const struct kc_expr *join_and(struct kc_tree *t, const struct kc_expr *a,
				      const struct kc_expr *b)
{
	struct kc_sym *s;

	if (kc_expr_eq(t, a, b))
		return a;
	s = common_sym(a, b);
	if (!s)
		return NULL;
	if (sym_and_compare(a, b, KC_EQ, t->yes) || sym_and_compare(a, b, KC_NE, t->mod))
		return kc_expr_cmp(t, KC_EQ, s, t->yes);
	if (sym_and_compare(a, b, KC_NE, t->no))
		return kc_expr_sym(t, s);
	return s->type == KC_TRISTATE ? join_and_tristate(t, s, a, b) : NULL;
}

/* Two operands become one where that is possible: *a what op leaves alone, *b the one. */
static void join_pair(struct kc_tree *t, enum kc_op op, const struct kc_expr **a,
		      const struct kc_expr **b, unsigned *changes)
{
	const struct kc_expr *e = op == KC_OR ? join_or(t, *a, *b) : join_and(t, *a, *b);

	if (!e)
		return;
	*a = kc_expr_sym(t, op == KC_OR ? t->no : t->yes);
	*b = e;
	++*changes;
}

static const struct kc_expr *dedup_by_halves(struct kc_tree *t, const struct kc_expr *e)
{
	unsigned changes;

	do {
		changes = 0;
		if (is_junction(e)) {
			const struct kc_expr *l = dedup_by_halves(t, e->left.expr);
			const struct kc_expr *r = dedup_by_halves(t, e->right.expr);

			for_pairs(t, e->op, &l, &r, join_pair, &changes);
			e = with_operands(t, e, l, r);
		}
		e = eliminate_yn(t, e);
	} while (changes);
	return e;
}

/*
 * The older way: all leaves below one operator, each against each other, in place. Before two are compared, the
 * first is worked on in the same way with its own operator.
 */
struct leaves {
	const struct kc_expr **v;
	size_t n, cap;
};

static void collect(const struct kc_expr *e, enum kc_op op, struct leaves *to)
{
	if (e->op != op) {
		vec_push(to, e);
		return;
	}
	collect(e->left.expr, op, to);
	collect(e->right.expr, op, to);
}

static const struct kc_expr *rebuild(struct kc_tree *t, const struct kc_expr *e, enum kc_op op,
				     const struct kc_expr *const **leaf)
{
	const struct kc_expr *l;

	if (e->op != op)
		return *(*leaf)++;
	l = rebuild(t, e->left.expr, op, leaf);
	return with_operands(t, e, l, rebuild(t, e->right.expr, op, leaf));
}

static const struct kc_expr *dedup_pass(struct kc_tree *t, const struct kc_expr *e,
					unsigned *changes)
{
	struct leaves leaf = { 0 };
	const struct kc_expr *const *at;
	auto_free const struct kc_expr **done = NULL; /* a leaf on which a pass changed nothing */

	collect(e, e->op, &leaf);
	done = xcalloc(leaf.n, sizeof(*done));
	for (size_t i = 0; i < leaf.n; i++) {
		for (size_t k = 0; k < leaf.n; k++) {
			if (i == k)
				continue;
			if (is_junction(leaf.v[i]) && done[i] != leaf.v[i]) {
				const struct kc_expr *before = leaf.v[i];

				leaf.v[i] = dedup_pass(t, before, changes);
				if (leaf.v[i] == before)
					done[i] = before;
			}
			join_pair(t, e->op, &leaf.v[i], &leaf.v[k], changes);
		}
	}
	at = leaf.v;
	e = rebuild(t, e, e->op, &at);
	free(leaf.v);
	return e;
}

static const struct kc_expr *dedup_by_passes(struct kc_tree *t, const struct kc_expr *e)
{
	unsigned changes;

	while (is_junction(e)) {
		changes = 0;
		e = dedup_pass(t, e, &changes);
		if (!changes)
			break;
		e = eliminate_yn(t, e);
	}
	return e;
}

/* Both ways go on until nothing changes, so what comes out is its own result. */
const struct kc_expr *kc_expr_dedup(struct kc_tree *t, const struct kc_expr *e)
{
	const struct kc_expr *result;

	if (!e || !is_junction(e))
		return e;
	if (t->expr_more[e->id].deduped)
		return t->expr_more[e->id].deduped;
	result = t->dialect.dups_by_halves ? dedup_by_halves(t, e) : dedup_by_passes(t, e);
	t->expr_more[e->id].deduped = t->expr_more[result->id].deduped = result;
	return result;
}

/* A bool compared with y, m or n. */
static const struct kc_expr *transform_compare(struct kc_tree *t, const struct kc_expr *e,
					       kc_odd_fn *odd, void *ctx)
{
	struct kc_sym *s = e->left.sym;
	bool eq = e->op == KC_EQ;

	if (s->type != KC_BOOL)
		return e;
	if (e->right.sym == t->mod) {
		if (odd)
			odd(ctx, s, eq ? 'n' : 'y');
		return kc_expr_sym(t, eq ? t->no : t->yes);
	}
	if (e->right.sym != t->yes && e->right.sym != t->no)
		return e;
	if (eq == (e->right.sym == t->yes))
		return kc_expr_sym(t, s);
	return kc_expr_not(t, kc_expr_sym(t, s));
}

static enum kc_op opposite(enum kc_op op)
{
	switch (op) {
	case KC_EQ:
		return KC_NE;
	case KC_NE:
		return KC_EQ;
	case KC_LT:
		return KC_GE;
	case KC_LE:
		return KC_GT;
	case KC_GT:
		return KC_LE;
	default:
		return KC_LT;
	}
}

static const struct kc_expr *transform_not(struct kc_tree *t, const struct kc_expr *e,
					   kc_odd_fn *odd, void *ctx)
{
	const struct kc_expr *in = e->left.expr;

	switch (in->op) {
	case KC_NOT:
		return in->left.expr;
	case KC_EQ:
	case KC_NE:
	case KC_LT:
	case KC_LE:
	case KC_GT:
	case KC_GE:
		return kc_expr_cmp(t, opposite(in->op), in->left.sym, in->right.sym);
	case KC_AND:
	case KC_OR:
		e = two(t, in->op == KC_AND ? KC_OR : KC_AND, kc_expr_not(t, in->left.expr),
			kc_expr_not(t, in->right.expr));
		return kc_expr_transform(t, e, odd, ctx);
	case KC_SYM:
		if (in->left.sym == t->yes)
			return kc_expr_sym(t, t->no);
		if (in->left.sym == t->no)
			return kc_expr_sym(t, t->yes);
		return in->left.sym == t->mod ? in : e;
	default:
		return e;
	}
}

const struct kc_expr *kc_expr_transform(struct kc_tree *t, const struct kc_expr *e, kc_odd_fn *odd,
					void *ctx)
{
	const struct kc_expr *l;

	if (!e)
		return e;
	switch (e->op) {
	case KC_EQ:
	case KC_NE:
		return transform_compare(t, e, odd, ctx);
	case KC_NOT:
		e = with_operands(t, e, kc_expr_transform(t, e->left.expr, odd, ctx), NULL);
		return transform_not(t, e, odd, ctx);
	case KC_AND:
	case KC_OR:
		l = kc_expr_transform(t, e->left.expr, odd, ctx);
		return with_operands(t, e, l, kc_expr_transform(t, e->right.expr, odd, ctx));
	default:
		return e;
	}
}

static const struct kc_expr *negate_if(struct kc_tree *t, bool yes, const struct kc_expr *e)
{
	return yes ? kc_expr_not(t, e) : e;
}

const struct kc_expr *kc_expr_compared(struct kc_tree *t, const struct kc_expr *e, enum kc_op op,
				       struct kc_sym *sym)
{
	const struct kc_expr *l, *r;
	enum kc_op join;

	if (!e)
		return negate_if(t, op == KC_NE, kc_expr_sym(t, sym));
	switch (e->op) {
	case KC_AND:
	case KC_OR:
		l = kc_expr_compared(t, e->left.expr, KC_EQ, sym);
		r = kc_expr_compared(t, e->right.expr, KC_EQ, sym);
		join = sym == t->yes ? e->op : e->op == KC_AND ? KC_OR : KC_AND;
		return negate_if(t, op == KC_NE, two(t, join, l, r));
	case KC_NOT:
		return kc_expr_compared(t, e->left.expr, op == KC_EQ ? KC_NE : KC_EQ, sym);
	case KC_SYM:
		return kc_expr_cmp(t, op, e->left.sym, sym);
	default:
		if (sym == t->mod)
			return kc_expr_sym(t, op == KC_EQ ? t->no : t->yes);
		return negate_if(t, (op == KC_EQ) != (sym == t->yes), e);
	}
}

bool kc_expr_contains(const struct kc_expr *e, const struct kc_sym *s)
{
	if (!e)
		return false;
	switch (e->op) {
	case KC_AND:
	case KC_OR:
		return kc_expr_contains(e->left.expr, s) || kc_expr_contains(e->right.expr, s);
	case KC_NOT:
		return kc_expr_contains(e->left.expr, s);
	case KC_SYM:
		return e->left.sym == s;
	default:
		return e->left.sym == s || e->right.sym == s;
	}
}

bool kc_expr_wants_off(const struct kc_tree *t, const struct kc_expr *e, const struct kc_sym *s)
{
	if (!e)
		return false;
	switch (e->op) {
	case KC_AND:
	case KC_OR:
		return kc_expr_wants_off(t, e->left.expr, s) ||
		       kc_expr_wants_off(t, e->right.expr, s);
	case KC_NOT:
		return e->left.expr && e->left.expr->op == KC_SYM && e->left.expr->left.sym == s;
	case KC_EQ:
		return e->left.sym == s && e->right.sym == t->no;
	case KC_NE:
		return e->left.sym == s && (e->right.sym == t->yes || e->right.sym == t->mod);
	default:
		return false;
	}
}

bool kc_expr_depends(const struct kc_tree *t, const struct kc_expr *e, const struct kc_sym *s)
{
	if (!e)
		return false;
	switch (e->op) {
	case KC_AND:
		return kc_expr_depends(t, e->left.expr, s) || kc_expr_depends(t, e->right.expr, s);
	case KC_SYM:
		return e->left.sym == s;
	case KC_EQ:
		return e->left.sym == s && (e->right.sym == t->yes || e->right.sym == t->mod);
	case KC_NE:
		return e->left.sym == s && e->right.sym == t->no;
	default:
		return false;
	}
}

/* How tightly an operator binds; an expression in a tighter one gets parentheses. */
static int binding(enum kc_op op)
{
	switch (op) {
	case KC_OR:
		return 1;
	case KC_AND:
		return 2;
	case KC_NOT:
		return 3;
	default:
		return 4;
	}
}

static void print_sym(const struct kc_sym *s, kc_piece_fn *piece, void *ctx)
{
	piece(ctx, s->name ? s : NULL, s->name ? s->name : "<choice>");
}

static const char *const op_text[] = {
	[KC_EQ] = "=", [KC_NE] = "!=", [KC_LT] = "<",	 [KC_LE] = "<=",
	[KC_GT] = ">", [KC_GE] = ">=", [KC_OR] = " || ", [KC_AND] = " && ",
};

static void print(const struct kc_expr *e, int around, kc_piece_fn *piece, void *ctx)
{
	bool braces = binding(e->op) < around;

	if (braces)
		piece(ctx, NULL, "(");
	switch (e->op) {
	case KC_SYM:
		print_sym(e->left.sym, piece, ctx);
		break;
	case KC_NOT:
		piece(ctx, NULL, "!");
		print(e->left.expr, binding(KC_NOT), piece, ctx);
		break;
	case KC_AND:
	case KC_OR:
		print(e->left.expr, binding(e->op), piece, ctx);
		piece(ctx, NULL, op_text[e->op]);
		print(e->right.expr, binding(e->op), piece, ctx);
		break;
	case KC_RANGE:
		piece(ctx, NULL, "[");
		print_sym(e->left.sym, piece, ctx);
		piece(ctx, NULL, " ");
		print_sym(e->right.sym, piece, ctx);
		piece(ctx, NULL, "]");
		break;
	default:
		print_sym(e->left.sym, piece, ctx);
		piece(ctx, NULL, op_text[e->op]);
		print_sym(e->right.sym, piece, ctx);
	}
	if (braces)
		piece(ctx, NULL, ")");
}

void kc_expr_print(const struct kc_expr *e, kc_piece_fn *piece, void *ctx)
{
	if (e)
		print(e, 0, piece, ctx);
	else
		piece(ctx, NULL, "y");
}
