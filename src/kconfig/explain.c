/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chain from a wish to what prevents it: of a condition those operands that are too low, of each symbol among them
 * why it has its value, and so on, a few steps deep and each symbol once.
 */
#include "kconfig/explain.h"

#include "kconfig/confline.h"
#include "kconfig/expr.h"

#define MAX_DEPTH  5
#define MAX_LINES  24
#define MAX_NAMES  4
#define MAX_NEAR   3
#define MAX_ERRORS 3 /* of typing */
#define MAX_NAME   64

struct chain {
	struct kc_conf *c;
	const struct kc_wishes *all;
	struct strv *lines;
	struct {
		const struct kc_sym **v;
		size_t n, cap;
	} told;
};

static const char *const reason_names[] = {
	[KC_HOLDS] = "holds",
	[KC_NO_SUCH_SYMBOL] = "no-such-symbol",
	[KC_BAD_VALUE] = "bad-value",
	[KC_NO_PROMPT] = "no-prompt",
	[KC_NOT_VISIBLE] = "not-visible",
	[KC_LIMITED] = "limited",
	[KC_NO_MODULES] = "no-modules",
	[KC_FORCED] = "forced",
	[KC_OTHER_MEMBER] = "other-member",
	[KC_OUT_OF_RANGE] = "out-of-range",
	[KC_LATER_LINE] = "later-line",
};

const char *kc_reason_name(enum kc_reason reason)
{
	return reason_names[reason];
}

bool kc_reason_has_fix(enum kc_reason reason)
{
	return reason != KC_HOLDS && reason != KC_NO_SUCH_SYMBOL && reason != KC_BAD_VALUE &&
	       reason != KC_LATER_LINE;
}

static void say(struct chain *x, int depth, const char *fmt, ...) PRINTF(3, 4);
static void say(struct chain *x, int depth, const char *fmt, ...)
{
	auto_free char *words = NULL;
	va_list ap;

	if (x->lines->n > MAX_LINES)
		return;
	if (x->lines->n == MAX_LINES) {
		strv_add(x->lines, "...");
		return;
	}
	va_start(ap, fmt);
	words = xvasprintf(fmt, ap);
	va_end(ap);
	strv_addf(x->lines, "%*s%s", 2 * depth, "", words);
}

/* " (file:line)", or "" where no line asked. */
static char *place(const struct chain *x, const struct kc_sym *s)
{
	const struct kc_wish *w = s->name ? kc_last_wish(x->all, s->name) : NULL;

	return w ? xasprintf(" (%s:%d)", w->pos.file, w->pos.line) : xstrdup("");
}

static bool told(struct chain *x, const struct kc_sym *s)
{
	for (size_t i = 0; i < x->told.n; i++)
		if (x->told.v[i] == s)
			return true;
	vec_push(&x->told, s);
	return false;
}

/* Who selects s with at least the value want, or (want n) could; as "A, B and 3 more". */
static void add_selectors(struct kc_conf *c, const struct kc_expr *e, enum kc_tri want, size_t *n,
			  struct str *out)
{
	if (!e)
		return;
	if (e->op == KC_OR) {
		add_selectors(c, e->left.expr, want, n, out);
		add_selectors(c, e->right.expr, want, n, out);
		return;
	}
	if (kc_eval(c, e) < want)
		return;
	while (e->op == KC_AND)
		e = e->left.expr;
	if (e->op != KC_SYM || !e->left.sym->name)
		return;
	if (++*n <= MAX_NAMES)
		str_addf(out, "%s%s", *n > 1 ? ", " : "", e->left.sym->name);
}

char *kc_selectors(struct kc_conf *c, const struct kc_sym *s, enum kc_tri want)
{
	struct str out = { 0 };
	size_t n = 0;

	add_selectors(c, s->rev_dep, want, &n, &out);
	if (n > MAX_NAMES)
		str_addf(&out, " and %zu more", n - MAX_NAMES);
	return str_take(&out);
}

static void say_symbol(struct chain *x, struct kc_sym *s, enum kc_tri want, int depth);

struct values {
	struct kc_conf *c;
	struct str text;
};

static void add_piece(void *ctx, const struct kc_sym *s, const char *text)
{
	struct values *v = ctx;

	str_adds(&v->text, text);
	if (s && !(s->flags & KC_CONST) && s->type != KC_UNKNOWN)
		str_addf(&v->text, " [=%s]", kc_value_text(v->c, s));
}

/* An expression with the values of its symbols, but not of constants. */
static char *with_values(struct kc_conf *c, const struct kc_expr *e)
{
	struct values v = { .c = c };

	kc_eval(c, e);
	kc_expr_print(e, add_piece, &v);
	return str_take(&v.text);
}

