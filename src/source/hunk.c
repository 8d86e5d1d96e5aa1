/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Applying hunks. The rules are those of git's apply.c (find_pos(), match_fragment()), so that what a series makes here is
 * what git am makes. Two are stricter: a line without "\n" is another than the same with it, and a hunk with nothing to find its
 * place by has none.
 */
#include "source/hunk.h"

#include <stdio.h>

/* Comparisons made to find the likeliest place of a hunk that fails, for words only. */
#define LOOK_MAX 20000000

void src_lines_split(struct src_lines *l, const char *text, size_t n)
{
	const char *end = text + n;

	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		const char *next = nl ? nl + 1 : end;
		struct src_line line = { .s = text, .n = (uint32_t)(next - text) };

		vec_push(l, line);
		text = next;
	}
}

void src_hunk_sides(const struct src_diff *d, const struct src_diff_hunk *h, bool reverse,
		    struct src_hunk_sides *ret)
{
	/* lines may be NULL, where no hunk has any */
	const struct src_line *old = d->lines.v + h->old_at, *new = d->lines.v + h->new_at;
	unsigned long before_pos = reverse ? h->new_pos : h->old_pos;
	unsigned long pos = reverse ? h->old_pos : h->new_pos;

	*ret = (struct src_hunk_sides){
		.before = reverse ? new : old,
		.after = reverse ? old : new,
		.n_before = reverse ? h->new_n : h->old_n,
		.n_after = reverse ? h->old_n : h->new_n,
		.pos = pos ? pos - 1 : 0,
		.before_pos = before_pos,
		.at_begin = before_pos <= 1,
		.at_end = !h->trailing,
	};
}

static bool same_line(const struct src_line *a, const struct src_line *b)
{
	return a->n == b->n && !memcmp(a->s, b->s, a->n);
}

static bool matches(const struct src_lines *file, const struct src_line *l, size_t n, size_t at)
{
	if (at > file->n || n > file->n - at)
		return false;
	for (size_t i = 0; i < n; i++)
		if (file->v[at + i].fixed || !same_line(&file->v[at + i], &l[i]))
			return false;
	return true;
}

/* The nearest of all places, the later of two as near; -1: none. */
static ssize_t nearest(const struct src_lines *file, const struct src_line *l, size_t n, size_t pos)
{
	size_t last, most;

	if (n > file->n)
		return -1;
	last = file->n - n;
	most = MAX(pos, last > pos ? last - pos : 0);
	for (size_t off = 0; off <= most; off++) {
		if (pos + off <= last && matches(file, l, n, pos + off))
			return (ssize_t)(pos + off);
		if (off && off <= pos && pos - off <= last && matches(file, l, n, pos - off))
			return (ssize_t)(pos - off);
	}
	return -1;
}

static ssize_t find(const struct src_lines *file, const struct src_hunk_sides *h)
{
	size_t at = h->at_begin ? 0 : file->n - h->n_before;

	/* of diff -U0: whatever is there would be right */
	if (!h->n_before && file->n)
		return -1;
	if (!h->at_begin && !h->at_end)
		return nearest(file, h->before, h->n_before, MIN(h->pos, file->n));
	if (h->n_before > file->n || (h->at_begin && h->at_end && h->n_before != file->n))
		return -1;
	return matches(file, h->before, h->n_before, at) ? (ssize_t)at : -1;
}

static void replace(struct src_lines *file, size_t at, const struct src_hunk_sides *h)
{
	size_t rest = file->n - at - h->n_before, n = file->n - h->n_before + h->n_after;

	if (n > file->cap) {
		file->cap = n + n / 8;
		file->v = xrealloc(file->v, file->cap, sizeof(*file->v));
	}
	if (rest)
		memmove(file->v + at + h->n_after, file->v + at + h->n_before,
			rest * sizeof(*file->v));
	for (size_t i = 0; i < h->n_after; i++) {
		file->v[at + i] = h->after[i];
		file->v[at + i].fixed = true;
	}
	file->n = n;
}

bool src_hunk_apply(struct src_lines *file, const struct src_hunk_sides *h,
		    unsigned long *ret_moved)
{
	ssize_t at = find(file, h);

	if (at < 0)
		return false;
	*ret_moved = (size_t)at > h->pos ? (size_t)at - h->pos : h->pos - (size_t)at;
	replace(file, (size_t)at, h);
	return true;
}

/* Words for what failed. */

/* Braces and empty lines are everywhere. */
static size_t weight(const struct src_line *l)
{
	return l->n > 4 ? 8 : 1;
}

