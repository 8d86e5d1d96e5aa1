/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kconfig/fix.h"

#include "kconfig/conffile.h"
#include "kconfig/encode.h"
#include "kconfig/explain.h"

#define MAX_TRIES   4
#define MAX_DROPPED 16
#define MAX_CLASH   8
#define MAX_SHRUNK  32

/* A wish that counts: no later one is about the same symbol. */
struct goal {
	const struct kc_wish *wish;
	const struct kc_sym *sym;
	int lit;   /* it holds */
	int other; /* there is another line for its symbol; SAT_FALSE: there cannot be */
	bool holds;
	bool optional; /* not sought for its own sake */
};

struct kc_fixer {
	const struct kc_conf *asked;
	struct sat *sat;
	struct kc_encoding *encoding;
	bool *fixed; /* by sym id: a wish speaks of it */
	bool checked;
	int keep; /* all goals that hold go on holding, and no line is about what a wish is about */
	struct {
		struct goal *v;
		size_t n, cap;
	} goals;
};

static const char *const names[] = {
	[KC_FIX_FOUND] = "found",
	[KC_FIX_CLASH] = "clash",
	[KC_FIX_NONE] = "none",
	[KC_FIX_UNSURE] = "unsure",
};

const char *kc_fix_name(enum kc_fix_answer answer)
{
	return names[answer];
}

/* The last wish about each symbol, from behind. */
static void add_goals(struct kc_fixer *f, struct kc_conf *c, const struct kc_wishes *all)
{
	for (size_t i = all->n; i-- > 0;) {
		const struct kc_wish *w = &all->v[i];
		const struct kc_sym *s = kc_sym_find(c->tree, w->name);

		if (!s || f->fixed[s->id])
			continue;
		f->fixed[s->id] = true;
		vec_push(&f->goals, ((struct goal){ .wish = w,
						    .sym = s,
						    .holds = kc_holds(c, w),
						    .optional = w->optional }));
	}
}

static void encode_goals(struct kc_fixer *f)
{
	f->keep = sat_var(f->sat);
	for (size_t i = 0; i < f->goals.n; i++) {
		struct goal *g = &f->goals.v[i];

		g->lit = kc_encode_wish(f->encoding, g->wish);
		/* what holds though it is not seen how is left out */
		if (g->holds && g->lit == SAT_FALSE)
			g->lit = SAT_TRUE;
		if (g->holds)
			sat_clause(f->sat, -f->keep, g->lit, 0);
	}
	for (size_t i = 0; i < f->goals.n; i++) {
		struct goal *g = &f->goals.v[i];
		const struct kc_change *change = kc_encoded_change(f->encoding, g->sym);

		g->other = change ? change->on : SAT_FALSE;
		sat_clause(f->sat, -f->keep, -g->other, 0);
	}
}

int kc_fixer_new(struct kc_conf *c, const struct kc_conf *asked, bool checked,
		 const struct kc_wishes *all, struct kc_fixer **ret, struct err *err)
{
	struct kc_fixer *f = xnew(struct kc_fixer);
	int r = sat_new(&f->sat, err);

	if (r < 0) {
		free(f);
		return r;
	}
	f->asked = asked;
	f->checked = checked;
	f->fixed = xcalloc(c->tree->n_syms, sizeof(*f->fixed));
	add_goals(f, c, all);
	f->encoding = kc_encoding_new(c, asked, f->fixed, f->sat);
	encode_goals(f);
	*ret = f;
	return 0;
}

void kc_fixer_free(struct kc_fixer *f)
{
	if (!f)
		return;
	kc_encoding_free(f->encoding);
	sat_free(f->sat);
	free(f->fixed);
	free(f->goals.v);
	free(f);
}

void kc_fix_release(struct kc_fix *fix)
{
	free(fix->lines.v);
	free(fix->clash.v);
	*fix = (struct kc_fix){ 0 };
}

