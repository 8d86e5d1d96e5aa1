/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building the menu while it is read: entries, their properties, what surrounds them. */
#include "kconfig/read.h"

#include <ctype.h>

void kc_warn_at(struct kc_reader *r, struct kc_pos pos, const char *fmt, ...)
{
	auto_free char *words = NULL;
	va_list ap;

	va_start(ap, fmt);
	words = xvasprintf(fmt, ap);
	va_end(ap);
	kc_say(r, true, "%s:%d:warning: %s\n", pos.file, pos.line, words);
}

static struct kc_pos here(const struct kc_reader *r)
{
	return (struct kc_pos){ r->stmt_file, r->stmt_line };
}

void kc_menu_begin(struct kc_reader *r)
{
	r->entry = r->menu = r->tree->root;
	r->next_entry = &r->tree->root->list;
	r->stmt_file = r->file->name;
}

void kc_menu_entry(struct kc_reader *r, struct kc_sym *sym)
{
	struct kc_menu *m = kc_region_alloc(&r->tree->mem, sizeof(*m));

	m->sym = sym;
	m->parent = r->menu;
	m->pos = here(r);
	*r->next_entry = m;
	r->next_entry = &m->next;
	r->entry = m;
	if (!sym)
		return;
	if (sym->defs)
		sym->defs_last->next_def = m;
	else
		sym->defs = m;
	sym->defs_last = m;
	if (!r->tree->dialect.plain_choices)
		kc_menu_prop(r, KC_P_SYMBOL, kc_expr_sym(r->tree, sym), NULL);
}

void kc_menu_open(struct kc_reader *r)
{
	r->next_entry = &r->entry->list;
	r->menu = r->entry;
}

void kc_menu_close(struct kc_reader *r)
{
	r->next_entry = &r->menu->next;
	r->menu = r->menu->parent;
}

void kc_menu_type(struct kc_reader *r, enum kc_type type)
{
	struct kc_sym *s = r->entry->sym;

	if (s->type == type)
		return;
	if (s->type == KC_UNKNOWN)
		s->type = type;
	else
		kc_warn_at(r, r->entry->pos, "ignoring type redefinition of '%s' from '%s' to '%s'",
			   s->name ? s->name : "<choice>", kc_type_name(s->type),
			   kc_type_name(type));
}

static void check_height(struct kc_reader *r, const struct kc_expr *e)
{
	if (e && e->height > KC_MAX_HEIGHT)
		kc_fatal(r, "expression nested too deep");
}

void kc_menu_dep(struct kc_reader *r, const struct kc_expr *dep)
{
	r->entry->dep = kc_expr_join(r->tree, KC_AND, r->entry->dep, dep);
	check_height(r, r->entry->dep);
}

void kc_menu_visible(struct kc_reader *r, const struct kc_expr *e)
{
	r->entry->visibility = kc_expr_join(r->tree, KC_AND, r->entry->visibility, e);
	check_height(r, r->entry->visibility);
}

static struct kc_prop *add_prop(struct kc_reader *r, enum kc_prop_type type,
				const struct kc_expr *expr, const struct kc_expr *cond)
{
	struct kc_prop *p = kc_region_alloc(&r->tree->mem, sizeof(*p));
	struct kc_sym *s = r->entry->sym;

	p->type = type;
	p->menu = r->entry;
	p->expr = expr;
	p->cond = cond;
	p->pos = here(r);
	if (!s)
		return p;
	if (s->prop)
		s->prop_last->next = p;
	else
		s->prop = p;
	s->prop_last = p;
	return p;
}

void kc_menu_prop(struct kc_reader *r, enum kc_prop_type type, const struct kc_expr *expr,
		  const struct kc_expr *cond)
{
	add_prop(r, type, expr, cond);
}

void kc_menu_prompt(struct kc_reader *r, enum kc_prop_type type, const char *text,
		    const struct kc_expr *cond)
{
	struct kc_prop *p = add_prop(r, type, NULL, cond);

	if (isspace((unsigned char)*text)) {
		kc_warn_at(r, p->pos, "leading whitespace ignored");
		while (isspace((unsigned char)*text))
			text++;
	}
	if (r->entry->prompt)
		kc_warn_at(r, p->pos, "prompt redefined");
	/* `visible if` of all menus around concerns prompts alone */
	if (type == KC_P_PROMPT)
		for (struct kc_menu *m = r->entry->parent; m; m = m->parent)
			p->cond = kc_expr_join(r->tree, KC_AND, p->cond, m->visibility);
	check_height(r, p->cond);
	p->text = text;
	p->id = r->tree->n_prompts++;
	r->entry->prompt = p;
}
