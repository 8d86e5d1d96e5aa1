/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lines of makefiles hang on, where no configuration is given: which values of which symbols. Found by trying: the text
 * that decides (a name as in "obj-$(subst m,y,$(CONFIG_X))", a condition) is expanded with every value of the symbols that it
 * looks at, and what comes out of which is put into terms.
 */
#pragma once

#include "base/map.h"
#include "base/str.h"

struct kb_mk;

/* Values of a symbol that are allowed. A value that is neither is none of them: a string, a number. */
enum { KB_N = 1, KB_M = 2, KB_Y = 4, KB_ANY = 7 };

struct kb_need {
	const char *symbol; /* without CONFIG_; the same text has the same address */
	const char *file;   /* of the line that says so, below the tree */
	int line;
	unsigned allows;
};

/* All of these. */
struct kb_term {
	const struct kb_need *need;
	size_t n;
};

/* Any of these; a term without needs holds always, and no terms never do. free(x.v) releases it. */
struct kb_terms {
	struct kb_term *v;
	size_t n, cap;
};

/* Any of the terms, and what is around it. */
struct kb_cond {
	const struct kb_term *term;
	size_t n;
	const struct kb_cond *outer; /* NULL: nothing */
};

/* Where a makefile is read without a configuration. A zeroed struct is one; kb_open_release() releases it. */
struct kb_open {
	struct map symbols; /* the one text of each name */
	/* while something is tried: what was looked at, and what it is worth */
	bool watching;
	struct {
		const char *symbol;
		unsigned value; /* 0, 1, 2: n, m, y */
	} seen[4];
	size_t n_seen;
	bool more; /* than are kept */
};
void kb_open_release(struct kb_open *o);
/* The value of CONFIG_ and that name, noted as looked at: "", "m" or "y". */
const char *kb_open_value(struct kb_open *o, struct arena *arena, const char *name);

/* Texts that came out. A zeroed struct is an empty one. */
#define KB_TABLE_MAX 81 /* 3 values of 4 symbols */
struct kb_table {
	const char *symbol[4];
	size_t n, cells;
	bool more;	     /* symbols than are kept: it is not known what comes out otherwise */
	struct strv results; /* that differ; the first is the one where nothing is set */
	unsigned char result[KB_TABLE_MAX]; /* index into these, by the values as digits */
};
/*
 * Tries; what looks at too many symbols has one result, as if nothing were set. fn appends the text. Nothing is tried inside
 * of fn again.
 */
void kb_table_make(struct kb_mk *m, void (*fn)(void *ctx, struct str *ret), void *ctx,
		   struct kb_table *ret);
void kb_table_release(struct kb_table *t);
/* What result i hangs on, below outer, which it is where that is nothing. In m's arena; file and line are kept. */
const struct kb_cond *kb_table_cond(struct kb_mk *m, const struct kb_table *t, size_t i,
				    const struct kb_cond *outer, const char *file, int line);

/* a and all around it, and b. */
const struct kb_cond *kb_cond_join(struct arena *arena, const struct kb_cond *a,
				   const struct kb_cond *b);
/* Whether it holds where nothing is set. */
bool kb_cond_holds_unset(const struct kb_cond *c);

/* Adds a term to these; what says the same or less than another is dropped. More than some are not kept. */
void kb_terms_add(struct kb_terms *t, struct arena *arena, struct kb_term add);
/* Adds those of several lists in turn: where not all are kept, each list has its share. */
void kb_terms_share(struct kb_terms *t, struct arena *arena, const struct kb_terms *lists,
		    size_t n);
/* Adds each of a together with each of b. */
void kb_terms_and(struct kb_terms *t, struct arena *arena, const struct kb_terms *a,
		  const struct kb_terms *b);
/* Adds what c is, as terms, together with each of a. */
void kb_terms_cond(struct kb_terms *t, struct arena *arena, const struct kb_cond *c,
		   const struct kb_terms *a);
