/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the parts of hw/facts.h: a source under way, as facts.c reads it and facts_say.c sums it up. */
#pragma once

#include "hw/facts.h"

struct hw_reader_table {
	const char *name, *tag;
	struct hw_c_toks toks; /* between the braces, expanded */
	bool exported;	       /* by MODULE_DEVICE_TABLE */
	size_t same; /* the next of that name, in the other branch of an #if: its place + 1 */
	const char *driver;
	const char *file;
	uint32_t cond;
};

struct hw_reader_export {
	const char *kind, *table;
	uint32_t cond, line;
};

struct hw_reader_driver {
	const char *bus;       /* "pci" of struct pci_driver */
	struct hw_c_toks toks; /* between the braces, as written */
	const char *file;
	uint32_t cond, line;
};

struct hw_reader {
	struct hw_c_unit u;
	const struct hw_c_layouts *layouts;
	struct hw_facts *facts;
	size_t before; /* of facts: what others said */
	struct arena arena;
	struct hw_c_toks stmt;	/* the declaration under way, outside of braces */
	struct hw_c_toks queue; /* what a macro became: read before the file goes on */
	size_t queued;
	struct {
		struct hw_reader_table *v;
		size_t n, cap;
	} tables;
	struct map first, last; /* table of a name: its place + 1 */
	struct {
		struct hw_reader_export *v;
		size_t n, cap;
	} exports;
	struct {
		struct hw_reader_driver *v;
		size_t n, cap;
	} drivers;
	struct map texts; /* static const char name[] = "text" */
	int depth;	  /* of macros that became macros */
	/* an initializer: what was read since a name last changed its meaning, and before that, expanded */
	struct hw_c_toks pending, expanded;
};

/* Appends one, unless there are too many, or its text does not fit into a line. */
void hw_reader_fact(struct hw_reader *r, struct hw_fact f, const char *text, size_t n);
bool hw_reader_is_full(const struct hw_reader *r);
/* A token's text; the reader's. */
const char *hw_reader_name(struct hw_reader *r, const struct hw_c_tok *t);
/* The table of a name: places is r->first or r->last; NULL: none. */
struct hw_reader_table *hw_reader_table(struct hw_reader *r, const struct map *places,
					const char *name);
/* At the end of the file: its drivers, and the entries of its tables. */
void hw_reader_say(struct hw_reader *r);
