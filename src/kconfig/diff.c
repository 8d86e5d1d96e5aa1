/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a configuration asks for is what savedefconfig keeps of it: the rest would hold anyway. So the lines that turn A
 * into B are those that B keeps and A does not have, and for what only A keeps B's value, where A's would have a say
 * in B. Which lines of A stay under them is a question of its own: all of its file, or those that it keeps. Both are
 * tried; the result is worked out and compared with B, and what differs still is asked for too, or remains.
 */
#include "kconfig/diff.h"

#include "kconfig/confline.h"
#include "kconfig/dotconfig.h"
#include "kconfig/modes.h"
#include "kconfig/origin.h"

#include <stdlib.h>
#include <strings.h>

#define MAX_ROUNDS 4
/* up to so many lines each is left out once, to see whether it is needed */
#define MAX_TRIED 100

struct attempt {
	struct kc_conf *a, *b;
	const struct kc_files *f;
	bool on_file;
	struct str base;	     /* the lines of A that stay */
	struct dotconfig of_a, of_b; /* what they ask for */
	bool *asked;		     /* by kc_sym.id */
	size_t n;
	struct kc_conf *start, *end; /* the base alone, and with the lines */
};

static const char *const kind_names[] = {
	[KC_ASKED] = "asked",
	[KC_FOLLOWED] = "followed",
	[KC_REMAINS] = "remains",
};

const char *kc_diff_kind_name(enum kc_diff_kind kind)
{
	return kind_names[kind];
}

struct kc_conf *kc_conf_from_text(const struct kc_tree *tree, const struct kc_files *f,
				  const struct str *text)
{
	struct kc_conf *c = kc_conf_new(tree, NULL, NULL);
	auto_str struct str written = { 0 };

	kc_conf_read_text(c, f, text, "");
	kc_conf_check_read(c, 0);
	kc_fill(c, KC_FILL_DEFAULT, NULL);
	/* worked out in the order of the file: old choices depend on it */
	kc_conf_text(c, f->prefix, &written);
	return c;
}

static bool has_value(const struct kc_conf *c, const struct kc_sym *s)
{
	return kc_is_tri(s) || kc_v(c, s)->flags & KC_WRITE;
}

/* The digits that count: numbers may be longer than any type. */
static const char *digits(const char *text, bool hex, bool *ret_minus)
{
	*ret_minus = *text == '-';
	text += *ret_minus;
	if (hex && text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		text += 2;
	while (*text == '0' && text[1])
		text++;
	return text;
}

static bool same_number(const char *a, const char *b, bool hex)
{
	bool minus_a, minus_b;
	const char *x = digits(a, hex, &minus_a), *y = digits(b, hex, &minus_b);

	return *x && strcasecmp(x, y) == 0 && (minus_a == minus_b || str_eq(x, "0"));
}

bool kc_same_value(const struct kc_conf *a, const struct kc_conf *b, const struct kc_sym *s)
{
	const char *x = kc_value_text(a, s), *y = kc_value_text(b, s);

	if (has_value(a, s) != has_value(b, s))
		return false;
	if (!has_value(a, s) || str_eq(x, y))
		return true;
	return (s->type == KC_HEX || s->type == KC_INT) && same_number(x, y, s->type == KC_HEX);
}

char *kc_file_value(const struct kc_conf *c, const struct kc_sym *s)
{
	return has_value(c, s) ? kc_quoted_value(c, s) : NULL;
}

/* Symbols in the order of the menu, each once. */
static void list_symbols(const struct kc_tree *t, struct kc_sym **ret, size_t *ret_n)
{
	auto_free bool *seen = xcalloc(t->n_syms, sizeof(bool));
	const struct kc_menu *root = t->root;
	size_t n = 0;

	for (const struct kc_menu *m = kc_menu_next(root, root); m; m = kc_menu_next(m, root)) {
		struct kc_sym *s = m->sym;

		if (!s || kc_is_choice(s) || !s->name || s->type == KC_UNKNOWN || seen[s->id] ||
		    s->flags & (KC_NO_WRITE | KC_TRANSITIONAL))
			continue;
		seen[s->id] = true;
		ret[n++] = s;
	}
	*ret_n = n;
}

void kc_conf_kept(const struct kc_conf *c, const char *prefix, struct str *out)
{
	struct kc_conf *copy = kc_conf_copy(c);

	kc_conf_minimal(copy, prefix, out);
	kc_conf_free(copy);
}

/* Old choices of tristates may be m: any member may be then, and each has its own say. */
static bool is_at_m(const struct kc_conf *c, const struct kc_menu *choice)
{
	for (size_t i = 0; i < choice->members->n; i++)
		if (kc_tri_of(c, choice->members->v[i]) == KC_M)
			return true;
	return false;
}

/* A choice is turned by the member that is to be y. */
static struct kc_sym *who_asks(const struct attempt *t, struct kc_sym *s)
{
	if (!s->choice || kc_tri_of(t->b, s) != KC_N || is_at_m(t->b, s->choice))
		return s;
	return kc_choice_chosen(t->b, s->choice);
}

static void ask(struct attempt *t, struct kc_sym *s)
{
	s = who_asks(t, s);
	if (!s || t->asked[s->id] || !has_value(t->b, s))
		return;
	t->asked[s->id] = true;
	t->n++;
}

static bool is_asked_first(const struct attempt *t, struct kc_sym *s)
{
	const bool in_a = map_has(&t->of_a.value, s->name);
	const bool same = kc_same_value(t->a, t->b, s);

	if (map_has(&t->of_b.value, s->name))
		return !in_a || !same;
	return in_a && !same && kc_changeable(t->b, s);
}

/* The base with the lines asked for, but not that of `without`. */
static struct kc_conf *work_out(const struct attempt *t, struct kc_sym *const *syms, size_t n,
				const struct kc_sym *without)
{
	auto_str struct str text = { 0 };

	str_add(&text, str_c(&t->base), t->base.n);
	for (size_t i = 0; i < n; i++)
		if (t->asked[syms[i]->id] && syms[i] != without)
			kc_add_line(t->b, t->f->prefix, syms[i], KC_LINE_CONFIG, &text);
	return kc_conf_from_text(t->b->tree, t->f, &text);
}

static bool all_same(const struct kc_conf *a, const struct kc_conf *b, struct kc_sym *const *syms,
		     size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!kc_same_value(a, b, syms[i]))
			return false;
	return true;
}

