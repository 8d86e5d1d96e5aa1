/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One bar for each cell: done and all steps, the time that is left, what is being made. The time left is worked out from the
 * steps so far, which go slower at the end (large objects, linking): so it is corrected as it goes.
 */
#include "cmd/build_run.h"

#include "base/clock.h"
#include "build/workers.h"

#include <inttypes.h>

#define REDRAW_NS (NSEC_PER_SEC / 8)
#define PLAIN_NS  (30 * NSEC_PER_SEC)
#define BAR	  20
#define MAX_BARS  64

struct build_view {
	struct out *out;
	uint64_t drawn_ns;
	uint64_t since_ns[MAX_BARS]; /* of the first step of each */
	size_t lines;		     /* on the screen */
};

struct build_view *build_view_new(struct out *out)
{
	struct build_view *v = xnew(struct build_view);

	v->out = out;
	return v;
}

void build_view_free(struct build_view *v)
{
	if (v)
		build_view_clear(v);
	free(v);
}

void build_view_clear(struct build_view *v)
{
	for (; v->lines; v->lines--)
		fputs("\033[A\r\033[K", v->out->message);
	fflush(v->out->message);
	v->drawn_ns = 0;
}

/* "4:05" */
static void add_time(struct str *to, uint64_t ns)
{
	uint64_t s = ns / NSEC_PER_SEC;

	if (s >= 3600)
		str_addf(to, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, s / 3600, s / 60 % 60, s % 60);
	else
		str_addf(to, "%" PRIu64 ":%02" PRIu64, s / 60, s % 60);
}

static void add_bar(struct str *to, size_t done, size_t total)
{
	size_t full = total ? MIN(done * BAR / total, (size_t)BAR) : 0;

	str_addc(to, '[');
	for (size_t i = 0; i < BAR; i++)
		str_addc(to, i < full ? '#' : '.');
	str_addc(to, ']');
}

static void add_left(struct str *to, const struct bld_report *r, uint64_t since)
{
	uint64_t spent = now_ns() - since;

	if (!since || !r->total || r->done < 20 || r->done >= r->total)
		return;
	str_adds(to, " ~");
	add_time(to, spent / r->done * (r->total - r->done));
	str_adds(to, " left");
}

static void add_line(struct build_view *v, const struct bld_worker *w, size_t i, struct str *to)
{
	const struct bld_report *r = &w->last;
	size_t from = to->n;

	str_addf(to, "%s ", w->job->name);
	if (r->phase != BLD_MAKING) {
		str_adds(to, bld_phase_name(r->phase));
	} else {
		if (r->total)
			add_bar(to, r->done, r->total);
		str_addf(to, r->total ? " %zu/%zu" : " %zu", r->done, MAX(r->total, r->done));
		add_left(to, r, v->since_ns[i]);
		if (r->warnings)
			str_addf(to, " %zu warning%s", r->warnings, r->warnings == 1 ? "" : "s");
		str_addf(to, " %s", r->step);
	}
	if (v->out->columns && to->n - from >= v->out->columns)
		str_cut(to, from + v->out->columns - 1);
	str_addc(to, '\n');
}

/* A place that another cell takes begins anew. */
static void note_begins(struct build_view *v, const struct bld_worker *workers, size_t n,
			uint64_t now)
{
	for (size_t i = 0; i < MIN(n, (size_t)MAX_BARS); i++) {
		const struct bld_report *r = &workers[i].last;

		if (!workers[i].pid || r->phase != BLD_MAKING || !r->done)
			v->since_ns[i] = 0;
		else if (!v->since_ns[i])
			v->since_ns[i] = now;
	}
}

void build_view_show(struct build_view *v, const struct bld_worker *workers, size_t n)
{
	uint64_t now = now_ns();
	auto_str struct str text = { 0 };
	size_t lines = 0;

	note_begins(v, workers, n, now);
	if (v->out->verbose < 0 || now - v->drawn_ns < (v->out->tty_message ? REDRAW_NS : PLAIN_NS))
		return;
	for (size_t i = 0; i < MIN(n, (size_t)MAX_BARS); i++) {
		if (!workers[i].pid)
			continue;
		add_line(v, &workers[i], i, &text);
		lines++;
	}
	/* elsewhere the first line comes after a while: short builds have none */
	if (!v->out->tty_message && !v->drawn_ns) {
		v->drawn_ns = now;
		return;
	}
	build_view_clear(v);
	fputs(str_c(&text), v->out->message);
	fflush(v->out->message);
	v->lines = v->out->tty_message ? lines : 0;
	v->drawn_ns = now;
}
