/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `kiln complete SHELL`: a completion script made from the command table. The scripts share one
 * plan: walk over the words so far to learn the command, then offer the value of the option in
 * front of the cursor, options, or what the command's arguments are.
 */
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/config_tree.h"
#include "kconfig/profile.h"

/* What can stand as the value of an option or as an argument. */
struct offer {
	enum opt_complete kind;
	char *words; /* OC_ENUM, OC_PART: separated by spaces; owned */
};

/* One shell's way of writing it down. */
struct shell {
	const char *name;
	void (*write)(struct out *out);
};

extern const struct cmd cmd_complete;

static bool takes_value(const struct opt *o)
{
	return o->type != OPT_FLAG && o->type != OPT_COUNT;
}

static char *group_of(const char *name)
{
	const char *space = strchr(name, ' ');

	return space ? xstrndup(name, (size_t)(space - name)) : NULL;
}

/* The names a user may type first, each once: "run", "bench". */
static void first_words(struct strv *ret)
{
	for (size_t i = 0; i < n_cmds; i++) {
		auto_free char *word = xstrndup(cmds[i]->name, strcspn(cmds[i]->name, " "));

		if (!strv_has(ret, word))
			strv_add(ret, word);
	}
}

static void groups(struct strv *ret)
{
	for (size_t i = 0; i < n_cmds; i++) {
		auto_free char *group = group_of(cmds[i]->name);

		if (group && !strv_has(ret, group))
			strv_add(ret, group);
	}
}

static char *verbs(const char *group)
{
	auto_free char *prefix = xasprintf("%s ", group);
	struct str b = { 0 };

	for (size_t i = 0; i < n_cmds; i++) {
		const char *name = cmds[i]->name;

		if (str_skip(&name, prefix))
			str_addf(&b, "%s%s", b.n ? " " : "", name);
	}
	return str_take(&b);
}

static char *joined(const struct strv *v)
{
	struct str b = { 0 };

	for (size_t i = 0; i < v->n; i++)
		str_addf(&b, "%s%s", i ? " " : "", v->v[i]);
	return str_take(&b);
}

/* "[run|build|vm]" in a usage line names the words themselves. */
static char *words_in_usage(const char *args)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-|";

	while (*args) {
		size_t n = strspn(args, letters);

		if (n && args[0] != '|' && args[n - 1] != '|' && memchr(args, '|', n)) {
			char *words = xstrndup(args, n);

			for (char *p = words; *p; p++)
				if (*p == '|')
					*p = ' ';
			return words;
		}
		args += n ? n : 1;
	}
	return NULL;
}

static struct offer offer_of_names(struct strv *names, enum opt_complete kind)
{
	struct offer offer = { kind, joined(names) };

	strv_release(names);
	return offer;
}

/* Those that this kiln came with. */
static struct offer offer_of_profiles(void)
{
	struct strv names = { 0 };

	kc_profile_names(&names, NULL);
	return offer_of_names(&names, OC_ENUM);
}

static struct offer offer_of_parts(void)
{
	auto_strv struct strv names = { 0 };
	struct strv all = { 0 };

	config_part_names(&names);
	for (size_t i = 0; i < names.n; i++)
		strv_addf(&all, "kiln:%s", names.v[i]);
	return offer_of_names(&all, OC_PART);
}

static struct offer offer_of_args(const struct cmd *cmd)
{
	const char *args = cmd->args ? cmd->args : "";
	char *words = words_in_usage(args);
	struct strv names = { 0 };

	if (words)
		return (struct offer){ OC_ENUM, words };
	if (strstr(args, "COMMAND")) {
		first_words(&names);
		return offer_of_names(&names, OC_ENUM);
	}
	if (strstr(args, "KERNEL"))
		return (struct offer){ OC_KERNEL, NULL };
	if (strstr(args, "CELL") || strstr(args, "REF"))
		return (struct offer){ OC_CELL, NULL };
	if (strstr(args, "DIR"))
		return (struct offer){ OC_DIR, NULL };
	if (strstr(args, "PROFILE"))
		return offer_of_profiles();
	if (strstr(args, "PART"))
		return offer_of_parts();
	return (struct offer){ strstr(args, "FILE") || str_eq(args, "CONFIG") ? OC_FILE : OC_NONE,
			       NULL };
}

