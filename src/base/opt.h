/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options of a command as a table, from which parsing, --help, completion and a test of the man
 * pages are made. GNU conventions: --name VALUE, --name=VALUE, -x VALUE, -xVALUE, bundled short
 * flags, "--" ends options. Unknown names are errors with the nearest valid one.
 */
#pragma once

#include "base/err.h"

enum opt_type {
	OPT_FLAG,   /* bool * becomes true */
	OPT_COUNT,  /* int * is incremented */
	OPT_STRING, /* const char ** points into argv; the last one wins */
	OPT_LIST,   /* struct strv *; each is added */
	OPT_U64,    /* uint64_t * */
	OPT_SIZE,   /* uint64_t *, bytes */
	OPT_SPAN,   /* uint64_t *, nanoseconds */
	OPT_ENUM,   /* int *: index into values */
};

/* What a shell may complete as the option's value. */
enum opt_complete { OC_NONE, OC_FILE, OC_DIR, OC_ENUM, OC_KERNEL, OC_PART, OC_CELL };

struct opt {
	const char *name; /* long name without dashes */
	char letter;	  /* or 0 */
	enum opt_type type;
	size_t offset;		   /* of the destination in the struct given to opt_parse() */
	const char *arg;	   /* what the value is called in help; NULL for flags */
	const char *help;	   /* one line, lower case, no full stop */
	const char *const *values; /* OPT_ENUM: NULL-terminated */
	enum opt_complete complete;
	uint64_t min, max; /* OPT_U64: bounds, where max is not 0 */
	/* of a bool behind the first member, set where the option is given: for a value whose zero means something; 0: none */
	size_t given;
};

enum opt_style {
	OPT_MIXED, /* options may stand behind positional arguments */
	OPT_STOP,  /* the first positional argument ends the options */
	OPT_STOP2, /* the second one does: "KERNEL CMD ARG..." */
	OPT_RAW,   /* nothing is parsed: the command has its own way, the table is for help alone */
};

/*
 * Parses argv[1..argc) into dst. Positional arguments (and all behind "--") are left in *ret_args
 * (points into argv, which is reordered), *ret_n of them; *ret_dashes is the index in *ret_args
 * of the first argument that stood behind "--" (ret_n if there was none). Only a "--" met while
 * options are still looked for divides; a later one is an argument. argv[argc] must be writable
 * (it is in main()); *ret_args ends with NULL. Several tables may be given (the command's and the
 * global one), each with its own dst; the first that knows a name wins. Every failure is -EINVAL
 * with words.
 */
struct opt_table {
	const struct opt *opts;
	size_t n;
	void *dst;
};
int opt_parse(int argc, char **argv, const struct opt_table *tables, size_t n_tables,
	      enum opt_style style, char ***ret_args, size_t *ret_n, size_t *ret_dashes,
	      struct err *err);
