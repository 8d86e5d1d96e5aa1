/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `kiln config conf`: the kernel's scripts/kconfig/conf over kiln's engine, with its command line, environment,
 * messages, files and exit statuses. kiln started under the name conf is this command, so it can be copied over the
 * one in a build.
 */
#include "cmd/cmd.h"
#include "cmd/conf_ask.h"

#include "base/path.h"
#include "kconfig/conffile.h"
#include "kconfig/modes.h"
#include "kconfig/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <time.h>

extern char **environ;

enum mode {
	OLDASK,
	SYNC,
	OLD,
	ALLNO,
	ALLYES,
	ALLMOD,
	ALLDEF,
	RAND,
	DEFCONFIG,
	SAVEDEF,
	LISTNEW,
	HELPNEW,
	OLDDEF,
	YES2MOD,
	MOD2YES,
	MOD2NO,
};

struct conf_run {
	struct out *out;
	const char *program;
	enum mode mode;
	const char *file; /* of --defconfig, --savedefconfig */
	const char *kconfig;
	bool silent;
	struct kc_tree *tree;
	struct kc_conf *conf;
	struct kc_files files;
	unsigned warnings; /* of the file read last */
};

/* What kiln's help, completion and manual page say; the command line is getopt's, as conf's is. */
static const struct opt opts[] = {
	/* clang-format off */
	{ "oldaskconfig",  0, OPT_FLAG, 0, NULL, "ask for every value" },
	{ "oldconfig",     0, OPT_FLAG, 0, NULL, "ask for what .config does not say" },
	{ "syncconfig",    0, OPT_FLAG, 0, NULL, "the same, and write what the build reads (include/config, include/generated)" },
	{ "olddefconfig",  0, OPT_FLAG, 0, NULL, "take defaults for what .config does not say" },
	{ "defconfig",     0, OPT_STRING, 0, "FILE", "start from FILE, take defaults for the rest", .complete = OC_FILE },
	{ "savedefconfig", 0, OPT_STRING, 0, "FILE", "write what differs from the defaults to FILE", .complete = OC_FILE },
	{ "listnewconfig", 0, OPT_FLAG, 0, NULL, "list what .config does not say, with its defaults" },
	{ "helpnewconfig", 0, OPT_FLAG, 0, NULL, "the same with help" },
	{ "allnoconfig",   0, OPT_FLAG, 0, NULL, "answer n wherever possible" },
	{ "allyesconfig",  0, OPT_FLAG, 0, NULL, "answer y wherever possible" },
	{ "allmodconfig",  0, OPT_FLAG, 0, NULL, "answer m wherever possible" },
	{ "alldefconfig",  0, OPT_FLAG, 0, NULL, "take the default of everything" },
	{ "randconfig",    0, OPT_FLAG, 0, NULL, "draw answers ($KCONFIG_SEED, $KCONFIG_PROBABILITY)" },
	{ "yes2modconfig", 0, OPT_FLAG, 0, NULL, "change y to m where possible" },
	{ "mod2yesconfig", 0, OPT_FLAG, 0, NULL, "change m to y" },
	{ "mod2noconfig",  0, OPT_FLAG, 0, NULL, "change m to n" },
	{ "silent",      's', OPT_FLAG, 0, NULL, "no notes of what was written" },
	/* clang-format on */
};

static const struct option long_opts[] = {
	/* clang-format off */
	{ "help",          no_argument,       NULL, 'h' },
	{ "silent",        no_argument,       NULL, 's' },
	{ "oldaskconfig",  no_argument,       NULL, 256 + OLDASK },
	{ "oldconfig",     no_argument,       NULL, 256 + OLD },
	{ "syncconfig",    no_argument,       NULL, 256 + SYNC },
	{ "defconfig",     required_argument, NULL, 256 + DEFCONFIG },
	{ "savedefconfig", required_argument, NULL, 256 + SAVEDEF },
	{ "allnoconfig",   no_argument,       NULL, 256 + ALLNO },
	{ "allyesconfig",  no_argument,       NULL, 256 + ALLYES },
	{ "allmodconfig",  no_argument,       NULL, 256 + ALLMOD },
	{ "alldefconfig",  no_argument,       NULL, 256 + ALLDEF },
	{ "randconfig",    no_argument,       NULL, 256 + RAND },
	{ "listnewconfig", no_argument,       NULL, 256 + LISTNEW },
	{ "helpnewconfig", no_argument,       NULL, 256 + HELPNEW },
	{ "olddefconfig",  no_argument,       NULL, 256 + OLDDEF },
	{ "yes2modconfig", no_argument,       NULL, 256 + YES2MOD },
	{ "mod2yesconfig", no_argument,       NULL, 256 + MOD2YES },
	{ "mod2noconfig",  no_argument,       NULL, 256 + MOD2NO },
	{ NULL },
	/* clang-format on */
};