static struct offer offer_of_opt(const struct opt *o)
{
	struct str b = { 0 };

	for (size_t i = 0; o->values && o->values[i]; i++)
		str_addf(&b, "%s%s", i ? " " : "", o->values[i]);
	if (b.n)
		return (struct offer){ OC_ENUM, str_take(&b) };
	return o->complete == OC_PART ? offer_of_parts() : (struct offer){ o->complete, NULL };
}

/* cmd NULL: before the command is known. Options that a command would refuse are not offered. */
static bool offered(const struct cmd *cmd, const struct opt *o)
{
	bool global = o >= global_opts && o < global_opts + n_global_opts;

	return !cmd || !global || cmd_takes_global(cmd, o);
}

static char *quoted(const char *s)
{
	struct str b = { 0 };

	str_add_quoted(&b, s);
	return str_take(&b);
}

/* The steps from one command state to the next: case "STATE,WORD". Shared by bash and zsh. */
static void write_walk(struct out *out)
{
	auto_strv struct strv firsts = { 0 };

	first_words(&firsts);
	for (size_t i = 0; i < firsts.n; i++)
		out_print(out, "\t\t(,%s) cmd=%s ;;\n", firsts.v[i], firsts.v[i]);
	for (size_t i = 0; i < n_cmds; i++) {
		auto_free char *group = group_of(cmds[i]->name);

		if (group)
			out_print(out, "\t\t(%s,%s) cmd='%s' ;;\n", group,
				  cmds[i]->name + strlen(group) + 1, cmds[i]->name);
	}
}

/* "-C|--chdir": the global options whose value is no command. */
static char *value_patterns(void)
{
	struct str b = { 0 };

	for (size_t i = 0; i < n_global_opts; i++) {
		const struct opt *o = &global_opts[i];

		if (!takes_value(o))
			continue;
		str_addf(&b, "%s--%s", b.n ? "|" : "", o->name);
		if (o->letter)
			str_addf(&b, "|-%c", o->letter);
	}
	return str_take(&b);
}

static void write_offer(struct out *out, const struct offer *o)
{
	switch (o->kind) {
	case OC_ENUM:
		out_print(out, "_kiln_words %s", o->words);
		break;
	case OC_FILE:
		out_print(out, "_kiln_files");
		break;
	case OC_DIR:
		out_print(out, "_kiln_dirs");
		break;
	case OC_KERNEL:
		out_print(out, "_kiln_kernels");
		break;
	case OC_CELL:
		out_print(out, "_kiln_cells");
		break;
	case OC_PART:
		out_print(out, "_kiln_parts %s", o->words);
		break;
	case OC_NONE:
		out_print(out, ":");
		break;
	}
}

static void write_opt_values(struct out *out, const char *state, const struct opt *opts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct offer offer = offer_of_opt(&opts[i]);

		if (takes_value(&opts[i])) {
			out_print(out, "\t(%s:--%s", state, opts[i].name);
			if (opts[i].letter)
				out_print(out, "|%s:-%c", state, opts[i].letter);
			out_print(out, ") ");
			write_offer(out, &offer);
			out_print(out, "; return ;;\n");
		}
		free(offer.words);
	}
}

/* "case STATE:OPTION", the commands' own options first: they win over the global ones. */
static void write_values(struct out *out)
{
	out_print(out, "\tcase \"$cmd:$prev\" in\n\t(--:*) ;;\n");
	for (size_t i = 0; i < n_cmds; i++) {
		auto_free char *state = quoted(cmds[i]->name);

		write_opt_values(out, state, cmds[i]->opts, cmds[i]->n_opts);
	}
	write_opt_values(out, "*", global_opts, n_global_opts);
	out_print(out, "\tesac\n");
}

