/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Integer constant expressions (C11 6.6), by precedence; and those of #if, as conditions. */
#include "hw/c_unit.h"

#include <string.h>

/* Of all that is worked out for one value: brackets, and enumerators that count from others. */
#define MAX_DEPTH 400

struct parser {
	struct hw_c_unit *u;
	const struct hw_c_tok *p, *end;
	bool bad;
};

static uint64_t ternary(struct parser *p);

static bool at(const struct parser *p, uint16_t punct)
{
	return p->p < p->end && hw_c_is(p->p, punct);
}

static bool eat(struct parser *p, uint16_t punct)
{
	if (!at(p, punct))
		return false;
	p->p++;
	return true;
}

static uint64_t fail(struct parser *p)
{
	p->bad = true;
	return 0;
}

static uint64_t number(struct parser *p, const struct hw_c_tok *t)
{
	char text[64], *end;
	uint64_t v;

	if (t->n >= sizeof(text))
		return fail(p);
	memcpy(text, t->s, t->n);
	text[t->n] = '\0';
	v = text[0] == '0' && (text[1] == 'b' || text[1] == 'B') ? strtoull(text + 2, &end, 2)
								 : strtoull(text, &end, 0);
	if (end[strspn(end, "uUlL")])
		return fail(p);
	return v;
}

static uint64_t character(struct parser *p, const struct hw_c_tok *t)
{
	static const char from[] = "ntr0abfv\\'\"", to[] = "\n\t\r\0\a\b\f\v\\'\"";
	const char *hit;

	if (t->n == 3)
		return (uint64_t)(int64_t)(int8_t)t->s[1];
	hit = t->n == 4 && t->s[1] == '\\' ? memchr(from, t->s[2], sizeof(from) - 1) : NULL;
	return hit ? (uint8_t)to[hit - from] : fail(p);
}

/* An enumerator: where its expression stands everything may have other names, but that was not met. */
static uint64_t named(struct parser *p, const struct hw_c_tok *t)
{
	struct hw_c_toks toks = { 0 };
	struct hw_c_def *def;
	struct hw_c_lex l;
	struct hw_c_tok x;
	uint64_t v = 0;

	if (hw_c_named(t, "true"))
		return 1;
	if (hw_c_named(t, "false"))
		return 0;
	def = hw_c_find(p->u, t->s, t->n);
	if (!def || def->kind != HW_C_ENUM || def->busy)
		return fail(p);
	hw_c_lex_init(&l, def->rest, def->rest_n, 1, false);
	while (hw_c_lex_next(&l, &x))
		vec_push(&toks, x);
	def->busy = true;
	if (toks.n && !hw_c_value(p->u, toks.v, toks.n, &v))
		fail(p);
	def->busy = false;
	free(toks.v);
	return v + def->add;
}

/* The widths of types that a value is cast to; 0: it is no type. */
static int width_of(const struct hw_c_tok *t)
{
	static const struct {
		const char *name;
		int bits;
	} types[] = {
		{ "u8", 8 },	    { "u16", 16 },	 { "u32", 32 },
		{ "u64", 64 },	    { "__u8", 8 },	 { "__u16", 16 },
		{ "__u32", 32 },    { "__u64", 64 },	 { "uint8_t", 8 },
		{ "uint16_t", 16 }, { "uint32_t", 32 },	 { "uint64_t", 64 },
		{ "s8", -8 },	    { "s16", -16 },	 { "s32", -32 },
		{ "s64", 64 },	    { "char", -8 },	 { "short", -16 },
		{ "int", -32 },	    { "long", 64 },	 { "unsigned", 32 },
		{ "signed", -32 },  { "bool", 1 },	 { "kernel_ulong_t", 64 },
		{ "size_t", 64 },   { "uintptr_t", 64 }, { "ulong", 64 },
		{ "uint", 32 },	    { "__le16", 16 },	 { "__le32", 32 },
		{ "__be16", 16 },   { "__be32", 32 },	 { "const", 64 },
	};

	for (size_t i = 0; i < countof(types); i++)
		if (hw_c_named(t, types[i].name))
			return types[i].bits;
	return hw_c_named(t, "enum") || hw_c_named(t, "struct") || hw_c_named(t, "void") ? 64 : 0;
}

