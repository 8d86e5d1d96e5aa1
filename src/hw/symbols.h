/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From wanted modules to lines of a configuration: the symbols that their Kbuild lines and folders name (kbuild/modules.h), and
 * what these depend on: symbols that have to be set whatever else is, and the fewest lines for the rest (kconfig/fix.h).
 */
#pragma once

#include "kbuild/modules.h"
#include "kconfig/explain.h"
#include "kconfig/modes.h"

struct hw_wanted {
	const char *module; /* a name or a path, as kb_module_find() takes it; NULL: the symbol */
	const char *symbol, *value; /* y, m or n */
	const char *
		reason; /* "00:1f.6 Ethernet [8086:15be] via pci"; NULL: the module's name is told */
};

struct hw_symbols_spec {
	const struct kc_tree *tree;
	const struct kc_files *files;
	const struct kb_module_list *modules;
	/* what the lines are put on: they make up for what this lacks (kconfig/made.h) */
	const struct kc_conf *read;
	enum kc_fill fill;
	bool as_modules; /* where that can be; else built in where that can be */
};

struct hw_line {
	const char *symbol, *value; /* y, m or n */
	const char *reason;	    /* in one line */
	bool needed; /* no symbol of a wanted module or its folders: another line needs it */
};

/* A wanted module that is not to be had. */
struct hw_unmet {
	size_t wanted; /* index */
	enum {
		HW_NO_MODULE, /* the tree has none of that name */
		HW_NO_SYMBOLS, /* not for this architecture: there are no symbols that bring it. path is what it would be */
		HW_AMBIGUOUS,	  /* several are called that: path and other are two of them */
		HW_DOES_NOT_HOLD, /* symbol cannot be value */
	} why;
	const char *path, *other;
	const char *symbol, *value;
	const char *file; /* that names the symbol */
	int line;
	struct kc_explanation explanation; /* of the latter */
};

struct hw_symbols {
	struct {
		struct hw_line *v;
		size_t n, cap;
	} lines; /* those of the modules in their order, then what these need */
	struct {
		struct hw_unmet *v;
		size_t n, cap;
	} unmet;
	struct arena arena;
};

/*
 * A part of these lines on that base has every line hold, and each wanted module that is not in unmet is then made, or built in.
 * What tree, modules and wanted point to must outlive ret. Fails where the solver cannot be opened.
 */
int hw_symbols_find(const struct hw_symbols_spec *spec, const struct hw_wanted *wanted, size_t n,
		    struct hw_symbols *ret, struct err *err);
void hw_symbols_release(struct hw_symbols *s);
/* The lines as a part, each with its reason behind it. */
void hw_symbols_text(const struct hw_symbols *s, struct str *ret);
