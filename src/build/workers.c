/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A worker is this program, forked: it has all of the job at hand. Reports are structs through a pipe, each smaller than what a
 * pipe takes whole; the result is JSON in a file without a name that both have.
 */
#include "build/workers.h"

#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>

/* NULL is null. A compiler shows source lines as they are: where these are no UTF-8, what is not ASCII becomes '?'. */
static json_t *text_json(const char *s)
{
	json_t *v = s ? json_string(s) : json_null();
	auto_free char *ascii = NULL;

	if (v)
		return v;
	ascii = xstrdup(s);
	for (char *p = ascii; *p; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	return json_string(ascii);
}

static json_t *messages_json(const struct bld_messages *m)
{
	json_t *all = json_array();

	for (size_t i = 0; i < m->n; i++)
		json_array_append_new(
			all,
			json_pack("{s:o, s:i, s:i, s:o, s:o}", "file", text_json(m->v[i].file),
				  "line", (int)m->v[i].line, "column", (int)m->v[i].column, "text",
				  text_json(m->v[i].text), "object", text_json(m->v[i].object)));
	return all;
}

static char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? xstrdup(s) : NULL;
}

static void read_messages(const json_t *all, struct bld_messages *ret)
{
	size_t i;
	json_t *m;

	json_array_foreach(all, i, m) vec_push(
		ret, ((struct bld_message){
			     .file = text_of(m, "file"),
			     .line = (unsigned)json_integer_value(json_object_get(m, "line")),
			     .column = (unsigned)json_integer_value(json_object_get(m, "column")),
			     .text = text_of(m, "text"),
			     .object = text_of(m, "object"),
		     }));
}

static json_t *texts_json(const struct strv *v)
{
	json_t *all = json_array();

	for (size_t i = 0; i < v->n; i++)
		json_array_append_new(all, text_json(v->v[i]));
	return all;
}

static void write_result(int fd, int code, const struct bld_result *r, const struct strv *differ,
			 const struct err *err)
{
	json_t *o = json_pack(
		"{s:i, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o}",
		"code", code, "error", text_json(err->msg), "hint", text_json(err->hint), "built",
		r->built, "release", text_json(r->release), "excerpt", text_json(r->excerpt),
		"repeat", text_json(r->repeat), "log", text_json(r->log), "ns", (json_int_t)r->ns,
		"steps", (json_int_t)r->steps, "cache_asked", (json_int_t)r->cache_asked,
		"cache_had", (json_int_t)r->cache_had, "warnings", messages_json(&r->warnings),
		"errors", messages_json(&r->errors), "differ", texts_json(differ));

	json_dumpfd(o, fd, JSON_COMPACT);
	json_decref(o);
}

static void read_result(struct bld_worker *w)
{
	json_t *o, *at;
	size_t i;

	lseek(w->result_fd, 0, SEEK_SET);
	o = json_loadfd(w->result_fd, 0, NULL);
	w->code = o ? (int)json_integer_value(json_object_get(o, "code")) : -ECHILD;
	if (!o) {
		err_set(&w->err, w->code, "the process that built '%s' ended without a word",
			w->job->name);
		return;
	}
	w->err = (struct err){ w->code, text_of(o, "error"), text_of(o, "hint") };
	w->result = (struct bld_result){
		.built = json_is_true(json_object_get(o, "built")),
		.release = text_of(o, "release"),
		.excerpt = text_of(o, "excerpt"),
		.repeat = text_of(o, "repeat"),
		.log = text_of(o, "log"),
		.ns = (uint64_t)json_integer_value(json_object_get(o, "ns")),
		.steps = (size_t)json_integer_value(json_object_get(o, "steps")),
		.cache_asked = (size_t)json_integer_value(json_object_get(o, "cache_asked")),
		.cache_had = (size_t)json_integer_value(json_object_get(o, "cache_had")),
	};
	read_messages(json_object_get(o, "warnings"), &w->result.warnings);
	read_messages(json_object_get(o, "errors"), &w->result.errors);
	json_array_foreach(json_object_get(o, "differ"), i, at)
		strv_add(&w->differ, json_string_value(at));
	json_decref(o);
}

static void send_report(void *ctx, const struct bld_report *r)
{
	const int *fd = ctx;

	_Static_assert(sizeof(*r) <= PIPE_BUF, "a report is written whole or not at all");
	/* the pipe is not waited for: the next report says more than a lost one */
	if (write(*fd, r, sizeof(*r)) < 0)
		return;
}

static _Noreturn void work(const struct bld_job *job, const char *store_path, bool verify,
			   pid_t parent, int reports, int result, const sigset_t *open)
{
	struct bld_job j = *job;
	struct bld_result r = { 0 };
	struct strv differ = { 0 };
	struct err err = { 0 };
	struct sto *store = NULL;
	int code;

	bld_job_catch_signals();
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigprocmask(SIG_SETMASK, open, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (getppid() != parent)
		_exit(1);
	j.report = send_report;
	j.ctx = &reports;
	code = sto_open(store_path, true, &store, &err);
	if (code == 0)
		code = verify ? bld_job_verify(&j, store, &r, &differ, &err)
			      : bld_job_run(&j, store, &r, &err);
	write_result(result, code, &r, &differ, &err);
	_exit(0);
}

static int not_started(struct bld_worker *w, struct err *err)
{
	int r = err_sys(err, "cannot start a process for '%s'", w->job->name);

	close_fd(w->result_fd);
	*w = BLD_WORKER_NONE;
	return r;
}

int bld_worker_start(struct bld_worker *w, const struct bld_job *job, const char *store,
		     bool verify, struct err *err)
{
	int pipe_fd[2];
	sigset_t all, open;
	pid_t parent = getpid(), pid;

	*w = BLD_WORKER_NONE;
	w->job = job;
	w->result_fd = memfd_create("kiln-result", MFD_CLOEXEC);
	if (w->result_fd < 0 || pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK) < 0)
		return not_started(w, err);
	/* a signal that came before the worker has its own handlers would be noted by ours, which means nothing there */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &open);
	pid = fork();
	if (pid == 0)
		work(job, store, verify, parent, pipe_fd[1], w->result_fd, &open);
	sigprocmask(SIG_SETMASK, &open, NULL);
	if (pid < 0) {
		int r = not_started(w, err);

		close_fd(pipe_fd[0]);
		close_fd(pipe_fd[1]);
		return r;
	}
	close_fd(pipe_fd[1]);
	w->reports = pipe_fd[0];
	w->pid = pid;
	return 0;
}

bool bld_worker_read(struct bld_worker *w)
{
	struct bld_report r;
	ssize_t n;

	while ((n = read(w->reports, &r, sizeof(r))) == (ssize_t)sizeof(r))
		w->last = r;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	proc_wait(w->pid);
	w->pid = 0;
	w->reports = close_fd(w->reports);
	read_result(w);
	return false;
}

void bld_worker_stop(const struct bld_worker *w)
{
	if (w->pid > 0)
		kill(w->pid, SIGTERM);
}

void bld_worker_release(struct bld_worker *w)
{
	close_fd(w->reports);
	close_fd(w->result_fd);
	bld_result_release(&w->result);
	strv_release(&w->differ);
	err_release(&w->err);
}