/* At an open bracket: the width, where it is a cast, which is taken. 0: it is none. */
static int cast(struct parser *p)
{
	const struct hw_c_tok *t = p->p + 1;
	int bits = 0, sign = 1;

	for (; t < p->end && t->kind == HW_C_IDENT; t++) {
		const int more = width_of(t);

		/* "enum name", "struct name" */
		if (!more && t > p->p + 1 && bits)
			continue;
		if (!more)
			return 0;
		if (hw_c_named(t, "unsigned"))
			sign = 1;
		else if (!hw_c_named(t, "const"))
			sign = more < 0 ? -1 : 1;
		bits = abs(more);
		if (p->p + 1 < t && hw_c_named(p->p + 1, "unsigned"))
			sign = 1;
	}
	while (t < p->end && hw_c_is(t, '*')) {
		bits = 64;
		t++;
	}
	if (!bits || t >= p->end || !hw_c_is(t, ')'))
		return 0;
	p->p = t + 1;
	return bits * sign;
}

static uint64_t truncated(uint64_t v, int bits)
{
	const int n = abs(bits);

	if (n >= 64)
		return v;
	if (n == 1)
		return v != 0;
	v &= (UINT64_C(1) << n) - 1;
	if (bits < 0 && v >> (n - 1))
		v |= ~((UINT64_C(1) << n) - 1);
	return v;
}

/* __builtin_choose_expr(condition, a, b) */
static uint64_t choose(struct parser *p)
{
	uint64_t which, v[2] = { 0 };
	bool bad[2];

	if (!eat(p, '('))
		return fail(p);
	which = ternary(p);
	for (int i = 0; i < 2 && !p->bad; i++) {
		if (!eat(p, ','))
			return fail(p);
		v[i] = ternary(p);
		bad[i] = p->bad;
		p->bad = false;
	}
	if (!eat(p, ')') || p->bad || bad[!which])
		return fail(p);
	return v[!which];
}

/* __builtin_constant_p(value): const_ilog2() and others ask, and all that is known here is one. */
static uint64_t is_constant(struct parser *p)
{
	uint64_t known;

	if (!eat(p, '('))
		return fail(p);
	ternary(p);
	known = !p->bad;
	p->bad = false;
	return eat(p, ')') ? known : fail(p);
}

static uint64_t unary(struct parser *p)
{
	const struct hw_c_tok *t = p->p;
	uint64_t v;
	int bits;

	if (t >= p->end || p->bad || p->u->depth > MAX_DEPTH)
		return fail(p);
	p->u->depth++;
	if (at(p, '(')) {
		bits = cast(p);
		if (bits) {
			v = truncated(unary(p), bits);
		} else {
			p->p++;
			v = ternary(p);
			if (!eat(p, ')'))
				fail(p);
		}
	} else if (eat(p, '-')) {
		v = -unary(p);
	} else if (eat(p, '+')) {
		v = unary(p);
	} else if (eat(p, '~')) {
		v = ~unary(p);
	} else if (eat(p, '!')) {
		v = !unary(p);
	} else if (hw_c_named(t, "__builtin_choose_expr")) {
		p->p++;
		v = choose(p);
	} else if (hw_c_named(t, "__builtin_constant_p")) {
		p->p++;
		v = is_constant(p);
	} else {
		p->p++;
		v = t->kind == HW_C_NUMBER  ? number(p, t)
		    : t->kind == HW_C_CHAR  ? character(p, t)
		    : t->kind == HW_C_IDENT ? named(p, t)
					    : fail(p);
	}
	p->u->depth--;
	return v;
}

static int precedence(const struct hw_c_tok *t)
{
	switch (t->kind == HW_C_PUNCT ? t->punct : 0) {
	case '*':
	case '/':
	case '%':
		return 10;
	case '+':
	case '-':
		return 9;
	case HW_C_2('<', '<'):
	case HW_C_2('>', '>'):
		return 8;
	case '<':
	case '>':
	case HW_C_2('<', '='):
	case HW_C_2('>', '='):
		return 7;
	case HW_C_2('=', '='):
	case HW_C_2('!', '='):
		return 6;
	case '&':
		return 5;
	case '^':
		return 4;
	case '|':
		return 3;
	case HW_C_2('&', '&'):
		return 2;
	case HW_C_2('|', '|'):
		return 1;
	default:
		return 0;
	}
}