/* hard, and that what is to be avoided is; with only_needless, as far as the model shows that it can be. */
static struct sat_lits avoiding(const struct kc_fixer *f, const struct sat_lits *hard,
				bool only_needless)
{
	const struct kc_changes *all = kc_encoded_changes(f->encoding);
	struct sat_lits more = { 0 };

	for (size_t i = 0; i < hard->n; i++)
		vec_push(&more, hard->v[i]);
	for (size_t i = 0; i < all->n; i++) {
		int avoid = all->v[i].avoid;

		if (avoid != SAT_FALSE && !all->v[i].fixed &&
		    !(only_needless && sat_holds(f->sat, avoid)))
			vec_push(&more, -avoid);
	}
	return more;
}

/*
 * The fewest lines with none that is to be avoided; where that cannot be, with no more of them than it takes.
 */
static enum sat_answer fewest(struct kc_fixer *f, const struct sat_lits *hard)
{
	const struct kc_changes *all = kc_encoded_changes(f->encoding);
	struct sat_lits more = avoiding(f, hard, false), lines = { 0 }, avoid = { 0 };
	enum sat_answer answer;

	for (size_t i = 0; i < all->n; i++) {
		if (all->v[i].fixed)
			continue;
		vec_push(&lines, all->v[i].on);
		vec_push(&avoid, all->v[i].avoid);
	}
	answer = sat_minimize(f->sat, &more, &lines);
	if (answer == SAT_NO)
		answer = sat_minimize(f->sat, hard, &avoid);
	else
		goto out;
	if (answer == SAT_YES) {
		free(more.v);
		more = avoiding(f, hard, true);
		answer = sat_minimize(f->sat, &more, &lines);
	}
out:
	free(more.v);
	free(lines.v);
	free(avoid.v);
	return answer;
}

/* The lines of the model. */
static void read_lines(const struct kc_fixer *f, struct kc_fix *ret)
{
	const struct kc_changes *all = kc_encoded_changes(f->encoding);

	ret->lines.n = 0;
	for (size_t i = 0; i < all->n; i++) {
		const struct kc_change *change = &all->v[i];
		struct kc_fix_line line = { change->sym, KC_N };

		if (!sat_holds(f->sat, change->on))
			continue;
		if (sat_holds(f->sat, change->to.m))
			line.tri = sat_holds(f->sat, change->to.y) ? KC_Y : KC_M;
		vec_push(&ret->lines, line);
	}
}

/*
 * The model's lines, with y (or m) for each tristate where that does as well: all of them at once, or else as they are
 * in the model.
 */
static void prefer(struct kc_fixer *f, const struct sat_lits *hard, bool y, struct kc_fix *ret)
{
	const struct kc_changes *all = kc_encoded_changes(f->encoding);
	struct sat_lits same = { 0 };

	read_lines(f, ret);
	for (size_t i = 0; i < hard->n; i++)
		vec_push(&same, hard->v[i]);
	for (size_t i = 0; i < all->n; i++) {
		const struct kc_change *change = &all->v[i];
		bool on = sat_holds(f->sat, change->on), m = sat_holds(f->sat, change->to.m);

		vec_push(&same, on ? change->on : -change->on);
		if (on)
			vec_push(&same, m ? change->to.m : -change->to.m);
		if (on && m && change->sym->type == KC_TRISTATE && !kc_is_member(change->sym))
			vec_push(&same, y ? change->to.y : -change->to.y);
	}
	if (sat_solve(f->sat, &same) == SAT_YES)
		read_lines(f, ret);
	free(same.v);
}

/*
 * Whether the lines do on the configuration itself what they do in the encoding; *ret_goal is one that does not hold
 * then.
 */
static bool proves(const struct kc_fixer *f, const struct kc_fix *fix, const bool *wanted,
		   size_t *ret_goal)
{
	struct kc_conf *c = kc_conf_copy(f->asked);
	bool good = true;

	for (size_t i = 0; i < fix->lines.n; i++)
		kc_conf_take(c, fix->lines.v[i].sym, fix->lines.v[i].tri);
	kc_invalidate(c);
	/* old kernels drop what is not visible, or out of range: a value may depend on it */
	if (f->checked && !c->tree->dialect.keep_unsaved)
		kc_conf_check_read(c, 0);
	for (size_t i = 0; i < f->goals.n && good; i++) {
		if (wanted[i])
			good = kc_holds(c, f->goals.v[i].wish);
		*ret_goal = i;
	}
	kc_conf_free(c);
	return good;
}

