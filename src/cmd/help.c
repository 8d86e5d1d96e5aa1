/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `kiln --help`, `kiln CMD --help` from the option tables, and `kiln help`, which opens the man
 * page.
 */
#include "base/clock.h"
#include "base/path.h"
#include "base/proc.h"
#include "cmd/cmd.h"

#include <errno.h>
#include <signal.h>

/* for man to say whether it has a page */
#define MAN_NS (5 * NSEC_PER_SEC)

/* The part left of the explanation: "-C, --chdir DIR". Long names stand in one column. */
static char *opt_left(const struct opt *o)
{
	struct str b = { 0 };

	if (o->letter)
		str_addf(&b, "-%c, ", o->letter);
	else
		str_adds(&b, "    ");
	str_addf(&b, "--%s", o->name);
	if (o->arg)
		str_addf(&b, " %s", o->arg);
	return str_take(&b);
}

static size_t left_width(const struct opt *opts, size_t n, size_t width)
{
	for (size_t i = 0; i < n; i++) {
		auto_free char *left = opt_left(&opts[i]);

		width = MAX(width, strlen(left));
	}
	return width;
}

static void print_opt(struct out *out, const struct opt *o, size_t width)
{
	auto_free char *left = opt_left(o);
	auto_str struct str help = { 0 };

	str_adds(&help, o->help);
	/* An argument called a|b says its values itself. */
	for (size_t v = 0; o->values && !strchr(o->arg, '|') && o->values[v]; v++)
		str_addf(&help, "%s%s", v ? ", " : ": ", o->values[v]);
	out_print(out, "  %-*s  %s\n", (int)width, left, str_c(&help));
}

/* cmd NULL: all global options. */
static void print_global(struct out *out, const struct cmd *cmd, const char *title, size_t width)
{
	out_print(out, "\n%s:\n", title);
	for (size_t i = 0; i < n_global_opts; i++)
		if (!cmd || cmd_takes_global(cmd, &global_opts[i]))
			print_opt(out, &global_opts[i], width);
}

void help_print_cmd(struct out *out, const struct cmd *cmd)
{
	auto_free char *usage = cmd_usage(cmd);
	size_t width = left_width(cmd->opts, cmd->n_opts, 0);

	width = left_width(global_opts, n_global_opts, width);
	out_print(out, "usage: %s\n\n%s\n", usage, cmd->summary);
	if (cmd->n_opts)
		out_print(out, "\noptions:\n");
	for (size_t i = 0; i < cmd->n_opts; i++)
		print_opt(out, &cmd->opts[i], width);
	print_global(out, cmd, "general options", width);
	if (!cmd->examples)
		return;
	out_print(out, "\nexamples:\n");
	for (const char *const *line = cmd->examples; *line; line++)
		out_print(out, "  %s\n", *line);
}

void help_print(struct out *out)
{
	auto_free char *usage = cmd_usage(NULL);
	size_t width = 0;

	out_print(out, "usage: %s\n\nfrom hardware and options to a tested, running Linux kernel\n",
		  usage);
	for (size_t i = 0; i < n_cmds; i++)
		width = MAX(width, strlen(cmds[i]->name));
	out_print(out, "\ncommands:\n");
	for (size_t i = 0; i < n_cmds; i++)
		out_print(out, "  %-*s  %s\n", (int)width, cmds[i]->name, cmds[i]->summary);
	print_global(out, NULL, "options", left_width(global_opts, n_global_opts, 0));
	out_print(out,
		  "\n'kiln help COMMAND' opens the manual, 'kiln COMMAND --help' is shorter.\n");
}

/* "kiln", "kiln-run", "kiln-bench-run" */
static char *page_name(const struct cmd *cmd)
{
	char *name;

	if (!cmd)
		return xstrdup("kiln");
	name = xasprintf("kiln-%s", cmd->name);
	for (char *p = name; *p; p++)
		if (*p == ' ')
			*p = '-';
	return name;
}

/* The page of the build folder, else the name of one that man(1) finds, else NULL. */
static char *find_page(const char *man, const char *name)
{
	auto_free char *file = xasprintf("%s.1", name);
	char *const argv[] = { (char *)man, (char *)"-w", (char *)name, NULL };
	const struct proc_spec spec = { .argv = argv, .new_group = true };
	auto_proc_result struct proc_result result = { 0 };
	char *path;

	if (!dir_own_file(file, &path, NULL))
		return path;
	if (proc_run(&spec, NULL, MAN_NS, 4096, &result, NULL) < 0 || result.status)
		return NULL;
	return xstrdup(name);
}

/*
 * Replaces kiln, so that the pager owns the terminal and its signals. Returns only where there is
 * no man(1) or no page.
 */
static int open_page(const struct cmd *cmd, struct err *err)
{
	auto_free char *man = NULL, *page = NULL, *name = page_name(cmd);

	if (path_find_program("man", NULL, &man) < 0)
		return 0;
	page = find_page(man, name);
	if (!page)
		return 0;
	signal(SIGPIPE, SIG_DFL);
	if (strchr(page, '/'))
		execl(man, "man", "-l", page, NULL);
	else
		execl(man, "man", page, NULL);
	return err_sys(err, "cannot run '%s'", man);
}

extern const struct cmd cmd_help;

static int run_help(struct out *out, const struct global_opts *global, void *opts, char **args,
		    size_t n_args, size_t dashes, struct err *err)
{
	const struct cmd *cmd = NULL;
	size_t words = 0;
	int r;

	if (n_args) {
		cmd = cmd_find(args, n_args, &words);
		if (!cmd)
			return cmd_unknown(args, n_args, err);
		if (words < n_args)
			return usage_error(&cmd_help, err, "'%s' is one word too many",
					   args[words]);
	}
	r = open_page(cmd, err);
	if (r < 0)
		return r;
	if (cmd)
		help_print_cmd(out, cmd);
	else
		help_print(out);
	return EXIT_OK;
}

static const char *const examples[] = { "kiln help", "kiln help run", NULL };

const struct cmd cmd_help = {
	.name = "help",
	.args = "[COMMAND]",
	.summary = "open the manual page of a command",
	.examples = examples,
	.run = run_help,
};