static void write_args(struct out *out)
{
	auto_strv struct strv firsts = { 0 }, grouped = { 0 };
	auto_free char *list = NULL;

	first_words(&firsts);
	groups(&grouped);
	list = joined(&firsts);
	out_print(out, "\tcase \"$cmd\" in\n\t('') _kiln_words %s ;;\n", list);
	for (size_t i = 0; i < grouped.n; i++) {
		auto_free char *words = verbs(grouped.v[i]);

		out_print(out, "\t(%s) _kiln_words %s ;;\n", grouped.v[i], words);
	}
	for (size_t i = 0; i < n_cmds; i++) {
		struct offer offer = offer_of_args(cmds[i]);
		auto_free char *state = quoted(cmds[i]->name);

		out_print(out, "\t(%s) ", state);
		write_offer(out, &offer);
		out_print(out, " ;;\n");
		free(offer.words);
	}
	out_print(out, "\t(*) _kiln_files ;;\n\tesac\n");
}

static void bash_opts(struct out *out, const struct cmd *cmd, const struct opt *opts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!offered(cmd, &opts[i]))
			continue;
		out_print(out, " --%s", opts[i].name);
		if (opts[i].letter)
			out_print(out, " -%c", opts[i].letter);
	}
}

static void write_bash(struct out *out)
{
	auto_free char *values = value_patterns();

	out_print(
		out,
		"# bash completion of kiln, made by: kiln complete bash\n\n"
		"_kiln_words() { mapfile -t COMPREPLY < <(compgen -W \"$*\" -- \"$cur\"); }\n"
		"_kiln_files() { compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); }\n"
		"_kiln_dirs() { compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\"); }\n"
		"_kiln_kernels() {\n"
		"\tlocal releases=$(cd /lib/modules 2>/dev/null && echo *)\n"
		"\tcompopt -o filenames\n"
		"\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\"; compgen -W \"$releases\" -- \"$cur\")\n"
		"}\n"
		"_kiln_cells() { _kiln_words \"$(\"${COMP_WORDS[0]}\" store list --names 2>/dev/null)\"; }\n"
		/* bash makes "kiln:9p" three words where a colon divides words */
		"_kiln_parts() {\n"
		"\tlocal all=\"$*\" before=\n"
		"\t((COMP_CWORD < 2)) || before=${COMP_WORDS[COMP_CWORD-2]}\n"
		"\t[[ $cur == : ]] && before=$prev cur= prev=:\n"
		"\tif [[ $prev == : && $before == kiln ]]; then\n"
		"\t\t_kiln_words \"${all//kiln:/}\"\n"
		"\t\treturn\n"
		"\tfi\n"
		"\t_kiln_words \"$all\"\n"
		"\t((${#COMPREPLY[@]})) || { _kiln_files; return; }\n"
		/* no -o filenames: the colons would get backslashes */
		"\tmapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- \"$cur\")\n"
		"}\n\n"
		"_kiln() {\n"
		"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cmd= i\n"
		"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n");
	out_print(out, "\t\tcase ${COMP_WORDS[i-1]} in (%s) continue ;; esac\n", values);
	out_print(out, "\t\tcase \"$cmd,${COMP_WORDS[i]}\" in\n\t\t(*,--) cmd=--; break ;;\n");
	write_walk(out);
	/* bash makes "--name=value" three words */
	out_print(out, "\t\tesac\n\tdone\n"
		       "\t[[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]}\n"
		       "\t[[ $cur == = ]] && cur=\n");
	write_values(out);
	out_print(out, "\tif [[ $cur == -* && $cmd != -- ]]; then\n\t\tcase \"$cmd\" in\n");
	for (size_t i = 0; i < n_cmds; i++) {
		auto_free char *state = quoted(cmds[i]->name);

		out_print(out, "\t\t(%s) _kiln_words", state);
		bash_opts(out, cmds[i], cmds[i]->opts, cmds[i]->n_opts);
		bash_opts(out, cmds[i], global_opts, n_global_opts);
		out_print(out, " ;;\n");
	}
	out_print(out, "\t\t(*) _kiln_words");
	bash_opts(out, NULL, global_opts, n_global_opts);
	out_print(out, " ;;\n\t\tesac\n\t\treturn\n\tfi\n");
	write_args(out);
	out_print(out, "}\ncomplete -F _kiln kiln\n");
}

static void zsh_opts(struct out *out, const struct cmd *cmd, const struct opt *opts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!offered(cmd, &opts[i]))
			continue;
		auto_free char *text = xasprintf("--%s:%s", opts[i].name, opts[i].help);
		auto_free char *word = quoted(text);

		out_print(out, " %s", word);
		if (opts[i].letter) {
			auto_free char *letter = xasprintf("-%c:%s", opts[i].letter, opts[i].help);
			auto_free char *quoted_letter = quoted(letter);

			out_print(out, " %s", quoted_letter);
		}
	}
}

