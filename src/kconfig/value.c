/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a symbol's value is. Evaluation is by need and recursive: a symbol is marked as valid before what it depends on
 * is looked at, which ends the loops that are allowed (between a choice and its members). Both operands of && and ||
 * are always evaluated, as conf does: the order of warnings follows from it.
 */
#include "kconfig/conf.h"

#include "kconfig/expr.h"

#include <errno.h>
#include <stdlib.h>

struct kc_conf *kc_conf_new(const struct kc_tree *tree, kc_say_fn *say, void *ctx)
{
	struct kc_conf *c = xnew(struct kc_conf);

	c->tree = tree;
	c->say = say;
	c->ctx = ctx;
	c->v = xcalloc(tree->n_syms, sizeof(*c->v));
	c->prompt_tri = xcalloc(tree->n_prompts, 1);
	c->n_known = tree->n_exprs;
	c->known = xcalloc(c->n_known, 1);
	c->order = xcalloc(tree->n_order, sizeof(struct kc_sym *));
	for (size_t i = 0; i < tree->choices.n; i++) {
		const struct kc_members *all = tree->choices.v[i]->members;

		if (all->n)
			memcpy(c->order + all->first, all->v, all->n * sizeof(struct kc_sym *));
	}
	for (uint32_t i = 0; i <= KC_Y; i++) {
		c->v[i].tri = (uint8_t)i;
		c->v[i].text = kc_tri_text((enum kc_tri)i);
		c->v[i].flags = KC_VALID;
	}
	return c;
}

struct kc_conf *kc_conf_copy(const struct kc_conf *c)
{
	struct kc_conf *n = xmemdup(c, sizeof(*c));

	n->v = xmemdup(c->v, c->tree->n_syms * sizeof(*c->v));
	n->prompt_tri = xmemdup(c->prompt_tri, c->tree->n_prompts);
	n->known = xmemdup(c->known, c->n_known);
	n->order = xmemdup(c->order, c->tree->n_order * sizeof(struct kc_sym *));
	n->of_auto = NULL;
	for (uint32_t i = 0; i < c->tree->n_syms && c->of_auto; i++)
		n->v[i].flags &= (uint8_t)~KC_AUTO;
	n->text = (struct arena){ 0 };
	return n;
}

void kc_conf_free(struct kc_conf *c)
{
	if (!c)
		return;
	free(c->v);
	free(c->of_auto);
	free(c->prompt_tri);
	free(c->known);
	free(c->order);
	arena_release(&c->text);
	free(c);
}

void kc_forget_exprs(struct kc_conf *c)
{
	memset(c->known, 0, c->n_known);
	c->early++; /* nor is what is worked out just now */
}

void kc_invalidate_one(struct kc_conf *c, const struct kc_sym *s)
{
	kc_v(c, s)->flags &= (uint8_t)~KC_VALID;
	kc_forget_exprs(c);
}

void kc_invalidate(struct kc_conf *c)
{
	kc_forget_exprs(c);
	/* y, m and n come first and are always valid */
	for (uint32_t i = KC_Y + 1; i < c->tree->n_syms; i++)
		c->v[i].flags &= (uint8_t)~KC_VALID;
	c->changed = true;
	kc_calc(c, c->tree->modules);
}

enum kc_type kc_type_now(const struct kc_conf *c, const struct kc_sym *s)
{
	if (s->type != KC_TRISTATE)
		return s->type;
	if (!c->modules)
		return KC_BOOL;
	if (!c->tree->dialect.plain_choices && kc_is_member(s) && kc_v(c, s)->visible == KC_Y)
		return KC_BOOL;
	return KC_TRISTATE;
}

const char *kc_value_text(const struct kc_conf *c, const struct kc_sym *s)
{
	if (kc_is_tri(s))
		return kc_tri_text((enum kc_tri)kc_v(c, s)->tri);
	return kc_v(c, s)->text ? kc_v(c, s)->text : "";
}

enum number { NOT_A_NUMBER, SIGNED, UNSIGNED };

union bits {
	long long s;
	unsigned long long u;
};

