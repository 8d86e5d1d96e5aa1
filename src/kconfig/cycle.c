/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking for symbols whose value depends on itself. Selects and implies count backwards, a choice and its members
 * as one. What is found is told as scripts/kconfig/symbol.c does, sym_check_deps().
 *
 * The way down is recursion, as evaluation later is; how deep it goes from each symbol is counted, and a tree in
 * which it goes deeper than the stack allows is refused.
 */
#include "kconfig/read.h"

#define MAX_HEIGHT 20000

enum edge { EDGE_NONE, EDGE_DIR, EDGE_REV, EDGE_IMPLIED, EDGE_VALUE };

/* One symbol on the way down, and by which of its expressions the way leads on. */
struct frame {
	struct frame *prev, *next;
	struct kc_sym *sym;
	const struct kc_prop *prop;
	enum edge edge;
};

struct walk {
	struct kc_reader *r;
	struct frame *top;
	uint32_t depth;	  /* of recursion now */
	uint32_t height;  /* of what was left last */
	struct frame met; /* of a choice's member that is met again, while that is told */
};

static struct kc_sym *check(struct walk *w, struct kc_sym *s);

static void push(struct walk *w, struct frame *f, struct kc_sym *s)
{
	*f = (struct frame){ .prev = w->top, .sym = s };
	if (w->top)
		w->top->next = f;
	w->top = f;
}

static void pop(struct walk *w)
{
	w->top = w->top->prev;
	if (w->top)
		w->top->next = NULL;
}

static const char *name_of(const struct kc_sym *s)
{
	return s->name ? s->name : "<choice>";
}

/* How the way leads from one to the next, as words between their names. */
static const char *relation(const struct frame *f)
{
	static const char *const words[] = {
		[EDGE_DIR] = "depends on",
		[EDGE_REV] = "is selected by",
		[EDGE_IMPLIED] = "is implied by",
	};

	return words[f->edge];
}

static void say_step_short(struct walk *w, const struct frame *f, const struct kc_sym *to)
{
	const char *prop = f->prop ? kc_prop_name(f->prop->type) : "unknown";

	if (kc_is_choice(to))
		kc_say(w->r, true, "\tsymbol %s is part of choice block at %s:%d\n",
		       name_of(f->sym), to->defs->pos.file, to->defs->pos.line);
	else if (f->edge == EDGE_VALUE)
		kc_say(w->r, true, "\tsymbol %s %s value contains %s\n", name_of(f->sym), prop,
		       name_of(to));
	else if (f->edge == EDGE_NONE)
		kc_say(w->r, true, "\tsymbol %s %s is visible depending on %s\n", name_of(f->sym),
		       prop, name_of(to));
	else
		kc_say(w->r, true, "\tsymbol %s %s %s\n", name_of(f->sym), relation(f),
		       name_of(to));
}

static void say_step_long(struct walk *w, const struct frame *f, const struct kc_sym *to)
{
	const struct kc_prop *p = f->prop ? f->prop : f->sym->prop;
	const struct kc_pos at = p ? p->pos : (struct kc_pos){ "<none>", 0 };
	const struct kc_pos entry = f->sym->prop ? f->sym->prop->menu->pos : at;

	if (kc_is_choice(f->sym))
		kc_say(w->r, true, "%s:%d:\tchoice %s contains symbol %s\n", entry.file, entry.line,
		       name_of(f->sym), name_of(to));
	else if (kc_is_member(f->sym))
		kc_say(w->r, true, "%s:%d:\tsymbol %s is part of choice %s\n", entry.file,
		       entry.line, name_of(f->sym), name_of(to));
	else if (f->edge == EDGE_VALUE)
		kc_say(w->r, true, "%s:%d:\tsymbol %s %s value contains %s\n", at.file, at.line,
		       name_of(f->sym), kc_prop_name(p->type), name_of(to));
	else if (f->edge == EDGE_NONE)
		kc_say(w->r, true, "%s:%d:\tsymbol %s %s is visible depending on %s\n", at.file,
		       at.line, name_of(f->sym), p ? kc_prop_name(p->type) : "unknown",
		       name_of(to));
	else
		kc_say(w->r, true, "%s:%d:\tsymbol %s %s %s\n", at.file, at.line, name_of(f->sym),
		       relation(f), name_of(to));
}

