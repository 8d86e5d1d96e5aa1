/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From argv to a command's function, and from what it returns to an exit status. The error that a
 * command returns is printed here, once; what became of a guest is told by kiln run itself, and is
 * no error of kiln's.
 */
#include "cmd/cmd.h"
#include "base/path.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>

extern const struct cmd cmd_config_conf;

static const char *const color_names[] = { "auto", "never", "always", NULL };

#define G(member) offsetof(struct global_opts, member)
const struct opt global_opts[] = {
	/* clang-format off */
	{ "chdir",   'C', OPT_STRING, G(chdir),   "DIR",  "work as if started in DIR", .complete = OC_DIR },
	{ "json",    0,   OPT_FLAG,   G(json),    NULL,   "print the result as JSON" },
	{ "dry-run", 'n', OPT_FLAG,   G(dry_run), NULL,   "print what would be done, and start none of it" },
	{ "verbose", 'v', OPT_COUNT,  G(verbose), NULL,   "say more about what is done and why" },
	{ "quiet",   'q', OPT_FLAG,   G(quiet),   NULL,   "say only what went wrong" },
	{ "color",   0,   OPT_ENUM,   G(color),   "WHEN", "colour the output",
	  .values = color_names, .complete = OC_ENUM },
	{ "help",    'h', OPT_FLAG,   G(help),    NULL,   "show what there is and how it is used" },
	{ "version", 0,   OPT_FLAG,   G(version), NULL,   "print the version" },
	/* clang-format on */
};
const size_t n_global_opts = countof(global_opts);

bool cmd_takes_global(const struct cmd *cmd, const struct opt *o)
{
	if (o->offset == G(json))
		return cmd->facts;
	if (o->offset == G(dry_run))
		return cmd->acts;
	return true;
}

/* A command line being worked off. */
struct call {
	struct global_opts global;
	const struct cmd *cmd; /* NULL until it is known */
	bool stands_in; /* kiln was started under the name of the program that cmd replaces */
	struct out out;
};

char *cmd_usage(const struct cmd *cmd)
{
	if (!cmd)
		return xstrdup("kiln [OPTION...] COMMAND [ARG...]");
	return xasprintf("kiln %s [OPTION...]%s%s", cmd->name, cmd->args && *cmd->args ? " " : "",
			 cmd->args ? cmd->args : "");
}

/* A hint that is there already ("did you mean") says more than the usage line alone. */
int usage_error_of(const struct cmd *cmd, struct err *err)
{
	auto_free char *usage = cmd_usage(cmd), *before = NULL;

	if (!err)
		return ERR_USAGE;
	err->code = ERR_USAGE;
	before = err->hint ? xasprintf("%s\n", err->hint) : xstrdup("");
	return err_hint(err, ERR_USAGE, "%susage: %s", before, usage);
}

const char *output_file(const char *given)
{
	return str_eq(given, "-") ? NULL : given;
}

int usage_error(const struct cmd *cmd, struct err *err, const char *fmt, ...)
{
	auto_free char *msg = NULL;
	va_list ap;

	va_start(ap, fmt);
	msg = xvasprintf(fmt, ap);
	va_end(ap);
	err_set(err, ERR_USAGE, "%s", msg);
	return usage_error_of(cmd, err);
}

static size_t count_words(const char *name)
{
	size_t n = 1;

	for (; *name; name++)
		n += *name == ' ';
	return n;
}

static bool begins_with(char *const *argv, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strcspn(name, " ");

		if (strlen(argv[i]) != len || memcmp(argv[i], name, len))
			return false;
		if (!name[len])
			return true;
		name += len + 1;
	}
	return false;
}

const struct cmd *cmd_find(char *const *argv, size_t n, size_t *ret_words)
{
	const struct cmd *found = NULL;

	*ret_words = 0;
	for (size_t i = 0; i < n_cmds; i++) {
		size_t words = count_words(cmds[i]->name);

		if (words > *ret_words && begins_with(argv, n, cmds[i]->name)) {
			found = cmds[i];
			*ret_words = words;
		}
	}
	return found;
}

/* "bench" alone, where only "bench run" and the like are commands. */
static int missing_verb(const char *word, const struct strv *verbs, struct err *err)
{
	auto_str struct str list = { 0 };

	for (size_t i = 0; i < verbs->n; i++)
		str_addf(&list, "%s'kiln %s'", i ? ", " : "", verbs->v[i]);
	err_set(err, ERR_USAGE, "'%s' needs a verb", word);
	return err_hint(err, ERR_USAGE, "there is %s", str_c(&list));
}

int cmd_unknown(char *const *argv, size_t n, struct err *err)
{
	auto_free const char **names = xcalloc(n_cmds, sizeof(*names));
	auto_free char *two = n > 1 ? xasprintf("%s %s", argv[0], argv[1]) : NULL;
	auto_free char *group = xasprintf("%s ", argv[0]);
	auto_strv struct strv verbs = { 0 };
	const char *nearest = NULL, *word = argv[0];

	for (size_t i = 0; i < n_cmds; i++) {
		names[i] = cmds[i]->name;
		if (str_starts(names[i], group))
			strv_add(&verbs, names[i]);
	}
	if (verbs.n && !two)
		return missing_verb(word, &verbs, err);
	if (two) {
		nearest = str_nearest(two, names, n_cmds);
		if (verbs.n)
			word = two;
	}
	if (!nearest)
		nearest = str_nearest(argv[0], names, n_cmds);
	err_set(err, ERR_USAGE, "'%s' is not a kiln command", word);
	if (nearest)
		return err_hint(err, ERR_USAGE, "did you mean 'kiln %s'?", nearest);
	return err_hint(err, ERR_USAGE, "'kiln --help' lists the commands");
}