/* What a line of the fix comes to in the encoding. */
static int line_lit(const struct kc_fixer *f, const struct kc_fix_line *line)
{
	const struct kc_change *change = kc_encoded_change(f->encoding, line->sym);
	int says = line->tri == KC_Y   ? change->to.y
		   : line->tri == KC_M ? sat_and(f->sat, change->to.m, -change->to.y)
				       : -change->to.m;

	return sat_and(f->sat, change->on, says);
}

/* Not these lines once more, whatever else is added to them, while the literal added to hard is assumed. */
static void exclude(struct kc_fixer *f, const struct kc_fix *fix, struct sat_lits *hard)
{
	int guard = sat_var(f->sat);
	struct sat_lits not = { 0 };

	for (size_t i = 0; i < fix->lines.n; i++)
		vec_push(&not, -line_lit(f, &fix->lines.v[i]));
	vec_push(&not, -guard);
	sat_clause_of(f->sat, &not );
	vec_push(hard, guard);
	free(not .v);
}

/* wanted: by index into goals, those that must hold; hard says the same. *ret_goal: one that stood in the way of a proof. */
static void find_lines(struct kc_fixer *f, const struct sat_lits *hard, const bool *wanted, bool y,
		       struct kc_fix *ret, size_t *ret_goal)
{
	struct sat_lits assume = { 0 };
	enum sat_answer answer = SAT_GAVE_UP;

	for (size_t i = 0; i < hard->n; i++)
		vec_push(&assume, hard->v[i]);
	ret->answer = KC_FIX_UNSURE;
	for (int i = 0; i < MAX_TRIES && ret->answer != KC_FIX_FOUND; i++) {
		answer = fewest(f, &assume);
		if (answer == SAT_NO && i == 0 && kc_encoding_is_exact(f->encoding))
			ret->answer = KC_FIX_NONE;
		if (answer != SAT_YES)
			break;
		prefer(f, &assume, y, ret);
		if (!ret->lines.n)
			break;
		if (proves(f, ret, wanted, ret_goal))
			ret->answer = KC_FIX_FOUND;
		else
			exclude(f, ret, &assume);
	}
	if (ret->answer != KC_FIX_FOUND)
		ret->lines.n = 0;
	free(assume.v);
}

/* Assumes of a goal that its line stays and, if it holds, that it goes on to. */
static void assume_goal(const struct goal *g, struct sat_lits *assume)
{
	vec_push(assume, -g->other);
	if (g->holds)
		vec_push(assume, g->lit);
}

static bool goal_failed(const struct kc_fixer *f, const struct goal *g)
{
	return sat_failed(f->sat, -g->other) || (g->holds && sat_failed(f->sat, g->lit));
}

/* Of other goals those beside which this one cannot hold: as few as leaving them out one by one shows. */
static void find_clash(struct kc_fixer *f, const struct goal *wanted, struct kc_fix *ret)
{
	const struct goal **in_way = xcalloc(f->goals.n + 1, sizeof(*in_way));
	struct sat_lits assume = { 0 };
	size_t n = 0;

	vec_push(&assume, wanted->lit);
	vec_push(&assume, -wanted->other);
	for (size_t i = 0; i < f->goals.n; i++)
		if (&f->goals.v[i] != wanted)
			assume_goal(&f->goals.v[i], &assume);
	if (sat_solve(f->sat, &assume) == SAT_NO)
		for (size_t i = 0; i < f->goals.n; i++)
			if (&f->goals.v[i] != wanted && goal_failed(f, &f->goals.v[i]))
				in_way[n++] = &f->goals.v[i];
	for (size_t skip = 0; skip < n && n <= MAX_SHRUNK;) {
		assume.n = 2;
		for (size_t i = 0; i < n; i++)
			if (i != skip)
				assume_goal(in_way[i], &assume);
		if (sat_solve(f->sat, &assume) == SAT_NO)
			memmove(in_way + skip, in_way + skip + 1, (--n - skip) * sizeof(*in_way));
		else
			skip++;
	}
	for (size_t i = 0; i < n && i < MAX_CLASH; i++)
		vec_push(&ret->clash, in_way[i]->wish);
	if (n)
		ret->answer = KC_FIX_CLASH;
	free(assume.v);
	free(in_way);
}