static size_t count_same(const struct src_lines *file, const struct src_hunk_sides *h, size_t at)
{
	size_t same = 0;

	for (size_t i = 0; i < h->n_before && at + i < file->n; i++)
		if (same_line(&file->v[at + i], &h->before[i]))
			same += weight(&h->before[i]);
	return same;
}

static size_t weigh_all(const struct src_hunk_sides *h)
{
	size_t all = 0;

	for (size_t i = 0; i < h->n_before; i++)
		all += weight(&h->before[i]);
	return all;
}

/* Where half of the lines and more are as the patch has them, else where the patch would be. */
static size_t likeliest(const struct src_lines *file, const struct src_hunk_sides *h)
{
	size_t pos = MIN(h->pos, file->n), best = pos, most = count_same(file, h, pos);
	size_t from = 0, to = file->n;

	if (h->at_begin)
		return 0;
	if (h->n_before * file->n > LOOK_MAX) {
		from = pos > 1000 ? pos - 1000 : 0;
		to = MIN(pos + 1000, file->n);
	}
	for (size_t at = from; at < to; at++) {
		size_t same = count_same(file, h, at);
		size_t far = at > pos ? at - pos : pos - at;
		size_t best_far = best > pos ? best - pos : pos - best;

		if (same > most || (same == most && far < best_far)) {
			most = same;
			best = at;
		}
	}
	return most * 2 < weigh_all(h) ? pos : best;
}

static void add_line(struct str *b, const struct src_line *l)
{
	size_t n = l->n && l->s[l->n - 1] == '\n' ? l->n - 1 : l->n;
	auto_str struct str shown = { 0 };

	str_add_printable(&shown, l->s, MIN(n, (size_t)72));
	str_addf(b, "'%s'%s%s", str_c(&shown), n > 72 ? "..." : "",
		 n == l->n ? " without a newline" : "");
}

/*
 * The line that is another one: at the begin of the longest run of lines that are as they should be, else at its end.
 * Where lines were put in or taken away, that is where. n_before: there is none.
 */
static size_t other_line(const struct src_lines *file, const struct src_hunk_sides *h, size_t at)
{
	size_t other = h->n_before, longest = 0;

	for (size_t i = 0, run = 0, from = 0; i < h->n_before; i++) {
		if (at + i < file->n && same_line(&file->v[at + i], &h->before[i])) {
			run += weight(&h->before[i]);
		} else {
			run = 0;
			from = i + 1;
		}
		if (run > longest || i == 0) {
			longest = run;
			other = from ? from - 1 : h->n_before;
		}
	}
	if (other < h->n_before)
		return other;
	for (other = 0; other < h->n_before; other++)
		if (at + other >= file->n || !same_line(&file->v[at + other], &h->before[other]))
			break;
	return other;
}

static char *tell_other(const struct src_lines *file, const struct src_hunk_sides *h, size_t at,
			long added)
{
	auto_str struct str b = { 0 };
	size_t i = other_line(file, h, at);

	if (i == h->n_before)
		return NULL;
	if (at + i >= file->n) {
		str_addf(&b, "the file ends at line %ld, the patch goes on with ",
			 (long)file->n - added);
	} else {
		str_addf(&b, "line %ld is ", (long)(at + i + 1) - added);
		add_line(&b, &file->v[at + i]);
		str_adds(&b, ", the patch has ");
	}
	add_line(&b, &h->before[i]);
	return str_take(&b);
}

char *src_hunk_why(const struct src_lines *file, const struct src_hunk_sides *h, long added)
{
	ssize_t after = h->n_after ? nearest(file, h->after, h->n_after, MIN(h->pos, file->n)) : -1;
	ssize_t before = nearest(file, h->before, h->n_before, MIN(h->pos, file->n));
	char *other;

	/* what it takes away alone is found by chance where only a few lines of context are looked for */
	if (before < 0 && after >= 0 && h->n_after > h->n_before)
		return xasprintf("line %ld on has what this hunk makes already", after + 1 - added);
	if (!h->n_before && h->before_pos)
		return xstrdup("it has no lines of context to find its place by");
	if (!h->n_before)
		return xstrdup("the file has lines, and the patch takes it for empty");
	if (before >= 0 && h->at_begin && h->at_end)
		return xstrdup("the file has more lines, in the patch these are all");
	if (before >= 0 && h->at_begin)
		return xasprintf("its lines are at line %ld, the patch has them at the begin",
				 before + 1 - added);
	if (before >= 0 && h->at_end)
		return xasprintf("its lines are at line %ld, and as nothing follows them in the "
				 "patch they should be the last",
				 before + 1 - added);
	other = tell_other(file, h, likeliest(file, h), added);
	return other ? other : xstrdup("an earlier hunk of the patch changed these lines");
}
