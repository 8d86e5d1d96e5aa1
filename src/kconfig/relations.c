/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What conf prints for "?": the help of an entry and how its symbol hangs together with others. */
#include "kconfig/relations.h"

#include "kconfig/expr.h"

#define MAX_WAY 8

static void add_dep(struct kc_conf *c, struct str *out, const char *title, const struct kc_expr *e)
{
	if (kc_expr_is_yes(c->tree, e))
		return;
	str_adds(out, title);
	kc_add_expr_values(c, out, e);
	str_addc(out, '\n');
}

static const char *prompt_of(const struct kc_menu *m)
{
	return m->prompt ? m->prompt->text : m->sym && m->sym->name ? m->sym->name : "(null)";
}

static void add_location(struct kc_conf *c, struct str *out, const struct kc_menu *m)
{
	const struct kc_menu *way[MAX_WAY];
	int n = 0, indent = 4;

	for (; m != c->tree->root && n < MAX_WAY; m = m->parent)
		way[n++] = m;
	str_adds(out, "  Location:\n");
	for (; n-- > 0; indent += 2) {
		const struct kc_sym *s = way[n]->sym;

		str_addf(out, "%*c-> %s", indent, ' ', prompt_of(way[n]));
		if (s)
			str_addf(out, " (%s [=%s])", s->name ? s->name : "<choice>",
				 kc_value_text(c, s));
		str_addc(out, '\n');
	}
}

static void add_prompt(struct kc_conf *c, struct str *out, const struct kc_menu *m)
{
	str_addf(out, "  Prompt: %s\n", m->prompt->text);
	add_dep(c, out, "  Depends on: ", m->dep);
	/* equal but for prompts with an `if` of their own or a `visible if` around */
	if (!kc_expr_eq((struct kc_tree *)c->tree, m->dep, m->prompt->cond))
		add_dep(c, out, "  Visible if: ", m->prompt->cond);
	add_location(c, out, m);
}

/* What s selects or implies. */
static void add_props(struct kc_conf *c, struct str *out, const struct kc_sym *s,
		      enum kc_prop_type type, const char *title)
{
	const char *before = title;

	for (const struct kc_prop *p = s->others; p; p = p->next) {
		if (p->type != type)
			continue;
		str_adds(out, before);
		before = " && ";
		kc_add_expr_values(c, out, p->expr);
	}
	if (before != title)
		str_addc(out, '\n');
}

static void add_head(struct kc_conf *c, struct str *out, const struct kc_sym *s)
{
	const struct kc_prop *range = NULL;

	str_addf(out, "Symbol: %s [=%s]\nType  : %s\n", s->name, kc_value_text(c, s),
		 kc_type_name(s->type));
	if (s->type == KC_INT || s->type == KC_HEX)
		range = kc_active(c, s, KC_P_RANGE);
	if (!range)
		return;
	str_adds(out, "Range : ");
	kc_add_expr_values(c, out, range->expr);
	str_addc(out, '\n');
}

static void add_definitions(struct kc_conf *c, struct str *out, const struct kc_sym *s)
{
	for (const struct kc_menu *m = s->defs; m; m = m->next_def) {
		if (!m->prompt)
			continue;
		str_addf(out, "Defined at %s:%d\n", m->pos.file, m->pos.line);
		add_prompt(c, out, m);
	}
	for (const struct kc_menu *m = s->defs; m; m = m->next_def) {
		if (m->prompt)
			continue;
		str_addf(out, "Defined at %s:%d\n", m->pos.file, m->pos.line);
		add_dep(c, out, "  Depends on: ", m->dep);
	}
}

void kc_add_relations(struct kc_conf *c, struct str *out, const struct kc_sym *s)
{
	if (s->name)
		add_head(c, out, s);
	add_definitions(c, out, s);
	add_props(c, out, s, KC_P_SELECT, "Selects: ");
	kc_add_reverse(c, out, s->rev_dep, KC_Y, "Selected by [y]:\n");
	kc_add_reverse(c, out, s->rev_dep, KC_M, "Selected by [m]:\n");
	kc_add_reverse(c, out, s->rev_dep, KC_N, "Selected by [n]:\n");
	add_props(c, out, s, KC_P_IMPLY, "Implies: ");
	kc_add_reverse(c, out, s->implied, KC_Y, "Implied by [y]:\n");
	kc_add_reverse(c, out, s->implied, KC_M, "Implied by [m]:\n");
	kc_add_reverse(c, out, s->implied, KC_N, "Implied by [n]:\n");
	str_adds(out, "\n\n");
}

void kc_add_help(struct kc_conf *c, struct str *out, const char *prefix, const struct kc_menu *m)
{
	if (m->help && m->sym->name)
		str_addf(out, "%s%s:\n\n", prefix, m->sym->name);
	str_addf(out, "%s\n", m->help ? m->help : "There is no help available for this option.");
	if (m->sym)
		kc_add_relations(c, out, m->sym);
}
