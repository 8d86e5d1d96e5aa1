/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When all is read: conditions of menus and ifs go down to what stands in them, selects become reverse dependencies,
 * entries that depend on the one before become its children, ifs are dissolved, odd properties are warned of. The
 * order of these steps matters and is that of scripts/kconfig/menu.c, menu_finalize().
 */
#include "kconfig/read.h"

#define MAX_DEPTH 5000

static void odd(void *ctx, const struct kc_sym *s, char forced)
{
	kc_say(ctx, false, "boolean symbol %s tested for 'm'? test forced to '%c'\n", s->name,
	       forced);
}

/* dep and cond, simplified. */
static const struct kc_expr *with(struct kc_reader *r, const struct kc_expr *dep,
				  const struct kc_expr *cond)
{
	struct kc_tree *t = r->tree;

	cond = kc_expr_transform(t, kc_expr_rewrite_m(t, cond), odd, r);
	cond = kc_expr_join(t, KC_AND, dep, cond);
	if (cond && cond->height > 2 * KC_MAX_HEIGHT) {
		kc_fatal(r, "dependencies nested too deep");
		return dep;
	}
	return kc_expr_dedup(t, cond);
}

static void add_reverse(struct kc_tree *t, const struct kc_expr **to, struct kc_sym *by,
			const struct kc_expr *cond)
{
	*to = kc_expr_join(t, KC_OR, *to, kc_expr_join(t, KC_AND, kc_expr_sym(t, by), cond));
}

/* The condition of the entry m and of its properties, below parent_dep. */
static void propagate(struct kc_reader *r, struct kc_menu *m, const struct kc_expr *parent_dep)
{
	struct kc_tree *t = r->tree;

	m->dep = with(r, parent_dep, m->dep);
	for (struct kc_prop *p = m->sym ? m->sym->prop : m->prompt; p; p = p->next) {
		if (p->menu != m)
			continue;
		p->cond = with(r, m->dep, p->cond);
		if (p->type == KC_P_SELECT)
			add_reverse(t, &kc_prop_sym(p)->rev_dep, m->sym, p->cond);
		else if (p->type == KC_P_IMPLY)
			add_reverse(t, &kc_prop_sym(p)->implied, m->sym, p->cond);
	}
}

static void finalize(struct kc_reader *r, struct kc_menu *parent, bool in_choice);

static const struct kc_expr *is_not_n(struct kc_tree *t, const struct kc_expr *e)
{
	e = kc_expr_compared(t, e, KC_NE, t->no);
	return kc_expr_dedup(t, kc_expr_transform(t, e, NULL, NULL));
}

/*
 * Whether m, which stands behind entry, belongs below it: it cannot be had without entry's symbol, or its condition
 * holds that symbol and implies that its prompt is visible.
 */
static bool belongs_below(struct kc_tree *t, const struct kc_menu *m, const struct kc_menu *entry)
{
	const struct kc_expr *dep = m->prompt ? m->prompt->cond : m->dep, *visible;

	if (!kc_expr_contains(dep, entry->sym))
		return false;
	if (kc_expr_depends(t, dep, entry->sym))
		return true;
	if (t->dialect.negated_apart && kc_expr_wants_off(t, dep, entry->sym))
		return false;
	visible = is_not_n(t, entry->prompt ? entry->prompt->cond : NULL);
	dep = is_not_n(t, dep);
	kc_expr_eliminate_eq(t, &dep, &visible);
	return kc_expr_is_yes(t, visible);
}

static void make_submenu(struct kc_reader *r, struct kc_menu *entry)
{
	struct kc_tree *t = r->tree;
	struct kc_menu *last = NULL;

	for (struct kc_menu *m = entry->next; m; m = m->next) {
		if (!belongs_below(t, m, entry))
			break;
		finalize(r, m, false);
		m->parent = entry;
		last = m;
	}
	if (last) {
		entry->list = entry->next;
		entry->next = last->next;
		last->next = NULL;
	}
	entry->sym->dir_dep = kc_expr_join(t, KC_OR, entry->sym->dir_dep, entry->dep);
}

/* Old choices: what type the choice and its members have that name none. */
static void choice_types(struct kc_reader *r, struct kc_menu *choice)
{
	if (choice->sym->type == KC_UNKNOWN) {
		r->entry = choice;
		for (struct kc_menu *m = choice->list; m; m = m->next) {
			if (m->sym && m->sym->type != KC_UNKNOWN) {
				kc_menu_type(r, m->sym->type);
				break;
			}
		}
	}
	for (struct kc_menu *m = choice->list; m; m = m->next) {
		r->entry = m;
		if (m->sym && m->sym->type == KC_UNKNOWN)
			kc_menu_type(r, choice->sym->type);
	}
}

