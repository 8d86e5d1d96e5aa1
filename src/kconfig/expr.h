/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expressions of a tree: making, simplifying, printing. What they are worth in a configuration is in conf.h. The
 * simplifications are those of scripts/kconfig/expr.c, since their results can be seen: in the conditions that are
 * printed, and in which entries become children of which.
 *
 * NULL stands for y wherever an expression is taken.
 */
#pragma once

#include "kconfig/model.h"

const struct kc_expr *kc_expr_sym(struct kc_tree *t, struct kc_sym *s);
const struct kc_expr *kc_expr_not(struct kc_tree *t, const struct kc_expr *e);
/* Joins two; where one is NULL, the other. op: KC_AND, KC_OR. */
const struct kc_expr *kc_expr_join(struct kc_tree *t, enum kc_op op, const struct kc_expr *a,
				   const struct kc_expr *b);
/* A comparison or a range of two symbols. */
const struct kc_expr *kc_expr_cmp(struct kc_tree *t, enum kc_op op, struct kc_sym *a,
				  struct kc_sym *b);

static inline bool kc_expr_is_yes(const struct kc_tree *t, const struct kc_expr *e)
{
	return !e || (e->op == KC_SYM && e->left.sym == t->yes);
}

/* m becomes m && MODULES. */
const struct kc_expr *kc_expr_rewrite_m(struct kc_tree *t, const struct kc_expr *e);
/* Negations inwards, comparisons of bools with y, m, n resolved. say (may be NULL) is told of odd ones. */
typedef void kc_odd_fn(void *ctx, const struct kc_sym *s, char forced_to);
const struct kc_expr *kc_expr_transform(struct kc_tree *t, const struct kc_expr *e, kc_odd_fn *odd,
					void *ctx);
/* Operands that say the same become one. */
const struct kc_expr *kc_expr_dedup(struct kc_tree *t, const struct kc_expr *e);
/* Takes what both have in common out of both. */
void kc_expr_eliminate_eq(struct kc_tree *t, const struct kc_expr **a, const struct kc_expr **b);
/* Equal up to the order and repetition of operands. */
bool kc_expr_eq(struct kc_tree *t, const struct kc_expr *a, const struct kc_expr *b);
/* e compared with a constant, written out: op KC_EQ or KC_NE, sym one of y, m, n. */
const struct kc_expr *kc_expr_compared(struct kc_tree *t, const struct kc_expr *e, enum kc_op op,
				       struct kc_sym *sym);
bool kc_expr_contains(const struct kc_expr *e, const struct kc_sym *s);
/* Whether a part of it holds where s is off: !s, s=n, s!=y, s!=m. */
bool kc_expr_wants_off(const struct kc_tree *t, const struct kc_expr *e, const struct kc_sym *s);
/* Whether e cannot hold without s, by its form. */
bool kc_expr_depends(const struct kc_tree *t, const struct kc_expr *e, const struct kc_sym *s);

/* Called for each piece of text; s is the symbol it names, or NULL. */
typedef void kc_piece_fn(void *ctx, const struct kc_sym *s, const char *text);
void kc_expr_print(const struct kc_expr *e, kc_piece_fn *piece, void *ctx);
