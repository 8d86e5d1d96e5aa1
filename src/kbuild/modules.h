/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modules that a tree has for an architecture, without any configuration: what each is called, which sources it is made of,
 * and on which symbols it hangs, by the Kbuild files alone (kbuild/objects.h). Whether Kconfig lets these have those values is
 * not known here. What can only be built in is a module of this list, too.
 */
#pragma once

#include "kbuild/objects.h"

/* Values of symbols with which there is a module, or it is built in: each need has to hold. Its own come before its folders'. */
struct kb_way {
	struct kb_term term;
	bool module; /* else it is built in */
};

/* One of the sources. */
struct kb_source {
	const char *
		path; /* of its object: "drivers/net/ethernet/intel/e1000e/netdev.o" is made from netdev.c, .S or .rs */
	const struct kb_term *
		term; /* beside a way of the module any of these; one without needs for what is always in it */
	size_t n_term;
};

struct kb_module {
	const char *name;	  /* as in KBUILD_MODNAME: '-' and ',' are '_' */
	const char *path;	  /* of its object: "drivers/net/ethernet/intel/e1000e/e1000e.o" */
	const struct kb_way *way; /* those as a module first */
	size_t n_way;
	const struct kb_source *source;
	size_t n_source;
};

struct kb_module_list {
	struct kb_module *v; /* by name, then those that can be modules, then by path */
	size_t n, cap;
	struct {
		struct kb_part_of {
			const char *path; /* of the file, below the tree, without its ending */
			const struct kb_module *module;
			const struct kb_source *source;
		} * v;
		size_t n, cap;
	} parts; /* by path */
	struct kb_object_list objects;
};

/* tree: absolute. srcarch: "x86", a folder of arch/. Errors: those of kb_object_list(). */
int kb_module_list(const char *tree, const char *srcarch, struct kb_module_list *ret,
		   struct err *err);
void kb_module_list_release(struct kb_module_list *l);

/*
 * Those of that name, with '-', '_' and ',' taken for one: *ret_n of them, most often one. A path ("drivers/.../e1000e.ko",
 * ".o", or without either) means that one alone. NULL: there is none.
 */
const struct kb_module *kb_module_find(const struct kb_module_list *l, const char *name,
				       size_t *ret_n);
/* What a source ("drivers/net/.../netdev.c") is part of: *ret_n of them. NULL: nothing. */
const struct kb_part_of *kb_module_of_source(const struct kb_module_list *l, const char *source,
					     size_t *ret_n);
/* value: KB_N, KB_M, KB_Y of a symbol; 0: something else. */
bool kb_term_holds(const struct kb_term *t, unsigned (*value)(void *ctx, const char *symbol),
		   void *ctx);