static const char usage_text[] =
	"\n"
	"Generic options:\n"
	"  -h, --help              Print this message and exit.\n"
	"  -s, --silent            Do not print log.\n"
	"\n"
	"Mode options:\n"
	"  --listnewconfig         List new options\n"
	"  --helpnewconfig         List new options and help text\n"
	"  --oldaskconfig          Start a new configuration using a line-oriented program\n"
	"  --oldconfig             Update a configuration using a provided .config as base\n"
	"  --syncconfig            Similar to oldconfig but generates configuration in\n"
	"                          include/{generated/,config/}\n"
	"  --olddefconfig          Same as oldconfig but sets new symbols to their default value\n"
	"  --defconfig <file>      New config with default defined in <file>\n"
	"  --savedefconfig <file>  Save the minimal current configuration to <file>\n"
	"  --allnoconfig           New config where all options are answered with no\n"
	"  --allyesconfig          New config where all options are answered with yes\n"
	"  --allmodconfig          New config where all options are answered with mod\n"
	"  --alldefconfig          New config with all symbols set to default\n"
	"  --randconfig            New config with random answer to all options\n"
	"  --yes2modconfig         Change answers from yes to mod if possible\n"
	"  --mod2yesconfig         Change answers from mod to yes if possible\n"
	"  --mod2noconfig          Change answers from mod to no if possible\n"
	"  (If none of the above is given, --oldaskconfig is the default)\n";

static void say(void *ctx, bool err, const char *line)
{
	struct conf_run *run = ctx;

	fputs(line, err ? run->out->message : run->out->result);
}

static void print_message(void *ctx, const char *text)
{
	struct conf_run *run = ctx;

	fprintf(run->out->result, "#\n# %s\n#\n", text);
}

static int usage(const struct conf_run *run)
{
	fprintf(run->out->result, "Usage: %s [options] <kconfig-file>\n%s", run->program,
		usage_text);
	return EXIT_NO;
}

/* srand()'s seed, from the environment or the clock; told, so that it can be given again. */
static void seed_random(const struct conf_run *run)
{
	const char *env = getenv("KCONFIG_SEED");
	char *end = NULL;
	unsigned seed = 0;
	struct timespec now;

	if (env && *env)
		seed = (unsigned)strtol(env, &end, 0);
	if (!end || *end) {
		clock_gettime(CLOCK_REALTIME, &now);
		seed = (unsigned)((now.tv_sec + 1) * (now.tv_nsec / 1000 + 1));
	}
	fprintf(run->out->result, "KCONFIG_SEED=0x%X\n", seed);
	srand(seed);
}

/* -1: go on; else an exit status. */
static int parse_args(struct conf_run *run, int argc, char **argv)
{
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "hs", long_opts, NULL)) != -1) {
		if (c == 'h')
			return usage(run);
		if (c == 's')
			run->silent = true;
		if (c < 256)
			continue;
		run->mode = (enum mode)(c - 256);
		if (run->mode == SYNC)
			run->silent = true;
		else if (run->mode == DEFCONFIG || run->mode == SAVEDEF)
			run->file = optarg;
		else if (run->mode == RAND)
			seed_random(run);
	}
	if (optind == argc) {
		fprintf(run->out->message, "%s: Kconfig file missing\n", run->program);
		return usage(run);
	}
	run->kconfig = argv[optind];
	return -1;
}

/*
 * The dialect is that of the tree's own scripts/kconfig: below $srctree, or beside the program that kiln stands in
 * for; where neither has sources, that of the newest kernels.
 */
