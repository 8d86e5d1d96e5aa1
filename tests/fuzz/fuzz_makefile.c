/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as the Kbuild file at the top of a tree: reading it comes to an end, whatever it asks for. */
#include "fuzz.h"

#include "kbuild/make.h"

static void count(void *ctx, const char *word, size_t n, const struct kb_mk_part *part,
		  const struct kb_cond *cond)
{
	size_t *words = ctx;

	fuzz_need(n && word && part->file);
	++*words;
	for (; cond; cond = cond->outer)
		for (size_t i = 0; i < cond->n; i++)
			for (size_t k = 0; k < cond->term[i].n; k++)
				fuzz_need(cond->term[i].need[k].allows < KB_ANY);
}

static void read_it(const uint8_t *data, size_t size, struct kb_open *open)
{
	static const char *const names[] = { "obj-y", "obj-m", "x", "a" };
	struct arena arena = { 0 };
	uint64_t work = 300000;
	struct kb_mk_rules rules = { 0 };
	struct kb_mk m;
	size_t words = 0;
	char *text = arena_strndup(&arena, (const char *)data, strnlen((const char *)data, size));

	kb_mk_init(&m, "/nowhere", NULL, &arena, &work);
	m.open = open;
	m.rules = &rules;
	if (!open) {
		kb_mk_set(&m, "CONFIG_Y", "y");
		kb_mk_set(&m, "CONFIG_M", "m");
	}
	kb_mk_set(&m, "obj", "drivers/x");
	kb_mk_read_text(&m, text, "Makefile");
	for (size_t i = 0; i < countof(names); i++) {
		struct str value = { 0 };
		const struct kb_mk_var *v = kb_mk_find(&m, names[i]);

		kb_mk_value(&m, names[i], &value);
		/* one variable of many parts, each of which may be as long as a value can be */
		fuzz_need(value.n <= (KB_MK_MAX + 1) * (v ? v->n + 1 : 1));
		for (size_t k = 0; v && k < v->n; k++)
			fuzz_need(v->v[k].text && v->v[k].file && v->v[k].line >= 0);
		kb_mk_each_word(&m, names[i], count, &words);
		str_release(&value);
	}
	for (size_t i = 0; i < rules.n; i++)
		fuzz_need(strchr(rules.v[i].target, '%') && str_ends(rules.v[i].source, ".c"));
	free(rules.v);
	kb_mk_release(&m);
	arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kb_open open = { 0 };

	read_it(data, size, NULL);
	read_it(data, size, &open);
	kb_open_release(&open);
	return 0;
}
