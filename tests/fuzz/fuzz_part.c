/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a part. What can be read is changed line by line: each wish then has its new value and all others are as
 * they were; a line added at the end is the last wish.
 */
#include "fuzz.h"

#include "kconfig/part.h"
#include "kconfig/part_edit.h"

#include <ctype.h>

static int parse(struct kc_wishes *w, const struct str *text)
{
	static const struct kc_part_spec spec = { "6.1.0", "x86_64", "x86" };

	return kc_part_parse(w, &spec, str_c(text), text->n, "part", NULL);
}

static void need_same(const struct kc_wish *a, const struct kc_wish *b, const char *value,
		      bool override)
{
	fuzz_need(str_eq(a->name, b->name) && str_eq(value ? value : a->value, b->value));
	fuzz_need((a->override || override) == b->override && a->optional == b->optional &&
		  a->silent == b->silent);
}

/* Of symbols, which are all that is ever put: readers take more. */
static bool is_name(const char *name)
{
	const char *p = name;

	while (isalnum((unsigned char)*p) || *p == '_')
		p++;
	return p > name && !*p;
}

/* Puts value to wish i, or (i is n) behind all, and reads the text again. */
static void change(const struct kc_wishes *w, const struct str *text, size_t i, const char *value,
		   bool override)
{
	auto_str struct str copy = { 0 };
	struct kc_wishes now = { 0 };
	const bool adds = i == w->n;

	str_add(&copy, str_c(text), text->n);
	kc_part_put(&copy, adds ? 0 : w->v[i].pos.line, adds ? "NEW" : w->v[i].name, value,
		    override);
	fuzz_need(parse(&now, &copy) == 0 && now.n == w->n + adds);
	for (size_t k = 0; k < w->n; k++)
		need_same(&w->v[k], &now.v[k], k == i ? value : NULL, k == i && override);
	if (adds)
		need_same(&(struct kc_wish){ .name = "NEW", .value = value }, &now.v[i], NULL,
			  override);
	kc_wishes_release(&now);
}

static void drop(const struct kc_wishes *w, const struct str *text, size_t i)
{
	auto_str struct str copy = { 0 };
	struct kc_wishes now = { 0 };

	str_add(&copy, str_c(text), text->n);
	kc_part_drop(&copy, w->v[i].pos.line);
	fuzz_need(parse(&now, &copy) == 0 && now.n == w->n - 1);
	kc_wishes_release(&now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_str struct str text = { 0 };
	struct kc_wishes w = { 0 };

	str_add(&text, data, size);
	/* other files are not read here */
	if (!memmem(data, size, "include", 7) && parse(&w, &text) == 0 && w.n < 100) {
		for (size_t i = 0; i <= w.n; i++) {
			if (i < w.n && !is_name(w.v[i].name))
				continue;
			for (int override = 0; override < 2; override++) {
				change(&w, &text, i, "n", override);
				change(&w, &text, i, "16", override);
				change(&w, &text, i, "\"a # \\\" b\"", override);
			}
			if (i < w.n)
				drop(&w, &text, i);
		}
	}
	kc_wishes_release(&w);
	return 0;
}