static bool is_hex_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* A text as a number, by its symbol's type. */
static enum number number_of(const char *s, enum kc_type type, union bits *ret)
{
	enum number kind = SIGNED;
	char *end;

	errno = 0;
	switch (type) {
	case KC_BOOL:
	case KC_TRISTATE:
		ret->s = !strcmp(s, "n") ? 0 : !strcmp(s, "m") ? 1 : !strcmp(s, "y") ? 2 : -1;
		return SIGNED;
	case KC_INT:
		ret->s = strtoll(s, &end, 10);
		break;
	case KC_HEX:
		ret->u = strtoull(s, &end, 16);
		kind = UNSIGNED;
		break;
	default:
		ret->s = strtoll(s, &end, 0);
	}
	return !errno && !*end && end > s && is_hex_digit(end[-1]) ? kind : NOT_A_NUMBER;
}

static int compare(const struct kc_sym *a, const char *s, const struct kc_sym *b, const char *t)
{
	enum number ka = NOT_A_NUMBER, kb = NOT_A_NUMBER;
	union bits x = { 0 }, y = { 0 };

	if (a->type != KC_STRING || b->type != KC_STRING) {
		ka = number_of(s, a->type, &x);
		kb = number_of(t, b->type, &y);
	}
	if (ka == NOT_A_NUMBER || kb == NOT_A_NUMBER)
		return strcmp(s, t);
	if (ka == UNSIGNED || kb == UNSIGNED)
		return (x.u > y.u) - (x.u < y.u);
	return (x.s > y.s) - (x.s < y.s);
}

static bool holds(enum kc_op op, int order)
{
	switch (op) {
	case KC_EQ:
		return order == 0;
	case KC_NE:
		return order != 0;
	case KC_LT:
		return order < 0;
	case KC_LE:
		return order <= 0;
	case KC_GT:
		return order > 0;
	default:
		return order >= 0;
	}
}

bool kc_compare(enum kc_op op, const struct kc_sym *a, const char *s, const struct kc_sym *b,
		const char *t)
{
	return holds(op, compare(a, s, b, t));
}

static enum kc_tri eval_sym(struct kc_conf *c, struct kc_sym *s)
{
	kc_calc(c, s);
	c->early += (kc_v(c, s)->flags & KC_UNDER_WAY) != 0;
	return kc_tri_of(c, s);
}

static enum kc_tri eval(struct kc_conf *c, const struct kc_expr *e)
{
	enum kc_tri left;

	switch (e->op) {
	case KC_AND:
		left = kc_eval(c, e->left.expr);
		return left == KC_N && !c->say ? KC_N : kc_and(left, kc_eval(c, e->right.expr));
	case KC_OR:
		left = kc_eval(c, e->left.expr);
		return left == KC_Y && !c->say ? KC_Y : kc_or(left, kc_eval(c, e->right.expr));
	default:
		eval_sym(c, e->left.sym);
		eval_sym(c, e->right.sym);
		return kc_compare(e->op, e->left.sym, kc_value_text(c, e->left.sym), e->right.sym,
				  kc_value_text(c, e->right.sym))
			       ? KC_Y
			       : KC_N;
	}
}

enum kc_tri kc_eval(struct kc_conf *c, const struct kc_expr *e)
{
	uint32_t early = c->early;
	enum kc_tri tri;

	if (!e)
		return KC_Y;
	if (e->op == KC_SYM)
		return eval_sym(c, e->left.sym);
	if (e->op == KC_NOT)
		return KC_Y - kc_eval(c, e->left.expr);
	if (e->id >= c->n_known)
		return eval(c, e);
	if (c->known[e->id])
		return (enum kc_tri)(c->known[e->id] - 1);
	tri = eval(c, e);
	/* values once worked out stay; of one that was looked at too early that is not so */
	if (c->early == early)
		c->known[e->id] = (uint8_t)(tri + 1);
	return tri;
}

const struct kc_prop *kc_active(struct kc_conf *c, const struct kc_sym *s, enum kc_prop_type type)
{
	for (const struct kc_prop *p = s->prop; p; p = p->next)
		if (p->type == type && kc_eval(c, p->cond) != KC_N)
			return p;
	return NULL;
}