/* The goal that a wish is, or that says the same. */
static struct goal *goal_of(const struct kc_fixer *f, const struct kc_wish *w)
{
	for (size_t i = 0; i < f->goals.n; i++)
		if (str_eq(f->goals.v[i].wish->name, w->name) &&
		    str_eq(f->goals.v[i].wish->value, w->value))
			return &f->goals.v[i];
	return NULL;
}

void kc_fix_one(struct kc_fixer *f, const struct kc_wish *w, struct kc_fix *ret)
{
	bool *wanted = xcalloc(f->goals.n + 1, sizeof(*wanted));
	const struct goal *goal = goal_of(f, w);
	struct sat_lits hard = { 0 };
	size_t unproved;

	*ret = (struct kc_fix){ .answer = KC_FIX_UNSURE };
	vec_push(&hard, f->keep);
	for (size_t i = 0; i < f->goals.n; i++)
		wanted[i] = f->goals.v[i].holds || &f->goals.v[i] == goal;
	if (goal && goal->lit == SAT_FALSE && kc_encoding_is_exact(f->encoding))
		ret->answer = KC_FIX_NONE;
	if (goal && goal->lit != SAT_FALSE) {
		vec_push(&hard, goal->lit);
		find_lines(f, &hard, wanted, *w->value != 'm', ret, &unproved);
		if (ret->answer == KC_FIX_NONE)
			find_clash(f, goal, ret);
	}
	free(hard.v);
	free(wanted);
}

static bool is_sought(const struct goal *g)
{
	return !g->holds && !g->optional && g->lit != SAT_FALSE;
}

/* Marks, of the goals that do not hold, as many as can be had at once. */
static enum sat_answer choose_goals(struct kc_fixer *f, bool *wanted)
{
	const struct sat_lits hard = { .v = &f->keep, .n = 1 };
	struct sat_lits lost = { 0 };
	enum sat_answer answer;

	for (size_t i = 0; i < f->goals.n; i++)
		if (is_sought(&f->goals.v[i]))
			vec_push(&lost, -f->goals.v[i].lit);
	answer = sat_minimize(f->sat, &hard, &lost);
	for (size_t i = 0; i < f->goals.n; i++) {
		const struct goal *g = &f->goals.v[i];

		wanted[i] = g->holds ||
			    (answer == SAT_YES && is_sought(g) && sat_holds(f->sat, g->lit));
	}
	free(lost.v);
	return answer;
}

static void find_wanted(struct kc_fixer *f, const bool *wanted, struct kc_fix *ret,
			size_t *ret_goal)
{
	struct sat_lits hard = { 0 };

	vec_push(&hard, f->keep);
	for (size_t i = 0; i < f->goals.n; i++)
		if (wanted[i] && !f->goals.v[i].holds)
			vec_push(&hard, f->goals.v[i].lit);
	find_lines(f, &hard, wanted, true, ret, ret_goal);
	free(hard.v);
}

void kc_fix_all(struct kc_fixer *f, struct kc_fix *ret)
{
	bool *wanted = xcalloc(f->goals.n + 1, sizeof(*wanted));
	size_t unproved = f->goals.n;

	*ret = (struct kc_fix){ .answer = KC_FIX_UNSURE };
	if (choose_goals(f, wanted) == SAT_YES)
		find_wanted(f, wanted, ret, &unproved);
	/* one that is not as the encoding has it is done without */
	for (int i = 0; i < MAX_DROPPED && ret->answer != KC_FIX_FOUND; i++) {
		if (unproved >= f->goals.n || f->goals.v[unproved].holds || !wanted[unproved])
			break;
		wanted[unproved] = false;
		unproved = f->goals.n;
		find_wanted(f, wanted, ret, &unproved);
	}
	for (size_t i = f->goals.n; i-- > 0;)
		if (!wanted[i] && !f->goals.v[i].optional)
			vec_push(&ret->clash, f->goals.v[i].wish);
	free(wanted);
}
