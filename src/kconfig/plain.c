/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kconfig/plain.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/* What shells do themselves, or take for a word of their own. */
static bool is_shells_own(const char *word)
{
	static const char *const own[] = {
		":",	 "!",	     ".",	 "[",	    "alias",   "bg",	   "break",  "case",
		"cd",	 "command",  "continue", "do",	    "done",    "echo",	   "elif",   "else",
		"esac",	 "eval",     "exec",	 "exit",    "export",  "false",	   "fg",     "fi",
		"for",	 "function", "getopts",	 "hash",    "if",      "in",	   "jobs",   "kill",
		"local", "newgrp",   "printf",	 "pwd",	    "read",    "readonly", "return", "set",
		"shift", "select",   "source",	 "test",    "then",    "time",	   "times",  "trap",
		"true",	 "type",     "ulimit",	 "umask",   "unalias", "unset",	   "until",  "wait",
		"while", "chdir",    "let",	 "builtin", "declare", "typeset",  "fc",
	};

	for (size_t i = 0; i < countof(own); i++)
		if (str_eq(word, own[i]))
			return true;
	return false;
}

/* "TEXT" in double quotes in front of *p, with nothing in it that is special there, or to echo. */
static char *take_echoed(const char **p)
{
	const char *text = *p + 1, *end;

	if (**p != '"')
		return NULL;
	end = strchr(text, '"');
	if (!end || memchr(text, '\\', (size_t)(end - text)) ||
	    memchr(text, '$', (size_t)(end - text)) || memchr(text, '`', (size_t)(end - text)) ||
	    str_starts(text, "-n") || str_starts(text, "-e") || str_starts(text, "-E"))
		return NULL;
	*p = end + 1;
	return xasprintf("%.*s\n", (int)(end - text), text);
}

/* The last "; } >/dev/null 2>&1 && echo ..." of a command, which is to be its end. */
static bool take_end(const char *end, struct kc_plain *ret)
{
	if (!str_skip(&end, "; } >/dev/null 2>&1 && echo "))
		return false;
	ret->yes = take_echoed(&end);
	if (!ret->yes || !str_skip(&end, " || echo "))
		return false;
	ret->no = take_echoed(&end);
	return ret->no && !*end;
}

/* Splits at blanks; ".tmp_$$" in a word is the scratch folder. */
static bool take_words(const char *p, const char *end, struct kc_plain *ret)
{
	static const char scratch[] = ".tmp_$$";

	while (p < end) {
		auto_str struct str word = { 0 };

		if (*p == ' ') {
			p++;
			continue;
		}
		while (p < end && *p != ' ') {
			if (ret->dir && str_skip(&p, scratch))
				str_adds(&word, ret->dir);
			else if (strchr(letters, *p) || strchr("_./=,+:@%-", *p))
				str_addc(&word, *p++);
			else
				return false;
		}
		strv_add(&ret->argv, str_c(&word));
	}
	return ret->argv.n && !is_shells_own(ret->argv.v[0]) && !strchr(ret->argv.v[0], '=');
}

static bool take(const char *command, const char *scratch, struct kc_plain *ret)
{
	const char *p = command, *end = strstr(command, "; } >");

	if (!end || !str_skip(&p, "{ "))
		return false;
	if (str_skip(&p, "trap \"rm -rf .tmp_$$\" EXIT; mkdir .tmp_$$; "))
		ret->dir = xstrdup(scratch);
	return take_end(end, ret) && p < end && take_words(p, end, ret);
}

bool kc_plain_of(const char *command, const char *scratch, struct kc_plain *ret)
{
	struct kc_plain plain = { 0 };

	if (!take(command, scratch, &plain)) {
		kc_plain_release(&plain);
		return false;
	}
	*ret = plain;
	return true;
}

void kc_plain_release(struct kc_plain *p)
{
	strv_release(&p->argv);
	free(p->dir);
	free(p->yes);
	free(p->no);
	*p = (struct kc_plain){ 0 };
}