/* A dependency's value; m counts as y for what cannot be m. */
static uint8_t dependency(struct kc_conf *c, const struct kc_sym *s, const struct kc_expr *e,
			  enum kc_tri none)
{
	enum kc_tri tri = e ? kc_eval(c, e) : none;

	return tri == KC_M && kc_type_now(c, s) == KC_BOOL ? KC_Y : (uint8_t)tri;
}

void kc_calc_visibility(struct kc_conf *c, struct kc_sym *s)
{
	const bool plain = c->tree->dialect.plain_choices;
	struct kc_value *v = kc_v(c, s);
	enum kc_tri tri = KC_N;

	for (const struct kc_prop *p = s->prop; p; p = p->next) {
		uint8_t *prompt = &c->prompt_tri[p->id];

		if (!p->text)
			continue;
		*prompt = (uint8_t)kc_eval(c, p->cond);
		/* in an old tristate choice that is y, what can only be m is out */
		if (!plain && kc_is_member(s) && s->type == KC_TRISTATE && *prompt == KC_M &&
		    kc_tri_of(c, s->choice->sym) == KC_Y)
			*prompt = KC_N;
		tri = kc_or(tri, *prompt);
	}
	if (s->flags & KC_TRANSITIONAL)
		tri = KC_Y;
	if (tri == KC_M && (s->type != KC_TRISTATE || !c->modules))
		tri = KC_Y;
	v->visible = (uint8_t)tri;
	if (kc_is_member(s))
		return;
	v->dir = dependency(c, s, s->dir_dep, KC_Y);
	v->rev = dependency(c, s, s->rev_dep, KC_N);
	v->implied = dependency(c, s, s->implied, KC_N);
}

struct values_print {
	const struct kc_conf *c;
	struct str *out;
};

static void add_value_piece(void *ctx, const struct kc_sym *s, const char *text)
{
	struct values_print *p = ctx;

	str_adds(p->out, text);
	if (s && s->type != KC_UNKNOWN)
		str_addf(p->out, " [=%s]", kc_value_text(p->c, s));
}

void kc_add_expr_values(const struct kc_conf *c, struct str *out, const struct kc_expr *e)
{
	struct values_print p = { .c = c, .out = out };

	kc_expr_print(e, add_value_piece, &p);
}

static void add_reverse(struct kc_conf *c, struct str *out, const struct kc_expr *e,
			enum kc_tri want, const char **title)
{
	if (e->op == KC_OR) {
		add_reverse(c, out, e->left.expr, want, title);
		add_reverse(c, out, e->right.expr, want, title);
		return;
	}
	if (kc_eval(c, e) != want)
		return;
	if (*title)
		str_adds(out, *title);
	*title = NULL;
	str_adds(out, "  - ");
	kc_add_expr_values(c, out, e);
	str_addc(out, '\n');
}

void kc_add_reverse(struct kc_conf *c, struct str *out, const struct kc_expr *e, enum kc_tri want,
		    const char *title)
{
	if (e)
		add_reverse(c, out, e, want, &title);
}

static void warn_unmet(struct kc_conf *c, const struct kc_sym *s)
{
	auto_str struct str text = { 0 };

	c->unmet++;
	if (!c->say)
		return;
	str_addf(&text, "\nWARNING: unmet direct dependencies detected for %s\n  Depends on [%c]: ",
		 s->name ? s->name : "<choice>", kc_v(c, s)->dir == KC_M ? 'm' : 'n');
	kc_add_expr_values(c, &text, s->dir_dep);
	str_addc(&text, '\n');
	kc_add_reverse(c, &text, s->rev_dep, KC_Y, "  Selected by [y]:\n");
	kc_add_reverse(c, &text, s->rev_dep, KC_M, "  Selected by [m]:\n");
	c->say(c->ctx, true, str_c(&text));
}

/* The default, what is implied: the value of a symbol the user has no say in. */
static enum kc_tri followed_tri(struct kc_conf *c, struct kc_sym *s)
{
	struct kc_value *v = kc_v(c, s);
	const struct kc_prop *p;
	enum kc_tri tri = KC_N;