/* Those operands of e that are below want. */
static void say_blockers(struct chain *x, const struct kc_expr *e, enum kc_tri want, int depth)
{
	auto_free char *text = NULL;

	if (!e || kc_eval(x->c, e) >= want)
		return;
	switch (e->op) {
	case KC_AND:
		say_blockers(x, e->left.expr, want, depth);
		say_blockers(x, e->right.expr, want, depth);
		return;
	case KC_SYM:
		say_symbol(x, e->left.sym, want, depth);
		return;
	case KC_OR:
		text = with_values(x->c, e);
		say(x, depth, "needs one of: %s", text);
		return;
	default:
		text = with_values(x->c, e);
		say(x, depth, "needs %s", text);
	}
}

/* The prompt that comes nearest to being visible. */
static const struct kc_prop *best_prompt(struct kc_conf *c, const struct kc_sym *s)
{
	const struct kc_prop *best = NULL;
	enum kc_tri most = KC_N;

	for (const struct kc_prop *p = s->prop; p; p = p->next) {
		enum kc_tri tri;

		if (!p->text)
			continue;
		tri = kc_eval(c, p->cond);
		if (!best || tri > most) {
			best = p;
			most = tri;
		}
	}
	return best;
}

/* What stands in the way of being visible. */
static void say_prompt(struct chain *x, const struct kc_sym *s, enum kc_tri want, int depth)
{
	const struct kc_prop *p = best_prompt(x->c, s);

	if (p->cond && p->cond->op == KC_SYM && p->cond->left.sym == x->c->tree->no)
		say(x, depth,
		    "its dependencies at %s:%d are n whatever is set: so a command answered "
		    "(a compiler's test, say)",
		    p->menu->pos.file, p->menu->pos.line);
	else
		say_blockers(x, p->cond, want, depth);
}

static const struct kc_sym *other_member(struct kc_conf *c, const struct kc_sym *s)
{
	const struct kc_members *all = s->choice ? s->choice->members : NULL;

	for (size_t i = 0; all && i < all->n; i++)
		if (all->v[i] != s && kc_tri_of(c, all->v[i]) == KC_Y)
			return all->v[i];
	return NULL;
}

static void say_no_prompt(struct chain *x, const struct kc_sym *s, int depth)
{
	auto_free char *who = kc_selectors(x->c, s, KC_N);

	if (*who)
		say(x, depth, "%s has no prompt; it is set by what selects it: %s", s->name, who);
	else
		say(x, depth, "%s has no prompt; it is set by its default alone", s->name);
}

/* Why s is below want. A symbol that a line asked for goes no deeper: that line has its own report. */
static void say_symbol(struct chain *x, struct kc_sym *s, enum kc_tri want, int depth)
{
	const struct kc_wish *asked = s->name ? kc_last_wish(x->all, s->name) : NULL;
	const char *name = s->name ? s->name : "<choice>";
	const struct kc_sym *other;

	if (s == x->c->tree->mod)
		say(x, depth, "can be m at most");
	if (s->flags & KC_CONST || told(x, s))
		return;
	kc_calc(x->c, s);
	if (s->type == KC_UNKNOWN) {
		say(x, depth, "needs %s, which this tree does not have for this architecture",
		    name);
		return;
	}
	if (asked) {
		say(x, depth, "needs %s, which is %s %s at %s:%d", name, kc_value_text(x->c, s),
		    str_eq(asked->value, kc_value_text(x->c, s)) ? "as asked for"
								 : "although asked for",
		    asked->pos.file, asked->pos.line);
		return;
	}
	say(x, depth, "needs %s, which is %s", name, kc_value_text(x->c, s));
	if (depth >= MAX_DEPTH || !kc_is_tri(s))
		return;
	other = other_member(x->c, s);
	if (kc_v(x->c, s)->visible >= want && other)
		say(x, depth + 1, "of its choice %s is y", other->name);
	else if (kc_v(x->c, s)->visible >= want)
		return; /* one line would do */
	else if (!kc_has_prompt(s))
		say_no_prompt(x, s, depth + 1);
	else
		say_prompt(x, s, want, depth + 1);
}

static enum kc_tri wanted_tri(const struct kc_wish *w)
{
	return *w->value == 'y' ? KC_Y : *w->value == 'm' ? KC_M : KC_N;
}

static enum kc_reason too_low(struct chain *x, struct kc_sym *s, enum kc_tri want)
{
	const struct kc_value *v = kc_v(x->c, s);
	const struct kc_sym *other = other_member(x->c, s);

	if (!kc_has_prompt(s)) {
		say_no_prompt(x, s, 0);
		return KC_NO_PROMPT;
	}
	if (v->visible >= want && other) {
		auto_free char *at = place(x, other);

		say(x, 0, "of its choice '%s' %s is y%s",
		    s->choice->prompt ? s->choice->prompt->text : "", other->name, at);
		return KC_OTHER_MEMBER;
	}
	say_prompt(x, s, want, 0);
	return v->visible == KC_N ? KC_NOT_VISIBLE : KC_LIMITED;
}

