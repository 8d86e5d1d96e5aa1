/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kconfig/fix.h"

#include "kconfig/conffile.h"
#include "kconfig/encode.h"
#include "kconfig/explain.h"

#define MAX_TRIES  4
#define MAX_CLASH  8
#define MAX_SHRUNK 32

/* A wish that counts: no later one is about the same symbol. */
struct goal {
	const struct kc_wish *wish;
	int lit;   /* it holds */
	int other; /* there is another line for its symbol; SAT_FALSE: there cannot be */
	bool holds;
};

struct kc_fixer {
	const struct kc_conf *asked;
	struct sat *sat;
	struct kc_encoding *encoding;
	bool *fixed; /* by sym id: a wish speaks of it */
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
		if (kc_holds(c, w) || !w->optional)
			vec_push(&f->goals, ((struct goal){ .wish = w, .holds = kc_holds(c, w) }));
	}
}

static int other_line(const struct kc_fixer *f, const struct kc_wish *w)
{
	const struct kc_changes *all = kc_encoded_changes(f->encoding);

	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].fixed && str_eq(all->v[i].sym->name, w->name))
			return all->v[i].on;
	return SAT_FALSE;
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

		g->other = other_line(f, g->wish);
		sat_clause(f->sat, -f->keep, -g->other, 0);
	}
}

int kc_fixer_new(struct kc_conf *c, const struct kc_conf *asked, const struct kc_wishes *all,
		 struct kc_fixer **ret, struct err *err)
{
	struct kc_fixer *f = xnew(struct kc_fixer);
	int r = sat_new(&f->sat, err);

	if (r < 0) {
		free(f);
		return r;
	}
	f->asked = asked;
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
		if (on && m && change->sym->type == KC_TRISTATE)
			vec_push(&same, y ? change->to.y : -change->to.y);
	}
	if (sat_solve(f->sat, &same) == SAT_YES)
		read_lines(f, ret);
	free(same.v);
}

/* Whether the lines do on the configuration itself what they do in the encoding. */
static bool proves(const struct kc_fixer *f, const struct kc_fix *fix, const bool *wanted)
{
	struct kc_conf *c = kc_conf_copy(f->asked);
	bool good = true;

	for (size_t i = 0; i < fix->lines.n; i++)
		kc_conf_take(c, fix->lines.v[i].sym, fix->lines.v[i].tri);
	kc_invalidate(c);
	for (size_t i = 0; i < f->goals.n && good; i++)
		if (wanted[i])
			good = kc_holds(c, f->goals.v[i].wish);
	kc_conf_free(c);
	return good;
}

/* Not these lines once more, whatever else is added to them. */
static void exclude(struct kc_fixer *f, const struct kc_fix *fix)
{
	const struct kc_changes *all = kc_encoded_changes(f->encoding);
	struct sat_lits not = { 0 };

	for (size_t i = 0; i < fix->lines.n; i++)
		for (size_t j = 0; j < all->n; j++)
			if (all->v[j].sym == fix->lines.v[i].sym)
				vec_push(&not, -all->v[j].on);
	if (not .n)
		sat_clause_of(f->sat, &not );
	free(not .v);
}

/* wanted: by index into goals, those that must hold; hard says the same. */
static enum sat_answer find_lines(struct kc_fixer *f, const struct sat_lits *hard,
				  const bool *wanted, bool y, struct kc_fix *ret)
{
	enum sat_answer answer = SAT_GAVE_UP;

	ret->answer = KC_FIX_UNSURE;
	for (int i = 0; i < MAX_TRIES && ret->answer != KC_FIX_FOUND; i++) {
		answer = fewest(f, hard);
		if (answer != SAT_YES)
			break;
		prefer(f, hard, y, ret);
		if (proves(f, ret, wanted))
			ret->answer = KC_FIX_FOUND;
		else
			exclude(f, ret);
	}
	if (answer == SAT_NO && ret->answer != KC_FIX_FOUND && !ret->lines.n)
		ret->answer = KC_FIX_NONE;
	if (ret->answer != KC_FIX_FOUND)
		ret->lines.n = 0;
	return answer;
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

void kc_fix_one(struct kc_fixer *f, const struct kc_wish *w, struct kc_fix *ret)
{
	bool *wanted = xcalloc(f->goals.n + 1, sizeof(*wanted));
	const struct goal *goal = NULL;
	struct sat_lits hard = { 0 };

	*ret = (struct kc_fix){ .answer = KC_FIX_NONE };
	vec_push(&hard, f->keep);
	for (size_t i = 0; i < f->goals.n; i++) {
		if (f->goals.v[i].wish == w)
			goal = &f->goals.v[i];
		wanted[i] = f->goals.v[i].holds || f->goals.v[i].wish == w;
	}
	if (goal && goal->lit != SAT_FALSE) {
		vec_push(&hard, goal->lit);
		find_lines(f, &hard, wanted, *w->value != 'm', ret);
		if (ret->answer == KC_FIX_NONE)
			find_clash(f, goal, ret);
	}
	free(hard.v);
	free(wanted);
}

/* Marks, of the goals that do not hold, as many as can be had at once, and adds them to hard. */
static enum sat_answer choose_goals(struct kc_fixer *f, struct sat_lits *hard, bool *wanted)
{
	struct sat_lits lost = { 0 };
	enum sat_answer answer;

	for (size_t i = 0; i < f->goals.n; i++)
		if (!f->goals.v[i].holds && f->goals.v[i].lit != SAT_FALSE)
			vec_push(&lost, -f->goals.v[i].lit);
	answer = sat_minimize(f->sat, hard, &lost);
	for (size_t i = 0; i < f->goals.n; i++) {
		const struct goal *g = &f->goals.v[i];

		wanted[i] = g->holds ||
			    (answer == SAT_YES && g->lit != SAT_FALSE && sat_holds(f->sat, g->lit));
	}
	free(lost.v);
	return answer;
}

void kc_fix_all(struct kc_fixer *f, struct kc_fix *ret)
{
	bool *wanted = xcalloc(f->goals.n + 1, sizeof(*wanted));
	struct sat_lits hard = { 0 };

	*ret = (struct kc_fix){ .answer = KC_FIX_UNSURE };
	vec_push(&hard, f->keep);
	if (choose_goals(f, &hard, wanted) == SAT_YES) {
		for (size_t i = 0; i < f->goals.n; i++)
			if (wanted[i] && !f->goals.v[i].holds)
				vec_push(&hard, f->goals.v[i].lit);
		find_lines(f, &hard, wanted, true, ret);
	}
	for (size_t i = f->goals.n; i-- > 0;)
		if (!wanted[i])
			vec_push(&ret->clash, f->goals.v[i].wish);
	free(hard.v);
	free(wanted);
}