/* Asks for what differs still; false: nothing does, or nothing more can be asked for. */
static bool ask_more(struct attempt *t, struct kc_sym *const *syms, size_t n)
{
	size_t before = t->n;

	for (size_t i = 0; i < n; i++)
		if (!kc_same_value(t->end, t->b, syms[i]) && kc_changeable(t->b, syms[i]))
			ask(t, syms[i]);
	return t->n > before;
}

/* Takes back each line without which the result is the same. */
static void leave_out(struct attempt *t, struct kc_sym *const *syms, size_t n)
{
	if (t->n > MAX_TRIED || !all_same(t->end, t->b, syms, n))
		return;
	for (size_t i = 0; i < n; i++) {
		struct kc_conf *c;

		if (!t->asked[syms[i]->id])
			continue;
		c = work_out(t, syms, n, syms[i]);
		if (all_same(c, t->b, syms, n)) {
			t->asked[syms[i]->id] = false;
			t->n--;
			kc_conf_free(t->end);
			t->end = c;
		} else {
			kc_conf_free(c);
		}
	}
}

static void try(struct attempt *t, struct kc_sym *const *syms, size_t n)
{
	auto_str struct str kept = { 0 };

	t->asked = xcalloc(t->a->tree->n_syms, sizeof(bool));
	if (t->on_file)
		kc_conf_text(t->a, t->f->prefix, &t->base);
	else
		kc_conf_kept(t->a, t->f->prefix, &t->base);
	kc_conf_kept(t->b, t->f->prefix, &kept);
	dotconfig_parse(&t->of_a, str_c(&t->base), t->base.n);
	dotconfig_parse(&t->of_b, str_c(&kept), kept.n);
	t->start = kc_conf_from_text(t->a->tree, t->f, &t->base);
	for (size_t i = 0; i < n; i++)
		if (is_asked_first(t, syms[i]))
			ask(t, syms[i]);
	t->end = work_out(t, syms, n, NULL);
	for (int round = 0; round < MAX_ROUNDS && ask_more(t, syms, n); round++) {
		kc_conf_free(t->end);
		t->end = work_out(t, syms, n, NULL);
	}
	leave_out(t, syms, n);
}

static void end(struct attempt *t)
{
	str_release(&t->base);
	dotconfig_release(&t->of_a);
	dotconfig_release(&t->of_b);
	free(t->asked);
	kc_conf_free(t->start);
	kc_conf_free(t->end);
}

