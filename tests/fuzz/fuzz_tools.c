/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What compilers, tools, nix and scripts behind a wrap say. The first byte chooses: 'c' a compiler's -v, 't' a tool's --version, 'f'
 * nix's description of a flake, 's' the output of a script with two answers and the mark "T".
 */
#include "fuzz.h"

#include "build/ask.h"
#include "build/place.h"
#include "build/words.h"

/* Whole lines, each behind a tab, without anything that a terminal acts on. */
static void check_lines(const struct str *s)
{
	const char *p = str_c(s);

	fuzz_need(strlen(p) == s->n);
	while (*p) {
		fuzz_need(*p == '\t' && p[1] != '\n');
		p = strchr(p, '\n');
		fuzz_need(p != NULL);
		p++;
	}
	for (size_t i = 0; i < s->n; i++)
		fuzz_need((uint8_t)s->s[i] >= ' ' || s->s[i] == '\t' || s->s[i] == '\n');
}

static void compiler(const char *text)
{
	auto_free char *target = bld_words_target(text), *version = bld_words_version(text);
	auto_str struct str s = { 0 };

	bld_words_compiler(text, &s);
	check_lines(&s);
	fuzz_need(!target || *target);
	fuzz_need(!version || *version);
	fuzz_need(!bld_words_clang(text) || str_c(&s)[0]);
}

static void tool(const char *text)
{
	auto_free char *number = bld_words_number(text);
	auto_str struct str s = { 0 };

	bld_words_tool(text, &s);
	check_lines(&s);
	fuzz_need(!number || (*number && strspn(number, "0123456789.") == strlen(number)));
}

static void script(const char *text, size_t n)
{
	struct bld_question q[2] = { 0 }, *open[] = { &q[0], &q[1] };

	if (bld_ask_parse(text, n, "T", open, 2))
		fuzz_need(q[0].said.n + q[1].said.n < n && q[0].status >= 0 && q[1].status < 256);
	str_release(&q[0].said);
	str_release(&q[1].said);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = size ? xstrndup((const char *)data + 1, size - 1) : NULL;
	auto_str struct str s = { 0 };

	if (!size)
		return 0;
	if (*data == 'c')
		compiler(text);
	else if (*data == 't')
		tool(text);
	else if (*data == 'f' && bld_flake_lock((const char *)data + 1, size - 1, &s, NULL) == 0)
		fuzz_need(s.n && s.s[s.n - 1] == '\n');
	else if (*data == 's')
		script((const char *)data + 1, size - 1);
	return 0;
}