static bool can_be_other(struct kc_conf *c, const struct kc_sym *s)
{
	const struct kc_members *all = s->choice->members;

	for (size_t i = 0; i < all->n; i++)
		if (all->v[i] != s && kc_v(c, all->v[i])->visible != KC_N)
			return true;
	return false;
}

static enum kc_reason too_high(struct chain *x, struct kc_sym *s, enum kc_tri want)
{
	const struct kc_value *v = kc_v(x->c, s);
	auto_free char *who = kc_selectors(x->c, s, want + 1);

	if (v->rev > want) {
		say(x, 0, "%s is selected by %s", s->name, who);
		return KC_FORCED;
	}
	if (want == KC_M && !x->c->modules) {
		say(x, 0, "MODULES is n: nothing can be m");
		return KC_NO_MODULES;
	}
	if (s->choice) {
		say(x, 0, "its choice must have a member: ask for another one%s",
		    can_be_other(x->c, s) ? "" : ", but none can be had");
		return KC_FORCED;
	}
	if (!kc_has_prompt(s)) {
		say_no_prompt(x, s, 0);
		return KC_NO_PROMPT;
	}
	say_prompt(x, s, KC_M, 0);
	say(x, 0, "while it is not visible its default holds");
	return KC_NOT_VISIBLE;
}

static bool holds(const struct kc_conf *c, const struct kc_sym *s, const struct kc_wish *w)
{
	const char *now = kc_value_text(c, s);
	auto_free char *text = NULL;

	if (kc_is_tri(s))
		return strchr("ymn", *w->value) && *w->value && wanted_tri(w) == kc_tri_of(c, s);
	/* "is not set" of a number or a string: it has no line */
	if (str_eq(w->value, "n") && s->type != KC_STRING)
		return !(kc_v(c, s)->flags & KC_WRITE);
	if (s->type != KC_STRING)
		return str_eq(now, w->value);
	text = kc_unquoted(w->value);
	return text && str_eq(text, now);
}

bool kc_holds(struct kc_conf *c, const struct kc_wish *w)
{
	struct kc_sym *s = kc_sym_find(c->tree, w->name);

	if (!s || !s->defs)
		return str_eq(w->value, "n");
	kc_calc(c, s);
	return holds(c, s, w);
}

static bool ends_quoted(const char *value)
{
	for (value++; *value && *value != '"'; value++)
		if (*value == '\\' && value[1])
			value++;
	return *value;
}

static enum kc_reason text_reason(struct chain *x, struct kc_sym *s, const struct kc_wish *w)
{
	if (s->type == KC_UNKNOWN) {
		say(x, 0, "%s has no type: it has no value", s->name);
		return KC_BAD_VALUE;
	}
	if (s->type == KC_STRING && (*w->value != '"' || !ends_quoted(w->value))) {
		say(x, 0, "%s is a string: its value wants quotes, \"%s\"", s->name, w->value);
		return KC_BAD_VALUE;
	}
	if (!kc_text_valid(s->type, w->value) && s->type != KC_STRING) {
		say(x, 0, "%s is %s number, and '%s' is none", s->name,
		    s->type == KC_INT ? "a decimal" : "a hexadecimal", w->value);
		return KC_BAD_VALUE;
	}
	if (!kc_has_prompt(s)) {
		say(x, 0, "%s has no prompt; it is set by its default alone", s->name);
		return KC_NO_PROMPT;
	}
	if (kc_v(x->c, s)->visible == KC_N) {
		say_prompt(x, s, KC_M, 0);
		return KC_NOT_VISIBLE;
	}
	if (!kc_text_allowed(x->c, s, w->value)) {
		const struct kc_prop *range = kc_active(x->c, s, KC_P_RANGE);
		auto_str struct str text = { 0 };

		if (range)
			kc_add_expr_values(x->c, &text, range->expr);
		say(x, 0, "its range is %s", str_c(&text));
	}
	return KC_OUT_OF_RANGE;
}

void kc_near_names(const struct kc_tree *t, const char *name, struct strv *ret)
{
	const size_t n = strlen(name);
	size_t max = MIN(n / 5 + 1, (size_t)MAX_ERRORS);
	struct {
		const char **v;
		size_t n, cap;
	} near[MAX_ERRORS + 1] = { 0 }; /* by distance */

	/* no name of a symbol, nor near one */
	if (n > MAX_NAME || strpbrk(name, " \t\n"))
		return;
	for (uint32_t i = 0; i < t->n_syms; i++) {
		const struct kc_sym *s = t->by_id[i];
		size_t distance = max + 1;

		if (s->name && s->defs && !kc_is_choice(s))
			distance = str_near(name, n, s->name, max);
		if (distance <= max && near[distance].n < MAX_NEAR)
			vec_push(&near[distance], s->name);
	}
	for (size_t distance = 0; distance <= max; distance++) {
		for (size_t i = 0; i < near[distance].n && ret->n < MAX_NEAR; i++)
			strv_add(ret, near[distance].v[i]);
		free(near[distance].v);
	}
}

