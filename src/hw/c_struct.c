/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/c_struct.h"

#include <string.h>

#define MAX_NESTED 8

/* Declarations */

static uint8_t size_of(const struct hw_c_tok *t, size_t n)
{
	static const struct {
		const char *name;
		uint8_t size;
	} types[] = {
		{ "__u8", 1 },	   { "u8", 1 },
		{ "char", 1 },	   { "bool", 1 },
		{ "__u16", 2 },	   { "u16", 2 },
		{ "short", 2 },	   { "__u32", 4 },
		{ "u32", 4 },	   { "int", 4 },
		{ "unsigned", 4 }, { "long", 8 },
		{ "__u64", 8 },	   { "kernel_ulong_t", 8 },
		{ "uint32_t", 4 },
	};
	uint8_t size = 0;

	for (size_t i = 0; i < n; i++) {
		if (hw_c_is(&t[i], '*'))
			return 8;
		for (size_t k = 0; k < countof(types); k++)
			if (hw_c_named(&t[i], types[k].name))
				size = types[k].size;
	}
	return size;
}

/* "__u32 vendor, device;": type and declarators up to the semicolon. */
static void declare(struct hw_c_layouts *l, struct hw_c_layout *to, const struct hw_c_tok *t,
		    size_t n, const struct hw_c_layout *of)
{
	uint8_t size = of ? 0 : size_of(t, n);
	struct hw_c_field f = { .size = size, .of = of };
	bool named = false, function = false;

	for (size_t i = 0; i <= n; i++) {
		const bool end = i == n || (!function && hw_c_is(&t[i], ','));

		if (end) {
			if (f.name)
				vec_push(to, f);
			f = (struct hw_c_field){ .size = size, .of = of };
			named = false;
		} else if (hw_c_is(&t[i], '[') || hw_c_is(&t[i], ':') ||
			   hw_c_named(&t[i], "__attribute__")) {
			f.array |= hw_c_is(&t[i], '[');
			named = true;
		} else if (hw_c_is(&t[i], '(') && f.name && i + 1 < n && hw_c_is(&t[i + 1], '*')) {
			function = true;
		} else if (t[i].kind == HW_C_IDENT && !named) {
			f.name = arena_strndup(&l->arena, t[i].s, t[i].n);
			named = function;
		}
	}
}

static struct hw_c_layout *read_struct(struct hw_c_layouts *l, struct hw_c_unit *u, int depth)
{
	struct hw_c_layout *to = arena_alloc(&l->arena, sizeof(*to));
	const struct hw_c_layout *inner = NULL;
	struct hw_c_toks decl = { 0 };
	struct hw_c_tok t;

	vec_push(&l->all, to);
	while (hw_c_unit_next(u, &t) && !hw_c_is(&t, '}')) {
		if (hw_c_is(&t, '{') && depth < MAX_NESTED) {
			inner = read_struct(l, u, depth + 1);
			decl.n = 0;
		} else if (hw_c_is(&t, ';')) {
			declare(l, to, decl.v, decl.n, inner);
			inner = NULL;
			decl.n = 0;
		} else {
			vec_push(&decl, t);
		}
	}
	free(decl.v);
	return to;
}

void hw_c_layouts_read(struct hw_c_layouts *l, struct hw_c_world *w, struct hw_c_header *h)
{
	struct hw_c_unit u;
	struct hw_c_tok t, tag;

	hw_c_unit_init(&u, w, h->path, h->text, h->n);
	u.header = true;
	while (hw_c_unit_next(&u, &t)) {
		struct hw_c_layout *to;

		if (!hw_c_named(&t, "struct") || !hw_c_unit_next(&u, &tag) ||
		    tag.kind != HW_C_IDENT || !hw_c_unit_next(&u, &t) || !hw_c_is(&t, '{'))
			continue;
		to = read_struct(l, &u, 0);
		to->name = arena_strndup(&l->arena, tag.s, tag.n);
		map_set(&l->by_tag, to->name, to);
	}
	for (size_t i = 0; i < u.names.slots; i++) {
		struct hw_c_def *d = u.names.slot[i];
		const struct hw_c_macro *m = d ? hw_c_def_macro(d) : NULL;
		auto_free char *from = d ? xstrndup(d->name, d->name_n) : NULL;
		auto_free char *to = m && m->body.n == 1 && !m->call
					     ? xstrndup(m->body.v->s, m->body.v->n)
					     : NULL;

		if (to && map_has(&l->by_tag, to))
			map_set(&l->by_tag, from, map_get(&l->by_tag, to));
	}
	hw_c_unit_release(&u);
}

const struct hw_c_layout *hw_c_layout_get(const struct hw_c_layouts *l, const char *tag)
{
	return map_get(&l->by_tag, tag);
}