	if (v->rev != KC_N)
		v->flags |= KC_WRITE;
	if (kc_is_choice(s))
		return KC_N;
	p = kc_active(c, s, KC_P_DEFAULT);
	if (p) {
		enum kc_tri cond = kc_eval(c, p->cond);

		tri = kc_and(kc_eval(c, p->expr), cond);
		if (tri != KC_N)
			v->flags |= KC_WRITE;
	}
	if (v->implied != KC_N) {
		v->flags |= KC_WRITE;
		tri = kc_and(kc_or(tri, v->implied), v->dir);
	}
	return tri;
}

static bool is_transitional(const struct kc_sym *s)
{
	return s && s->flags & KC_TRANSITIONAL;
}

/*
 * Whether the value is that of a transitional symbol to which the user gave it: then it counts as the user's, and is
 * not asked for again.
 */
static bool is_inherited(struct kc_conf *c, const struct kc_sym *s)
{
	const struct kc_prop *p = s->prop;

	if (!c->tree->dialect.transitional || kc_has_user(c, s) || kc_is_choice(s) ||
	    (s->choice && kc_is_tri(s)))
		return false;
	while (p && (p->type != KC_P_DEFAULT || !is_transitional(kc_prop_sym(p))))
		p = p->next;
	/* there is one: is it that which counts? */
	p = p ? kc_active(c, s, KC_P_DEFAULT) : NULL;
	return p && is_transitional(kc_prop_sym(p)) && kc_has_user(c, kc_prop_sym(p));
}

static enum kc_tri calc_tri(struct kc_conf *c, struct kc_sym *s)
{
	const bool plain = c->tree->dialect.plain_choices;
	struct kc_value *v = kc_v(c, s);
	enum kc_tri tri;

	if (plain && s->choice) {
		kc_choice_settle(c, s->choice);
		tri = v->tri;
	} else if (!plain && kc_is_member(s) && v->visible == KC_Y) {
		tri = kc_v(c, s->choice->sym)->chosen == s ? KC_Y : KC_N;
	} else {
		if (v->visible != KC_N && v->flags & KC_USER)
			tri = kc_and(v->user_tri, v->visible);
		else
			tri = followed_tri(c, s);
		if (v->dir < v->rev)
			warn_unmet(c, s);
		tri = kc_or(tri, v->rev);
	}
	return tri == KC_M && kc_type_now(c, s) == KC_BOOL ? KC_Y : tri;
}

const char *kc_empty_text(const struct kc_conf *c, const struct kc_sym *s)
{
	if (!c->tree->dialect.zero_numbers)
		return "";
	return s->type == KC_INT ? "0" : s->type == KC_HEX ? "0x0" : "";
}

static const char *calc_text(struct kc_conf *c, struct kc_sym *s)
{
	struct kc_value *v = kc_v(c, s);
	const struct kc_prop *p;
	struct kc_sym *from;

	/* a number that is an old choice's member may count as answered without a text */
	if (v->visible != KC_N && v->flags & KC_USER && v->user_text)
		return v->user_text;
	p = kc_active(c, s, KC_P_DEFAULT);
	from = p ? kc_prop_sym(p) : NULL;
	if (!from)
		return kc_empty_text(c, s);
	v->flags |= KC_WRITE;
	kc_calc(c, from);
	return kc_v(c, from)->text ? kc_v(c, from)->text : "n"; /* of a bool, whatever it is */
}

static int number_base(const struct kc_sym *s, int other)
{
	return s->type == KC_INT ? 10 : s->type == KC_HEX ? 16 : other;
}

long long kc_range_value(struct kc_conf *c, struct kc_sym *s, int base)
{
	const char *text;

	kc_calc(c, s);
	text = kc_v(c, s)->text;
	return text ? strtoll(text, NULL, number_base(s, base)) : 0;
}

