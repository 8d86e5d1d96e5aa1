/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/c_names.h"

#include "base/hash.h"

#include <string.h>

uint32_t hw_c_names_hash(const char *s, size_t n)
{
	uint64_t h = HASH_INIT;

	for (size_t i = 0; i < n; i++)
		h = hash_byte(h, (uint8_t)s[i]);
	return hash_fold(h);
}

static struct hw_c_def **slot_of(const struct hw_c_names *t, const char *name, size_t n,
				 uint32_t hash)
{
	size_t i = hash & (t->slots - 1);

	while (t->slot[i] && (t->slot[i]->name_n != n || memcmp(t->slot[i]->name, name, n)))
		i = (i + 1) & (t->slots - 1);
	return &t->slot[i];
}

struct hw_c_def *hw_c_names_get(const struct hw_c_names *t, const char *name, size_t n)
{
	return t->slots ? *slot_of(t, name, n, hw_c_names_hash(name, n)) : NULL;
}

struct hw_c_def *hw_c_names_find(const struct hw_c_names *t, const char *name, size_t n,
				 uint32_t hash)
{
	return t->slots ? *slot_of(t, name, n, hash) : NULL;
}

static void grow(struct hw_c_names *t)
{
	struct hw_c_names bigger = { .slots = t->slots ? t->slots * 2 : 64 };

	bigger.slot = xcalloc(bigger.slots, sizeof(struct hw_c_def *));
	for (size_t i = 0; i < t->slots; i++)
		if (t->slot[i])
			*slot_of(&bigger, t->slot[i]->name, t->slot[i]->name_n,
				 hw_c_names_hash(t->slot[i]->name, t->slot[i]->name_n)) =
				t->slot[i];
	free(t->slot);
	t->slot = bigger.slot;
	t->slots = bigger.slots;
}

struct hw_c_def *hw_c_names_add(struct hw_c_names *t, const struct hw_c_def *def)
{
	struct hw_c_def *d = arena_alloc(&t->arena, sizeof(*d)), **slot;

	if (t->n * 4 >= t->slots * 3)
		grow(t);
	slot = slot_of(t, def->name, def->name_n, hw_c_names_hash(def->name, def->name_n));
	t->n += !*slot;
	*d = *def;
	d->older = *slot;
	*slot = d;
	return d;
}

static void forget_macros(struct hw_c_names *t)
{
	for (size_t i = 0; i < t->slots; i++)
		for (struct hw_c_def *d = t->slot[i]; d; d = d->older)
			if (d->macro) {
				free(d->macro->body.v);
				free(d->macro->param);
				free(d->macro);
			}
}

void hw_c_names_clear(struct hw_c_names *t)
{
	forget_macros(t);
	if (t->slots)
		memset(t->slot, 0, t->slots * sizeof(struct hw_c_def *));
	t->n = 0;
	arena_release(&t->arena);
}

void hw_c_names_release(struct hw_c_names *t)
{
	hw_c_names_clear(t);
	free(t->slot);
	*t = (struct hw_c_names){ 0 };
}

/* "(a, b, ...)" behind the name: true where it is well formed. */
static bool read_params(struct hw_c_lex *l, struct hw_c_macro *m)
{
	struct hw_c_toks params = { 0 };
	struct hw_c_tok t;
	bool good = false;

	while (hw_c_lex_next(l, &t)) {
		if (hw_c_is(&t, ')')) {
			good = true;
			break;
		}
		if (t.kind == HW_C_IDENT) {
			vec_push(&params, t);
		} else if (hw_c_is(&t, HW_C_DOTS)) {
			/* "args..." names what "..." alone calls __VA_ARGS__ */
			if (!m->variadic && params.n &&
			    params.v[params.n - 1].s + params.v[params.n - 1].n == t.s)
				m->variadic = true;
			else
				vec_push(&params, ((struct hw_c_tok){ .kind = HW_C_IDENT,
								      .s = "__VA_ARGS__",
								      .n = 11 }));
			m->variadic = true;
		} else if (!hw_c_is(&t, ',')) {
			break;
		}
	}
	m->param = params.v;
	m->n_params = params.n;
	return good;
}

struct hw_c_macro *hw_c_def_macro(struct hw_c_def *def)
{
	struct hw_c_macro *m;
	struct hw_c_lex l;
	struct hw_c_tok t;

	if (def->kind != HW_C_MACRO || def->macro)
		return def->kind == HW_C_MACRO ? def->macro : NULL;
	m = def->macro = xnew(struct hw_c_macro);
	hw_c_lex_init(&l, def->rest, def->rest_n, 1, false);
	if (def->rest_n && *def->rest == '(') {
		m->call = true;
		l.p++;
		if (!read_params(&l, m))
			return m;
	}
	while (hw_c_lex_next(&l, &t)) {
		m->braces += hw_c_is(&t, '{') - hw_c_is(&t, '}');
		vec_push(&m->body, t);
	}
	return m;
}