void hw_c_layouts_release(struct hw_c_layouts *l)
{
	for (size_t i = 0; i < l->all.n; i++)
		free(l->all.v[i]->v);
	free(l->all.v);
	map_release(&l->by_tag, NULL);
	arena_release(&l->arena);
}

/* Initializers */

static int nesting(const struct hw_c_tok *t)
{
	if (t->kind != HW_C_PUNCT)
		return 0;
	if (t->punct == '(' || t->punct == '{' || t->punct == '[')
		return 1;
	return t->punct == ')' || t->punct == '}' || t->punct == ']' ? -1 : 0;
}

/* Leaves "[N] =" out. */
static void skip_index(struct hw_c_span *s)
{
	size_t i = 0;

	if (!s->n || !hw_c_is(s->v, '['))
		return;
	while (i < s->n && !hw_c_is(&s->v[i], '='))
		i++;
	if (i == s->n)
		return;
	s->v += i + 1;
	s->n -= i + 1;
}

static bool raw_element(struct hw_c_span *list, struct hw_c_span *ret)
{
	size_t i = 0;
	int depth = 0;

	if (!list->n)
		return false;
	while (i < list->n && (depth > 0 || !hw_c_is(&list->v[i], ',')))
		depth += nesting(&list->v[i++]);
	*ret = (struct hw_c_span){ list->v, i };
	i += i < list->n;
	list->v += i;
	list->n -= i;
	return true;
}

bool hw_c_element(struct hw_c_span *list, struct hw_c_span *ret)
{
	do {
		if (!raw_element(list, ret))
			return false;
		skip_index(ret);
	} while (!ret->n);
	return true;
}

bool hw_c_braces(const struct hw_c_span *element, struct hw_c_span *ret)
{
	struct hw_c_span s = *element;

	while (s.n > 1 && hw_c_is(&s.v[s.n - 1], ')') && hw_c_is(s.v, '(')) {
		s.v++;
		s.n -= 2;
	}
	if (s.n && hw_c_is(s.v, '(')) {
		while (s.n && !hw_c_is(s.v, ')')) {
			s.v++;
			s.n--;
		}
		if (s.n) {
			s.v++;
			s.n--;
		}
	}
	if (s.n < 2 || !hw_c_is(s.v, '{') || !hw_c_is(&s.v[s.n - 1], '}'))
		return false;
	*ret = (struct hw_c_span){ s.v + 1, s.n - 2 };
	return true;
}

bool hw_c_at(struct hw_c_unit *u, const struct hw_c_span *list, uint64_t index, uint64_t *ret)
{
	struct hw_c_span rest = *list, e;
	uint64_t i = 0;

	*ret = 0;
	while (raw_element(&rest, &e)) {
		if (e.n && hw_c_is(e.v, '[')) {
			struct hw_c_span inside = { e.v + 1, 0 };

			while (inside.n + 1 < e.n && !hw_c_is(&inside.v[inside.n], ']'))
				inside.n++;
			if (!hw_c_value(u, inside.v, inside.n, &i))
				return false;
			skip_index(&e);
		}
		if (e.n && i++ == index && !hw_c_value(u, e.v, e.n, ret))
			return false;
	}
	return true;
}

static int field_index(const struct hw_c_layout *l, const struct hw_c_tok *name)
{
	for (size_t i = 0; i < l->n && i < HW_C_FIELDS; i++)
		if (hw_c_named(name, l->v[i].name))
			return (int)i;
	return -1;
}

/* ".name =" and "name:": the field, and the value behind it. */
static int designated(const struct hw_c_layout *l, struct hw_c_span *s)
{
	size_t i = 2;
	int field;

	if (s->n >= 2 && s->v->kind == HW_C_IDENT && hw_c_is(&s->v[1], ':')) {
		field = field_index(l, s->v);
	} else {
		field = field_index(l, &s->v[1]);
		while (i < s->n && !hw_c_is(&s->v[i], '='))
			i++;
		i++;
	}
	i = MIN(i, s->n);
	s->v += i;
	s->n -= i;
	return field;
}

void hw_c_entry_read(struct hw_c_unit *u, const struct hw_c_layout *layout,
		     const struct hw_c_span *inner, struct hw_c_entry *ret)
{
	struct hw_c_span list = *inner, e;
	int next = 0;

	*ret = (struct hw_c_entry){ .u = u, .layout = layout };
	while (raw_element(&list, &e)) {
		int field = next;

		if (!e.n)
			continue;
		if ((hw_c_is(e.v, '.') && e.n > 1) ||
		    (e.n > 1 && e.v->kind == HW_C_IDENT && hw_c_is(&e.v[1], ':')))
			field = designated(layout, &e);
		if (field >= 0 && (size_t)field < MIN(layout->n, (size_t)HW_C_FIELDS))
			ret->field[field] = e;
		if (field >= 0)
			next = field + 1;
	}
}