static void find_dialect(const char *program, struct kc_dialect *ret)
{
	const char *srctree = getenv("srctree"), *slash = strrchr(program, '/');
	auto_free char *below =
		xasprintf("%s/scripts/kconfig", srctree && *srctree ? srctree : ".");
	auto_free char *beside =
		slash ? xstrndup(program, (size_t)(slash - program)) : xstrdup(".");
	const char *const places[] = { below, beside };

	*ret = kc_dialect_newest;
	for (size_t i = 0; i < countof(places); i++) {
		auto_close int fd = open(places[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0 && kc_dialect_read(fd, ret))
			return;
	}
}

static int read_tree(struct conf_run *run)
{
	struct kc_dialect dialect;
	struct kc_probe *probe = kc_probe_new(AT_FDCWD, environ, !getenv("KILN_NO_CACHE"), NULL);
	struct kc_parse spec = {
		.dirfd = AT_FDCWD,
		.env = environ,
		.dialect = &dialect,
		.say = say,
		.ctx = run,
	};
	int r;

	find_dialect(run->program, &dialect);
	r = kc_probe_parse(probe, &spec, run->kconfig, &run->tree);
	kc_probe_free(probe);
	return r;
}

static bool is_fill(enum mode mode)
{
	return mode >= ALLNO && mode <= RAND;
}

/* What $KCONFIG_ALLCONFIG presets. -1: go on. */
static int read_preset(struct conf_run *run)
{
	static const char *const names[] = {
		[ALLNO] = "allno.config",   [ALLYES] = "allyes.config",	 [ALLMOD] = "allmod.config",
		[ALLDEF] = "alldef.config", [RAND] = "allrandom.config",
	};
	const char *name = getenv("KCONFIG_ALLCONFIG");

	if (!name)
		return -1;
	if (*name && strcmp(name, "1") != 0) {
		if (kc_conf_read_file(run->conf, &run->files, name, KC_FROM_USER, &run->warnings) ==
		    0)
			return -1;
		fprintf(run->out->message, "*** Can't read seed configuration \"%s\"!\n", name);
		return EXIT_NO;
	}
	name = names[run->mode];
	if (kc_conf_read_file(run->conf, &run->files, name, KC_FROM_USER, &run->warnings) == 0 ||
	    kc_conf_read_file(run->conf, &run->files, "all.config", KC_FROM_USER, &run->warnings) ==
		    0)
		return -1;
	fprintf(run->out->message,
		"*** KCONFIG_ALLCONFIG set, but no \"%s\" or \"all.config\" file found\n", name);
	return EXIT_NO;
}

/* The configuration that the mode starts from. -1: go on. */
static int read_config(struct conf_run *run)
{
	int r;

	if (is_fill(run->mode))
		return read_preset(run);
	run->conf->changed = false;
	if (run->mode == DEFCONFIG)
		r = kc_conf_read_file(run->conf, &run->files, run->file, KC_FROM_USER,
				      &run->warnings);
	else
		r = kc_conf_read_default(run->conf, &run->files, &run->warnings);
	if (r == 0)
		kc_conf_check_read(run->conf, run->warnings);
	else
		kc_calc(run->conf, run->tree->modules);
	if (r == 0 || run->mode != DEFCONFIG)
		return -1;
	fprintf(run->out->message, "***\n*** Can't find default configuration \"%s\"!\n***\n",
		run->file);
	return EXIT_NO;
}

static bool ask(struct conf_run *run, enum ask_mode mode)
{
	struct ask a = {
		.c = run->conf,
		.mode = mode,
		.prefix = run->files.prefix,
		.in = stdin,
		.out = run->out->result,
		.err = run->out->message,
		.echo = !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO),
	};

	return ask_all(&a);
}

static int fill(struct conf_run *run, enum kc_fill fill)
{
	struct kc_odds odds = { 0 };

	if (fill == KC_FILL_RANDOM && kc_odds_parse(getenv("KCONFIG_PROBABILITY"), &odds) < 0) {
		fprintf(run->out->message, "KCONFIG_PROBABILITY: %s\n", strerror(ERANGE));
		return EXIT_NO;
	}
	kc_fill(run->conf, fill, &odds);
	return -1;
}

