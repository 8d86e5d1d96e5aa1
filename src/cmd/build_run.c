/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cells side by side. All of them draw their jobs from one pool, so there are as many compilers as processors whatever the
 * number of cells; a second cell is begun where the first does not fill the processors (at its start and end, when it links).
 */
#include "cmd/build_run.h"

#include "base/clock.h"
#include "build/metadata.h"
#include "build/room.h"
#include "build/workers.h"
#include "cmd/cmd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

#define MAX_CELLS_AT_ONCE 4
#define MAX_WARNINGS_TOLD 20
#define TICK_MS		  125

struct run {
	struct build_plan *p;
	struct build_view *view;
	size_t failed;
	json_t *results;
	struct bld_jobs *jobs;
	struct bld_worker workers[MAX_CELLS_AT_ONCE];
	size_t next;   /* cell to begin */
	bool stopping; /* no more cells are begun */
	bool ended;    /* those that are under way were told to end */
};

static volatile sig_atomic_t was_signalled;

static void note_signal(int sig)
{
	was_signalled = sig;
}

/* Whether there is a place for another. Memory is minded by the pool of jobs, which is as large as it allows. */
static bool has_room(const struct run *r, size_t *ret_place)
{
	for (size_t i = 0; i < MAX_CELLS_AT_ONCE; i++) {
		if (!r->workers[i].pid) {
			*ret_place = i;
			return true;
		}
	}
	return false;
}

static bool is_to_build(const struct build_plan *p, const struct build_cell *c)
{
	return !c->bad && (!c->there || p->o->verify);
}

static struct build_cell *next_cell(struct run *r)
{
	while (r->next < r->p->cells.n) {
		struct build_cell *c = &r->p->cells.v[r->next++];

		if (is_to_build(r->p, c))
			return c;
	}
	return NULL;
}

static size_t count_cells(const struct build_plan *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->cells.n; i++)
		n += is_to_build(p, &p->cells.v[i]);
	return n;
}

static int begin_more(struct run *r, struct err *err)
{
	size_t place;

	while (!r->stopping && has_room(r, &place)) {
		struct build_cell *c = next_cell(r);
		int e;

		if (!c)
			return 0;
		c->job.jobs = r->jobs;
		c->job.fresh = r->p->o->fresh;
		e = bld_worker_start(&r->workers[place], &c->job, r->p->o->store, c->there, err);
		if (e < 0)
			return e;
	}
	return 0;
}

/* While make reads its makefiles; see use_the_time() of build/job.c. */
static void remember_trees(const struct build_plan *p)
{
	for (size_t i = 0; i < p->sources.n; i++)
		src_tree_remember(&p->sources.v[i]->tree);
}

static void tell_messages(struct out *out, const char *kind, const struct bld_messages *m)
{
	for (size_t i = 0; i < m->n && i < MAX_WARNINGS_TOLD; i++) {
		const struct bld_message *w = &m->v[i];

		if (w->file)
			out_warn(out, "%s:%u: %s", w->file, w->line, w->text);
		else
			out_warn(out, "%s%s%s", w->object ? w->object : "", w->object ? ": " : "",
				 w->text);
	}
	if (m->n > MAX_WARNINGS_TOLD)
		out_note(out, "and %zu %s more: see the log", m->n - MAX_WARNINGS_TOLD, kind);
}

static void tell_failure(struct run *r, const struct bld_worker *w)
{
	struct out *out = r->p->out;
	const struct bld_result *res = &w->result;

	if (res->excerpt && *res->excerpt)
		fprintf(out->message, "%s%s", res->excerpt,
			str_ends(res->excerpt, "\n") ? "" : "\n");
	out_warn(out, "'%s' was not built: %s", w->job->name,
		 w->err.msg ? w->err.msg : "no reason given");
	if (w->err.hint)
		out_note(out, "%s", w->err.hint);
	if (res->repeat)
		out_note(out, "that step alone: %s", res->repeat);
	if (res->log)
		out_note(out, "the log: %s", res->log);
}

static json_t *result_json(const struct bld_worker *w)
{
	const struct bld_result *res = &w->result;

	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:f, s:I, s:o, s:o, s:I, s:I}", "cell",
			 w->job->name, "state",
			 w->code       ? "failed"
			 : w->differ.n ? "differs"
				       : "built",
			 "id", w->job->id, "release", out_json_text(res->release), "error",
			 out_json_text(w->code ? w->err.msg : NULL), "log", out_json_text(res->log),
			 "seconds", (double)res->ns / NSEC_PER_SEC, "steps", (json_int_t)res->steps,
			 "ccache", bld_ccache_json(res), "differ", out_json_texts(&w->differ),
			 "warnings", (json_int_t)res->warnings.n, "errors",
			 (json_int_t)res->errors.n);
}