const struct hw_c_span *hw_c_entry_get(const struct hw_c_entry *e, const char *field,
				       const struct hw_c_field **ret_field)
{
	for (size_t i = 0; i < e->layout->n && i < HW_C_FIELDS; i++)
		if (str_eq(e->layout->v[i].name, field)) {
			if (ret_field)
				*ret_field = &e->layout->v[i];
			return &e->field[i];
		}
	return NULL;
}

bool hw_c_entry_number(const struct hw_c_entry *e, const char *field, uint64_t *ret)
{
	const struct hw_c_field *f;
	const struct hw_c_span *s = hw_c_entry_get(e, field, &f);
	struct hw_c_span inner;
	uint64_t v = 0;

	*ret = 0;
	if (!s)
		return true; /* of another version of the structure */
	if (s->n && hw_c_is(s->v, '{') && hw_c_braces(s, &inner))
		s = &inner;
	if (s->n && !hw_c_value(e->u, s->v, s->n, &v))
		return false;
	*ret = f->size && f->size < 8 ? v & ((UINT64_C(1) << (f->size * 8)) - 1) : v;
	return true;
}

/* Text */

static size_t octal(const char *s, size_t n, uint8_t *ret)
{
	size_t i = 0;
	unsigned v = 0;

	while (i < n && i < 3 && s[i] >= '0' && s[i] <= '7')
		v = v * 8 + (unsigned)(s[i++] - '0');
	*ret = (uint8_t)v;
	return i;
}

static size_t hex(const char *s, size_t n, uint8_t *ret)
{
	static const char digits[] = "0123456789abcdef";
	size_t i = 0;
	unsigned v = 0;

	while (i < n) {
		const char *d = memchr(digits, s[i] | 0x20, 16);

		if (!d || s[i] < '0')
			break;
		v = v * 16 + (unsigned)(d - digits);
		i++;
	}
	*ret = (uint8_t)v;
	return i;
}

static void unescape(const char *s, size_t n, struct str *ret)
{
	static const char from[] = "ntrabfv", to[] = "\n\t\r\a\b\f\v";

	for (size_t i = 0; i < n; i++) {
		const char *hit;
		uint8_t c;

		if (s[i] != '\\' || i + 1 >= n) {
			str_addc(ret, s[i]);
			continue;
		}
		i++;
		hit = memchr(from, s[i], sizeof(from) - 1);
		if (s[i] == '\n') {
			continue;
		} else if (hit) {
			str_addc(ret, to[hit - from]);
		} else if (s[i] == 'x') {
			i += hex(s + i + 1, n - i - 1, &c);
			str_addc(ret, (char)c);
		} else if (s[i] >= '0' && s[i] <= '7') {
			i += octal(s + i, n - i, &c) - 1;
			str_addc(ret, (char)c);
		} else {
			str_addc(ret, s[i]);
		}
	}
}

/* { 'a', 'b', 0 } */
static bool characters(struct hw_c_unit *u, const struct hw_c_span *s, struct str *ret)
{
	struct hw_c_span list = *s, e;
	uint64_t c;

	while (hw_c_element(&list, &e)) {
		if (e.v->kind == HW_C_STRING)
			return hw_c_text(u, &e, ret);
		if (!hw_c_value(u, e.v, e.n, &c))
			return false;
		if (!c)
			break;
		str_addc(ret, (char)c);
	}
	return true;
}

bool hw_c_text(struct hw_c_unit *u, const struct hw_c_span *s, struct str *ret)
{
	struct hw_c_span inner = *s;

	if (hw_c_braces(s, &inner))
		return characters(u, &inner, ret);
	while (inner.n > 1 && hw_c_is(inner.v, '(') && hw_c_is(&inner.v[inner.n - 1], ')')) {
		inner.v++;
		inner.n -= 2;
	}
	for (size_t i = 0; i < inner.n; i++) {
		const struct hw_c_tok *t = &inner.v[i];

		if (hw_c_named(t, "KBUILD_MODNAME")) {
			str_adds(ret, HW_C_MODNAME);
			continue;
		}
		if (t->kind != HW_C_STRING || t->n < 2)
			return false;
		unescape(t->s + 1, t->n - 2, ret);
	}
	return true;
}

bool hw_c_entry_text(const struct hw_c_entry *e, const char *field, struct str *ret)
{
	const struct hw_c_span *s = hw_c_entry_get(e, field, NULL);
	const size_t before = ret->n;

	if (!s || !s->n)
		return true;
	if (s->n == 1 && s->v->kind == HW_C_NUMBER)
		return s->v->n == 1 && *s->v->s == '0';
	if (!hw_c_text(e->u, s, ret))
		return false;
	/* what is behind a NUL is not there */
	str_cut(ret, before + strlen(str_c(ret) + before));
	return true;
}
