/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fewest lines that make a wish hold, on small trees made up at random, held against all sets of lines there are.
 * TEST_SEED names the first of the trees, TEST_TREES how many of them are tried.
 */
#include "unit.h"

#include "kconfig/conffile.h"
#include "kconfig/explain.h"
#include "kconfig/fix.h"

#define SYMBOLS	    7
#define CHOICE_FROM 4 /* the last three are members of a choice in every second tree */

static uint64_t seed;

static unsigned any(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(seed >> 33) % n;
}

/* A condition that speaks of symbols below i. */
static void add_cond(struct str *out, unsigned i)
{
	unsigned n = 1 + any(2);

	for (unsigned k = 0; k < n; k++) {
		str_adds(out, k ? any(2) ? " && " : " || " : "");
		switch (any(i > 1 ? 6 : 4)) {
		case 0:
			str_addf(out, "S%u = %c", any(i), "nmy"[any(3)]);
			break;
		case 5:
			str_addf(out, "NUMBER %s %u", any(2) ? ">" : "=", any(4));
			break;
		case 1:
			str_addf(out, "!S%u", any(i));
			break;
		default:
			str_addf(out, "S%u", any(i));
		}
	}
}

static void add_symbol(struct str *out, unsigned i, bool member, bool tristate)
{
	bool prompt = member || any(5);

	str_addf(out, "config S%u\n\t%s%s\n", i, tristate ? "tristate" : "bool",
		 prompt ? " \"prompt\"" : "");
	if (i && any(3) && !(member && any(2))) {
		str_adds(out, "\tdepends on ");
		add_cond(out, i);
		str_adds(out, "\n");
	}
	if (!member && !any(3)) {
		str_addf(out, "\tdefault %c", "nmy"[any(3)]);
		str_adds(out, i && any(2) ? " if " : "\n");
		if (out->s[out->n - 1] != '\n') {
			add_cond(out, i);
			str_adds(out, "\n");
		}
	}
	if (!member && i + 1 < CHOICE_FROM && !any(2))
		str_addf(out, "\t%s S%u\n", any(3) ? "select" : "imply",
			 i + 1 + any(CHOICE_FROM - i - 1));
}

static void add_number(struct str *out)
{
	static const char *const numbers[] = {
		"config NUMBER\n\tint\n\tdefault 2 if S0\n\tdefault 1 if S1\n\tdefault 0\n",
		"config NUMBER\n\tint \"number\" if S0\n\tdefault 3 if S1\n",
		"config NUMBER\n\tint\n\trange 1 2 if S0\n\trange 2 9\n\tdefault 0 if S1\n\tdefault 3\n",
	};

	str_adds(out, numbers[any(3)]);
}

/* Its members are the last symbols. Only old choices may be tristate, or without a member. */
static void begin_choice(struct str *out, bool old, bool tristate)
{
	str_addf(out, "choice\n\t%s \"one of\"\n", tristate ? "tristate" : "bool");
	if (any(2))
		str_addf(out, "\tdepends on S%u\n", any(CHOICE_FROM));
	if (any(2))
		str_addf(out, "\tdefault S%u\n", CHOICE_FROM + any(3));
	if (old && !any(4))
		str_adds(out, "\toptional\n");
}

static void make_tree(struct str *out, bool old)
{
	bool choice = any(2), tristate = choice && old && any(2);

	str_adds(out, "mainmenu \"small\"\nconfig MODULES\n\tbool \"modules\"\n\tmodules\n");
	for (unsigned i = 0; i < SYMBOLS; i++) {
		bool member = choice && i >= CHOICE_FROM;

		if (choice && i == CHOICE_FROM)
			begin_choice(out, old, tristate);
		add_symbol(out, i, member, member ? tristate : any(2));
		if (i == 1)
			add_number(out);
	}
	if (choice)
		str_adds(out, "endchoice\n");
}

struct small {
	struct kc_tree *tree;
	struct kc_conf *c, *asked;
	struct kc_wishes wishes;
	struct str text; /* of the tree, for failures */
};

