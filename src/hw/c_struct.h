/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Structures as headers declare them, and initializers of them. Device tables are read by the declarations that
 * include/linux/mod_devicetable.h of their own tree has.
 */
#pragma once

#include "base/map.h"
#include "base/str.h"
#include "hw/c_unit.h"

struct hw_c_layout;

struct hw_c_field {
	const char *name;
	uint8_t size; /* bytes of the type, of an array's element; 0: a structure, or not known */
	bool array;
	const struct hw_c_layout *of; /* of a structure declared in place */
};

struct hw_c_layout {
	const char *name; /* the tag; NULL: none */
	struct hw_c_field *v;
	size_t n, cap;
};

struct hw_c_layouts {
	struct map by_tag;
	struct {
		struct hw_c_layout **v;
		size_t n, cap;
	} all;
	struct arena arena;
};

/* Takes in all structures of a header; macros that rename one (#define x86cpu_device_id x86_cpu_id) too. */
void hw_c_layouts_read(struct hw_c_layouts *l, struct hw_c_world *w, struct hw_c_header *h);
const struct hw_c_layout *hw_c_layout_get(const struct hw_c_layouts *l, const char *tag);
void hw_c_layouts_release(struct hw_c_layouts *l);

/* Some tokens in a row. */
struct hw_c_span {
	const struct hw_c_tok *v;
	size_t n;
};

/* The next element of what stands between braces; moves *list behind it. Its designator, [N] =, is left out. */
bool hw_c_element(struct hw_c_span *list, struct hw_c_span *ret);
/* What is between the braces of an element, also of a compound literal, "(type){ ... }"; false: it has none. */
bool hw_c_braces(const struct hw_c_span *element, struct hw_c_span *ret);
/* The value of an integer array's element at an index, by place or by [index]: 0 where it is not set. */
bool hw_c_at(struct hw_c_unit *u, const struct hw_c_span *list, uint64_t index, uint64_t *ret);

#define HW_C_FIELDS 32

/* An initializer of a structure: what each field is set to; none: not at all, which is 0. */
struct hw_c_entry {
	struct hw_c_unit *u;
	const struct hw_c_layout *layout;
	struct hw_c_span field[HW_C_FIELDS];
};

/* inner: between its braces, expanded. */
void hw_c_entry_read(struct hw_c_unit *u, const struct hw_c_layout *layout,
		     const struct hw_c_span *inner, struct hw_c_entry *ret);
/* NULL: the structure has none of that name. */
const struct hw_c_span *hw_c_entry_get(const struct hw_c_entry *e, const char *field,
				       const struct hw_c_field **ret_field);
/* As the field's type holds it. False where it is not known. */
bool hw_c_entry_number(const struct hw_c_entry *e, const char *field, uint64_t *ret);
/* Appends the text of a string, of several in a row, or of { 'a', 'b' }; false where it is none. Nothing is "". */
bool hw_c_entry_text(const struct hw_c_entry *e, const char *field, struct str *ret);
/* Stands in a text for the name of the module, which a source itself does not know (KBUILD_MODNAME). */
#define HW_C_MODNAME "\001"
bool hw_c_text(struct hw_c_unit *u, const struct hw_c_span *s, struct str *ret);