static enum kc_reason reason_of(struct chain *x, struct kc_sym *s, const struct kc_wish *w)
{
	const struct kc_wish *last = kc_last_wish(x->all, w->name);

	if (last && last != w && !str_eq(last->value, w->value)) {
		say(x, 0, "%s:%d asks for %s", last->pos.file, last->pos.line, last->value);
		return KC_LATER_LINE;
	}
	if (!kc_is_tri(s))
		return text_reason(x, s, w);
	if (!*w->value || !strchr("ymn", *w->value)) {
		say(x, 0, "%s is a %s: its value is y%s or n", s->name, kc_type_name(s->type),
		    s->type == KC_TRISTATE ? ", m" : "");
		return KC_BAD_VALUE;
	}
	if (s->type == KC_BOOL && wanted_tri(w) == KC_M) {
		say(x, 0, "%s is a bool: it cannot be m", s->name);
		return KC_BAD_VALUE;
	}
	if (wanted_tri(w) > kc_tri_of(x->c, s))
		return too_low(x, s, wanted_tri(w));
	return too_high(x, s, wanted_tri(w));
}

void kc_explain(struct kc_conf *c, const struct kc_wish *w, const struct kc_wishes *all,
		struct kc_explanation *ret)
{
	struct kc_sym *s = kc_sym_find(c->tree, w->name);
	struct chain x = { .c = c, .all = all, .lines = &ret->lines };

	*ret = (struct kc_explanation){ 0 };
	if (!s || !s->defs) {
		ret->reason = str_eq(w->value, "n") ? KC_HOLDS : KC_NO_SUCH_SYMBOL;
		if (ret->reason != KC_HOLDS)
			kc_near_names(c->tree, w->name, &ret->near);
		return;
	}
	kc_calc(c, s);
	ret->now = kc_quoted_value(c, s);
	ret->reason = holds(c, s, w) ? KC_HOLDS : reason_of(&x, s, w);
	free(x.told.v);
}

void kc_explanation_release(struct kc_explanation *e)
{
	free(e->now);
	strv_release(&e->lines);
	strv_release(&e->near);
	*e = (struct kc_explanation){ 0 };
}

static const char *const origin_names[] = {
	[KC_BY_NOTHING] = "nothing", [KC_BY_USER] = "user",   [KC_BY_DEFAULT] = "default",
	[KC_BY_SELECT] = "select",   [KC_BY_IMPLY] = "imply", [KC_BY_CHOICE] = "choice",
	[KC_BY_RANGE] = "range",
};

const char *kc_origin_name(enum kc_origin origin)
{
	return origin_names[origin];
}

static enum kc_origin tri_origin(struct kc_conf *c, struct kc_sym *s,
				 const struct kc_prop **ret_prop)
{
	const struct kc_value *v = kc_v(c, s);
	const bool plain = c->tree->dialect.plain_choices;
	enum kc_origin origin = KC_BY_NOTHING;
	enum kc_tri tri = KC_N;

	if (s->choice && (plain || v->visible == KC_Y))
		return KC_BY_CHOICE;
	if (v->visible != KC_N && v->flags & KC_USER) {
		tri = kc_and(v->user_tri, v->visible);
		origin = KC_BY_USER;
	} else {
		const struct kc_prop *p = kc_active(c, s, KC_P_DEFAULT);

		if (p) {
			tri = kc_and(kc_eval(c, p->expr), kc_eval(c, p->cond));
			origin = KC_BY_DEFAULT;
			*ret_prop = p;
		}
		if (kc_and(v->implied, v->dir) > tri) {
			tri = kc_and(v->implied, v->dir);
			origin = KC_BY_IMPLY;
		}
	}
	return v->rev > tri ? KC_BY_SELECT : origin;
}

enum kc_origin kc_origin_of(struct kc_conf *c, struct kc_sym *s, const struct kc_prop **ret_prop)
{
	const struct kc_value *v = kc_v(c, s);
	const struct kc_prop *p;

	*ret_prop = NULL;
	if (kc_is_tri(s))
		return tri_origin(c, s, ret_prop);
	if (v->visible != KC_N && v->flags & KC_USER) {
		if (str_eq(v->text, v->user_text))
			return KC_BY_USER;
		*ret_prop = kc_active(c, s, KC_P_RANGE);
		return KC_BY_RANGE;
	}
	p = kc_active(c, s, KC_P_DEFAULT);
	*ret_prop = p;
	return p ? KC_BY_DEFAULT : KC_BY_NOTHING;
}
