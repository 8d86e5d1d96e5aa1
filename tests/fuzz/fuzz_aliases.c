/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A modules.alias: up to the first empty line; what follows are modaliases, one a line, that are looked for in it. What the
 * index finds has to be what comparing each pattern finds.
 */
#include "fuzz.h"

#include "hw/aliases.h"
#include "hw/match.h"

#include <string.h>

static void look(const struct hw_index *ix, const char *alias)
{
	const struct hw_device d = { .bus = "", .addr = "", .alias = &alias, .n_alias = 1 };
	struct hw_matches m = { 0 };
	size_t n = 0;

	hw_match_device(ix, &d, NULL, NULL, &m);
	for (size_t i = 0; i < ix->alias.n; i++)
		n += hw_alias_fits(hw_ix_text(ix, ix->alias.v[i].text), alias);
	fuzz_need(m.n == n);
	hw_matches_release(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *split = memmem(data, n, "\n\n", 2);
	const size_t table = split ? (size_t)(split + 1 - (const char *)data) : n;
	auto_hw_index struct hw_index ix = { 0 };
	auto_free char *text = xstrndup((const char *)data, table);
	auto_free char *rest = split ? xstrndup(split + 2, n - table - 1) : NULL;

	if (n > 20000 || hw_aliases_read(text, strlen(text), "x", &ix, NULL) < 0)
		return 0;
	for (char *s = rest, *end; s && *s; s = end) {
		end = s + strcspn(s, "\n");
		if (*end)
			*end++ = '\0';
		look(&ix, s);
	}
	return 0;
}
