/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Symbols are encoded when they are asked for, and what they depend on before them, so that what cannot vary is folded
 * away. Where a symbol is met again while it is encoded (choices and their members), it gets variables at once that are
 * tied to the result at the end.
 */
#include "kconfig/encode.h"

#include "kconfig/confline.h"

#include <stdlib.h>

#define MAX_OPTIONS 400

static const struct kc_lits never = { SAT_FALSE, SAT_FALSE };
static const struct kc_lits always = { SAT_TRUE, SAT_TRUE };

enum state { UNKNOWN, UNDER_WAY, KNOWN };

/* A text that a number or a string may have. */
struct option {
	const char *text;
	int lit;
};

struct options {
	struct option *v;
	size_t n, cap;
};

struct symbol {
	struct kc_lits value, visible;
	enum state value_state, visible_state, options_state;
	struct options options;
	struct options now;    /* its text now, for what asks while the others are worked out */
	uint32_t change;       /* index into changes plus 1 */
	enum state pick_state; /* of a choice: whether those of its members are known */
	int pick;	       /* its choice has it */
	int early_pick;	       /* asked for before it was known; 0: it was not */
};

struct known_expr {
	const struct kc_expr *e; /* NULL: free */
	struct kc_lits lits;
};

struct kc_encoding {
	struct kc_conf *c;
	const struct kc_conf *asked;
	const bool *fixed;
	struct sat *sat;
	struct symbol *v; /* by sym id */
	int mod;	  /* something can be m */
	struct kc_changes changes;
	struct known_expr *exprs; /* open addressing */
	size_t n_exprs, slots;
	size_t ruled; /* so many of the changes have their rules */
	bool inexact; /* something that may vary was taken as it is now */
};

static struct kc_lits value_of(struct kc_encoding *x, struct kc_sym *s);
static struct kc_lits visible_of(struct kc_encoding *x, struct kc_sym *s);
static const struct options *options_of(struct kc_encoding *x, struct kc_sym *s);

static struct symbol *at(const struct kc_encoding *x, const struct kc_sym *s)
{
	return &x->v[s->id];
}

static bool is_plain(const struct kc_encoding *x)
{
	return x->c->tree->dialect.plain_choices;
}

static struct kc_lits constant(enum kc_tri tri)
{
	return (struct kc_lits){ tri >= KC_M ? SAT_TRUE : SAT_FALSE,
				 tri == KC_Y ? SAT_TRUE : SAT_FALSE };
}

static struct kc_lits both(struct kc_encoding *x, struct kc_lits a, struct kc_lits b)
{
	return (struct kc_lits){ sat_and(x->sat, a.m, b.m), sat_and(x->sat, a.y, b.y) };
}

static struct kc_lits either(struct kc_encoding *x, struct kc_lits a, struct kc_lits b)
{
	return (struct kc_lits){ sat_or(x->sat, a.m, b.m), sat_or(x->sat, a.y, b.y) };
}

static struct kc_lits select_by(struct kc_encoding *x, int cond, struct kc_lits a, struct kc_lits b)
{
	return (struct kc_lits){ sat_if(x->sat, cond, a.m, b.m), sat_if(x->sat, cond, a.y, b.y) };
}

/* m is y for what cannot be m. */
static struct kc_lits promoted(struct kc_encoding *x, const struct kc_sym *s, struct kc_lits l)
{
	if (s->type != KC_TRISTATE)
		return (struct kc_lits){ l.m, l.m };
	return (struct kc_lits){ l.m, sat_or(x->sat, l.y, sat_and(x->sat, l.m, -x->mod)) };
}

/* Expressions. */

static struct known_expr *find_expr(const struct kc_encoding *x, const struct kc_expr *e)
{
	size_t i = ((uintptr_t)e * UINT64_C(0x9e3779b97f4a7c15)) >> 20 & (x->slots - 1);

	while (x->exprs[i].e && x->exprs[i].e != e)
		i = (i + 1) & (x->slots - 1);
	return &x->exprs[i];
}

