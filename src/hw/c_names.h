/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What C sources define: macros and enumerators by name. Names and texts point into the sources, which outlive them. */
#pragma once

#include "base/mem.h"
#include "hw/c_lex.h"

enum hw_c_def_kind {
	HW_C_MACRO,
	HW_C_ENUM,
	HW_C_UNDEF, /* #undef: there is none of that name from here on */
};

/* A macro, read for use. */
struct hw_c_macro {
	struct hw_c_toks body;
	struct hw_c_tok *param;
	size_t n_params;
	bool call;     /* takes arguments */
	bool variadic; /* the last parameter takes the rest */
	int braces;    /* that its body leaves open; less than 0: closes */
};

struct hw_c_def {
	const char *name;
	uint32_t name_n;
	uint32_t rest_n;
	/* macro: what follows the name; enumerator: the expression that it counts from, "" for 0 */
	const char *rest;
	uint32_t add; /* enumerator: to that */
	uint32_t cond;
	enum hw_c_def_kind kind;
	int8_t speaks; /* whether it expands to what is looked for in sources: 1 yes, -1 no, 0 not known yet */
	bool busy; /* is being expanded, or evaluated */
	bool yields; /* below an #ifndef of itself: to a definition of another header that is included */
	uint32_t header; /* that it stands in, as the owner of the table counts them */
	struct hw_c_macro *macro;
	struct hw_c_def *older; /* of the same name */
};

/* Of so many definitions of a name is asked which one counts. */
#define HW_C_OLDER 64

struct hw_c_names {
	struct hw_c_def **slot; /* open addressing */
	size_t n, slots;
	struct arena arena;
};

/* For looking one name up in several tables. */
uint32_t hw_c_names_hash(const char *name, size_t n);
struct hw_c_def *hw_c_names_find(const struct hw_c_names *t, const char *name, size_t n,
				 uint32_t hash);
/* The newest of that name; NULL: none. A #undef is one, too. */
struct hw_c_def *hw_c_names_get(const struct hw_c_names *t, const char *name, size_t n);
struct hw_c_def *hw_c_names_add(struct hw_c_names *t, const struct hw_c_def *def);
/* Forgets all; keeps room. */
void hw_c_names_clear(struct hw_c_names *t);
void hw_c_names_release(struct hw_c_names *t);

/* The macro of a definition; NULL: it is none, or is not written as one. */
struct hw_c_macro *hw_c_def_macro(struct hw_c_def *def);