static void warn_of_member(struct kc_reader *r, const struct kc_menu *m,
			   const struct kc_sym *choice)
{
	if (!m->prompt)
		kc_warn_at(r, m->pos, "choice value must have a prompt");
	for (const struct kc_prop *p = m->sym->prop; p; p = p->next) {
		if (p->type == KC_P_DEFAULT)
			kc_warn_at(r, p->pos, "defaults for choice values not supported");
		if (p->menu != m && p->type == KC_P_PROMPT && p->menu->parent->sym != choice)
			kc_warn_at(r, p->pos, "choice value used outside its choice group");
	}
}

/* Old choices: m becomes a member of the choice around it. */
static void add_old_member(struct kc_reader *r, struct kc_menu *choice, struct kc_menu *m)
{
	struct kc_tree *t = r->tree;
	const struct kc_expr *is_y;

	r->entry = m;
	m->sym->flags |= KC_MEMBER;
	m->sym->choice = choice->sym->defs;
	warn_of_member(r, m, choice->sym);
	/* a bool member of a tristate choice is there only where the choice is y */
	if (choice->sym->type == KC_TRISTATE && m->sym->type != KC_TRISTATE) {
		is_y = kc_expr_cmp(t, KC_EQ, choice->sym, t->yes);
		m->dep = kc_expr_join(t, KC_AND, is_y, m->dep);
		for (struct kc_prop *p = m->sym->prop; p; p = p->next)
			if (p->menu == m)
				p->cond = kc_expr_join(t, KC_AND, is_y, p->cond);
	}
	kc_menu_prop(r, KC_P_CHOICE, kc_expr_sym(t, choice->sym), NULL);
	vec_push(choice->sym->defs->members, m->sym);
}

/* Children of what is no menu (ifs, entries without prompt) stand beside it. */
static void flatten(struct kc_menu *parent, struct kc_menu *m)
{
	struct kc_menu *last;

	if (!m->list || (m->prompt && m->prompt->text))
		return;
	for (last = m->list;; last = last->next) {
		last->parent = parent;
		if (!last->next)
			break;
	}
	last->next = m->next;
	m->next = m->list;
	m->list = NULL;
}

static bool is_number(const struct kc_sym *s, const struct kc_sym *value)
{
	return value->type == KC_INT || value->type == KC_HEX ||
	       (value->type == KC_UNKNOWN && kc_text_valid(s->type, value->name));
}

/* The choice that holds the first entry of s with a prompt. */
static struct kc_menu *choice_around(const struct kc_sym *s)
{
	struct kc_menu *m = s->defs;

	while (m && !m->prompt)
		m = m->next_def;
	if (!m)
		return NULL;
	do {
		m = m->parent;
	} while (m && !m->sym);
	return m && kc_is_choice(m->sym) ? m : NULL;
}

static void check_default(struct kc_reader *r, const struct kc_sym *s, const struct kc_prop *p)
{
	bool text = s->type == KC_STRING || s->type == KC_INT || s->type == KC_HEX;
	const struct kc_sym *v = kc_prop_sym(p);
	const struct kc_menu *choice;

	if (!v) {
		if (text)
			kc_warn_at(r, p->pos,
				   "default for config symbol '%s' must be a single symbol",
				   s->name);
		return;
	}
	if ((s->type == KC_HEX || s->type == KC_INT) && !is_number(s, v))
		kc_warn_at(r, p->pos, "'%s': number is invalid", s->name);
	choice = r->tree->dialect.plain_choices ? choice_around(v) : v->choice;
	if (kc_is_choice(s) && (!choice || choice->sym != s))
		kc_warn_at(r, p->pos, "choice default symbol '%s' is not contained in the choice",
			   v->name);
}

static void check_reverse(struct kc_reader *r, const struct kc_sym *s, const struct kc_prop *p)
{
	const char *use = p->type == KC_P_SELECT ? "select" : "imply";
	const struct kc_sym *to = kc_prop_sym(p);

	if (s->type != KC_BOOL && s->type != KC_TRISTATE)
		kc_warn_at(r, p->pos, "config symbol '%s' uses %s, but is not bool or tristate",
			   s->name, use);
	else if (to->type != KC_UNKNOWN && to->type != KC_BOOL && to->type != KC_TRISTATE)
		kc_warn_at(
			r, p->pos,
			"'%s' has wrong type. '%s' only accept arguments of bool and tristate type",
			to->name, use);
}

static void check_range(struct kc_reader *r, const struct kc_sym *s, const struct kc_prop *p)
{
	if (s->type != KC_INT && s->type != KC_HEX)
		kc_warn_at(r, p->pos, "range is only allowed for int or hex symbols");
	if (!is_number(s, p->expr->left.sym) || !is_number(s, p->expr->right.sym))
		kc_warn_at(r, p->pos, "range is invalid");
}