static void remember_expr(struct kc_encoding *x, const struct kc_expr *e, struct kc_lits lits)
{
	struct known_expr *old = x->exprs;
	size_t n = x->slots;

	if (2 * ++x->n_exprs > n) {
		x->slots *= 2;
		x->exprs = xcalloc(x->slots, sizeof(*x->exprs));
		for (size_t i = 0; i < n; i++)
			if (old[i].e)
				*find_expr(x, old[i].e) = old[i];
		free(old);
	}
	*find_expr(x, e) = (struct known_expr){ e, lits };
}

/* The ways in which a comparison holds. */
static int comparison(struct kc_encoding *x, const struct kc_expr *e)
{
	struct kc_sym *a = e->left.sym, *b = e->right.sym;
	const struct options *left = options_of(x, a), *right = options_of(x, b);
	int lit = SAT_FALSE;

	for (size_t i = 0; i < left->n; i++)
		for (size_t j = 0; j < right->n; j++)
			if (kc_compare(e->op, a, left->v[i].text, b, right->v[j].text))
				lit = sat_or(x->sat, lit,
					     sat_and(x->sat, left->v[i].lit, right->v[j].lit));
	return lit;
}

static struct kc_lits expr_lits(struct kc_encoding *x, const struct kc_expr *e);

static struct kc_lits make_expr(struct kc_encoding *x, const struct kc_expr *e)
{
	struct kc_lits l;
	int lit;

	switch (e->op) {
	case KC_SYM:
		return value_of(x, e->left.sym);
	case KC_NOT:
		l = expr_lits(x, e->left.expr);
		return (struct kc_lits){ -l.y, -l.m };
	case KC_AND:
		l = expr_lits(x, e->left.expr);
		return both(x, l, expr_lits(x, e->right.expr));
	case KC_OR:
		l = expr_lits(x, e->left.expr);
		return either(x, l, expr_lits(x, e->right.expr));
	default:
		lit = comparison(x, e);
		return (struct kc_lits){ lit, lit };
	}
}

static struct kc_lits expr_lits(struct kc_encoding *x, const struct kc_expr *e)
{
	const struct known_expr *known;
	struct kc_lits l;

	if (!e)
		return always;
	known = find_expr(x, e);
	if (known->e)
		return known->lits;
	l = make_expr(x, e);
	remember_expr(x, e, l);
	return l;
}

/* What the user said. */

static const struct kc_value *user_of(const struct kc_encoding *x, const struct kc_sym *s)
{
	if (kc_has_user(x->asked, s))
		return kc_v(x->asked, s);
	return kc_has_user(x->c, s) ? kc_v(x->c, s) : NULL;
}

/* Lines. */

static bool can_change(const struct kc_sym *s)
{
	return s->name && kc_is_tri(s) && !kc_is_choice(s) && !(s->flags & KC_TRANSITIONAL) &&
	       kc_has_prompt(s);
}

/* What a line for s says: of a choice's member y. */
static struct kc_lits new_line(struct kc_encoding *x, const struct kc_sym *s)
{
	struct kc_lits to;

	if (kc_is_member(s))
		return always;
	to.m = to.y = sat_var(x->sat);
	if (s->type == KC_TRISTATE)
		to.y = sat_var(x->sat);
	return to;
}

/* The line that s may get; NULL: it may get none. */
static const struct kc_change *change_of(struct kc_encoding *x, struct kc_sym *s)
{
	struct kc_change change = { .sym = s, .avoid = SAT_FALSE, .fixed = x->fixed[s->id] };

	if (!at(x, s)->change) {
		if (!can_change(s))
			return NULL;
		change.on = sat_var(x->sat);
		change.to = new_line(x, s);
		vec_push(&x->changes, change);
		at(x, s)->change = (uint32_t)x->changes.n;
	}
	return &x->changes.v[at(x, s)->change - 1];
}

