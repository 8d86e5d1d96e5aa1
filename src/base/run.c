/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running a child to its end. The end is learnt from a pidfd, so that SIGCHLD and other children
 * are left alone. When the child has ended what it wrote is still read, but nobody waits for a
 * grandchild that kept the pipes.
 */
#include "base/clock.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

struct capture {
	int fd;
	struct str *into;
};

struct running {
	pid_t pid;
	int pidfd; /* -1 on kernels before 5.3: then the child is asked for every few ms */
	int in;
	const struct str *input;
	size_t written;
	struct capture out, err;
	size_t max_out;
};

enum { AT_PID, AT_IN, AT_OUT, AT_ERR, N_AT };

#define ASK_MSEC  5
#define KILL_MSEC 1000
/* what the largest pipe holds (fs.pipe-max-size), in reads of drain() */
#define PIPE_READS 64

void proc_result_release(struct proc_result *r)
{
	str_release(&r->out);
	str_release(&r->errout);
	*r = (struct proc_result){ 0 };
}

static void feed(struct running *r)
{
	ssize_t n;

	if (r->in < 0)
		return;
	n = write(r->in, str_c(r->input) + r->written, r->input->n - r->written);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		r->written += (size_t)n;
	/* a child that does not want its input is no error */
	if (n < 0 || r->written == r->input->n)
		r->in = close_fd(r->in);
}

/* One read; false when there is nothing (more) to be had now. */
static bool drain(struct capture *c, size_t max)
{
	char buf[16384];
	ssize_t n;

	if (c->fd < 0)
		return false;
	n = read(c->fd, buf, sizeof(buf));
	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0) {
		c->fd = close_fd(c->fd);
		return false;
	}
	str_add(c->into, buf, MIN((size_t)n, max - c->into->n));
	return true;
}

static int poll_timeout(const struct running *r, uint64_t deadline)
{
	uint64_t now = now_ns(), ms;

	if (!deadline)
		return r->pidfd < 0 ? ASK_MSEC : -1;
	if (now >= deadline)
		return 0;
	ms = MIN((deadline - now) / NSEC_PER_MSEC + 1, (uint64_t)INT32_MAX);
	return r->pidfd < 0 ? (int)MIN(ms, (uint64_t)ASK_MSEC) : (int)ms;
}

static bool has_ended(const struct running *r, int *ret_status)
{
	return waitpid(r->pid, ret_status, WNOHANG) == r->pid;
}

/* True when the child has ended, false at the deadline. */
static bool pump(struct running *r, uint64_t deadline, int *ret_status)
{
	while (!has_ended(r, ret_status)) {
		struct pollfd p[N_AT] = {
			[AT_PID] = { .fd = r->pidfd, .events = POLLIN },
			[AT_IN] = { .fd = r->in, .events = POLLOUT },
			[AT_OUT] = { .fd = r->out.fd, .events = POLLIN },
			[AT_ERR] = { .fd = r->err.fd, .events = POLLIN },
		};

		if (deadline && now_ns() >= deadline)
			return false;
		if (poll(p, N_AT, poll_timeout(r, deadline)) <= 0)
			continue;
		if (p[AT_IN].revents)
			feed(r);
		if (p[AT_OUT].revents)
			drain(&r->out, r->max_out);
		if (p[AT_ERR].revents)
			drain(&r->err, r->max_out);
	}
	return true;
}

/*
 * One that is stuck in the kernel, or held by a debugger, does not end even so. It is left, and
 * counts as killed.
 */
static int kill_it(const struct running *r, bool group)
{
	int status = SIGKILL;

	kill(group ? -r->pid : r->pid, SIGKILL);
	for (int ms = 0; ms < KILL_MSEC && !has_ended(r, &status); ms += ASK_MSEC)
		poll(NULL, 0, ASK_MSEC);
	return status;
}

/* What lies in the pipe when the child has ended. A grandchild may go on writing for ever. */
static void drain_rest(struct capture *c, size_t max)
{
	for (int i = 0; i < PIPE_READS && drain(c, max); i++)
		;
}

static bool names_fd(const struct proc_spec *s, int to)
{
	for (size_t i = 0; i < s->n_fds; i++)
		if (s->fds[i].to == to)
			return true;
	return false;
}

struct fd_list {
	struct proc_fd *v;
	size_t n;
	size_t cap;
};

/*
 * A pipe to descriptor `to` of the child, unless the caller gave it something else. Our end does
 * not block; the child's end stays in *ret_theirs until the child is there.
 */
static int add_pipe(const struct proc_spec *s, int to, struct fd_list *fds, int *ret_ours,
		    int *ret_theirs)
{
	int p[2];
	bool input = to == STDIN_FILENO;

	if (names_fd(s, to))
		return 0;
	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	*ret_ours = p[input ? 1 : 0];
	*ret_theirs = p[input ? 0 : 1];
	fcntl(*ret_ours, F_SETFL, O_NONBLOCK);
	vec_push(fds, ((struct proc_fd){ .from = *ret_theirs, .to = to }));
	return 0;
}

static int start(const struct proc_spec *spec, struct running *r, struct err *err)
{
	auto_close int in = -1, out = -1, errout = -1;
	struct fd_list fds = { 0 };
	struct proc_spec with_pipes = *spec;
	int ret = 0;

	for (size_t i = 0; i < spec->n_fds; i++)
		vec_push(&fds, spec->fds[i]);
	if (r->input && r->input->n)
		ret = add_pipe(spec, STDIN_FILENO, &fds, &r->in, &in);
	if (!ret)
		ret = add_pipe(spec, STDOUT_FILENO, &fds, &r->out.fd, &out);
	if (!ret)
		ret = add_pipe(spec, STDERR_FILENO, &fds, &r->err.fd, &errout);
	with_pipes.fds = fds.v;
	with_pipes.n_fds = fds.n;
	if (ret < 0)
		err_code(err, ret, "cannot make a pipe");
	else
		ret = proc_spawn(&with_pipes, &r->pid, err);
	free(fds.v);
	return ret;
}

static void close_all(struct running *r)
{
	r->in = close_fd(r->in);
	r->out.fd = close_fd(r->out.fd);
	r->err.fd = close_fd(r->err.fd);
	r->pidfd = close_fd(r->pidfd);
}

static void finish(struct running *r, const struct proc_spec *spec, uint64_t deadline,
		   struct proc_result *ret)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	int status = 0;

	/* the child may close its input before it has read all */
	sigaction(SIGPIPE, &ignore, &before);
	if (!pump(r, deadline, &status)) {
		ret->timeout = true;
		status = kill_it(r, spec->new_group);
	}
	sigaction(SIGPIPE, &before, NULL);
	drain_rest(&r->out, r->max_out);
	drain_rest(&r->err, r->max_out);
	ret->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int proc_run(const struct proc_spec *spec, const struct str *input, uint64_t timeout_ns,
	     size_t max_out, struct proc_result *ret, struct err *err)
{
	uint64_t deadline = timeout_ns ? now_ns() + timeout_ns : 0;
	struct running r = {
		.pidfd = -1,
		.in = -1,
		.input = input,
		.out = { .fd = -1, .into = &ret->out },
		.err = { .fd = -1, .into = &ret->errout },
		.max_out = max_out,
	};
	int result;

	*ret = (struct proc_result){ 0 };
	result = start(spec, &r, err);
	if (!result) {
		r.pidfd = pidfd_open(r.pid, 0);
		finish(&r, spec, deadline, ret);
	}
	close_all(&r);
	return result;
}
