/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of a tree: its symbols by name, walking the menu. */
#include "kconfig/model.h"

#include "base/str.h"

const char *kc_tri_text(enum kc_tri tri)
{
	static const char *const names[] = { "n", "m", "y" };

	return names[tri];
}

static const char *const type_names[] = {
	[KC_UNKNOWN] = "unknown", [KC_BOOL] = "bool", [KC_TRISTATE] = "tristate",
	[KC_INT] = "integer",	  [KC_HEX] = "hex",   [KC_STRING] = "string",
};

const char *kc_type_name(enum kc_type type)
{
	return type_names[type];
}

static const char *const prop_names[] = {
	[KC_P_PROMPT] = "prompt",   [KC_P_COMMENT] = "comment", [KC_P_MENU] = "menu",
	[KC_P_DEFAULT] = "default", [KC_P_CHOICE] = "choice",	[KC_P_SELECT] = "select",
	[KC_P_IMPLY] = "imply",	    [KC_P_RANGE] = "range",	[KC_P_SYMBOL] = "symbol",
};

const char *kc_prop_name(enum kc_prop_type type)
{
	return prop_names[type];
}

/* FNV-1a of 32 bits over signed characters: what conf's table of symbols uses, and so its order. */
static uint32_t name_hash(const char *name)
{
	uint32_t h = 2166136261U;

	for (; *name; name++)
		h = (h ^ (uint32_t)(int)(signed char)*name) * 0x01000193;
	return h;
}

static void grow_by_id(struct kc_tree *t)
{
	size_t cap = t->by_id_cap ? t->by_id_cap * 2 : 4096;
	struct kc_sym **v = kc_region_alloc(&t->mem, cap * sizeof(*v));

	if (t->by_id_cap)
		memcpy(v, t->by_id, t->by_id_cap * sizeof(*v));
	t->by_id = v;
	t->by_id_cap = cap;
}

static struct kc_sym *sym_new(struct kc_tree *t, const char *name, unsigned flags)
{
	struct kc_sym *s = kc_region_alloc(&t->mem, sizeof(*s));

	s->name = name ? kc_region_strdup(&t->mem, name) : NULL;
	s->flags = flags;
	s->id = t->n_syms++;
	if (s->id >= t->by_id_cap)
		grow_by_id(t);
	t->by_id[s->id] = s;
	return s;
}

static struct kc_sym *tristate_constant(struct kc_tree *t, const char *name)
{
	struct kc_sym *s = sym_new(t, name, KC_CONST);

	s->type = KC_TRISTATE;
	return s;
}

struct kc_tree *kc_tree_new(const struct kc_dialect *dialect)
{
	struct kc_region mem;
	struct kc_tree *t;

	kc_region_init(&mem);
	t = kc_region_alloc(&mem, sizeof(*t));
	t->mem = mem;
	t->dialect = *dialect;
	t->bucket = kc_region_alloc(&t->mem, dialect->sym_buckets * sizeof(struct kc_sym *));
	t->no = tristate_constant(t, "n");
	t->mod = tristate_constant(t, "m");
	t->yes = tristate_constant(t, "y");
	t->modules = t->no;
	t->root = kc_region_alloc(&t->mem, sizeof(*t->root));
	t->n_prompts = 1;
	return t;
}

void kc_tree_free(struct kc_tree *t)
{
	struct kc_region mem;

	if (!t)
		return;
	if (!t->sealed) {
		for (size_t i = 0; i < t->choices.n; i++)
			free(t->choices.v[i]->members->v);
		free(t->choices.v);
		free(t->files.v);
		free(t->env.v);
	}
	mem = t->mem;
	kc_region_release(&mem);
}

/* An array from the heap moves into the region. */
static void *move_in(struct kc_tree *t, void *v, size_t n, size_t size)
{
	void *moved = NULL;

	if (n) {
		moved = kc_region_alloc(&t->mem, n * size);
		memcpy(moved, v, n * size);
	}
	free(v);
	return moved;
}