static void write_zsh(struct out *out)
{
	auto_free char *values = value_patterns();

	out_print(
		out,
		"#compdef kiln\n# zsh completion of kiln, made by: kiln complete zsh\n\n"
		"_kiln_words() { compadd -- \"$@\" }\n"
		"_kiln_files() { _files }\n"
		"_kiln_dirs() { _files -/ }\n"
		"_kiln_kernels() { compadd -- /lib/modules/*(N:t); _files }\n"
		"_kiln_cells() { compadd -- ${(f)\"$(${words[1]} store list --names 2>/dev/null)\"} }\n"
		"_kiln_parts() { compadd -- $@; _files }\n\n"
		"_kiln() {\n"
		"\tlocal cur=${words[CURRENT]} prev=${words[CURRENT-1]} cmd= i\n"
		"\tlocal -a opts\n"
		"\tfor ((i = 2; i < CURRENT; i++)); do\n");
	out_print(out, "\t\tcase ${words[i-1]} in (%s) continue ;; esac\n", values);
	out_print(out, "\t\tcase \"$cmd,${words[i]}\" in\n\t\t(*,--) cmd=--; break ;;\n");
	write_walk(out);
	out_print(out, "\t\tesac\n\tdone\n"
		       "\tif [[ $cur == --*=* && $cmd != -- ]]; then\n"
		       "\t\tprev=${cur%%%%=*}\n\t\tcompset -P '*='\n\tfi\n");
	write_values(out);
	out_print(out, "\tif [[ $cur == -* && $cmd != -- ]]; then\n\t\tcase \"$cmd\" in\n");
	for (size_t i = 0; i < n_cmds; i++) {
		auto_free char *state = quoted(cmds[i]->name);

		out_print(out, "\t\t(%s) opts=(", state);
		zsh_opts(out, cmds[i], cmds[i]->opts, cmds[i]->n_opts);
		zsh_opts(out, cmds[i], global_opts, n_global_opts);
		out_print(out, " ) ;;\n");
	}
	out_print(out, "\t\t(*) opts=(");
	zsh_opts(out, NULL, global_opts, n_global_opts);
	out_print(out, " ) ;;\n\t\tesac\n\t\t_describe -o option opts\n\t\treturn\n\tfi\n");
	write_args(out);
	out_print(out, "}\n\nif [[ $funcstack[1] == _kiln ]]; then\n\t_kiln \"$@\"\nelse\n"
		       "\tcompdef _kiln kiln\nfi\n");
}

/* The arguments of `complete` that offer it; fish offers files unless told not to (-f). */
static void fish_offer(struct out *out, const struct offer *o)
{
	switch (o->kind) {
	case OC_ENUM:
		out_print(out, " -f -a '%s'", o->words);
		break;
	case OC_FILE:
		out_print(out, " -F");
		break;
	case OC_DIR:
		out_print(out, " -f -a '(__fish_complete_directories)'");
		break;
	case OC_KERNEL:
		out_print(out, " -F -a '(__kiln_releases)'");
		break;
	case OC_CELL:
		out_print(out, " -f -a '(__kiln_cells)'");
		break;
	case OC_PART:
		out_print(out, " -F -a '%s'", o->words);
		break;
	case OC_NONE:
		out_print(out, " -f");
		break;
	}
}

static void fish_opt(struct out *out, const char *state, const struct opt *o)
{
	struct offer offer = offer_of_opt(o);
	auto_free char *help = quoted(o->help);

	out_print(out, "complete -c kiln -n \"__kiln_at '%s'\" -l %s", state, o->name);
	if (o->letter)
		out_print(out, " -s %c", o->letter);
	if (takes_value(o)) {
		out_print(out, " -r");
		fish_offer(out, &offer);
	}
	out_print(out, " -d %s\n", help);
	free(offer.words);
}

/* cmd NULL: before the command is known. */
static void fish_opts(struct out *out, const struct cmd *cmd)
{
	const char *state = cmd ? cmd->name : "";

	for (size_t i = 0; cmd && i < cmd->n_opts; i++)
		fish_opt(out, state, &cmd->opts[i]);
	for (size_t i = 0; i < n_global_opts; i++)
		if (offered(cmd, &global_opts[i]))
			fish_opt(out, state, &global_opts[i]);
}