/*
 * A descriptor of the first three that is closed would be taken by the first file opened. It is
 * opened here the wrong way round, so that using it still fails as if it were closed.
 */
static void hold_standard_fds(void)
{
	static const int wrong_way[] = { O_WRONLY, O_RDONLY, O_RDONLY };

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", wrong_way[fd]) < 0)
			_exit(EXIT_KILN);
}

/*
 * Writing to a pipe nobody reads is seen as EPIPE (see finish()). An inherited SIG_IGN for
 * SIGCHLD would make children vanish unseen.
 */
static void set_up_process(void)
{
	hold_standard_fds();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
	/* only for the width of characters: numbers are the same everywhere */
	setlocale(LC_CTYPE, "");
}

static _Noreturn void die_of_sigpipe(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(SIGPIPE);
	_exit(EXIT_KILN);
}

static int finish(struct call *c, int status, struct err *err)
{
	int r;

	if (status < 0) {
		out_error(&c->out, err);
		status = err->code == ERR_USAGE ? EXIT_USAGE : EXIT_KILN;
	}
	err_release(err);
	r = out_finish(&c->out);
	if (r == -EPIPE)
		die_of_sigpipe();
	if (r < 0) {
		err_code(err, r, "cannot write the output");
		c->out.json = false; /* there is no place left to write it to */
		out_error(&c->out, err);
		err_release(err);
		status = EXIT_KILN;
	}
	return status;
}

static void set_out(struct call *c)
{
	out_init(&c->out, c->global.color, c->global.json,
		 c->global.quiet ? -1 : c->global.verbose);
}

static int enter(const struct global_opts *g, struct err *err)
{
	if (g->chdir && chdir(g->chdir) < 0)
		return err_sys(err, "cannot enter '%s'", g->chdir);
	return 0;
}

static int check_global(const struct cmd *cmd, const struct global_opts *g, struct err *err)
{
	if (g->json && !cmd->facts)
		return usage_error(cmd, err, "'kiln %s' has no '--json'", cmd->name);
	if (g->dry_run && !cmd->acts)
		return usage_error(cmd, err, "'kiln %s' has no '--dry-run'", cmd->name);
	return 0;
}

static void print_version(struct out *out)
{
	out_print(out, "kiln %s\n", KILN_VERSION);
}

/* The command line is the command's own but for a lone --help. */
static int run_raw(struct call *c, int argc, char **argv, struct err *err)
{
	int r = enter(&c->global, err);

	if (r < 0)
		return r;
	if (c->global.help || (argc == 2 && str_eq(argv[1], "--help") && !c->stands_in)) {
		help_print_cmd(&c->out, c->cmd);
		return EXIT_OK;
	}
	return c->cmd->run(&c->out, &c->global, NULL, argv, (size_t)argc, 0, err);
}

static int run_cmd(struct call *c, int argc, char **argv, struct err *err)
{
	const struct cmd *cmd = c->cmd;
	auto_free void *opts = xcalloc(1, cmd->opts_size);
	const struct opt_table tables[] = {
		{ cmd->opts, cmd->n_opts, opts },
		{ global_opts, n_global_opts, &c->global },
	};
	size_t n, dashes;
	char **args;
	int r;

	if (cmd->style == OPT_RAW)
		return run_raw(c, argc, argv, err);
	r = opt_parse(argc, argv, tables, countof(tables), cmd->style, &args, &n, &dashes, err);
	set_out(c);
	if (r < 0) {
		r = usage_error_of(cmd, err);
	} else if (c->global.help) {
		help_print_cmd(&c->out, cmd);
	} else if (c->global.version) {
		print_version(&c->out);
	} else {
		r = check_global(cmd, &c->global, err);
		if (!r)
			r = enter(&c->global, err);
		if (!r)
			r = cmd->run(&c->out, &c->global, opts, args, n, dashes, err);
	}
	if (cmd->release)
		cmd->release(opts);
	return r;
}

static int no_command(struct call *c, struct err *err)
{
	if (c->global.version)
		print_version(&c->out);
	else if (c->global.help)
		help_print(&c->out);
	else
		return usage_error(NULL, err, "no command given");
	return EXIT_OK;
}

static int dispatch(struct call *c, int argc, char **argv, struct err *err)
{
	const struct opt_table table = { global_opts, n_global_opts, &c->global };
	size_t n = 0, dashes, words;
	char **args;
	int r;

	if (str_eq(path_base(argv[0]), cmd_config_conf.name + strlen("config "))) {
		c->cmd = &cmd_config_conf;
		c->stands_in = true;
		return run_cmd(c, argc, argv, err);
	}
	r = opt_parse(argc, argv, &table, 1, OPT_STOP, &args, &n, &dashes, err);
	set_out(c);
	if (r < 0)
		return usage_error_of(NULL, err);
	if (!n || c->global.version)
		return no_command(c, err);
	c->cmd = cmd_find(args, n, &words);
	if (!c->cmd)
		return cmd_unknown(args, n, err);
	/* the last word of the name stands where a program's own name would */
	return run_cmd(c, (int)(n - words + 1), args + words - 1, err);
}

int cmd_main(int argc, char **argv)
{
	static char name[] = "kiln", *no_args[] = { name, NULL };
	struct call c = { 0 };
	struct err err = { 0 };

	set_up_process();
	set_out(&c);
	if (argc < 1) {
		argc = 1;
		argv = no_args;
	}
	return finish(&c, dispatch(&c, argc, argv, &err), &err);
}