static uint64_t apply(struct parser *p, uint16_t op, uint64_t a, uint64_t b)
{
	switch (op) {
	case '*':
		return a * b;
	case '/':
		return b ? a / b : fail(p);
	case '%':
		return b ? a % b : fail(p);
	case '+':
		return a + b;
	case '-':
		return a - b;
	case HW_C_2('<', '<'):
		return b < 64 ? a << b : fail(p);
	case HW_C_2('>', '>'):
		return b < 64 ? a >> b : fail(p);
	case '<':
		return (int64_t)a < (int64_t)b;
	case '>':
		return (int64_t)a > (int64_t)b;
	case HW_C_2('<', '='):
		return (int64_t)a <= (int64_t)b;
	case HW_C_2('>', '='):
		return (int64_t)a >= (int64_t)b;
	case HW_C_2('=', '='):
		return a == b;
	case HW_C_2('!', '='):
		return a != b;
	case '&':
		return a & b;
	case '^':
		return a ^ b;
	case '|':
		return a | b;
	case HW_C_2('&', '&'):
		return a && b;
	case HW_C_2('|', '|'):
		return a || b;
	default:
		return fail(p);
	}
}

static uint64_t binary(struct parser *p, int least)
{
	uint64_t v = unary(p);

	while (p->p < p->end && !p->bad) {
		const int own = precedence(p->p);
		const uint16_t op = p->p->punct;

		if (!own || own < least)
			break;
		p->p++;
		v = apply(p, op, v, binary(p, own + 1));
	}
	return v;
}

/* Behind "v ?". What is not chosen may have values that are not known. */
static uint64_t choice(struct parser *p, uint64_t v)
{
	uint64_t a, b;
	bool a_bad;

	if (eat(p, ':')) { /* GNU: a ?: b */
		b = ternary(p);
		return v ? v : b;
	}
	a = ternary(p);
	a_bad = p->bad;
	p->bad = false;
	if (!eat(p, ':'))
		return fail(p);
	b = ternary(p);
	p->bad = v ? a_bad : p->bad;
	return v ? a : b;
}

static uint64_t ternary(struct parser *p)
{
	uint64_t v = binary(p, 1);

	if (p->bad || !eat(p, '?'))
		return v;
	if (p->u->depth > MAX_DEPTH)
		return fail(p);
	p->u->depth++;
	v = choice(p, v);
	p->u->depth--;
	return v;
}

bool hw_c_value(struct hw_c_unit *u, const struct hw_c_tok *in, size_t n, uint64_t *ret)
{
	struct hw_c_toks all = { 0 };
	struct parser p = { .u = u };
	uint64_t v;

	if (n == 1 && in->kind == HW_C_NUMBER) {
		p.p = in;
		p.end = in + 1;
		v = unary(&p);
	} else {
		hw_c_expand(u, in, n, &all);
		p.p = all.v;
		p.end = hw_c_behind(all.v, all.n);
		v = ternary(&p);
	}
	if (p.p != p.end)
		p.bad = true;
	free(all.v);
	if (!p.bad)
		*ret = v;
	return !p.bad;
}

/* Conditions */

static uint32_t cond_or(struct parser *p);

/* CONFIG_X is defined as 1 where X is y, CONFIG_X_MODULE where it is m. */
static uint32_t of_symbol(struct parser *p, const struct hw_c_tok *t)
{
	struct hw_conds *c = &p->u->w->conds;

	if (t->n > 14 && !memcmp(t->s + t->n - 7, "_MODULE", 7))
		return hw_cond_sym(c, HW_COND_MODULE, t->s + 7, t->n - 14);
	return hw_cond_sym(c, HW_COND_BUILTIN, t->s + 7, t->n - 7);
}

/* Under which condition a name has a definition that the file itself has made so far. */
static uint32_t defined_under(struct hw_conds *c, const struct hw_c_def *d)
{
	uint32_t cond = HW_COND_FALSE, left = HW_COND_TRUE;
	int most = HW_C_OLDER;

	for (; d && left != HW_COND_FALSE && most--; d = d->older) {
		if (d->kind == HW_C_MACRO)
			cond = hw_cond_or(c, cond, hw_cond_and(c, left, d->cond));
		left = hw_cond_and(c, left, hw_cond_not(c, d->cond));
	}
	return d && left != HW_COND_FALSE ? HW_COND_TRUE : cond;
}

