/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A log is only ever added to, so what a child said is what lies behind the size that the log had before. */
#include "build/step.h"

#include "base/clock.h"
#include "base/proc.h"
#include "build/guard.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define TAIL_BYTES 16384
#define TAIL_LINES 15
#define DISK_FULL  (UINT64_C(1) << 20)
#define OUT_MAX	   (64 << 10)
#define GRACE_NS   NSEC_PER_SEC

/* The last lines that were written behind from. */
static void tail(int fd, off_t from, struct str *ret)
{
	off_t end = lseek(fd, 0, SEEK_END);
	off_t begin = MAX(from, end - TAIL_BYTES);
	auto_free char *text = xmalloc(TAIL_BYTES);
	ssize_t n = end > begin ? pread(fd, text, (size_t)(end - begin), begin) : 0;
	size_t lines = 0, at;

	if (n <= 0)
		return;
	for (at = (size_t)n - 1; at > 0; at--)
		if (text[at - 1] == '\n' && ++lines == TAIL_LINES)
			break;
	while (at < (size_t)n) {
		size_t len = strcspn(text + at, "\n");

		len = MIN(len, (size_t)n - at);
		str_adds(ret, ret->n ? "\n  " : "  ");
		str_add_printable(ret, text + at, len);
		at += len + 1;
	}
}

static off_t end_of(int log_fd)
{
	return log_fd >= 0 ? MAX(lseek(log_fd, 0, SEEK_END), (off_t)0) : 0;
}

static int failed(int log_fd, off_t from, const char *what, int status, struct err *err)
{
	auto_str struct str text = { 0 };

	if (log_fd >= 0)
		tail(log_fd, from, &text);
	if (status > 128)
		err_set(err, -ECHILD, "%s was ended by signal %d", what, status - 128);
	else
		err_set(err, -ECHILD, "%s failed with status %d", what, status);
	return text.n ? err_hint(err, -ECHILD, "it said last:\n%s", text.s) : -ECHILD;
}

int bld_step_run(const struct bld_step *step, const char *what, struct err *err)
{
	struct proc_fd fds[2] = { { step->log_fd, 2 }, { step->log_fd, 1 } };
	struct proc_spec spec = { .argv = step->argv,
				  .env = step->env,
				  .cwd = step->cwd,
				  .fds = fds,
				  .n_fds = step->ret_out ? 1 : 2 };
	auto_proc_result struct proc_result res = { 0 };
	off_t from = end_of(step->log_fd);
	int r = proc_run(&spec, NULL, 0, OUT_MAX, &res, err);

	if (r < 0)
		return r;
	if (res.status)
		return failed(step->log_fd, from, what, res.status, err);
	if (step->ret_out)
		str_add(step->ret_out, str_c(&res.out), res.out.n);
	return 0;
}

/* A step with its guard. */
struct whole {
	struct bld_jobs *jobs; /* a pool of one: guards are made for make */
	struct bld_slot *slot;
	pid_t guard, pid;
	int ctl;
	const volatile sig_atomic_t *ended;
	uint64_t until; /* it was asked to end, and has so long; UINT64_MAX: it is killed */
	sigset_t before;
};

/* The guard sees it all to its end, which is what its own end tells. */
static void whole_release(struct whole *w)
{
	close_fd(w->ctl);
	proc_wait(w->guard);
	if (w->slot)
		bld_slot_put(w->jobs, w->slot);
	bld_jobs_free(w->jobs);
}

static int whole_start(struct whole *w, const struct bld_step *step, struct err *err)
{
	int r = bld_jobs_new(1, &w->jobs, err);

	if (r < 0)
		return r;
	w->slot = bld_slot_get(w->jobs);
	return bld_guard_start(&(struct bld_guard_spec){ .argv = step->argv,
							 .env = step->env,
							 .jobs = w->jobs,
							 .slot = w->slot,
							 .share = BLD_SHARE_FIXED,
							 .out = step->log_fd,
							 .cwd = step->cwd },
			       &w->guard, &w->ctl, err);
}

static void see_to_its_end(struct whole *w)
{
	if (!w->ended || !*w->ended)
		return;
	if (!w->until) {
		w->until = now_ns() + GRACE_NS;
		bld_guard_ask(w->ctl, false);
	} else if (now_ns() >= w->until) {
		w->until = UINT64_MAX;
		bld_guard_ask(w->ctl, true);
	}
}

static void whole_wait(const struct whole *w)
{
	const bool asked = w->until && w->until != UINT64_MAX;
	const uint64_t now = now_ns(), left = asked && w->until > now ? w->until - now : 0;
	const struct timespec t = { .tv_sec = (time_t)(left / NSEC_PER_SEC),
				    .tv_nsec = (long)(left % NSEC_PER_SEC) };
	struct pollfd p = { .fd = w->ctl, .events = POLLIN };

	ppoll(&p, 1, asked ? &t : NULL, &w->before);
}