/* A line is possible where its symbol is visible, and says no more than can be. */
static void rule_change(struct kc_encoding *x, size_t i)
{
	struct kc_sym *s = x->changes.v[i].sym;
	struct kc_lits visible = visible_of(x, s);
	struct kc_change *change = &x->changes.v[i];

	sat_clause(x->sat, -change->to.y, change->to.m, 0);
	sat_clause(x->sat, -change->on, visible.m, 0);
	sat_clause(x->sat, -change->on, -change->to.y, visible.y);
	if (kc_tri_of(x->c, s) == KC_Y)
		change->avoid = sat_and(x->sat, change->on, -change->to.y);
	else if (kc_tri_of(x->c, s) == KC_M)
		change->avoid = sat_and(x->sat, change->on, -change->to.m);
	else if (str_eq(s->name, "COMPILE_TEST"))
		change->avoid =
			change->on; /* a way to nearly everything, and to nothing that works */
}

/* Visibility. */

static struct kc_lits prompt_lits(struct kc_encoding *x, struct kc_sym *s)
{
	bool old_member = !is_plain(x) && kc_is_member(s) && s->type == KC_TRISTATE;
	struct kc_lits any = never;

	for (const struct kc_prop *p = s->prop; p; p = p->next) {
		struct kc_lits l;

		if (!p->text)
			continue;
		l = expr_lits(x, p->cond);
		/* in an old tristate choice that is y, what can only be m is out */
		if (old_member && l.m != SAT_FALSE)
			l.m = sat_and(x->sat, l.m,
				      sat_or(x->sat, l.y, -value_of(x, s->choice->sym).y));
		any = either(x, any, l);
	}
	return s->flags & KC_TRANSITIONAL ? always : promoted(x, s, any);
}

/* Variables that stand for what is being worked out. */
static struct kc_lits early(struct kc_encoding *x)
{
	return (struct kc_lits){ sat_var(x->sat), sat_var(x->sat) };
}

static void tie(struct kc_encoding *x, int a, int b)
{
	sat_clause(x->sat, -a, b, 0);
	sat_clause(x->sat, a, -b, 0);
}

/*
 * A result that is worked out once. Asked for meanwhile it is a pair of variables, and these are tied to what comes out
 * in the end.
 */
static struct kc_lits once(struct kc_encoding *x, struct kc_sym *s, struct kc_lits *known,
			   enum state *state,
			   struct kc_lits (*make)(struct kc_encoding *x, struct kc_sym *s))
{
	struct kc_lits made;

	if (*state == KNOWN)
		return *known;
	if (*state == UNDER_WAY) {
		if (!known->m)
			*known = early(x);
		return *known;
	}
	*state = UNDER_WAY;
	made = make(x, s);
	if (known->m) {
		tie(x, known->m, made.m);
		tie(x, known->y, made.y);
	}
	*known = made;
	*state = KNOWN;
	return made;
}

static struct kc_lits visible_of(struct kc_encoding *x, struct kc_sym *s)
{
	struct symbol *y = at(x, s);

	return once(x, s, &y->visible, &y->visible_state, prompt_lits);
}

/* Tristates and bools outside of choices. */

/* The first default whose condition holds. */
static struct kc_lits default_lits(struct kc_encoding *x, const struct kc_prop *p)
{
	struct kc_lits cond, value;

	while (p && p->type != KC_P_DEFAULT)
		p = p->next;
	if (!p)
		return never;
	cond = expr_lits(x, p->cond);
	if (cond.m == SAT_FALSE)
		return default_lits(x, p->next);
	value = both(x, expr_lits(x, p->expr), cond);
	if (cond.m == SAT_TRUE)
		return value;
	return select_by(x, cond.m, value, default_lits(x, p->next));
}

/* Without a word of the user's. */
static struct kc_lits followed_lits(struct kc_encoding *x, struct kc_sym *s)
{
	struct kc_lits value, implied, dir;

