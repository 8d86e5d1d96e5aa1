/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * C sources of a tree, read without a compiler and without a configuration: tokens with directives carried out, names looked
 * up where they are defined.
 *
 * Theory of operation. What compiling a file takes, all its headers, is not read: of thousands of names in them few are asked
 * for. All headers of include/ and of the architecture are read once for what they define, into one table (the world). Of a
 * file (a unit) the directives are carried out in their order; the headers beside it, #include "x.h", are read when a name is
 * asked for that nothing nearer defines. Where several headers of the world define a name, those count that the file includes
 * itself. Both branches of an #if on a configuration symbol are read; what is in them has the condition.
 */
#pragma once

#include "base/err.h"
#include "base/map.h"
#include "hw/c_cond.h"
#include "hw/c_names.h"

struct hw_c_include {
	const char *path; /* as written */
	uint32_t n;
	bool quoted;
	bool resolved;
	struct hw_c_header *to; /* then; NULL: not in the tree */
};

struct hw_c_header {
	const char *path; /* below the tree */
	const char *text; /* NULL: forgotten */
	size_t n;
	bool read; /* names and includes are known */
	struct hw_c_names names;
	struct {
		struct hw_c_include *v;
		size_t n, cap;
	} includes;
	bool used;     /* it gave a name, or was read as text */
	uint32_t seen; /* number of the last search that came by */
	int8_t tables; /* whether it defines device tables, or the like: 1 yes, -1 no, 0 not known yet */
};

struct hw_c_world {
	int tree; /* descriptor */
	const char *srcarch;
	struct hw_conds conds;
	struct hw_c_names names; /* of all headers that angle brackets find */
	struct map header;	 /* path -> struct hw_c_header */
	struct map angle;  /* "linux/pci.h" -> struct hw_c_header, the first folder that has it */
	struct map beside; /* name of a header elsewhere -> struct strv of its paths */
	struct {
		struct hw_c_header **v;
		size_t n, cap;
	} headers;
	/* those beside sources whose text is long: read again for each file that sees them */
	struct {
		struct hw_c_header **v;
		size_t n, cap;
	} large;
	struct arena arena;
	uint32_t search;
};

/* Reads the headers of a tree; srcarch: a folder of arch/. The descriptor must stay open. */
int hw_c_world_init(struct hw_c_world *w, int tree, const char *srcarch, struct err *err);
void hw_c_world_release(struct hw_c_world *w);

/* A header by its path below the tree; NULL: there is none. It stays, its text does until hw_c_world_forget(). */
struct hw_c_header *hw_c_header_get(struct hw_c_world *w, const char *path);
/* Between files: lets go of what takes much memory. */
void hw_c_world_forget(struct hw_c_world *w);

#define HW_C_INCLUDES 16 /* one in another */

/* A file under way. */
struct hw_c_unit {
	struct hw_c_world *w;
	const char *path;
	struct hw_c_names names; /* of the file itself and of what it includes as text */
	struct {
		struct hw_c_include *v;
		size_t n, cap;
	} includes;
	struct hw_c_src *src; /* the text that is read now, innermost */
	struct {
		struct hw_c_header **v;
		size_t n, cap;
	} near;		   /* headers beside it, found so far */
	size_t near_known; /* of includes */
	size_t near_done;  /* of near: whose own includes are known */
	/* number of the search that found all headers it includes; 0: not done yet */
	uint32_t closure;
	bool header; /* it is read for its names alone, which are looked for in itself alone */
	bool inside; /* an initializer is being read: what is included there is text */
	/* open behind the last token; of the branches of an #if, those of the first one count */
	int braces;
	/* called before a name gets another meaning there; may be NULL */
	void (*before)(void *data);
	void *before_data;
	uint32_t budget; /* tokens that may still be looked at in expanding */
	size_t texts;	 /* bytes included as text so far */
	int depth;	 /* of the value that is being worked out */
};

/* text: stays the caller's, and as long as the unit. */
void hw_c_unit_init(struct hw_c_unit *u, struct hw_c_world *w, const char *path, const char *text,
		    size_t n);
void hw_c_unit_release(struct hw_c_unit *u);
/* The next token, not expanded; false at the end of the file. */
bool hw_c_unit_next(struct hw_c_unit *u, struct hw_c_tok *ret);
/* Behind the word enum: takes in the enumerators that follow, if any do. */
void hw_c_unit_enum(struct hw_c_unit *u);
/* Where the text that is read now stands: a header, where that was included as text. */
const char *hw_c_unit_where(const struct hw_c_unit *u);

/* The header that an #include in a file means; NULL: it is not in the tree. */
struct hw_c_header *hw_c_resolve(struct hw_c_world *w, const char *from, struct hw_c_include *inc);
/* What a name stands for at this place; NULL: it is not defined. */
struct hw_c_def *hw_c_find(struct hw_c_unit *u, const char *name, size_t n);
/* MODULE_FIRMWARE and others that say something themselves: defined, but no macro, also where module.h is read as text. */
bool hw_c_is_reserved(const struct hw_c_unit *u, const char *name, size_t n);

/* Expands all macros of in; what is there already in ret stays. */
void hw_c_expand(struct hw_c_unit *u, const struct hw_c_tok *in, size_t n, struct hw_c_toks *ret);

/* The value of an integer constant expression; false where something in it is not known. Macros in it are expanded. */
bool hw_c_value(struct hw_c_unit *u, const struct hw_c_tok *in, size_t n, uint64_t *ret);
/* Under which condition the expression of an #if is true. */
uint32_t hw_c_condition(struct hw_c_unit *u, const struct hw_c_tok *in, size_t n);
