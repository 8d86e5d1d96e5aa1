/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An inventory as text, for comparing. */
#pragma once

#include "hw/inventory.h"

static inline void dump_list(struct str *b, const char *what, const char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		str_addf(b, "\t%s: %s\n", what, v[i]);
}

static inline void dump_one(struct str *b, const char *what, const char *s)
{
	if (s)
		str_addf(b, "\t%s: %s\n", what, s);
}

static inline void dump_inventory(const struct hw_inventory *inv, struct str *b)
{
	for (size_t i = 0; i < inv->n; i++) {
		const struct hw_device *d = &inv->v[i];

		str_addf(b, "%s %s\n", d->bus, d->addr);
		dump_one(b, "path", d->path);
		dump_one(b, "above", d->parent ? inv->v[d->parent - 1].addr : NULL);
		dump_one(b, "kind", d->kind);
		dump_one(b, "name", d->name);
		dump_list(b, "alias", d->alias, d->n_alias);
		dump_one(b, "driver", d->driver);
		dump_list(b, "module", d->module, d->n_module);
		dump_one(b, "secret", d->secret);
		if (d->line)
			str_addf(b, "\tline: %d\n", d->line);
	}
	for (size_t i = 0; i < inv->loaded.n; i++)
		str_addf(b, "loaded %s\n", inv->loaded.v[i]);
	for (size_t i = 0; i < inv->odd.n; i++)
		str_addf(b, "odd %d: '%s'%s%s\n", inv->odd.v[i].line, inv->odd.v[i].text,
			 inv->odd.v[i].why ? ": " : "", inv->odd.v[i].why ? inv->odd.v[i].why : "");
}
