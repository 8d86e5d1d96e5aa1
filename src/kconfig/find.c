/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The index is one text: name, prompts and help of one entry behind those of another, folded to lower case, each
 * piece with its NUL. A search goes through all of it once for its first word, and for each other word through
 * what is left.
 */
#include "kconfig/find.h"

#define MIN_HELP  3 /* letters: shorter words are in every help */
#define MIN_TYPO  4
#define MAX_LOOKS 4 /* in one text: "the" is everywhere in others */
#define MIN_TWO	  8 /* letters of words in which two may be wrong */

struct item {
	struct kc_sym *sym;
	const struct kc_menu *menu;
	uint32_t name, prompt, help, end; /* where they begin in the text */
};

struct kc_finder {
	struct str text;
	struct {
		struct item *v;
		size_t n, cap;
	} items;
};

/* How a word lies in a text. */
enum fit { NOWHERE, INSIDE, BEGINS, WHOLE };

static const char *const found_names[] = {
	[KC_IN_NAME] = "name",
	[KC_IN_PROMPT] = "prompt",
	[KC_IN_HELP] = "help",
	[KC_IN_TYPO] = "typo",
};

const char *kc_found_name(enum kc_found_in in)
{
	return found_names[in];
}

const struct kc_menu *kc_main_entry(const struct kc_sym *s)
{
	for (const struct kc_menu *m = s->defs; m; m = m->next_def)
		if (m->prompt)
			return m;
	return s->defs;
}

char *kc_menu_path(const struct kc_menu *m)
{
	auto_free char *above = NULL;
	const struct kc_menu *up = m->parent;

	/* the root's prompt is the title of the whole */
	while (up && up->parent && !up->prompt)
		up = up->parent;
	if (!up || !up->parent)
		return xstrdup("");
	above = kc_menu_path(up);
	return xasprintf("%s%s%s", above, *above ? " > " : "", up->prompt->text);
}

/* ASCII alone: a locale must not change what is found. */
static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

static void add_folded(struct str *to, const char *text)
{
	size_t n = strlen(text);
	char *p = str_room(to, n);

	for (size_t i = 0; i < n; i++)
		p[i] = fold(text[i]);
	to->n += n;
}

/* A symbol may be defined in several places, each with words of its own. */
static void add_words(struct str *to, const struct item *it, bool help)
{
	const struct kc_menu *m = it->sym ? it->sym->defs : it->menu;

	for (; m; m = it->sym ? m->next_def : NULL) {
		const char *words = help ? m->help : m->prompt ? m->prompt->text : NULL;

		if (words) {
			add_folded(to, words);
			str_addc(to, '\n');
		}
	}
	str_addc(to, '\0');
}

static void add_item(struct kc_finder *f, struct item it)
{
	it.name = (uint32_t)f->text.n;
	if (it.sym)
		add_folded(&f->text, it.sym->name);
	str_addc(&f->text, '\0');
	it.prompt = (uint32_t)f->text.n;
	add_words(&f->text, &it, false);
	it.help = (uint32_t)f->text.n;
	add_words(&f->text, &it, true);
	it.end = (uint32_t)f->text.n;
	vec_push(&f->items, it);
}

struct kc_finder *kc_finder_new(const struct kc_tree *t)
{
	struct kc_finder *f = xnew(struct kc_finder);

	for (const struct kc_menu *m = t->root->list; m; m = kc_menu_next(m, t->root)) {
		struct item it = { .sym = m->sym, .menu = m };

		if (it.sym && (kc_is_choice(it.sym) || !it.sym->name))
			it.sym = NULL;
		if (it.sym ? kc_main_entry(it.sym) == m : m->prompt != NULL)
			add_item(f, it);
	}
	return f;
}

void kc_finder_free(struct kc_finder *f)
{
	if (!f)
		return;
	str_release(&f->text);
	free(f->items.v);
	free(f);
}

static enum fit fit_at(const char *text, const char *end, const char *at, size_t n)
{
	if (at > text && is_letter(at[-1]))
		return INSIDE;
	return at + n < end && is_letter(at[n]) ? BEGINS : WHOLE;
}

/* The best fit of a word among its first places in a piece of text. */
static enum fit fit(const char *text, const char *end, const char *word, size_t n)
{
	enum fit best = NOWHERE;
	const char *at = text;

	for (int i = 0; i < MAX_LOOKS && best < WHOLE; i++, at++) {
		at = memmem(at, (size_t)(end - at), word, n);
		if (!at)
			break;
		best = MAX(best, fit_at(text, end, at, n));
	}
	return best;
}

static unsigned name_score(const char *name, const char *end, const char *word, size_t n)
{
	static const unsigned scores[] = { 0, 300, 500, 600 };
	bool in_front = (size_t)(end - name) >= n && !memcmp(name, word, n);

	if (!in_front)
		return scores[fit(name, end, word, n)];
	if ((size_t)(end - name) == n)
		return 1000;
	return fit_at(name, end, name, n) == WHOLE ? 800 : 700;
}