	if (kc_is_choice(s))
		return never;
	value = default_lits(x, s->prop);
	if (kc_is_member(s) || !s->implied)
		return value;
	implied = promoted(x, s, expr_lits(x, s->implied));
	dir = promoted(x, s, expr_lits(x, s->dir_dep));
	return select_by(x, implied.m, both(x, either(x, value, implied), dir), value);
}

/* An old choice is what its members are asked to be. */
static struct kc_lits asked_of_choice(struct kc_encoding *x, const struct kc_sym *choice)
{
	const struct kc_value *user = user_of(x, choice);
	struct kc_lits value = constant(user ? (enum kc_tri)user->user_tri : KC_N);
	const struct kc_members *all = choice->defs->members;

	for (size_t i = 0; i < all->n; i++) {
		const struct kc_change *change = change_of(x, all->v[i]);

		if (change)
			value = either(x, value, (struct kc_lits){ change->on, change->on });
	}
	return value;
}

static struct kc_lits asked_lits(struct kc_encoding *x, struct kc_sym *s)
{
	bool old_choice = kc_is_choice(s) && !is_plain(x);
	const struct kc_value *user = user_of(x, s);
	struct kc_lits visible = visible_of(x, s), value = followed_lits(x, s), said;
	const struct kc_change *change = visible.m == SAT_FALSE ? NULL : change_of(x, s);

	if (user || old_choice) {
		said = old_choice ? asked_of_choice(x, s) : constant((enum kc_tri)user->user_tri);
		value = select_by(x, visible.m, both(x, said, visible), value);
	}
	return change ? select_by(x, change->on, change->to, value) : value;
}

/* Choices. */

/* Of several in turn the first whose condition holds. */
struct turn {
	struct kc_encoding *x;
	int left; /* none so far */
};

static int take_turn(struct turn *t, int cond)
{
	int taken = sat_and(t->x->sat, t->left, cond);

	t->left = sat_and(t->x->sat, t->left, -cond);
	return taken;
}

static void pick(struct turn *t, const struct kc_sym *s, int cond)
{
	struct symbol *y = at(t->x, s);

	y->pick = sat_or(t->x->sat, y->pick, take_turn(t, cond));
}

/* What lines say, of which no two may. */
static void pick_lines(struct turn *t, const struct kc_members *all)
{
	struct kc_encoding *x = t->x;

	for (size_t i = 0; i < all->n; i++) {
		const struct kc_change *change = change_of(x, all->v[i]);

		if (!change)
			continue;
		sat_clause(x->sat, -change->on, t->left, 0);
		pick(t, all->v[i], change->on);
	}
}

/* The member that a default of the choice names; NULL: it names none of its own. */
static struct kc_sym *default_member(const struct kc_sym *choice, const struct kc_prop *p)
{
	struct kc_sym *s = p->type == KC_P_DEFAULT ? kc_prop_sym(p) : NULL;

	return s && kc_is_member(s) && s->choice->sym == choice ? s : NULL;
}

static int default_cond(struct kc_encoding *x, const struct kc_prop *p, struct kc_sym *member)
{
	return sat_and(x->sat, expr_lits(x, p->cond).m, visible_of(x, member).m);
}

static void pick_old(struct turn *t, const struct kc_sym *choice, const struct kc_members *all)
{
	const struct kc_value *user = user_of(t->x, choice);
	struct kc_sym *chosen = user ? user->user_chosen : NULL;

	if (chosen)
		pick(t, chosen, visible_of(t->x, chosen).m);
	for (const struct kc_prop *p = choice->prop; p; p = p->next) {
		struct kc_sym *s = default_member(choice, p);

		if (s)
			pick(t, s, default_cond(t->x, p, s));
	}
	for (size_t i = 0; i < all->n; i++)
		pick(t, all->v[i], visible_of(t->x, all->v[i]).m);
}

static bool user_says(const struct kc_encoding *x, const struct kc_sym *s, enum kc_tri tri)
{
	const struct kc_value *user = user_of(x, s);

	return user && user->user_tri == tri;
}

