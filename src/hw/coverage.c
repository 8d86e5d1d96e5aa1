/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/coverage.h"

#include "hw/needs.h"

struct asked {
	hw_tri_fn *value;
	void *ctx;
};

static char letter(const void *data, const char *symbol)
{
	const struct asked *a = data;
	const unsigned v = a->value(a->ctx, symbol);

	return v == KB_Y ? 'y' : (v == KB_M ? 'm' : 'n');
}

/* How a module is made; else the first need of its first way that does not hold. */
static enum hw_driven made(const struct kb_module *k, size_t n, const struct asked *a,
			   const struct kb_need **ret_lacks)
{
	enum hw_driven how = HW_DRIVEN_NOT;

	for (size_t i = 0; i < n; i++)
		for (size_t w = 0; w < k[i].n_way; w++) {
			const struct kb_way *way = &k[i].way[w];

			if (kb_term_holds(&way->term, a->value, a->ctx)) {
				if (!way->module)
					return HW_DRIVEN_BUILTIN;
				how = HW_DRIVEN_MODULE;
			}
			for (size_t t = 0; t < way->term.n && !*ret_lacks; t++)
				if (!(a->value(a->ctx, way->term.need[t].symbol) &
				      way->term.need[t].allows))
					*ret_lacks = &way->term.need[t];
		}
	return how;
}

static void cover_by(const struct hw_match *m, const struct kb_module_list *modules,
		     const struct asked *a, struct hw_covered *ret)
{
	const char *path = hw_ix_text(m->index, m->index->module[m->record->module].path);
	const struct kb_module *k;
	size_t n;

	*ret = (struct hw_covered){ .how = HW_DRIVEN_NOT, .match = m };
	k = kb_module_find(modules, path, &n);
	if (k)
		ret->how = made(k, n, a, &ret->lacks);
	if (ret->how != HW_DRIVEN_NOT && !hw_ix_holds(m->index, m->record, letter, a))
		*ret = (struct hw_covered){ .how = HW_DRIVEN_NOT, .match = m };
}

void hw_cover(const struct hw_device *d, const struct hw_matches *m,
	      const struct kb_module_list *modules, hw_tri_fn *value, void *ctx,
	      struct hw_covered *ret)
{
	const struct asked a = { value, ctx };
	const struct hw_match *first = hw_device_match(d, m);

	*ret = (struct hw_covered){ .how = HW_DRIVEN_NO_DRIVER };
	if (!first)
		return;
	cover_by(first, modules, &a, ret);
	for (size_t i = 0; i < m->n && ret->how == HW_DRIVEN_NOT; i++) {
		struct hw_covered other;

		if (&m->v[i] == first || m->v[i].stays_out)
			continue;
		cover_by(&m->v[i], modules, &a, &other);
		if (other.how != HW_DRIVEN_NOT)
			*ret = other;
	}
}