static void tell_difference(struct run *r, const struct bld_worker *w)
{
	out_warn(r->p->out, "'%s' is not reproducible: %zu path%s differ", w->job->name,
		 w->differ.n, w->differ.n == 1 ? "" : "s");
	for (size_t i = 0; i < w->differ.n && i < MAX_WARNINGS_TOLD; i++)
		out_note(r->p->out, "  %s", w->differ.v[i]);
}

static void tell_built(struct out *out, const struct bld_worker *w)
{
	const struct bld_result *res = &w->result;

	out_print(out, "%s: %s, %.12s, %zu steps in %.1f s", w->job->name,
		  res->release ? res->release : "", w->job->id, res->steps,
		  (double)res->ns / NSEC_PER_SEC);
	if (res->cache_asked)
		out_print(out, ", %.0f %% of %zu objects by ccache",
			  100.0 * (double)res->cache_had / (double)res->cache_asked,
			  res->cache_asked);
	out_print(out, "\n");
}

static void tell_result(struct run *r, const struct bld_worker *w)
{
	struct out *out = r->p->out;
	const struct bld_result *res = &w->result;

	build_view_clear(r->view);
	json_array_append_new(r->results, result_json(w));
	/* a terminal's Ctrl-C reaches the workers as well, and one may have ended before it was asked to */
	if (w->code < 0 && (r->ended || was_signalled))
		return;
	if (w->code < 0) {
		r->failed++;
		r->stopping |= !r->p->o->keep_going;
		tell_failure(r, w);
		return;
	}
	if (w->differ.n) {
		r->failed++;
		tell_difference(r, w);
		return;
	}
	tell_messages(out, "warnings", &res->warnings);
	if (!out->json && r->p->o->verify && !res->built)
		out_print(out, "%s: %.12s, built again elsewhere: all bytes are the same\n",
			  w->job->name, w->job->id);
	else if (!out->json && !res->built)
		out_print(out, "%s: %.12s, built meanwhile by another kiln\n", w->job->name,
			  w->job->id);
	else if (!out->json)
		tell_built(out, w);
}

static size_t wait_for(struct run *r)
{
	struct pollfd fds[MAX_CELLS_AT_ONCE];
	size_t running = 0;

	for (size_t i = 0; i < MAX_CELLS_AT_ONCE; i++) {
		fds[i] = (struct pollfd){ .fd = r->workers[i].pid ? r->workers[i].reports : -1,
					  .events = POLLIN };
		running += r->workers[i].pid != 0;
	}
	if (running)
		poll(fds, MAX_CELLS_AT_ONCE, TICK_MS);
	for (size_t i = 0; i < MAX_CELLS_AT_ONCE; i++) {
		struct bld_worker *w = &r->workers[i];

		if (!w->pid || !fds[i].revents || bld_worker_read(w))
			continue;
		tell_result(r, w);
		bld_worker_release(w);
		*w = BLD_WORKER_NONE;
		running--;
	}
	return running;
}

static void stop_all(struct run *r)
{
	r->stopping = r->ended = true;
	for (size_t i = 0; i < MAX_CELLS_AT_ONCE; i++)
		bld_worker_stop(&r->workers[i]);
}

static int loop(struct run *r, struct err *err)
{
	bool asked = false;
	int e = 0;

	do {
		if (was_signalled && !asked) {
			asked = true;
			stop_all(r);
		}
		if (e == 0)
			e = begin_more(r, err);
		if (e < 0 && !r->ended)
			stop_all(r);
		remember_trees(r->p);
		build_view_show(r->view, r->workers, MAX_CELLS_AT_ONCE);
	} while (wait_for(r) || (!r->stopping && r->next < r->p->cells.n));
	if (was_signalled)
		return err_set(err, -EINTR, "ended; " BUILD_ENDED);
	return e;
}

/* What distributed compilers can do at once. */
static unsigned launcher_jobs(const struct build_plan *p)
{
	unsigned most = 0;

	for (size_t i = 0; i < p->cells.n; i++)
		most = MAX(most, p->cells.v[i].toolchain.jobs);
	return most;
}

int build_run(struct build_plan *p, size_t *ret_failed, json_t *results, struct err *err)
{
	const struct sigaction sa = { .sa_handler = note_signal };
	struct run r = { .p = p, .results = results };
	const char *config = p->cells.n && p->cells.v[0].config ? p->cells.v[0].config : "";
	unsigned n =
		p->o->jobs ? (unsigned)p->o->jobs : MAX(bld_jobs_fitting(config), launcher_jobs(p));
	int e = bld_jobs_new(n, &r.jobs, err);

	if (e < 0)
		return e;
	if (count_cells(p) == 1)
		bld_jobs_for_one(r.jobs);
	for (size_t i = 0; i < MAX_CELLS_AT_ONCE; i++)
		r.workers[i] = BLD_WORKER_NONE;
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	r.view = build_view_new(p->out);
	e = loop(&r, err);
	build_view_free(r.view);
	bld_jobs_free(r.jobs);
	*ret_failed = r.failed;
	return e;
}