/* The default, or the first that is visible; where the user set it to n, it is passed over. */
static void pick_default(struct turn *t, const struct kc_sym *choice, const struct kc_members *all)
{
	struct turn of_defaults = *t;
	struct kc_encoding *x = t->x;

	for (const struct kc_prop *p = choice->prop; p; p = p->next) {
		struct kc_sym *s = default_member(choice, p);
		int cond = s ? take_turn(&of_defaults, default_cond(x, p, s)) : SAT_FALSE;

		if (s && !user_says(x, s, KC_N))
			pick(t, s, cond);
	}
	for (size_t i = 0; i < all->n; i++) {
		int cond = take_turn(&of_defaults, visible_of(x, all->v[i]).m);

		if (!user_says(x, all->v[i], KC_N))
			pick(t, all->v[i], cond);
	}
}

static void pick_plain(struct turn *t, const struct kc_sym *choice, const struct kc_members *all)
{
	struct kc_sym **order = t->x->asked->order + all->first;

	for (size_t i = 0; i < all->n; i++)
		if (user_says(t->x, order[i], KC_Y))
			pick(t, order[i], visible_of(t->x, order[i]).m);
	pick_default(t, choice, all);
	for (size_t i = 0; i < all->n; i++)
		if (!user_of(t->x, all->v[i]))
			pick(t, all->v[i], visible_of(t->x, all->v[i]).m);
	for (size_t i = all->n; i-- > 0;)
		pick(t, order[i], visible_of(t->x, order[i]).m);
}

/* For all members of a choice, whether it has them. */
static void pick_member(struct kc_encoding *x, const struct kc_menu *entry)
{
	const struct kc_members *all = entry->members;
	struct symbol *choice = at(x, entry->sym);
	struct turn t = { .x = x, .left = SAT_TRUE };

	choice->pick_state = UNDER_WAY;
	for (size_t i = 0; i < all->n; i++)
		at(x, all->v[i])->pick = SAT_FALSE;
	pick_lines(&t, all);
	(is_plain(x) ? pick_plain : pick_old)(&t, entry->sym, all);
	choice->pick_state = KNOWN;
	for (size_t i = 0; i < all->n; i++)
		if (at(x, all->v[i])->early_pick)
			tie(x, at(x, all->v[i])->early_pick, at(x, all->v[i])->pick);
}

/* Whether its choice has s. */
static struct kc_lits picked(struct kc_encoding *x, const struct kc_sym *s)
{
	const struct kc_menu *entry = is_plain(x) ? s->choice : s->choice->sym->defs;
	struct symbol *y = at(x, s);

	if (at(x, entry->sym)->pick_state == UNKNOWN)
		pick_member(x, entry);
	if (at(x, entry->sym)->pick_state == KNOWN)
		return (struct kc_lits){ y->pick, y->pick };
	if (!y->early_pick)
		y->early_pick = sat_var(x->sat);
	return (struct kc_lits){ y->early_pick, y->early_pick };
}

/* Values. */

static struct kc_lits tri_lits(struct kc_encoding *x, struct kc_sym *s)
{
	struct kc_lits value;

	if (is_plain(x) && s->choice)
		return picked(x, s);
	value = asked_lits(x, s);
	if (kc_is_member(s))
		value = select_by(x, visible_of(x, s).y, picked(x, s), value);
	else if (s->rev_dep)
		value = either(x, value, promoted(x, s, expr_lits(x, s->rev_dep)));
	return promoted(x, s, value);
}

static struct kc_lits value_of(struct kc_encoding *x, struct kc_sym *s)
{
	struct symbol *y = at(x, s);

	if (s->id <= KC_Y)
		return constant((enum kc_tri)s->id);
	if (s->type == KC_UNKNOWN || !kc_is_tri(s))
		return never;
	return once(x, s, &y->value, &y->value_state, tri_lits);
}

/* Numbers and strings. */

static void add_option(struct kc_encoding *x, struct options *o, const char *text, int lit)
{
	if (lit != SAT_FALSE)
		vec_push(o, ((struct option){ text, lit }));
}