static void say_head(struct walk *w, const struct frame *f)
{
	const struct kc_prop *p = f->prop ? f->prop : f->sym->prop;

	if (w->r->tree->dialect.short_cycles || !p)
		kc_say(w->r, true, "error: recursive dependency detected!\n");
	else if (kc_is_choice(f->sym) || kc_is_member(f->sym))
		kc_say(w->r, true, "%s:%d:error: recursive dependency detected!\n",
		       f->sym->prop->pos.file, f->sym->prop->pos.line);
	else
		kc_say(w->r, true, "%s:%d:error: recursive dependency detected!\n", p->pos.file,
		       p->pos.line);
}

/* The way from the symbol that was met twice back to itself. */
static void say_cycle(struct walk *w, struct kc_sym *last)
{
	bool brief = w->r->tree->dialect.short_cycles;
	struct frame *f;

	if (last->choice) {
		push(w, &w->met, last);
		last = last->choice->sym;
	}
	for (f = w->top; f && f->sym != last; f = f->prev)
		;
	if (!f)
		kc_say(w->r, true, "unexpected recursive dependency error\n");
	for (; f; f = f->next) {
		const struct kc_sym *to = f->next ? f->next->sym : last;

		if (f->sym == last)
			say_head(w, f);
		if (brief)
			say_step_short(w, f, to);
		else
			say_step_long(w, f, to);
		if (!f->next)
			kc_say(w->r, true,
			       "For a resolution refer to Documentation/kbuild/kconfig-language.rst\n"
			       "subsection \"Kconfig recursive dependency limitations\"\n\n");
	}
	if (w->top == &w->met)
		pop(w);
}

static struct kc_sym *check_expr(struct walk *w, const struct kc_expr *e)
{
	struct kc_sym *found;
	uint32_t height;

	if (!e || w->r->fatal)
		return NULL;
	if (++w->depth > MAX_HEIGHT)
		kc_fatal(w->r, "dependencies nested too deep");
	switch (e->op) {
	case KC_AND:
	case KC_OR:
		found = check_expr(w, e->left.expr);
		height = w->height;
		if (!found)
			found = check_expr(w, e->right.expr);
		w->height = MAX(w->height, height);
		break;
	case KC_NOT:
		found = check_expr(w, e->left.expr);
		break;
	case KC_SYM:
		found = check(w, e->left.sym);
		break;
	default:
		found = check(w, e->left.sym);
		height = w->height;
		if (!found)
			found = check(w, e->right.sym);
		w->height = MAX(w->height, height);
	}
	w->depth--;
	w->height++;
	return found;
}

static struct kc_sym *check_one(struct walk *w, const struct kc_expr *e, uint32_t *height)
{
	struct kc_sym *found;

	w->height = 0;
	found = check_expr(w, e);
	*height = MAX(*height, w->height);
	return found;
}

static struct kc_sym *check_props(struct walk *w, struct kc_sym *s, struct frame *f,
				  uint32_t *height)
{
	struct kc_sym *found = NULL;

	f->edge = EDGE_NONE;
	for (const struct kc_prop *p = s->prop; p && !found; p = p->next) {
		if (p->type == KC_P_CHOICE || p->type == KC_P_SELECT || p->type == KC_P_IMPLY)
			continue;
		f->prop = p;
		found = check_one(w, p->cond, height);
		if (found || p->type != KC_P_DEFAULT || kc_is_choice(s))
			continue;
		f->edge = EDGE_VALUE;
		found = check_one(w, p->expr, height);
		if (!found)
			f->edge = EDGE_NONE;
	}
	return found;
}

