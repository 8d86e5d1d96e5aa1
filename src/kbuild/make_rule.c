/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules: what is one, and those that say which source an object is made from. */
#include "kbuild/make.h"

#include <string.h>

bool kb_mk_is_rule(const char *s)
{
	for (; *s; s++) {
		if (*s == ':')
			return true;
		if (*s == '$' && (s[1] == '(' || s[1] == '{')) {
			s += 2 + kb_mk_close(s + 2, strlen(s + 2), s[1], s[1] == '(' ? ')' : '}');
			if (!*s)
				return false;
		}
	}
	return false;
}

/* The first word, where it has that ending; without the tree's folder in front. */
static const char *first(struct kb_mk *m, const char *s, const char *end, const char *ending)
{
	const char *word, *path;
	size_t n;

	if (!kb_mk_word(&s, end, &word, &n))
		return NULL;
	path = arena_strndup(m->arena, word, n);
	if (str_skip(&path, m->tree))
		path += strspn(path, "/");
	return str_ends(path, ending) ? path : NULL;
}

void kb_mk_take_rule(struct kb_mk *m, const char *s)
{
	auto_str struct str text = { 0 };
	struct kb_mk_rule rule;
	const char *colon, *all;

	if (!m->rules || !strchr(s, '%'))
		return;
	kb_mk_expand(m, s, strlen(s), &text);
	all = str_c(&text);
	colon = strchr(all, ':');
	if (!colon)
		return;
	rule.target = first(m, all, colon, ".o");
	rule.source = first(m, colon + 1, all + text.n, ".c");
	if (rule.target && rule.source && strchr(rule.target, '%'))
		vec_push(m->rules, rule);
}
