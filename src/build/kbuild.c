/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * make as a child. Its output comes straight to us through a pipe; word of its start and its end comes from its guard, through
 * a socket; both lie in one epoll, whose descriptor is the one the caller polls. The guard speaks of the end only when nobody
 * is left who could write into the build folder.
 */
#include "build/kbuild.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "build/guard.h"
#include "build/mark.h"
#include "build/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

/* one call of bld_kbuild_read() reads so much at most, so that other builds get their turn */
#define READ_MAX (256 << 10)
/* what any pipe can hold (fs.pipe-max-size): read behind the end, in which a daemon may hold the pipe open */
#define PIPE_MAX (1 << 20)
/* how long something that was killed may take, stuck in the kernel as it may be */
#define KILL_MSEC 5000
/* and how long what was asked to end */
#define STOP_SECONDS 1

struct impl {
	struct bld_jobs *jobs;
	struct bld_jobs *own_jobs; /* where the caller has no pool */
	struct bld_slot *slot;
	struct bld_output *output;
	char *build;
	pid_t guard;
	int ctl, out;
	int log_fd;
	const volatile sig_atomic_t *stop;
	bool ended, asked;
	bool marked; /* by this start, not left by another */
};

/* The environment */

/* Of a make around kiln, and what would change the language or add colours. */
static bool is_dropped(const char *var)
{
	static const char *const names[] = {
		"MAKEFLAGS=", "MFLAGS=",     "GNUMAKEFLAGS=", "MAKEOVERRIDES=", "MAKELEVEL=",
		"MAKEFILES=", "LC_ALL=",     "LC_MESSAGES=",  "LC_CTYPE=",	"LANG=",
		"LANGUAGE=",  "GCC_COLORS=", "MAKE_TERMOUT=", "MAKE_TERMERR=",	"KBUILD_VERBOSE=",
	};

	for (size_t i = 0; i < countof(names); i++)
		if (str_starts(var, names[i]))
			return true;
	return false;
}

static void add_env(char *const *env, struct strv *ret)
{
	for (char *const *e = env ? env : environ; *e; e++)
		if (!is_dropped(*e))
			strv_add(ret, *e);
	/* kbuild unexports LC_ALL; LANG is what is left then */
	strv_adds(ret, "LC_ALL=C", "LANG=C", NULL);
}

/* The call */

static int check_path(const char *what, const char *path, struct err *err)
{
	if (!strpbrk(path, " \t\n:"))
		return 0;
	err_set(err, -EINVAL,
		"kbuild cannot work with the %s '%s': there is a blank or a colon in its path",
		what, path);
	return err_hint(err, -EINVAL, "move it, or set XDG_CACHE_HOME to a folder without");
}

bool bld_kbuild_is_wrapped(const struct bld_kbuild_spec *spec)
{
	return spec->wrap && *spec->wrap;
}

static enum bld_share share_of(const struct bld_kbuild_spec *spec, const struct bld_jobs *jobs,
			       const struct bld_make *make)
{
	const bool wrapped = bld_kbuild_is_wrapped(spec);

	if (jobs->for_one)
		return BLD_SHARE_FIXED;
	if (wrapped && make->fifo)
		return BLD_SHARE_FIFO;
	return !wrapped && make->jobserver ? BLD_SHARE_PIPES : BLD_SHARE_FIXED;
}

void bld_kbuild_words(const struct bld_kbuild_spec *spec, struct strv *argv)
{
	strv_extend(argv, spec->wrap);
	strv_adds(argv, "make", "-C", spec->tree, NULL);
	strv_addf(argv, "O=%s", spec->build);
}

static void add_argv(const struct bld_kbuild_spec *spec, enum bld_share share,
		     const struct bld_make *make, const char *fifo, struct strv *ret)
{
	bld_kbuild_words(spec, ret);
	if (make->output_sync)
		strv_add(ret, "-Otarget");
	if (share == BLD_SHARE_FIFO)
		strv_addf(ret, "--jobserver-auth=fifo:%s", fifo);
	else if (share == BLD_SHARE_PIPES)
		strv_addf(ret, "--jobserver-%s=@R@,@W@", make->old_fds ? "fds" : "auth");
	else
		strv_add(ret, "-j@N@");
	strv_extend(ret, spec->make);
}