static struct kc_sym *check_sym(struct walk *w, struct kc_sym *s)
{
	uint32_t height = 0;
	struct kc_sym *found;
	struct frame f;

	push(w, &f, s);
	f.edge = EDGE_DIR;
	found = check_one(w, s->dir_dep, &height);
	if (!found) {
		f.edge = EDGE_REV;
		found = check_one(w, s->rev_dep, &height);
	}
	if (!found) {
		f.edge = EDGE_IMPLIED;
		found = check_one(w, s->implied, &height);
	}
	if (!found)
		found = check_props(w, s, &f, &height);
	pop(w);
	s->height = w->height = height + 1;
	return found;
}

typedef void member_fn(struct kc_sym *s);

static void enter(struct kc_sym *s)
{
	s->on_path = true;
	s->height = MAX(s->height, 1u);
}

static void leave(struct kc_sym *s)
{
	s->on_path = false;
}

/* All that stands in a choice: plain ones count every entry in the block, old ones the members. */
static struct kc_sym *for_members(struct walk *w, struct kc_menu *choice, member_fn *fn)
{
	const bool plain = w->r->tree->dialect.plain_choices;
	struct kc_sym *found = NULL;
	uint32_t height = w->height;

	if (!plain) {
		for (size_t i = 0; i < choice->members->n && !found; i++) {
			if (fn)
				fn(choice->members->v[i]);
			else
				found = check_sym(w, choice->members->v[i]);
			height = MAX(height, w->height);
		}
	} else {
		for (const struct kc_menu *m = kc_menu_next(choice, choice); m && !found;
		     m = kc_menu_next(m, choice)) {
			if (!m->sym)
				continue;
			if (fn)
				fn(m->sym);
			else
				found = check_sym(w, m->sym);
			height = MAX(height, w->height);
		}
	}
	w->height = height;
	return found;
}

static struct kc_sym *check_choice(struct walk *w, struct kc_sym *s)
{
	struct kc_menu *choice = s->defs;
	struct kc_sym *found;
	struct frame f;

	push(w, &f, s);
	for_members(w, choice, enter);
	enter(s);
	found = check_sym(w, s);
	s->on_path = false;
	if (!found)
		found = for_members(w, choice, NULL);
	for_members(w, choice, leave);
	if (found && found->choice == choice)
		found = s;
	pop(w);
	s->height = w->height = w->height + 2;
	return found;
}

/* NULL: no cycle; else the symbol it comes back to. */
static struct kc_sym *check(struct walk *w, struct kc_sym *s)
{
	struct kc_sym *found;
	struct frame f;

	if (s->on_path) {
		say_cycle(w, s);
		return s;
	}
	if (s->height) {
		w->height = s->height;
		/* it may be met below a way that is deep already */
		if (w->depth + s->height > MAX_HEIGHT)
			kc_fatal(w->r, "dependencies nested too deep");
		return NULL;
	}
	w->depth++;
	if (s->choice) {
		push(w, &f, s);
		found = check(w, s->choice->sym);
		pop(w);
	} else if (kc_is_choice(s)) {
		found = check_choice(w, s);
	} else {
		enter(s);
		found = check_sym(w, s);
		s->on_path = false;
	}
	w->depth--;
	return found;
}

unsigned kc_check_cycles(struct kc_reader *r)
{
	struct kc_tree *t = r->tree;
	struct walk w = { .r = r };
	unsigned bad = 0;

	if (!t->dialect.short_cycles) {
		kc_for_each_sym(t, i, s) if (check(&w, s)) bad++;
		return bad + r->fatal;
	}
	for (const struct kc_menu *m = kc_menu_next(t->root, t->root); m;
	     m = kc_menu_next(m, t->root)) {
		if (!m->sym)
			continue;
		if (check(&w, m->sym))
			bad++;
		bad += kc_check_transitional(r, m);
		if (kc_is_choice(m->sym))
			bad += kc_check_members(r, m);
	}
	return bad + r->fatal;
}