/* A number outside of its range becomes the bound it is below or above. */
static void clamp(struct kc_conf *c, struct kc_sym *s)
{
	int base = number_base(s, 0);
	const struct kc_prop *p;
	struct kc_sym *bound;
	long long n;

	if (!base)
		return;
	p = kc_active(c, s, KC_P_RANGE);
	if (!p)
		return;
	n = strtoll(kc_v(c, s)->text, NULL, base);
	bound = p->expr->left.sym;
	if (n >= kc_range_value(c, bound, base)) {
		bound = p->expr->right.sym;
		if (n <= kc_range_value(c, bound, base))
			return;
	}
	if (kc_v(c, bound)->text)
		kc_v(c, s)->text = kc_v(c, bound)->text;
}

/* Old choices: what the choice's being written and its members' have to do with each other. */
static void end_old_choice(struct kc_conf *c, struct kc_sym *s)
{
	struct kc_value *v = kc_v(c, s);

	if (v->tri == KC_Y)
		v->chosen = kc_choice_pick(c, s);
	else
		v->chosen = NULL;
	for (size_t i = 0; i < s->defs->members->n; i++) {
		struct kc_value *member = kc_v(c, s->defs->members->v[i]);

		if (v->flags & KC_WRITE && member->visible != KC_N)
			member->flags |= KC_WRITE;
	}
}

static void calc_numbers_and_text(struct kc_conf *c, struct kc_sym *s)
{
	struct kc_value *v = kc_v(c, s);

	v->text = kc_empty_text(c, s);
	v->text = calc_text(c, s);
	if (is_inherited(c, s)) {
		v->user_text = v->text;
		v->flags |= KC_USER;
	}
	clamp(c, s);
}

void kc_calc(struct kc_conf *c, struct kc_sym *s)
{
	struct kc_value *v = kc_v(c, s);

	if (v->flags & KC_VALID)
		return;
	if (kc_is_member(s) && v->flags & KC_NEED_CHOICE) {
		v->flags &= (uint8_t)~KC_NEED_CHOICE;
		kc_calc(c, s->choice->sym);
	}
	v->flags |= KC_VALID | KC_UNDER_WAY;
	if (s->type == KC_UNKNOWN) {
		v->text = s->name;
		v->tri = KC_N;
		v->flags &= (uint8_t)~KC_UNDER_WAY;
		return;
	}
	v->flags &= (uint8_t)~KC_WRITE;
	kc_calc_visibility(c, s);
	if (v->visible != KC_N)
		v->flags |= KC_WRITE;
	if (kc_is_tri(s)) {
		v->tri = KC_N; /* for those who ask while it is worked out */
		v->tri = (uint8_t)calc_tri(c, s);
		if (is_inherited(c, s)) {
			v->user_tri = v->tri;
			v->flags |= KC_USER;
		}
		if (kc_is_choice(s) && !c->tree->dialect.plain_choices)
			end_old_choice(c, s);
	} else {
		calc_numbers_and_text(c, s);
	}
	v->flags &= (uint8_t)~KC_UNDER_WAY;
	if (s == c->tree->modules)
		c->modules = v->tri;
	if (s->flags & (KC_NO_WRITE | KC_TRANSITIONAL))
		v->flags &= (uint8_t)~KC_WRITE;
	if (v->flags & KC_NEED_CHOICE)
		kc_choice_fill(c, s);
}

bool kc_menu_shown(struct kc_conf *c, const struct kc_menu *m)
{
	uint8_t *tri;

	if (!m->prompt)
		return false;
	if (m->visibility && kc_eval(c, m->visibility) == KC_N)
		return false;
	tri = &c->prompt_tri[m->prompt->id];
	if (m->sym)
		kc_calc(c, m->sym);
	else
		*tri = (uint8_t)kc_eval(c, m->prompt->cond);
	if (*tri != KC_N)
		return true;
	if (!m->sym || kc_tri_of(c, m->sym) == KC_N)
		return false;
	for (const struct kc_menu *child = m->list; child; child = child->next) {
		if (!kc_menu_shown(c, child))
			continue;
		if (!c->tree->dialect.plain_choices)
			kc_v(c, m->sym)->flags |= KC_USER;
		return true;
	}
	return false;
}
