/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * In what the Kconfig programs of different kernels differ where the difference can be seen. Kernels are not asked
 * for their version: each property is read off the sources of the tree's own scripts/kconfig.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct kc_dialect {
	/*
	 * Choices are plain lists of bools of which one is y (since 6.11). Without it a choice is a symbol of its
	 * own, bool or tristate, may be optional, and its members depend on it.
	 */
	bool plain_choices;
	bool dups_by_halves; /* simplification of && and || works on the two operands first (6.11) */
	bool zero_numbers;   /* an int without value is 0, a hex one 0x0, and not empty (6.10) */
	bool strict_unset;   /* "# CONFIG_X is not set" must end there (6.6) */
	bool warn_no_equals; /* a line with the prefix but no "=" is told of (6.6) */
	bool keep_unsaved; /* user values of invisible and out-of-range symbols are kept in any case (6.11) */
	bool autoconf_var; /* auto.conf.cmd speaks of $(autoconfig) (6.11) */
	bool all_by_menu; /* all*config goes through the menu and leaves symbols without prompt alone (6.11) */
	bool short_cycles; /* recursive dependencies are told without places (6.11) */
	bool include_by_stack; /* recursive inclusion names the line of `source` and compares whole stacks (6.10) */
	bool transitional; /* the word `transitional`: symbols that are read and never written (6.18) */
	bool conditional_deps; /* `depends on X if Y` (7.0) */
	bool warn_changed; /* KCONFIG_WARN_CHANGED_INPUT: values of the user's that came out otherwise are told */
	bool include_once; /* a file that is included a second time is an error */
	bool strict_entries; /* menuconfig without prompt, two help texts, a blank one: errors, not warnings */
	bool bool_choices;    /* `bool "prompt"` in a plain choice, until it was taken out */
	bool members_once;    /* a choice's member has one prompt, wherever the other one stands */
	bool negated_apart;   /* what wants a symbol to be off is not made its child */
	uint32_t sym_buckets; /* of the table of symbols: the order of auto.conf and of warnings */
};

/* The dialect of the newest kernels. */
extern const struct kc_dialect kc_dialect_newest;
/* That of the last kernel with symbol-like choices, 6.1. */
extern const struct kc_dialect kc_dialect_classic;

/*
 * Reads it off the folder scripts/kconfig opened as dirfd. False, and nothing set, where that holds no expr.h or symbol.c; of
 * other files, one that cannot be read has none of the words.
 */
bool kc_dialect_read(int dirfd, struct kc_dialect *ret);