static int start_guard(const struct bld_kbuild_spec *spec, struct impl *i, int out, struct err *err)
{
	auto_strv struct strv argv = { 0 }, env = { 0 };
	auto_free char *fifo = xasprintf("%s/.kiln-jobs-%08x", spec->build, random_u32());
	enum bld_share share;
	struct bld_make make;
	int r;

	add_env(spec->env, &env);
	r = bld_make_probe(i->jobs, spec->wrap, env.v, &make, err);
	if (r < 0)
		return r;
	share = share_of(spec, i->jobs, &make);
	add_argv(spec, share, &make, fifo, &argv);
	i->slot = bld_slot_get(i->jobs);
	if (!i->slot)
		return err_set(err, -EAGAIN, "%d builds run at once already", BLD_SLOTS);
	return bld_guard_start(&(struct bld_guard_spec){ argv.v, env.v, i->jobs, i->slot, share,
							 fifo, out, spec->lock_fd, NULL },
			       &i->guard, &i->ctl, err);
}

static int watch(int epoll, int fd, struct err *err)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) < 0 ? err_sys(err, "cannot wait for make")
							   : 0;
}

static int start(const struct bld_kbuild_spec *spec, struct bld_kbuild *k, struct impl *i,
		 struct err *err)
{
	auto_close int out = -1;
	int p[2], r;

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	i->out = p[0];
	out = p[1];
	fcntl(i->out, F_SETFL, O_NONBLOCK);
	k->fd = epoll_create1(EPOLL_CLOEXEC);
	if (k->fd < 0)
		return err_sys(err, "cannot wait for make");
	r = start_guard(spec, i, out, err);
	if (!r)
		r = watch(k->fd, i->out, err);
	if (!r)
		r = watch(k->fd, i->ctl, err);
	return r;
}

int bld_kbuild_start(const struct bld_kbuild_spec *spec, struct bld_kbuild *ret, struct err *err)
{
	struct bld_kbuild k = { .fd = -1 };
	struct impl *i;
	int r = check_path("tree", spec->tree, err);

	if (!r)
		r = check_path("build folder", spec->build, err);
	if (!r)
		r = mkdir_p(spec->build, 0777, err);
	if (r < 0)
		return r;
	*ret = k;
	i = xnew(struct impl);
	*i = (struct impl){ .jobs = spec->jobs,
			    .ctl = -1,
			    .out = -1,
			    .log_fd = spec->log_fd,
			    .stop = spec->ended };
	i->build = xstrdup(spec->build);
	i->output = bld_output_new(ret, spec->tree, spec->build);
	ret->impl = i;
	if (!i->jobs)
		r = bld_jobs_new(1, &i->own_jobs, err);
	if (!i->jobs)
		i->jobs = i->own_jobs;
	if (!r && !spec->marked)
		r = bld_mark_set(spec->build, err);
	i->marked = r == 0;
	if (r >= 0)
		r = start(spec, ret, i, err);
	if (r < 0)
		bld_kbuild_release(ret);
	return r;
}

/* Reading */

/* A log that cannot be written is told once; make is read on, so that it can end. */
static int keep(struct impl *i, const char *data, size_t n, struct err *err)
{
	int r = i->log_fd < 0 ? 0 : write_all(i->log_fd, data, n);

	bld_output_feed(i->output, data, n);
	if (r == 0)
		return 0;
	i->log_fd = -1;
	return err_code(err, r, "cannot write the log of make");
}

static int read_output(struct bld_kbuild *k, size_t max, struct err *err)
{
	struct impl *i = k->impl;
	char buf[16384];
	int ret = 0;

	for (size_t sum = 0; i->out >= 0 && sum < max;) {
		ssize_t n = read(i->out, buf, sizeof(buf));
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) { /* closing it takes it out of the epoll */
			i->out = close_fd(i->out);
			break;
		}
		sum += (size_t)n;
		r = keep(i, buf, (size_t)n, ret ? NULL : err);
		ret = ret ? ret : r;
	}
	return ret;
}

static void reap_guard(struct impl *i)
{
	i->ctl = close_fd(i->ctl);
	proc_wait(i->guard);
	i->guard = 0;
	if (i->slot)
		bld_slot_put(i->jobs, take_ptr(i->slot));
}

/*
 * In order: make came to its end by itself, or by the signal we sent, for which it removes what it has under way; and nobody
 * had to be killed.
 */