static bool shapes_value(const struct kc_prop *p)
{
	return p->text || p->type == KC_P_DEFAULT || p->type == KC_P_RANGE;
}

/* Both lists keep their order. */
static void part_props(struct kc_sym *s)
{
	struct kc_prop *p = s->prop, **value = &s->prop, **other = &s->others;

	for (; p; p = p->next) {
		struct kc_prop ***end = shapes_value(p) ? &value : &other;

		**end = p;
		*end = &p->next;
	}
	*value = *other = NULL;
	s->prop_last = NULL;
}

void kc_tree_seal(struct kc_tree *t)
{
	for (uint32_t i = 0; i < t->n_syms; i++)
		part_props(t->by_id[i]);
	for (size_t i = 0; i < t->choices.n; i++) {
		struct kc_members *all = t->choices.v[i]->members;

		all->v = move_in(t, all->v, all->n, sizeof(*all->v));
	}
	t->choices.v = move_in(t, t->choices.v, t->choices.n, sizeof(*t->choices.v));
	t->files.v = move_in(t, t->files.v, t->files.n, sizeof(*t->files.v));
	t->env.v = move_in(t, t->env.v, t->env.n, sizeof(*t->env.v));
	t->sealed = true;
}

static struct kc_sym *constant(const struct kc_tree *t, const char *name)
{
	if (!name[0] || name[1])
		return NULL;
	switch (name[0]) {
	case 'y':
		return t->yes;
	case 'm':
		return t->mod;
	case 'n':
		return t->no;
	default:
		return NULL;
	}
}

static bool is_wanted(const struct kc_sym *s, const char *name, unsigned flags)
{
	if (!s->name || strcmp(s->name, name) != 0)
		return false;
	return flags ? s->flags & flags : !(s->flags & (KC_CONST | KC_CHOICE));
}

struct kc_sym *kc_sym_lookup(struct kc_tree *t, const char *name, unsigned flags)
{
	struct kc_sym **head = &t->bucket[0];
	struct kc_sym *s;

	if (name) {
		s = constant(t, name);
		if (s)
			return s;
		head = &t->bucket[name_hash(name) % t->dialect.sym_buckets];
		for (s = *head; s; s = s->next)
			if (is_wanted(s, name, flags))
				return s;
	}
	s = sym_new(t, name, flags);
	s->next = *head;
	*head = s;
	return s;
}

bool kc_has_prompt(const struct kc_sym *s)
{
	for (const struct kc_prop *p = s->prop; p; p = p->next)
		if (p->text)
			return true;
	return false;
}

struct kc_sym *kc_sym_find(const struct kc_tree *t, const char *name)
{
	struct kc_sym *s = constant(t, name);

	if (s)
		return s;
	for (s = t->bucket[name_hash(name) % t->dialect.sym_buckets]; s; s = s->next)
		if (s->name && !strcmp(s->name, name) && !(s->flags & KC_CONST))
			break;
	return s;
}

static bool is_int(const char *s)
{
	if (*s == '-')
		s++;
	if (*s == '0')
		return !s[1];
	return *s && strspn(s, "0123456789") == strlen(s);
}

static bool is_hex(const char *s)
{
	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
		s += 2;
	return *s && strspn(s, "0123456789abcdefABCDEF") == strlen(s);
}

bool kc_text_valid(enum kc_type type, const char *text)
{
	switch (type) {
	case KC_STRING:
		return true;
	case KC_INT:
		return is_int(text);
	case KC_HEX:
		return is_hex(text);
	case KC_BOOL:
	case KC_TRISTATE:
		return *text && strchr("yYmMnN", *text);
	default:
		return false;
	}
}

struct kc_sym *kc_prop_sym(const struct kc_prop *p)
{
	return p->expr && p->expr->op == KC_SYM ? p->expr->left.sym : NULL;
}

const struct kc_menu *kc_menu_next(const struct kc_menu *m, const struct kc_menu *root)
{
	if (m->list)
		return m->list;
	while (m != root && !m->next)
		m = m->parent;
	return m == root ? NULL : m->next;
}