static void add_tri_options(struct kc_encoding *x, struct kc_sym *s, struct options *o)
{
	struct kc_lits l = value_of(x, s);

	add_option(x, o, kc_tri_text(KC_N), -l.m);
	add_option(x, o, kc_tri_text(KC_M), sat_and(x->sat, l.m, -l.y));
	add_option(x, o, kc_tri_text(KC_Y), l.y);
}

static bool is_fixed(const struct kc_sym *s)
{
	return s->flags & KC_CONST || s->type == KC_UNKNOWN;
}

/* A bound as a number; base: of the symbol it bounds. */
static long long bound_number(const struct kc_sym *bound, const char *text, int base)
{
	return strtoll(text, NULL, bound->type == KC_INT ? 10 : bound->type == KC_HEX ? 16 : base);
}

/* A text of s within a range: outside of it, it is the bound it is below or above. */
static void add_in_range(struct kc_encoding *x, const struct kc_sym *s, const struct kc_prop *range,
			 const char *text, int cond, struct options *o)
{
	struct kc_sym *low = range->expr->left.sym, *high = range->expr->right.sym;
	const struct options *lows = options_of(x, low), *highs = options_of(x, high);
	int base = s->type == KC_HEX ? 16 : 10;
	long long n = strtoll(text, NULL, base);

	for (size_t i = 0; i < lows->n; i++) {
		int at_low = sat_and(x->sat, cond, lows->v[i].lit);

		if (n < bound_number(low, lows->v[i].text, base)) {
			add_option(x, o, lows->v[i].text, at_low);
			continue;
		}
		for (size_t k = 0; k < highs->n; k++) {
			bool above = n > bound_number(high, highs->v[k].text, base);

			add_option(x, o, above ? highs->v[k].text : text,
				   sat_and(x->sat, at_low, highs->v[k].lit));
		}
	}
}

/* A text that s is given, as far as its ranges let it be. */
static void add_clamped(struct kc_encoding *x, const struct kc_sym *s, struct options *o,
			const char *text, int left)
{
	for (const struct kc_prop *p = s->prop; p && s->type != KC_STRING; p = p->next) {
		int cond;

		if (p->type != KC_P_RANGE || left == SAT_FALSE)
			continue;
		cond = expr_lits(x, p->cond).m;
		add_in_range(x, s, p, text, sat_and(x->sat, left, cond), o);
		left = sat_and(x->sat, left, -cond);
	}
	add_option(x, o, text, left);
}

/* The texts of a default, while left holds. */
static void add_default_options(struct kc_encoding *x, const struct kc_sym *s,
				const struct kc_prop *p, int left, struct options *o)
{
	struct kc_sym *from = kc_prop_sym(p);
	const struct options *texts = from ? options_of(x, from) : NULL;

	if (!from) {
		add_clamped(x, s, o, kc_empty_text(x->c, s), left);
		return;
	}
	for (size_t i = 0; i < texts->n; i++)
		add_clamped(x, s, o,
			    kc_is_tri(from) && !(from->flags & KC_CONST) ? "n" : texts->v[i].text,
			    sat_and(x->sat, left, texts->v[i].lit));
}

static void add_text_options(struct kc_encoding *x, struct kc_sym *s, struct options *o)
{
	const struct kc_value *user = user_of(x, s);
	int left = SAT_TRUE;

	if (user && user->user_text) {
		left = visible_of(x, s).m;
		add_clamped(x, s, o, user->user_text, left);
		left = -left;
	}
	for (const struct kc_prop *p = s->prop; p && left != SAT_FALSE; p = p->next) {
		int cond;

		if (p->type != KC_P_DEFAULT)
			continue;
		cond = expr_lits(x, p->cond).m;
		add_default_options(x, s, p, sat_and(x->sat, left, cond), o);
		left = sat_and(x->sat, left, -cond);
	}
	add_clamped(x, s, o, kc_empty_text(x->c, s), left);
}

