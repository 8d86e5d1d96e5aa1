/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/inventory.h"

#include <errno.h>

int hw_inventory_add(struct hw_inventory *inv, struct hw_device **ret, struct err *err)
{
	if (inv->n >= HW_DEVICES_MOST)
		return err_set(err, -EFBIG, "more than %d devices", HW_DEVICES_MOST);
	*ret = vec_push(inv, (struct hw_device){ 0 });
	return 0;
}

void hw_inventory_odd(struct hw_inventory *inv, const char *text, size_t n, int line,
		      const char *why)
{
	auto_str struct str b = { 0 };

	if (inv->odd.n >= HW_ODD_MOST)
		return;
	str_add_printable(&b, text, MIN(n, (size_t)200));
	vec_push(&inv->odd,
		 ((struct hw_odd_line){ arena_strdup(&inv->arena, str_c(&b)), line, why }));
}

const char *hw_inventory_text(struct hw_inventory *inv, const char *text, size_t n)
{
	auto_str struct str b = { 0 };
	const char *p;

	str_add_printable(&b, text, n);
	while (b.n && (b.s[b.n - 1] == ' ' || b.s[b.n - 1] == '\t'))
		str_cut(&b, b.n - 1);
	p = str_c(&b) + strspn(str_c(&b), " \t");
	return *p ? arena_strdup(&inv->arena, p) : NULL;
}

const char *const *hw_inventory_texts(struct hw_inventory *inv, const struct strv *v)
{
	const char **a = v->n ? arena_alloc(&inv->arena, (v->n + 1) * sizeof(*a)) : NULL;

	for (size_t i = 0; i < v->n; i++)
		a[i] = arena_strdup(&inv->arena, v->v[i]);
	return a;
}

void hw_inventory_loaded(struct hw_inventory *inv, const char *name, size_t n)
{
	const char *s = hw_inventory_text(inv, name, n);

	if (s)
		vec_push(&inv->loaded, s);
}

void hw_inventory_release(struct hw_inventory *inv)
{
	free(inv->v);
	free(inv->loaded.v);
	free(inv->facts.v);
	free(inv->odd.v);
	arena_release(&inv->arena);
	*inv = (struct hw_inventory){ 0 };
}
