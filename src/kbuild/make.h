/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads makefiles for their variables: assignments, conditionals, include, define, and GNU make's functions but those that
 * run something ($(shell) is empty) or tell something. Rules are passed over but for those of struct kb_mk_rules. What it does
 * not know is empty, never an error: what asks here wants lists of objects, and each of those stands in a simple line.
 *
 * Without a configuration (struct kb_open) nothing is left out: both branches of a condition on symbols are read, a line whose
 * name depends on them is one of each name that it may have, and each part of a variable says what it hangs on. Where a value
 * is wanted, and not a list, it is the one where nothing is set.
 *
 * GNU make manual, "Using Variables", "Conditional Parts", "Functions for Transforming Text".
 */
#pragma once

#include "base/map.h"
#include "base/str.h"
#include "kbuild/cond.h"

/* One assignment to a variable: "obj-$(CONFIG_X) += a.o b.o" is a part of obj-y. */
struct kb_mk_part {
	const char *text; /* right of the operator; expanded already where simple */
	bool simple;
	const char *file; /* below the tree */
	int line;	  /* of its first line */
	const char *
		symbol; /* without CONFIG_, that it depends on: named left, else right, else in the condition around it; NULL */
	/* without a configuration */
	const struct kb_cond *cond; /* that it hangs on; NULL: it is always there. symbol is NULL */
	bool sets;		    /* it was no += */
};

struct kb_mk_var {
	struct kb_mk_part *v;
	size_t n, cap;
	bool simple, exported, busy;
};

/*
 * "$(obj)/shared/%.o: $(srctree)/lib/%.c": objects that are made from a source that lies elsewhere. Both are below the tree; the
 * target has a %, the source may.
 */
struct kb_mk_rule {
	const char *target, *source;
};
struct kb_mk_rules {
	struct kb_mk_rule *v;
	size_t n, cap;
};

struct kb_mk {
	const char *tree;	    /* relative paths of include and $(wildcard) are below it */
	const struct kb_mk *outer;  /* what is not set here is looked for there; NULL: nowhere */
	struct kb_open *open;	    /* NULL: there is a configuration */
	const struct kb_cond *cond; /* around what is read now */
	struct kb_mk_rules *rules;  /* outer's; NULL: nobody asks for them */
	struct map vars;
	struct arena *arena; /* of texts; outlives this */
	uint64_t *
		work; /* what is left to do in all: bytes expanded, lines read. At 0 everything is empty */
	int depth; /* of files, of expansions */
	const char *args[10];
	size_t n_args;
};

/* open and rules are outer's. */
void kb_mk_init(struct kb_mk *m, const char *tree, const struct kb_mk *outer, struct arena *arena,
		uint64_t *work);
void kb_mk_release(struct kb_mk *m);

/* Sets a simple variable. */
void kb_mk_set(struct kb_mk *m, const char *name, const char *value);
/* Reads a file below the tree; false where there is none. */
bool kb_mk_read(struct kb_mk *m, const char *path);
/* Reads text as if it stood in a file of that name. */
void kb_mk_read_text(struct kb_mk *m, char *text, const char *file);
/* NULL: it is not set. */
const struct kb_mk_var *kb_mk_find(const struct kb_mk *m, const char *name);
/* Appends the value. */
void kb_mk_value(struct kb_mk *m, const char *name, struct str *ret);
void kb_mk_expand(struct kb_mk *m, const char *text, size_t n, struct str *ret);
/*
 * Each word of a list, in order, with what it hangs on: that of its part, and those of the parts of other lists that the part
 * names as $(NAME). word and part are valid during the call.
 */
typedef void kb_mk_word_fn(void *ctx, const char *word, size_t n, const struct kb_mk_part *part,
			   const struct kb_cond *cond);
void kb_mk_each_word(struct kb_mk *m, const char *name, kb_mk_word_fn *fn, void *ctx);
/* The value of one part. */
void kb_mk_part(struct kb_mk *m, const struct kb_mk_part *p, struct str *ret);

/* For the parts of this engine. */

/* One of make's functions by its name; false: it is none. args: not yet expanded. */
bool kb_mk_function(struct kb_mk *m, const char *name, size_t name_n, const char *args, size_t n,
		    struct str *ret);
/* Whether a line that assigns nothing is a rule: it has a colon outside of brackets. */
bool kb_mk_is_rule(const char *s);
/* Notes in m->rules what a rule says, if it is one of struct kb_mk_rules. */
void kb_mk_take_rule(struct kb_mk *m, const char *s);
/* Where the bracket that is open at s ends: at its counterpart, or at n. */
size_t kb_mk_close(const char *s, size_t n, char open, char close);
/* The next word at *s; false at the end. */
bool kb_mk_word(const char **s, const char *end, const char **word, size_t *n);
/* Whether word fits a pattern with at most one %; the stem is what % stands for. */
bool kb_mk_match(const char *pattern, size_t pattern_n, const char *word, size_t n,
		 const char **stem, size_t *stem_n);
/* $(patsubst): each word of text, changed where it fits. */
void kb_mk_patsubst(struct kb_mk *m, const char *from, size_t from_n, const char *to, size_t to_n,
		    const char *text, size_t n, struct str *ret);
/* kb_mk_each_word() for a text that is not yet a variable's; part is NULL. */
void kb_mk_raw_words(struct kb_mk *m, const char *text, kb_mk_word_fn *fn, void *ctx);
/* A value is at most so long. */
#define KB_MK_MAX (4 << 20)
/* Appends to a value what it has room for, and charges it; false where it has none. */
bool kb_mk_put(struct kb_mk *m, const char *s, size_t n, struct str *ret);
/* Charges n to the work that is left; false when it is used up. */
bool kb_mk_work(struct kb_mk *m, size_t n);