static void fish_walk(struct out *out)
{
	auto_strv struct strv firsts = { 0 };

	first_words(&firsts);
	for (size_t i = 0; i < firsts.n; i++)
		out_print(out, "\t\t\tcase ',%s'\n\t\t\t\tset cmd %s\n", firsts.v[i], firsts.v[i]);
	for (size_t i = 0; i < n_cmds; i++) {
		auto_free char *group = group_of(cmds[i]->name);

		if (group)
			out_print(out, "\t\t\tcase '%s,%s'\n\t\t\t\tset cmd '%s'\n", group,
				  cmds[i]->name + strlen(group) + 1, cmds[i]->name);
	}
}

static void fish_names(struct out *out)
{
	for (size_t i = 0; i < n_cmds; i++) {
		auto_free char *group = group_of(cmds[i]->name);
		auto_free char *help = quoted(cmds[i]->summary);
		const char *verb = cmds[i]->name + (group ? strlen(group) + 1 : 0);

		if (group)
			out_print(out, "complete -c kiln -n \"__kiln_at ''\" -f -a %s\n", group);
		out_print(out, "complete -c kiln -n \"__kiln_at '%s'\" -f -a %s -d %s\n",
			  group ? group : "", verb, help);
	}
}

static void write_fish(struct out *out)
{
	auto_free char *values = value_patterns();

	for (char *p = values; *p; p++)
		if (*p == '|')
			*p = ' ';
	out_print(out,
		  "# fish completion of kiln, made by: kiln complete fish\n\n"
		  "function __kiln_releases\n\tcommand ls /lib/modules 2>/dev/null\nend\n\n"
		  "function __kiln_cells\n\tcommand kiln store list --names 2>/dev/null\nend\n\n"
		  "function __kiln_at\n"
		  "\tset -l words (commandline -opc)\n\tset -l cmd ''\n\tset -l before ''\n"
		  "\tfor w in $words[2..-1]\n"
		  "\t\tset -l skip $before\n\t\tset before $w\n");
	out_print(out, "\t\tcontains -- \"$skip\" %s; and continue\n", values);
	out_print(out, "\t\tswitch \"$cmd,$w\"\n\t\t\tcase '*,--'\n\t\t\t\tset cmd --\n"
		       "\t\t\t\tbreak\n");
	fish_walk(out);
	out_print(out, "\t\tend\n\tend\n\ttest \"$cmd\" = \"$argv[1]\"\nend\n\n"
		       "complete -c kiln -f\n"
		       "complete -c kiln -n \"__kiln_at --\" -F\n");
	fish_names(out);
	for (size_t i = 0; i < n_cmds; i++) {
		struct offer offer = offer_of_args(cmds[i]);

		if (offer.kind != OC_NONE) {
			out_print(out, "complete -c kiln -n \"__kiln_at '%s'\"", cmds[i]->name);
			fish_offer(out, &offer);
			out_print(out, "\n");
		}
		fish_opts(out, cmds[i]);
		free(offer.words);
	}
	fish_opts(out, NULL);
}

static const struct shell shells[] = {
	{ "bash", write_bash },
	{ "zsh", write_zsh },
	{ "fish", write_fish },
};

static int run_complete(struct out *out, const struct global_opts *global, void *opts, char **args,
			size_t n_args, size_t dashes, struct err *err)
{
	if (n_args != 1)
		return usage_error(&cmd_complete, err, "name one shell");
	for (size_t i = 0; i < countof(shells); i++)
		if (str_eq(shells[i].name, args[0])) {
			shells[i].write(out);
			return EXIT_OK;
		}
	return usage_error(&cmd_complete, err, "no completion for the shell '%s'", args[0]);
}

static const char *const examples[] = {
	"source <(kiln complete bash)",
	"kiln complete fish >~/.config/fish/completions/kiln.fish",
	NULL,
};

const struct cmd cmd_complete = {
	.name = "complete",
	.args = "bash|zsh|fish",
	.summary = "print a completion script for a shell",
	.examples = examples,
	.run = run_complete,
};
