/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as the Kbuild file at the top of a tree: reading it comes to an end, whatever it asks for. */
#include "fuzz.h"

#include "kbuild/make.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "obj-y", "obj-m", "x", "a" };
	struct arena arena = { 0 };
	uint64_t work = 300000;
	struct kb_mk m;
	char *text = arena_strndup(&arena, (const char *)data, strnlen((const char *)data, size));

	kb_mk_init(&m, "/nowhere", NULL, &arena, &work);
	kb_mk_set(&m, "CONFIG_Y", "y");
	kb_mk_set(&m, "CONFIG_M", "m");
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
		str_release(&value);
	}
	kb_mk_release(&m);
	arena_release(&arena);
	return 0;
}
