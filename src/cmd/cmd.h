/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One command of kiln. All of them stand in one explicit array (src/cmd/table.c); help,
 * completion and the man pages are made from, or held against, this table.
 */
#pragma once

#include "base/err.h"
#include "base/opt.h"
#include "base/out.h"

/* Exit statuses, the same for every command. */
enum {
	EXIT_OK = 0,
	EXIT_NO = 1, /* the answer is no */
	EXIT_USAGE = 2,
	EXIT_PANIC = 120,  /* run: the guest kernel panicked */
	EXIT_NOT_UP = 121, /* run: the guest did not come up */
	EXIT_DEADLINE = 124,
	EXIT_KILN = 125, /* kiln itself could not */
};

/* What stands before a command's own options, and may stand among them. */
struct global_opts {
	const char *chdir; /* -C DIR, already entered when a command runs */
	bool json;
	bool dry_run;
	int verbose;
	bool quiet;
	int color; /* enum color_mode */
	bool help;
	bool version;
};

struct cmd {
	const char *name;	     /* "run", or "bench run" for a verb */
	const char *args;	     /* usage behind the options: "[KERNEL] [--] [CMD [ARG...]]" */
	const char *summary;	     /* one line, lower case, no full stop */
	const char *const *examples; /* lines for --help, NULL-terminated; may be NULL */
	const struct opt *opts;
	size_t n_opts;
	size_t opts_size; /* of the struct the options are parsed into, zeroed before */
	enum opt_style style;
	bool acts;  /* honours --dry-run */
	bool facts; /* honours --json */
	/*
	 * args: positional arguments; dashes: index of the first one behind "--". Returns an exit
	 * status; a negative value means err is set (main prints it and exits 125, or 2 for what
	 * usage_error() returned).
	 */
	int (*run)(struct out *out, const struct global_opts *global, void *opts, char **args,
		   size_t n_args, size_t dashes, struct err *err);
	void (*release)(void *opts); /* may be NULL */
};

extern const struct cmd *const cmds[];
extern const size_t n_cmds;

/* The code of a usage error; outside the range of errno, so that nothing else is taken for one. */
#define ERR_USAGE (-10000)

/*
 * Sets err to a usage error of this command (NULL: of kiln itself), with its usage line as the
 * hint, and returns ERR_USAGE.
 */
int usage_error(const struct cmd *cmd, struct err *err, const char *fmt, ...) PRINTF(3, 4);
/* Makes one of an error already set; its hint stays in front. */
int usage_error_of(const struct cmd *cmd, struct err *err);

/* The file that --output names; NULL: standard output, which is also "-". */
const char *output_file(const char *given);

/* What main() does: the options in front, the command, its options, the exit status. */
int cmd_main(int argc, char **argv);
/* The options every command has, parsed into a struct global_opts. */
extern const struct opt global_opts[];
extern const size_t n_global_opts;
/* False for --json where the command prints no facts, and --dry-run where it does not act. */
bool cmd_takes_global(const struct cmd *cmd, const struct opt *o);

/*
 * The command argv[0..n) begins with; *ret_words is how many words its name has. NULL if there is
 * none. A command of two words wins over one of one word.
 */
const struct cmd *cmd_find(char *const *argv, size_t n, size_t *ret_words);
/*
 * Sets err for words no command is called by, with the nearest name as the hint; returns
 * ERR_USAGE.
 */
int cmd_unknown(char *const *argv, size_t n, struct err *err);
/* "kiln run [OPTION...] [KERNEL] ..." */
char *cmd_usage(const struct cmd *cmd);

/* The text of `kiln --help`, of `kiln CMD --help`. */
void help_print(struct out *out);
void help_print_cmd(struct out *out, const struct cmd *cmd);