/* 0: it is not there. */
static unsigned word_score(const struct kc_finder *f, const struct item *it, const char *word,
			   enum kc_found_in *in)
{
	static const unsigned prompt_scores[] = { 0, 200, 350, 450 },
			      help_scores[] = { 0, 20, 40, 60 };
	const char *text = f->text.s;
	size_t n = strlen(word);
	unsigned name = name_score(text + it->name, text + it->prompt - 1, word, n), prompt;

	if (name >= 500)
		return name;
	prompt = prompt_scores[fit(text + it->prompt, text + it->help - 1, word, n)];
	if (prompt > name)
		*in = MAX(*in, KC_IN_PROMPT);
	if (name || prompt || n < MIN_HELP)
		return MAX(name, prompt);
	*in = MAX(*in, KC_IN_HELP);
	return help_scores[fit(text + it->help, text + it->end - 1, word, n)];
}

/* The name, or one of its parts, but for a typing error. */
static unsigned typo_score(const struct kc_finder *f, const struct item *it, const char *word,
			   enum kc_found_in *in)
{
	const char *name = f->text.s + it->name;
	size_t n = strlen(word), most = n >= MIN_TWO ? 2 : 1;

	*in = KC_IN_TYPO;
	if (n < MIN_TYPO)
		return 0;
	if (str_near(name, strlen(name), word, most) <= most)
		return 4;
	for (const char *p = name; *p;) {
		size_t part = strcspn(p, "_");

		if (str_near(p, part, word, most) <= most)
			return 2;
		p += part;
		p += strspn(p, "_");
	}
	return 0;
}

/* Of several words some may be right. */
static unsigned either_score(const struct kc_finder *f, const struct item *it, const char *word,
			     enum kc_found_in *in)
{
	unsigned score = word_score(f, it, word, in);

	return score ? score : typo_score(f, it, word, in);
}

/* Blanks part words. */
static void split(const char *text, struct strv *ret)
{
	static const char blanks[] = " \t\n", prefix[] = "config_";

	for (text += strspn(text, blanks); *text; text += strspn(text, blanks)) {
		size_t n = strcspn(text, blanks);
		auto_free char *word = xstrndup(text, n);
		const char *bare = word;

		for (char *p = word; *p; p++)
			*p = fold(*p);
		if (!str_skip(&bare, prefix) || *bare)
			strv_add(ret, bare);
		text += n;
	}
}

typedef unsigned score_fn(const struct kc_finder *f, const struct item *it, const char *word,
			  enum kc_found_in *in);

/* The sum over all words; 0: one of them is not there. */
static unsigned score(const struct kc_finder *f, const struct item *it, const struct strv *words,
		      score_fn *one, enum kc_found_in *in)
{
	unsigned sum = 0;

	*in = KC_IN_NAME;
	for (size_t i = 0; i < words->n; i++) {
		unsigned s = one(f, it, words->v[i], in);

		if (!s)
			return 0;
		sum += 2 * s;
	}
	return sum - (it->sym && it->menu->prompt ? 0 : 1);
}

struct hits {
	struct hit {
		uint64_t
			key; /* better scores first, then shorter names, then the order of the tree */
		enum kc_found_in in;
	} * v;
	size_t n, cap;
};

/* An item's index is in the last 32 bits of its key. */
static uint64_t key_of(const struct item *it, size_t index, unsigned score)
{
	const uint64_t worse = UINT16_MAX - MIN(score, UINT16_MAX);
	const uint64_t length = MIN(it->prompt - it->name, UINT16_MAX);

	return worse << 48 | length << 32 | index;
}

static int compare(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static void find(const struct kc_finder *f, const struct strv *words, score_fn *one,
		 struct hits *ret)
{
	for (size_t i = 0; i < f->items.n; i++) {
		const struct item *it = &f->items.v[i];
		struct hit hit;
		unsigned sum = score(f, it, words, one, &hit.in);

		hit.key = key_of(it, i, sum);
		if (sum)
			vec_push(ret, hit);
	}
}

static void keep_best(const struct kc_finder *f, const struct hits *hits, size_t max,
		      struct kc_founds *ret)
{
	ret->total = hits->n;
	for (size_t i = 0; i < MIN(hits->n, max); i++) {
		const struct item *it = &f->items.v[(uint32_t)hits->v[i].key];

		vec_push(ret, ((struct kc_found){ it->sym, it->menu, hits->v[i].in }));
	}
}

void kc_find(const struct kc_finder *f, const char *text, size_t max, struct kc_founds *ret)
{
	auto_strv struct strv words = { 0 };
	struct hits hits = { 0 };

	*ret = (struct kc_founds){ 0 };
	split(text, &words);
	if (!words.n)
		return;
	find(f, &words, word_score, &hits);
	if (!hits.n)
		find(f, &words, words.n > 1 ? either_score : typo_score, &hits);
	if (hits.n)
		qsort(hits.v, hits.n, sizeof(*hits.v), compare);
	keep_best(f, &hits, max, ret);
	free(hits.v);
}