/* False: what was made up has a loop of dependencies. */
static bool read_small(struct small *s, int dirfd, const struct kc_dialect *dialect)
{
	struct kc_parse spec = { .dirfd = dirfd, .env = (char *[]){ NULL }, .dialect = dialect };
	auto_close int fd =
		openat(dirfd, "Kconfig", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(write_all(fd, s->text.s, s->text.n), 0);
	return kc_tree_parse(&spec, "Kconfig", &s->tree) == 0;
}

/*
 * A line for a symbol. Members of a choice are never m: beside one that is y, that takes the choice out of the user's
 * hands, and order counts.
 */
static void add_line(struct str *out, const struct small *s, const char *of, bool optional)
{
	auto_free char *name = xasprintf("S%u", any(SYMBOLS));
	char value = of[any((unsigned)strlen(of))];
	bool member = kc_is_member(kc_sym_find(s->tree, name));

	str_addf(out, "CONFIG_%s=%c%s\n", name, member && value == 'm' ? 'y' : value,
		 optional && !any(4) ? " #kiln: optional" : "");
}

/* What the user has, and one to three wishes. */
static void ask(struct small *s, int dirfd)
{
	const struct kc_files files = { .dirfd = dirfd,
					.env = (char *[]){ NULL },
					.prefix = "CONFIG_" };
	auto_str struct str text = { 0 }, parts = { 0 }, result = { 0 };

	for (unsigned i = any(SYMBOLS); i-- > 0;)
		add_line(&text, s, "nmy", false);
	if (any(2))
		str_adds(&text, "CONFIG_MODULES=y\n");
	for (unsigned i = 1 + any(3); i-- > 0;)
		add_line(&parts, s, "nmyyy", true);
	assert_int_equal(kc_part_parse(&s->wishes, &(struct kc_part_spec){ 0 }, parts.s, parts.n,
				       "part", NULL),
			 0);
	str_addf(&s->text, "---\n%s%s", str_c(&text), str_c(&parts));
	for (size_t i = 0; i < s->wishes.n; i++)
		str_addf(&text, "CONFIG_%s=%s\n", s->wishes.v[i].name, s->wishes.v[i].value);
	s->c = kc_conf_new(s->tree, NULL, NULL);
	kc_conf_read_text(s->c, &files, &text, "base");
	s->asked = kc_conf_copy(s->c);
	kc_conf_check_read(s->c, 0);
	kc_conf_text(s->c, "CONFIG_", &result);
}

/* The last wish about its symbol counts. */
static bool counts(const struct small *s, size_t i)
{
	for (size_t j = i + 1; j < s->wishes.n; j++)
		if (str_eq(s->wishes.v[i].name, s->wishes.v[j].name))
			return false;
	return true;
}

struct cost {
	unsigned lowered, lines;
};

/* Of all sets of lines the best: those that hold now hold, and w does. */
struct trial {
	const struct small *s;
	const struct kc_wish *w;
	struct kc_fix_line lines[SYMBOLS + 1];
	size_t n;
	struct kc_sym *free[SYMBOLS + 1];
	size_t n_free;
	bool found;
	struct cost best;
};

static bool does(const struct trial *t)
{
	struct kc_conf *c = kc_conf_copy(t->s->asked);
	bool good;

	for (size_t i = 0; i < t->n; i++)
		kc_conf_take(c, t->lines[i].sym, t->lines[i].tri);
	kc_invalidate(c);
	good = kc_holds(c, t->w);
	/* a line that cannot be is no way, though an old choice may change by it */
	for (size_t i = 0; i < t->n && good; i++) {
		kc_calc(c, t->lines[i].sym);
		good = kc_v(c, t->lines[i].sym)->visible >= kc_or(t->lines[i].tri, KC_M);
	}
	for (size_t i = 0; i < t->s->wishes.n && good; i++)
		if (counts(t->s, i) && kc_holds(t->s->c, &t->s->wishes.v[i]))
			good = kc_holds(c, &t->s->wishes.v[i]);
	kc_conf_free(c);
	return good;
}

static struct cost cost_of(const struct small *s, const struct kc_fix_line *lines, size_t n)
{
	struct cost cost = { 0, (unsigned)n };

	for (size_t i = 0; i < n; i++)
		cost.lowered += lines[i].tri < kc_tri_of(s->c, lines[i].sym);
	return cost;
}

static void try_all(struct trial *t, size_t from)
{
	struct cost cost = cost_of(t->s, t->lines, t->n);

	if (from == t->n_free) {
		if ((!t->found || cost.lowered < t->best.lowered ||
		     (cost.lowered == t->best.lowered && cost.lines < t->best.lines)) &&
		    does(t)) {
			t->found = true;
			t->best = cost;
		}
		return;
	}
	try_all(t, from + 1);
	for (enum kc_tri tri = KC_N; tri <= KC_Y; tri++) {
		/* m for a member may only undo what another one said of an old choice */
		if ((t->free[from]->type == KC_BOOL || kc_is_member(t->free[from])) && tri == KC_M)
			continue;
		t->lines[t->n++] = (struct kc_fix_line){ t->free[from], tri };
		try_all(t, from + 1);
		t->n--;
	}
}

static void best_of_all(struct trial *t)
{
	for (uint32_t i = 0; i < t->s->tree->n_syms; i++) {
		struct kc_sym *s = t->s->tree->by_id[i];
		bool taken = !s->name || !kc_is_tri(s) || s->flags & KC_CONST || !s->defs ||
			     !s->defs->prompt;

		for (size_t j = 0; j < t->s->wishes.n; j++)
			taken |= s->name && str_eq(t->s->wishes.v[j].name, s->name);
		if (!taken)
			t->free[t->n_free++] = s;
	}
	try_all(t, 0);
}

static void check(const struct small *s, struct kc_fixer *f, const struct kc_wish *w)
{
	struct trial t = { .s = s, .w = w };
	struct kc_fix fix;
	struct cost got;

	best_of_all(&t);
	kc_fix_one(f, w, &fix);
	got = cost_of(s, fix.lines.v, fix.lines.n);
	if (t.found != (fix.answer == KC_FIX_FOUND))
		fail_msg("CONFIG_%s=%s: %s, yet %s\n%s", w->name, w->value, kc_fix_name(fix.answer),
			 t.found ? "there is a way" : "there is none", s->text.s);
	if (t.found &&
	    (got.lowered != t.best.lowered || (!got.lowered && got.lines != t.best.lines)))
		fail_msg("CONFIG_%s=%s: %u lines, %u of them lower; %u and %u would do\n%s",
			 w->name, w->value, got.lines, got.lowered, t.best.lines, t.best.lowered,
			 s->text.s);
	kc_fix_release(&fix);
}

static unsigned trees_tried, wishes_tried;

static void one_tree(int dirfd, const struct kc_dialect *dialect)
{
	struct small s = { 0 };
	struct kc_fixer *f;
	auto_err struct err err = { 0 };

	make_tree(&s.text, !dialect->plain_choices);
	if (!read_small(&s, dirfd, dialect)) {
		str_release(&s.text);
		return;
	}
	ask(&s, dirfd);
	assert_done(kc_fixer_new(s.c, s.asked, true, &s.wishes, &f, &err), &err);
	trees_tried++;
	for (size_t i = 0; i < s.wishes.n; i++) {
		struct kc_explanation e;

		kc_explain(s.c, &s.wishes.v[i], &s.wishes, &e);
		if (counts(&s, i) && kc_reason_has_fix(e.reason)) {
			wishes_tried++;
			check(&s, f, &s.wishes.v[i]);
		}
		kc_explanation_release(&e);
	}
	kc_fixer_free(f);
	kc_conf_free(s.asked);
	kc_conf_free(s.c);
	kc_wishes_release(&s.wishes);
	kc_tree_free(s.tree);
	str_release(&s.text);
}

static unsigned number(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text && *text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void fewest_of_all(void **state)
{
	const struct kc_dialect *dialects[] = { &kc_dialect_classic, &kc_dialect_newest };
	auto_close int dirfd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned first = number("TEST_SEED", 1), n = number("TEST_TREES", 150);

	for (unsigned i = first; i < first + n; i++) {
		seed = i;
		any(2);
		one_tree(dirfd, dialects[i % 2]);
	}
	print_message("%u trees, %u wishes that did not hold\n", trees_tried, wishes_tried);
	assert_true(trees_tried * 2 > n && wishes_tried * 4 > n);
}

int main(void)
{
	const struct CMUnitTest tests[] = { scratch_test(fewest_of_all) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