static int ended(struct bld_kbuild *k, const struct bld_guard_message *m, struct err *err)
{
	struct impl *i = k->impl;
	const int s = m->value;
	int r;

	r = read_output(k, PIPE_MAX, err);
	bld_output_end(i->output);
	k->status = bld_guard_status(s);
	i->ended = true;
	reap_guard(i);
	if (i->marked && !m->killed && (WIFEXITED(s) || (i->asked && WTERMSIG(s) == SIGTERM)))
		bld_mark_end(i->build);
	return r;
}

static int hear(struct bld_kbuild *k, struct err *err)
{
	struct impl *i = k->impl;
	struct bld_guard_message m;
	int r = i->ended ? 0 : bld_guard_hear(i->ctl, &k->pid, &m, err);

	if (r > 0)
		return ended(k, &m, err);
	if (r < 0)
		ended(k, &(struct bld_guard_message){ .value = 127 << 8 }, NULL);
	return r;
}

int bld_kbuild_read(struct bld_kbuild *k, struct err *err)
{
	struct impl *i = k->impl;
	int r;

	if (i->ended)
		return 0;
	r = read_output(k, READ_MAX, err);
	if (r < 0)
		return r;
	r = hear(k, err);
	if (r < 0)
		return r;
	return !i->ended;
}

static bool is_stopped(const struct impl *i)
{
	return i->stop && *i->stop;
}

/* 1: there is something to read; 0: a signal came. */
static int wait_for(const struct bld_kbuild *k, const sigset_t *open, struct err *err)
{
	struct pollfd p = { .fd = k->fd, .events = POLLIN };

	if (is_stopped(k->impl))
		return 0;
	if (ppoll(&p, 1, NULL, open) < 0)
		return errno == EINTR ? 0 : err_sys(err, "cannot wait for make");
	return 1;
}

int bld_kbuild_finish(struct bld_kbuild *k, void (*each)(void *ctx, const struct bld_kbuild *k),
		      void *ctx, struct err *err)
{
	const struct impl *i = k->impl;
	sigset_t old;
	int r = 1;

	bld_guard_hold_signals(&old);
	while (r > 0 && !is_stopped(i)) {
		r = wait_for(k, &old, err);
		if (r == 0)
			r = 1;
		else if (r > 0)
			r = bld_kbuild_read(k, err);
		if (r >= 0 && each)
			each(ctx, k);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (!is_stopped(i))
		return r;
	bld_kbuild_stop(k, STOP_SECONDS);
	return err_set(err, -EINTR, "ended by signal %d", (int)*i->stop);
}

/* Ending */

static void read_until(struct bld_kbuild *k, uint64_t deadline)
{
	struct impl *i = k->impl;

	while (!i->ended && now_ns() < deadline) {
		struct pollfd p = { .fd = k->fd, .events = POLLIN };

		poll(&p, 1, (int)((deadline - now_ns()) / NSEC_PER_MSEC) + 1);
		bld_kbuild_read(k, NULL);
	}
}

void bld_kbuild_ask(struct bld_kbuild *k)
{
	struct impl *i = k->impl;

	if (!i || i->ended || i->ctl < 0)
		return;
	i->asked = true;
	bld_guard_ask(i->ctl, false);
}

void bld_kbuild_stop(struct bld_kbuild *k, unsigned grace_s)
{
	struct impl *i = k->impl;

	if (!i || i->ended || i->ctl < 0)
		return;
	if (grace_s && !i->asked)
		bld_kbuild_ask(k);
	read_until(k, now_ns() + grace_s * NSEC_PER_SEC);
	if (i->ended)
		return;
	bld_guard_ask(i->ctl, true);
	read_until(k, now_ns() + KILL_MSEC * NSEC_PER_MSEC);
	if (!i->ended) {
		k->status = 128 + SIGKILL;
		i->ended = true;
	}
}

void bld_kbuild_release(struct bld_kbuild *k)
{
	struct impl *i = k->impl;

	if (!i)
		return;
	bld_kbuild_stop(k, 0);
	if (i->ctl >= 0) { /* stuck in the kernel: the guard is left to wait for it */
		i->ctl = close_fd(i->ctl);
		i->guard = 0;
	}
	reap_guard(i);
	close_fd(i->out);
	close_fd(k->fd);
	bld_output_free(i->output);
	bld_jobs_free(i->own_jobs);
	free(i->build);
	free(i);
	bld_messages_release(&k->warnings);
	bld_messages_release(&k->errors);
	str_release(&k->first_error);
	free(k->step);
	free(k->failed_object);
	*k = (struct bld_kbuild){ .fd = -1 };
}