/* What depends on itself, or on too much, counts as it is now. */
static const struct options *as_now(struct kc_encoding *x, const struct kc_sym *s)
{
	struct options *o = &at(x, s)->now;

	x->inexact = true;
	if (!o->n)
		add_option(x, o, kc_value_text(x->c, s), SAT_TRUE);
	return o;
}

static const struct options *options_of(struct kc_encoding *x, struct kc_sym *s)
{
	struct symbol *y = at(x, s);
	struct options *o = &y->options;

	if (y->options_state == KNOWN)
		return o->n > MAX_OPTIONS ? as_now(x, s) : o;
	kc_calc(x->c, s);
	if (y->options_state == UNDER_WAY)
		return as_now(x, s);
	y->options_state = UNDER_WAY;
	if (is_fixed(s))
		add_option(x, o, kc_value_text(x->c, s), SAT_TRUE);
	else if (kc_is_tri(s))
		add_tri_options(x, s, o);
	else
		add_text_options(x, s, o);
	y->options_state = KNOWN;
	return options_of(x, s);
}

/* Wishes. */

/* A number or a string that the line gives, as conf reads it. */
static int text_wish(struct kc_encoding *x, struct kc_sym *s, const struct kc_wish *w)
{
	const struct options *o = options_of(x, s);
	auto_free char *text = s->type == KC_STRING ? kc_unquoted(w->value) : xstrdup(w->value);
	int lit = SAT_FALSE;

	for (size_t i = 0; text && i < o->n; i++)
		if (str_eq(o->v[i].text, text))
			lit = sat_or(x->sat, lit, o->v[i].lit);
	return lit;
}

static int tri_wish(struct kc_encoding *x, struct kc_sym *s, const struct kc_wish *w)
{
	struct kc_lits value = value_of(x, s);

	switch (*w->value) {
	case 'y':
		return value.y;
	case 'm':
		return sat_and(x->sat, value.m, -value.y);
	case 'n':
		return -value.m;
	default:
		return SAT_FALSE;
	}
}

int kc_encode_wish(struct kc_encoding *x, const struct kc_wish *w)
{
	struct kc_sym *s = kc_sym_find(x->c->tree, w->name);
	int lit;

	if (!s || !s->defs)
		return str_eq(w->value, "n") ? SAT_TRUE : SAT_FALSE;
	lit = kc_is_tri(s) ? tri_wish(x, s, w) : text_wish(x, s, w);
	while (x->ruled < x->changes.n)
		rule_change(x, x->ruled++);
	return lit;
}

bool kc_encoding_is_exact(const struct kc_encoding *x)
{
	return !x->inexact;
}

const struct kc_change *kc_encoded_change(const struct kc_encoding *x, const struct kc_sym *s)
{
	return at(x, s)->change ? &x->changes.v[at(x, s)->change - 1] : NULL;
}

const struct kc_changes *kc_encoded_changes(const struct kc_encoding *x)
{
	return &x->changes;
}

struct kc_encoding *kc_encoding_new(struct kc_conf *c, const struct kc_conf *asked,
				    const bool *fixed, struct sat *sat)
{
	struct kc_encoding *x = xnew(struct kc_encoding);

	x->c = c;
	x->asked = asked;
	x->fixed = fixed;
	x->sat = sat;
	x->v = xcalloc(c->tree->n_syms, sizeof(*x->v));
	x->slots = 1 << 15;
	x->exprs = xcalloc(x->slots, sizeof(*x->exprs));
	x->mod = SAT_TRUE; /* of MODULES itself, a bool, it makes no difference */
	x->mod = value_of(x, c->tree->modules).m;
	return x;
}

void kc_encoding_free(struct kc_encoding *x)
{
	if (!x)
		return;
	for (uint32_t i = 0; i < x->c->tree->n_syms; i++) {
		free(x->v[i].options.v);
		free(x->v[i].now.v);
	}
	free(x->v);
	free(x->exprs);
	free(x->changes.v);
	free(x);
}