/* Why it is no longer what it was: what gave it that value is no more, or it cannot be seen. */
static char *lost_cause(struct attempt *t, struct kc_sym *s)
{
	const struct kc_prop *p;
	enum kc_origin origin = kc_origin_of(t->start, s, &p);
	auto_free char *was = NULL, *value = kc_file_value(t->start, s);
	const struct kc_wishes none = { 0 };
	struct kc_explanation e;
	char *words;

	if (origin != KC_BY_USER && origin != KC_BY_NOTHING && origin != KC_BY_CHOICE) {
		was = kc_origin_words(t->start, s, origin, p);
		return xasprintf("no longer: %s", was);
	}
	const struct kc_wish wish = { .name = s->name, .value = value ? value : "n" };
	kc_explain(t->end, &wish, &none, &e);
	words = xstrdup(e.lines.n      ? e.lines.v[0]
			: kc_is_tri(s) ? "nothing asks for it"
				       : "it has no value");
	kc_explanation_release(&e);
	return words;
}

static char *cause_of(struct attempt *t, struct kc_sym *s, int *ret_origin)
{
	const struct kc_prop *p;
	enum kc_origin origin = kc_origin_of(t->end, s, &p);

	*ret_origin = origin;
	if (origin == KC_BY_USER && kc_is_tri(s) && kc_tri_of(t->b, s) < kc_tri_of(t->a, s))
		return xasprintf("A asks for it too, and it can be no more than %s now",
				 kc_value_text(t->b, s));
	if (origin == KC_BY_USER)
		return xstrdup("A asks for it too, and now it can be had");
	if (origin == KC_BY_NOTHING)
		return lost_cause(t, s);
	return kc_origin_words(t->end, s, origin, p);
}

static char *line_of(const struct attempt *t, const struct kc_sym *s)
{
	struct str out = { 0 };

	kc_add_line(t->b, t->f->prefix, s, KC_LINE_CONFIG, &out);
	if (out.n)
		out.s[--out.n] = '\0';
	return str_take(&out);
}

static void add(struct attempt *t, struct kc_sym *s, struct kc_diff *ret)
{
	struct kc_difference d = { .sym = s, .origin = KC_BY_USER };

	if (!kc_same_value(t->end, t->b, s))
		d.kind = KC_REMAINS;
	else if (t->asked[s->id])
		d.kind = KC_ASKED;
	else if (kc_same_value(t->a, t->b, s))
		return;
	else
		d.kind = KC_FOLLOWED;
	d.a = kc_file_value(t->a, s);
	d.b = kc_file_value(t->b, s);
	d.line = t->asked[s->id] ? line_of(t, s) : NULL;
	if (d.kind == KC_FOLLOWED)
		d.cause = cause_of(t, s, &d.origin);
	ret->n[d.kind]++;
	vec_push(&ret->all, d);
}

static size_t remaining(const struct attempt *t, struct kc_sym *const *syms, size_t n)
{
	size_t all = 0;

	for (size_t i = 0; i < n; i++)
		all += !kc_same_value(t->end, t->b, syms[i]);
	return all;
}

/* Whether the second way is the better one: less remains, or the same with fewer lines. */
static bool is_better(const struct attempt *t, const struct attempt *other,
		      struct kc_sym *const *syms, size_t n)
{
	size_t ours = remaining(t, syms, n), theirs = remaining(other, syms, n);

	return theirs < ours || (theirs == ours && other->n < t->n);
}

void kc_diff_make(struct kc_conf *a, struct kc_conf *b, const struct kc_files *f, bool on_file,
		  struct kc_diff *ret)
{
	auto_free struct kc_sym **syms = xcalloc(a->tree->n_syms, sizeof(struct kc_sym *));
	struct attempt whole = { .a = a, .b = b, .f = f, .on_file = true };
	struct attempt kept = { .a = a, .b = b, .f = f };
	struct attempt *best = &whole;
	size_t n;

	*ret = (struct kc_diff){ 0 };
	list_symbols(a->tree, syms, &n);
	try(&whole, syms, n);
	if (!on_file) {
		try(&kept, syms, n);
		if (is_better(&whole, &kept, syms, n))
			best = &kept;
	}
	ret->on_file = best->on_file;
	for (size_t i = 0; i < n; i++)
		add(best, syms[i], ret);
	end(&whole);
	end(&kept);
}

void kc_diff_release(struct kc_diff *d)
{
	for (size_t i = 0; i < d->all.n; i++) {
		free(d->all.v[i].a);
		free(d->all.v[i].b);
		free(d->all.v[i].line);
		free(d->all.v[i].cause);
	}
	free(d->all.v);
	*d = (struct kc_diff){ 0 };
}