/* 1: it has ended; 0: not yet. */
static int whole_hear(struct whole *w, int *ret_status, struct err *err)
{
	struct bld_guard_message m;
	int r = bld_guard_hear(w->ctl, &w->pid, &m, err);

	if (r > 0)
		*ret_status = bld_guard_status(m.value);
	return r;
}

int bld_step_run_whole(const struct bld_step *step, const volatile sig_atomic_t *ended,
		       const char *what, struct err *err)
{
	cleanup(whole_release) struct whole w = { .ctl = -1, .ended = ended };
	off_t from = end_of(step->log_fd);
	int status = 0, r;

	bld_guard_hold_signals(&w.before);
	for (r = whole_start(&w, step, err); r == 0; r = whole_hear(&w, &status, err)) {
		see_to_its_end(&w);
		whole_wait(&w);
	}
	sigprocmask(SIG_SETMASK, &w.before, NULL);
	if (r < 0)
		return r;
	if (ended && *ended)
		return err_set(err, -EINTR, "ended by signal %d", (int)*ended);
	return status ? failed(step->log_fd, from, what, status, err) : 0;
}

int bld_make_failed(const char *build, int r, struct err *err)
{
	struct statvfs v;

	/* what make removed when it failed is free again */
	if (statvfs(build, &v) < 0 || (uint64_t)v.f_bavail * v.f_frsize >= DISK_FULL)
		return r;
	return err_wrap(err, r, "No space left on device ('%s')", build);
}

int bld_make(const struct bld_kbuild_spec *spec, const struct strv *more, struct err *err)
{
	auto_free char *what = xasprintf("'make %s'", more->n ? more->v[0] : "all");
	struct bld_kbuild_spec with_more = *spec;
	auto_strv struct strv make = { 0 };
	off_t from = end_of(spec->log_fd);
	struct bld_kbuild k = { .fd = -1 };
	int r, status;

	strv_extend(&make, spec->make);
	strv_extend(&make, more->v);
	with_more.make = make.v;
	r = bld_kbuild_start(&with_more, &k, err);
	if (r < 0)
		return r;
	r = bld_kbuild_finish(&k, NULL, NULL, err);
	status = k.status;
	bld_kbuild_release(&k);
	if (r < 0)
		return err_wrap(err, r, "%s", what);
	if (!status)
		return 0;
	r = failed(spec->log_fd, from, what, status, err);
	return bld_make_failed(spec->build, r, err);
}

int bld_make_ask(const struct bld_kbuild_spec *spec, const char *target, char **ret,
		 struct err *err)
{
	auto_strv struct strv argv = { 0 };
	auto_str struct str out = { 0 };
	auto_free char *what = xasprintf("'make %s'", target);
	int r;

	bld_kbuild_words(spec, &argv);
	strv_extend(&argv, spec->make);
	strv_adds(&argv, "-s", "--no-print-directory", target, NULL);
	r = bld_step_run(
		&(struct bld_step){
			.argv = argv.v, .env = spec->env, .log_fd = spec->log_fd, .ret_out = &out },
		what, err);
	if (r < 0)
		return r;
	*ret = xstrndup(str_c(&out), strcspn(str_c(&out), "\n"));
	return 0;
}

/* The value of NAME= among make's arguments; the last one counts. */
static const char *variable(const struct bld_kbuild_spec *spec, const char *name)
{
	const char *found = NULL;

	for (size_t i = 0; spec->make && spec->make[i]; i++) {
		const char *p = spec->make[i];

		if (str_skip(&p, name) && *p == '=')
			found = p + 1;
	}
	return found && *found ? found : NULL;
}

void bld_tool(const struct bld_kbuild_spec *spec, const char *name, bool host, struct strv *argv)
{
	auto_free char *upper = xstrdup(name);
	const char *own, *llvm = variable(spec, "LLVM"), *cross = variable(spec, "CROSS_COMPILE");

	for (char *p = upper; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	own = host ? NULL : variable(spec, upper);
	if (host)
		cross = NULL;
	if (spec->wrap)
		strv_extend(argv, spec->wrap);
	if (own)
		strv_add(argv, own);
	else if (llvm && str_ends(llvm, "/")) /* a folder, or (below) the suffix of a version */
		strv_addf(argv, "%sllvm-%s", llvm, name);
	else if (llvm)
		strv_addf(argv, "llvm-%s%s", name, *llvm == '-' ? llvm : "");
	else
		strv_addf(argv, "%s%s", cross ?: "", name);
}
