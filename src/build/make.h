/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads makefiles for their variables: assignments, conditionals, include, define, and GNU make's functions but those that
 * run something ($(shell) is empty) or tell something. Rules are passed over. What it does not know is empty, never an error:
 * what asks here wants lists of objects, and each of those stands in a simple line.
 *
 * GNU make manual, "Using Variables", "Conditional Parts", "Functions for Transforming Text".
 */
#pragma once

#include "base/map.h"
#include "base/str.h"

/* One assignment to a variable: "obj-$(CONFIG_X) += a.o b.o" is a part of obj-y. */
struct bld_mk_part {
	const char *text; /* right of the operator; expanded already where simple */
	bool simple;
	const char *file; /* below the tree */
	int line;	  /* of its first line */
	const char *
		symbol; /* without CONFIG_, that it depends on: named left, else right, else in the condition around it; NULL */
};

struct bld_mk_var {
	struct bld_mk_part *v;
	size_t n, cap;
	bool simple, exported, busy;
};

struct bld_mk {
	const char *tree;	    /* relative paths of include and $(wildcard) are below it */
	const struct bld_mk *outer; /* what is not set here is looked for there; NULL: nowhere */
	struct map vars;
	struct arena *arena; /* of texts; outlives this */
	uint64_t *
		work; /* what is left to do in all: bytes expanded, lines read. At 0 everything is empty */
	int depth; /* of files, of expansions */
	const char *args[10];
	size_t n_args;
};

void bld_mk_init(struct bld_mk *m, const char *tree, const struct bld_mk *outer,
		 struct arena *arena, uint64_t *work);
void bld_mk_release(struct bld_mk *m);

/* Sets a simple variable. */
void bld_mk_set(struct bld_mk *m, const char *name, const char *value);
/* Reads a file below the tree; false where there is none. */
bool bld_mk_read(struct bld_mk *m, const char *path);
/* Reads text as if it stood in a file of that name. */
void bld_mk_read_text(struct bld_mk *m, char *text, const char *file);
/* NULL: it is not set. */
const struct bld_mk_var *bld_mk_find(const struct bld_mk *m, const char *name);
/* Appends the value. */
void bld_mk_value(struct bld_mk *m, const char *name, struct str *ret);
void bld_mk_expand(struct bld_mk *m, const char *text, size_t n, struct str *ret);
/* The value of one part. */
void bld_mk_part(struct bld_mk *m, const struct bld_mk_part *p, struct str *ret);

/* For the parts of this engine. */

/* One of make's functions by its name; false: it is none. args: not yet expanded. */
bool bld_mk_function(struct bld_mk *m, const char *name, size_t name_n, const char *args, size_t n,
		     struct str *ret);
/* Where the bracket that is open at s ends: at its counterpart, or at n. */
size_t bld_mk_close(const char *s, size_t n, char open, char close);
/* The next word at *s; false at the end. */
bool bld_mk_word(const char **s, const char *end, const char **word, size_t *n);
/* Whether word fits a pattern with at most one %; the stem is what % stands for. */
bool bld_mk_match(const char *pattern, size_t pattern_n, const char *word, size_t n,
		  const char **stem, size_t *stem_n);
/* $(patsubst): each word of text, changed where it fits. */
void bld_mk_patsubst(struct bld_mk *m, const char *from, size_t from_n, const char *to, size_t to_n,
		     const char *text, size_t n, struct str *ret);
/* A value is at most so long. */
#define BLD_MK_MAX (4 << 20)
/* Appends to a value what it has room for, and charges it; false where it has none. */
bool bld_mk_put(struct bld_mk *m, const char *s, size_t n, struct str *ret);
/* Charges n to the work that is left; false when it is used up. */
bool bld_mk_work(struct bld_mk *m, size_t n);
