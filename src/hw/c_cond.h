/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conditions of #if on configuration symbols, kept as expressions: a tree is read without a configuration, and what is there
 * under which one is asked later. Equal expressions have equal numbers.
 *
 * None has more than HW_COND_TERMS terms, or a symbol with a longer name than HW_COND_NAME: where one would become longer it
 * becomes weaker, so that what is there is never taken for absent. All of Linux 6.1 and 6.12 has none so long.
 *
 * As text: "OF", "!OF", "PCI=y" (IS_BUILTIN), "PCI=m" (IS_MODULE), joined by && and || with brackets.
 */
#pragma once

#include "base/map.h"
#include "base/str.h"

enum { HW_COND_TRUE, HW_COND_FALSE };
#define HW_COND_TERMS 100
#define HW_COND_NAME  200

enum hw_cond_op {
	HW_COND_CONST,
	HW_COND_SYM,
	HW_COND_BUILTIN,
	HW_COND_MODULE,
	HW_COND_NOT,
	HW_COND_AND,
	HW_COND_OR
};

struct hw_cond {
	enum hw_cond_op op;
	uint32_t a, b;
	uint32_t terms;	  /* in it, each as often as it stands there */
	const char *name; /* of the symbol, without CONFIG_ */
};

struct hw_conds {
	struct hw_cond *v;
	size_t n, cap;
	struct map known; /* text of a node -> its number */
	struct arena arena;
};

void hw_conds_init(struct hw_conds *c);
void hw_conds_release(struct hw_conds *c);

/* op: HW_COND_SYM, HW_COND_BUILTIN or HW_COND_MODULE. */
uint32_t hw_cond_sym(struct hw_conds *c, enum hw_cond_op op, const char *name, size_t n);
uint32_t hw_cond_not(struct hw_conds *c, uint32_t a);
uint32_t hw_cond_and(struct hw_conds *c, uint32_t a, uint32_t b);
uint32_t hw_cond_or(struct hw_conds *c, uint32_t a, uint32_t b);

void hw_cond_text(const struct hw_conds *c, uint32_t cond, struct str *ret);
/* Text as above; HW_COND_TRUE where it is empty, or none. */
uint32_t hw_cond_parse(struct hw_conds *c, const char *text);

/* 'y', 'm' or 'n' for a symbol, as a configuration has it. */
typedef char hw_cond_value_fn(const void *data, const char *symbol);
bool hw_cond_holds(const struct hw_conds *c, uint32_t cond, hw_cond_value_fn *value,
		   const void *data);
