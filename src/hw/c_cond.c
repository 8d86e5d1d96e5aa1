/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/c_cond.h"

#include <ctype.h>

void hw_conds_init(struct hw_conds *c)
{
	*c = (struct hw_conds){ 0 };
	vec_push(c, ((struct hw_cond){ .op = HW_COND_CONST, .a = 1, .terms = 1 }));
	vec_push(c, ((struct hw_cond){ .op = HW_COND_CONST, .terms = 1 }));
}

void hw_conds_release(struct hw_conds *c)
{
	free(c->v);
	map_release(&c->known, NULL);
	arena_release(&c->arena);
	*c = (struct hw_conds){ 0 };
}

static uint32_t add(struct hw_conds *c, struct hw_cond node)
{
	auto_free char *key =
		xasprintf("%d %u %u %s", node.op, node.a, node.b, node.name ? node.name : "");
	const uintptr_t known = (uintptr_t)map_get(&c->known, key);

	if (known)
		return (uint32_t)known;
	if (node.name)
		node.name = arena_strdup(&c->arena, node.name);
	vec_push(c, node);
	map_set(&c->known, key, (void *)(uintptr_t)(c->n - 1));
	return (uint32_t)(c->n - 1);
}

uint32_t hw_cond_sym(struct hw_conds *c, enum hw_cond_op op, const char *name, size_t n)
{
	auto_free char *s = xstrndup(name, MIN(n, (size_t)HW_COND_NAME));

	if (n > HW_COND_NAME)
		return HW_COND_TRUE;
	return add(c, (struct hw_cond){ .op = op, .name = s, .terms = 1 });
}

uint32_t hw_cond_not(struct hw_conds *c, uint32_t a)
{
	if (a <= HW_COND_FALSE)
		return !a;
	if (c->v[a].op == HW_COND_NOT)
		return c->v[a].a;
	return add(c, (struct hw_cond){ .op = HW_COND_NOT, .a = a, .terms = c->v[a].terms });
}

/* Whether b is one of the terms that a joins by op. */
static bool among(const struct hw_conds *c, enum hw_cond_op op, uint32_t a, uint32_t b)
{
	while (a != b && c->v[a].op == op) {
		if (c->v[a].b == b)
			return true;
		a = c->v[a].a;
	}
	return a == b;
}

static uint32_t join(struct hw_conds *c, enum hw_cond_op op, uint32_t a, uint32_t b)
{
	const uint32_t neutral = op == HW_COND_AND ? HW_COND_TRUE : HW_COND_FALSE;
	uint32_t terms;

	if (c->v[b].op == op && a != b) /* one chain, of which each term is there once */
		return join(c, op, join(c, op, a, c->v[b].a), c->v[b].b);
	if (a == neutral || among(c, op, b, a))
		return b;
	if (b == neutral || among(c, op, a, b))
		return a;
	if (a == !neutral || b == !neutral || among(c, op, a, hw_cond_not(c, b)))
		return !neutral;
	terms = c->v[a].terms + c->v[b].terms;
	if (terms > HW_COND_TERMS)
		return op == HW_COND_AND ? a : HW_COND_TRUE;
	return add(c, (struct hw_cond){ .op = op, .a = a, .b = b, .terms = terms });
}

uint32_t hw_cond_and(struct hw_conds *c, uint32_t a, uint32_t b)
{
	return join(c, HW_COND_AND, a, b);
}

uint32_t hw_cond_or(struct hw_conds *c, uint32_t a, uint32_t b)
{
	return join(c, HW_COND_OR, a, b);
}

/* Of what another joins by op. */
static void operand(const struct hw_conds *c, enum hw_cond_op op, uint32_t cond, struct str *ret)
{
	const enum hw_cond_op own = c->v[cond].op;
	const bool brackets = own != op && (own == HW_COND_AND || own == HW_COND_OR);

	if (brackets)
		str_addc(ret, '(');
	hw_cond_text(c, cond, ret);
	if (brackets)
		str_addc(ret, ')');
}

void hw_cond_text(const struct hw_conds *c, uint32_t cond, struct str *ret)
{
	const struct hw_cond *v = &c->v[cond];

	switch (v->op) {
	case HW_COND_CONST:
		str_addc(ret, v->a ? '1' : '0');
		return;
	case HW_COND_SYM:
	case HW_COND_BUILTIN:
	case HW_COND_MODULE:
		str_addf(ret, "%s%s", v->name,
			 v->op == HW_COND_SYM ? "" : (v->op == HW_COND_BUILTIN ? "=y" : "=m"));
		return;
	case HW_COND_NOT:
		str_addc(ret, '!');
		operand(c, v->op, v->a, ret);
		return;
	case HW_COND_AND:
	case HW_COND_OR:
		operand(c, v->op, v->a, ret);
		str_adds(ret, v->op == HW_COND_AND ? " && " : " || ");
		operand(c, v->op, v->b, ret);
	}
}

struct reader {
	struct hw_conds *c;
	const char *p;
	int depth;
};

static uint32_t read_or(struct reader *r);

static bool skip(struct reader *r, const char *word)
{
	r->p += strspn(r->p, " ");
	return str_skip(&r->p, word);
}

static uint32_t read_one(struct reader *r)
{
	const char *begin;
	size_t n;
	uint32_t cond;

	if (r->depth > 100)
		return HW_COND_TRUE;
	if (skip(r, "!")) {
		r->depth++;
		cond = hw_cond_not(r->c, read_one(r));
		r->depth--;
		return cond;
	}
	if (skip(r, "(")) {
		r->depth++;
		cond = read_or(r);
		r->depth--;
		skip(r, ")");
		return cond;
	}
	begin = r->p;
	while (isalnum((uint8_t)*r->p) || *r->p == '_')
		r->p++;
	n = (size_t)(r->p - begin);
	if (!n || (n == 1 && *begin == '1'))
		return HW_COND_TRUE;
	if (n == 1 && *begin == '0')
		return HW_COND_FALSE;
	if (skip(r, "=y"))
		return hw_cond_sym(r->c, HW_COND_BUILTIN, begin, n);
	return hw_cond_sym(r->c, skip(r, "=m") ? HW_COND_MODULE : HW_COND_SYM, begin, n);
}

static uint32_t read_and(struct reader *r)
{
	uint32_t cond = read_one(r);

	while (skip(r, "&&"))
		cond = hw_cond_and(r->c, cond, read_one(r));
	return cond;
}

static uint32_t read_or(struct reader *r)
{
	uint32_t cond = read_and(r);

	while (skip(r, "||"))
		cond = hw_cond_or(r->c, cond, read_and(r));
	return cond;
}

uint32_t hw_cond_parse(struct hw_conds *c, const char *text)
{
	struct reader r = { .c = c, .p = text };

	return read_or(&r);
}

bool hw_cond_holds(const struct hw_conds *c, uint32_t cond, hw_cond_value_fn *value,
		   const void *data)
{
	const struct hw_cond *v = &c->v[cond];

	switch (v->op) {
	case HW_COND_CONST:
		return v->a;
	case HW_COND_SYM:
		return value(data, v->name) != 'n';
	case HW_COND_BUILTIN:
		return value(data, v->name) == 'y';
	case HW_COND_MODULE:
		return value(data, v->name) == 'm';
	case HW_COND_NOT:
		return !hw_cond_holds(c, v->a, value, data);
	case HW_COND_AND:
		return hw_cond_holds(c, v->a, value, data) && hw_cond_holds(c, v->b, value, data);
	case HW_COND_OR:
		return hw_cond_holds(c, v->a, value, data) || hw_cond_holds(c, v->b, value, data);
	}
	return true;
}