static void check_symbol(struct kc_reader *r, struct kc_menu *m)
{
	struct kc_sym *s = m->sym;

	if (s->type == KC_UNKNOWN)
		kc_warn_at(r, m->pos, "config symbol defined without type");
	if (!r->tree->dialect.plain_choices && kc_is_choice(s) && !m->prompt)
		kc_warn_at(r, m->pos, "choice must have a prompt");
	for (const struct kc_prop *p = s->prop; p; p = p->next) {
		if (p->type == KC_P_DEFAULT)
			check_default(r, s, p);
		else if (p->type == KC_P_SELECT || p->type == KC_P_IMPLY)
			check_reverse(r, s, p);
		else if (p->type == KC_P_RANGE)
			check_range(r, s, p);
	}
	s->checked = true;
}

/* Old choices that may not be n: as if something selected them to m where their prompt is visible. */
static void hold_choice(struct kc_tree *t, struct kc_menu *m)
{
	struct kc_sym *s = m->sym;

	if (t->dialect.plain_choices || !s || s->flags & KC_OPTIONAL || !m->prompt)
		return;
	s->rev_dep = kc_expr_join(t, KC_OR, s->rev_dep,
				  kc_expr_join(t, KC_AND, m->prompt->cond, kc_expr_sym(t, t->mod)));
}

static void finalize(struct kc_reader *r, struct kc_menu *parent, bool in_choice)
{
	struct kc_tree *t = r->tree;
	bool choice = parent->sym && kc_is_choice(parent->sym);
	bool old_choice = choice && !t->dialect.plain_choices;

	if (r->finalize_depth > MAX_DEPTH)
		kc_fatal(r, "entries nested too deep");
	if (r->fatal)
		return;
	r->finalize_depth++;
	if (parent->list) {
		const struct kc_expr *dep = parent->dep;

		if (old_choice) {
			choice_types(r, parent);
			dep = kc_expr_sym(t, parent->sym);
		}
		for (struct kc_menu *m = parent->list; m; m = m->next)
			propagate(r, m, dep);
		for (struct kc_menu *m = parent->list; m; m = m->next)
			finalize(r, m, choice && !old_choice);
	} else if (parent->sym && !in_choice) {
		make_submenu(r, parent);
	}
	for (struct kc_menu *m = parent->list; m; m = m->next) {
		if (old_choice && m->sym && !kc_is_member(m->sym))
			add_old_member(r, parent, m);
		flatten(parent, m);
	}
	if (parent->sym && !parent->sym->checked)
		check_symbol(r, parent);
	hold_choice(t, parent);
	r->finalize_depth--;
}

/* A prompt of a member in another entry than m; older trees let it be if that is in the same choice. */
static const char *other_prompt(const struct kc_reader *r, const struct kc_prop *p,
				const struct kc_menu *m)
{
	if (p->menu == m || p->type != KC_P_PROMPT)
		return NULL;
	if (r->tree->dialect.members_once)
		return "choice value must not have a prompt in another entry";
	return p->menu->parent == m->parent ? NULL
					    : "choice value has a prompt outside its choice group";
}

static unsigned check_member(struct kc_reader *r, const struct kc_menu *m)
{
	bool bad = false;

	for (const struct kc_prop *p = m->sym->prop; p; p = p->next) {
		const char *what = NULL;

		if (p->type == KC_P_DEFAULT)
			what = "defaults for choice values not supported";
		else
			what = other_prompt(r, p, m);
		if (!what)
			continue;
		kc_say(r, true, "%s:%d: error: %s\n", p->pos.file, p->pos.line, what);
		bad = true;
	}
	return bad;
}

/* A transitional symbol takes a type and a help text and no more. */
unsigned kc_check_transitional(struct kc_reader *r, const struct kc_menu *m)
{
	const struct kc_pos *at = NULL;

	if (!(m->sym->flags & KC_TRANSITIONAL))
		return 0;
	if (!kc_expr_is_yes(r->tree, m->dep) || !kc_expr_is_yes(r->tree, m->visibility))
		at = &m->pos;
	else if (m->sym->prop)
		at = &m->sym->prop->pos;
	if (!at)
		return 0;
	kc_say(r, true, "%s:%d: error: transitional symbols can only have help sections\n",
	       at->file, at->line);
	return 1;
}

unsigned kc_check_members(struct kc_reader *r, const struct kc_menu *choice)
{
	unsigned bad = 0;

	for (const struct kc_menu *m = kc_menu_next(choice, choice); m; m = kc_menu_next(m, choice))
		if (m->sym)
			bad += check_member(r, m);
	return bad;
}

/* Gives each choice its part of kc_conf.order. */
static void number_members(struct kc_tree *t)
{
	for (size_t i = 0; i < t->choices.n; i++) {
		struct kc_members *all = t->choices.v[i]->members;

		all->first = t->n_order;
		t->n_order += (uint32_t)all->n;
	}
}

void kc_menu_finalize(struct kc_reader *r)
{
	struct kc_tree *t = r->tree;

	finalize(r, t->root, false);
	if (t->dialect.plain_choices)
		for (uint32_t i = 0; i < t->n_syms; i++)
			t->by_id[i]->choice = choice_around(t->by_id[i]);
	number_members(t);
}
