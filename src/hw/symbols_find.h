/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the parts of hw/symbols.h: what is wanted, and working it out. */
#pragma once

#include "hw/symbols.h"
#include "kconfig/fix.h"
#include "kconfig/made.h"

/* A symbol that modules want. */
struct want {
	const struct kc_sym *sym;
	struct kb_need need;
	unsigned allows; /* what is left of all needs of it */
	char value;	 /* y, m, n */
	struct {
		size_t *v;
		size_t n, cap;
	} by;	     /* goals, by index */
	bool needed; /* by other symbols alone, not by a line of a Kbuild file */
	struct {
		const char **v;
		size_t n, cap;
	} of; /* those that depend on it */
};

/* A wanted module. */
struct goal {
	size_t wanted;
	const struct kb_module *module; /* NULL: it is in unmet */
	struct {
		const struct kb_way **v;
		size_t n, cap;
	} ways;		 /* that can be, those to be preferred first */
	bool module_way; /* which kind is asked for */
	bool switched;	 /* it is the other one, since the first cannot be */
	bool asked;	 /* for one of the ways */
};

struct finder {
	const struct hw_symbols_spec *spec;
	const struct hw_wanted *wanted;
	struct hw_symbols *ret;
	struct {
		struct goal *v;
		size_t n, cap;
	} goals;
	struct {
		struct want *v;
		size_t n, cap;
	} wants;
	bool again;	   /* what is wanted is other than before: from the beginning */
	struct map raised; /* symbols that cannot be m beside others, though y is allowed as well */
	struct kc_fix fix;
	struct kc_wishes wishes;
	struct kc_made base, made; /* without a wish; with them */
};

/* A wanted module: its goal, or why there is none. */
void hw_find_goal(struct finder *f, size_t wanted);
/* All that is wanted, with what it needs; f->made has it. f->again: it has to be done once more. */
int hw_find_work_out(struct finder *f, struct err *err);
/* The wishes that stand for what is wanted, MODULES first where any is m; told_alone: without those that have no prompt. */
void hw_find_wish(struct finder *f, bool told_alone);
/* Adds those that were found. */
void hw_find_wish_fixes(struct finder *f);
void hw_find_make(struct finder *f);
/* Forgets what is wanted; the goals stay. */
void hw_find_forget(struct finder *f);

/* Among lines that do as well, those that a person would write. */
void hw_find_prefer(struct finder *f);

/* Whether one of its ways holds in f->made. */
bool hw_find_is_had(struct finder *f, const struct goal *g);
bool hw_find_is_by(const struct want *w, size_t goal);
/* Of the kind that is asked for; NULL: it has none. */
const struct kb_way *hw_find_first_way(const struct goal *g);
const char *hw_find_value_text(char value);
/* Asks for a module the other way: built in instead, or as a module. False: it was, or there is none. */
bool hw_find_switch(struct goal *g);
/* The module is not to be had. */
void hw_find_not_met(struct finder *f, struct goal *g, struct hw_unmet unmet);