/* What the mode does. -1: go on. */
static int work(struct conf_run *run)
{
	switch (run->mode) {
	case ALLNO:
		return fill(run, KC_FILL_NO);
	case ALLYES:
		return fill(run, KC_FILL_YES);
	case ALLMOD:
		return fill(run, KC_FILL_MOD);
	case ALLDEF:
	case DEFCONFIG:
		return fill(run, KC_FILL_DEFAULT);
	case RAND:
		return fill(run, KC_FILL_RANDOM);
	case YES2MOD:
		kc_rewrite(run->conf, KC_Y, KC_M);
		return -1;
	case MOD2YES:
		kc_rewrite(run->conf, KC_M, KC_Y);
		return -1;
	case MOD2NO:
		kc_rewrite(run->conf, KC_M, KC_N);
		return -1;
	case OLDASK:
		return ask(run, ASK_ALL) ? -1 : EXIT_NO;
	case OLD:
	case SYNC:
		return ask(run, ASK_NEW) ? -1 : EXIT_NO;
	case LISTNEW:
		return ask(run, ASK_LIST) ? -1 : EXIT_NO;
	case HELPNEW:
		return ask(run, ASK_HELP) ? -1 : EXIT_NO;
	default:
		return -1;
	}
}

static int save_minimal(struct conf_run *run)
{
	auto_str struct str text = { 0 };
	FILE *f = fopen(run->file, "we");

	if (f) {
		kc_conf_minimal(run->conf, run->files.prefix, &text);
		kc_warn_changed(run->conf, &run->files);
		fputs(str_c(&text), f);
	}
	if (f && fclose(f) == 0)
		return EXIT_OK;
	fprintf(run->out->message, "n*** Error while saving defconfig to: %s\n\n", run->file);
	return EXIT_NO;
}

static void tell_error(const struct conf_run *run, struct err *err, const char *what)
{
	if (err->msg)
		fprintf(run->out->message, "%s\n", err->msg);
	fprintf(run->out->message, "\n*** Error during %s of the configuration.\n\n", what);
	err_release(err);
}

static int save(struct conf_run *run, bool write_config)
{
	auto_err struct err err = { 0 };

	if (write_config && kc_conf_write(run->conf, &run->files, &err) < 0) {
		tell_error(run, &err, "writing");
		return EXIT_NO;
	}
	if (kc_conf_write_auto(run->conf, &run->files, run->mode == SYNC, &err) < 0 &&
	    run->mode == SYNC) {
		tell_error(run, &err, "sync");
		return EXIT_NO;
	}
	return EXIT_OK;
}

static int run_conf(struct conf_run *run)
{
	const char *no_update = run->mode == SYNC ? getenv("KCONFIG_NOSILENTUPDATE") : NULL;
	const char *werror = getenv("KCONFIG_WERROR");
	int status;

	if (read_tree(run) < 0)
		return EXIT_NO;
	run->conf = kc_conf_new(run->tree, say, run);
	run->conf->changed = true;
	status = read_config(run);
	if (status >= 0)
		return status;
	if (run->warnings && werror)
		return EXIT_NO;
	if (no_update && *no_update && run->conf->changed) {
		fprintf(run->out->message, "\n*** The configuration requires explicit update.\n\n");
		return EXIT_NO;
	}
	status = work(run);
	if (status >= 0)
		return status;
	if (run->conf->unmet && werror)
		return EXIT_NO;
	if (run->mode == SAVEDEF)
		return save_minimal(run);
	if (run->mode == LISTNEW || run->mode == HELPNEW)
		return EXIT_OK;
	return save(run, !(no_update && *no_update));
}

static int run_config_conf(struct out *out, const struct global_opts *global, void *no_opts,
			   char **args, size_t n_args, size_t dashes, struct err *err)
{
	struct conf_run run = { .out = out, .program = args[0] };
	int status;

	run.files = (struct kc_files){
		.dirfd = AT_FDCWD,
		.env = environ,
		.prefix = kc_conf_prefix(environ),
		.ctx = &run,
	};
	status = parse_args(&run, (int)n_args, args);
	if (status >= 0)
		return status;
	run.files.message = run.silent ? NULL : print_message;
	status = run_conf(&run);
	kc_conf_free(run.conf);
	kc_tree_free(run.tree);
	return status;
}

static const char *const examples[] = {
	"cp $(command -v kiln) scripts/kconfig/conf && make olddefconfig",
	"cd linux && ARCH=x86 SRCARCH=x86 srctree=. CC=gcc LD=ld kiln config conf --alldefconfig Kconfig",
	NULL,
};

const struct cmd cmd_config_conf = {
	.name = "config conf",
	.args = "KCONFIG-FILE",
	.summary = "what the kernel's scripts/kconfig/conf does, faster",
	.examples = examples,
	.opts = opts,
	.n_opts = countof(opts),
	.style = OPT_RAW,
	.run = run_config_conf,
};