static uint32_t of_defined(struct parser *p)
{
	const bool bracket = eat(p, '(');
	const struct hw_c_tok *t = p->p;
	const struct hw_c_def *d;

	if (t >= p->end || t->kind != HW_C_IDENT)
		return HW_COND_TRUE;
	p->p++;
	if (bracket)
		eat(p, ')');
	if (hw_c_is_symbol(t))
		return of_symbol(p, t);
	if (hw_c_is_reserved(p->u, t->s, t->n))
		return HW_COND_TRUE;
	d = hw_c_names_get(&p->u->names, t->s, t->n);
	if (d)
		return defined_under(&p->u->w->conds, d);
	d = hw_c_find(p->u, t->s, t->n);
	return d && d->kind == HW_C_MACRO ? HW_COND_TRUE : HW_COND_FALSE;
}

/* IS_ENABLED(CONFIG_X) and its like; false: it is none. */
static bool of_is(struct parser *p, uint32_t *ret)
{
	static const struct {
		const char *name;
		enum hw_cond_op op;
	} kinds[] = {
		{ "IS_ENABLED", HW_COND_SYM },
		{ "IS_REACHABLE", HW_COND_SYM },
		{ "IS_BUILTIN", HW_COND_BUILTIN },
		{ "IS_MODULE", HW_COND_MODULE },
	};

	if (p->end - p->p < 4 || !hw_c_is(p->p + 1, '(') || !hw_c_is_symbol(p->p + 2) ||
	    !hw_c_is(p->p + 3, ')'))
		return false;
	for (size_t i = 0; i < countof(kinds); i++)
		if (hw_c_named(p->p, kinds[i].name)) {
			*ret = hw_cond_sym(&p->u->w->conds, kinds[i].op, p->p[2].s + 7,
					   p->p[2].n - 7);
			p->p += 4;
			return true;
		}
	return false;
}

/* What is neither: its value, where that is known; else it is taken for true. */
static uint32_t of_value(struct parser *p)
{
	const struct hw_c_tok *begin = p->p;
	uint64_t v;
	int depth = 0;

	while (p->p < p->end) {
		if (!depth && (at(p, HW_C_2('&', '&')) || at(p, HW_C_2('|', '|')) || at(p, ')')))
			break;
		depth += at(p, '(') - at(p, ')');
		p->p++;
	}
	if (p->p - begin == 1 && hw_c_is_symbol(begin))
		return of_symbol(p, begin);
	/* a name that is not defined is 0 in #if, but here it may be one that was not found */
	if (p->p - begin == 1 && begin->kind == HW_C_IDENT && !hw_c_find(p->u, begin->s, begin->n))
		return HW_COND_FALSE;
	if (hw_c_value(p->u, begin, (size_t)(p->p - begin), &v))
		return v ? HW_COND_TRUE : HW_COND_FALSE;
	return HW_COND_TRUE;
}

/* Whether the bracket at p encloses conditions, not a part of an arithmetic expression. */
static bool encloses(const struct parser *p)
{
	const struct hw_c_tok *t = p->p;
	int depth = 0;

	for (; t < p->end; t++) {
		depth += hw_c_is(t, '(') - hw_c_is(t, ')');
		if (!depth)
			break;
	}
	t++;
	return t >= p->end || hw_c_is(t, ')') || hw_c_is(t, HW_C_2('&', '&')) ||
	       hw_c_is(t, HW_C_2('|', '|'));
}

static uint32_t cond_one(struct parser *p)
{
	uint32_t cond;

	if (p->u->depth > MAX_DEPTH || p->p >= p->end)
		return HW_COND_TRUE;
	p->u->depth++;
	if (eat(p, '!')) {
		cond = hw_cond_not(&p->u->w->conds, cond_one(p));
	} else if (at(p, '(') && encloses(p)) {
		p->p++;
		cond = cond_or(p);
		eat(p, ')');
	} else if (hw_c_named(p->p, "defined")) {
		p->p++;
		cond = of_defined(p);
	} else if (!of_is(p, &cond)) {
		cond = of_value(p);
	}
	p->u->depth--;
	return cond;
}

static uint32_t cond_and(struct parser *p)
{
	uint32_t cond = cond_one(p);

	while (eat(p, HW_C_2('&', '&')))
		cond = hw_cond_and(&p->u->w->conds, cond, cond_one(p));
	return cond;
}

static uint32_t cond_or(struct parser *p)
{
	uint32_t cond = cond_and(p);

	while (eat(p, HW_C_2('|', '|')))
		cond = hw_cond_or(&p->u->w->conds, cond, cond_and(p));
	return cond;
}

uint32_t hw_c_condition(struct hw_c_unit *u, const struct hw_c_tok *in, size_t n)
{
	struct parser p = { .u = u, .p = in, .end = hw_c_behind(in, n) };

	return cond_or(&p);
}
