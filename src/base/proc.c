/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starting children. What goes wrong between fork and exec comes back through a close-on-exec
 * pipe, so that the caller learns the reason and never meets a child that did not become the
 * program.
 *
 * Between vfork and exec only async-signal-safe functions are called; all memory is had before. The child runs in our
 * memory, which saves copying the page tables of a process of many megabytes; what it writes there is its own part of
 * struct child.
 */
#include "base/proc.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum stage { STAGE_FDS, STAGE_CWD, STAGE_SETUP, STAGE_EXEC };

struct failure {
	enum stage stage;
	int error;
};

struct child {
	const struct proc_spec *spec;
	const char *program;
	pid_t parent;
	int report;  /* write end of the pipe */
	int *lifted; /* n_fds descriptors above all targets */
};

static _Noreturn void fail(const struct child *c, enum stage stage, int error)
{
	struct failure f = { .stage = stage, .error = error };

	if (write(c->report, &f, sizeof(f)) < 0)
		_exit(126);
	_exit(127);
}

/* Everything from 3 on closes at exec; dup2() takes the mark off what is named. */
static void close_at_exec(void)
{
	struct rlimit limit = { 0 };

	if (!close_range(3, ~0U, CLOSE_RANGE_CLOEXEC))
		return;
	getrlimit(RLIMIT_NOFILE, &limit);
	for (int fd = 3; fd < (int)MIN(limit.rlim_cur, (rlim_t)65536); fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static int first_free_target(const struct proc_spec *s)
{
	int max = 2;

	for (size_t i = 0; i < s->n_fds; i++)
		max = MAX(max, s->fds[i].to);
	return max + 1;
}

/* Sources are lifted above all targets first, so that no dup2() overwrites one still needed. */
static void place_fds(struct child *c)
{
	const struct proc_spec *s = c->spec;
	int above = first_free_target(s);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int report = fcntl(c->report, F_DUPFD_CLOEXEC, above);

	if (null < 0 || report < 0)
		fail(c, STAGE_FDS, errno);
	c->report = report;
	null = fcntl(null, F_DUPFD_CLOEXEC, above);
	if (null < 0)
		fail(c, STAGE_FDS, errno);
	for (size_t i = 0; i < s->n_fds; i++) {
		c->lifted[i] =
			s->fds[i].from < 0 ? null : fcntl(s->fds[i].from, F_DUPFD_CLOEXEC, above);
		if (c->lifted[i] < 0)
			fail(c, STAGE_FDS, errno);
	}
	close_at_exec();
	for (int fd = 0; fd < 3; fd++)
		if (dup2(null, fd) < 0)
			fail(c, STAGE_FDS, errno);
	for (size_t i = 0; i < s->n_fds; i++)
		if (dup2(c->lifted[i], s->fds[i].to) < 0)
			fail(c, STAGE_FDS, errno);
}

static void reset_signals(void)
{
	struct sigaction act = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		sigaction(sig, &act, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn __attribute__((noinline)) void become(struct child *c)
{
	const struct proc_spec *s = c->spec;
	int r;

	prctl(PR_SET_PDEATHSIG, s->death_signal ? s->death_signal : SIGKILL);
	if (getppid() != c->parent)
		_exit(127); /* it died before the line above */
	if (s->new_group)
		setpgid(0, 0);
	place_fds(c);
	reset_signals();
	if (s->cwd && chdir(s->cwd) < 0)
		fail(c, STAGE_CWD, errno);
	if (s->setup) {
		r = s->setup(s->setup_ctx);
		if (r)
			fail(c, STAGE_SETUP, r < 0 ? -r : r);
	}
	execve(c->program, s->argv, s->env ? s->env : environ);
	fail(c, STAGE_EXEC, errno);
}

/* ENOENT of execve() also means a missing interpreter, ENOEXEC a file for another machine. */
static int exec_failed(const char *program, int error, struct err *err)
{
	struct stat st;

	if (error == ENOENT && !stat(program, &st))
		return err_set(err, -error, "cannot run '%s': its interpreter or loader is missing",
			       program);
	if (error == ENOEXEC)
		return err_set(err, -error, "cannot run '%s': not a program for this machine",
			       program);
	return err_code(err, -error, "cannot run '%s'", program);
}

static int explain(const struct child *c, const struct failure *f, struct err *err)
{
	switch (f->stage) {
	case STAGE_FDS:
		return err_code(err, -f->error, "cannot run '%s': descriptors", c->program);
	case STAGE_CWD:
		return err_code(err, -f->error, "cannot run '%s': cannot enter '%s'", c->program,
				c->spec->cwd);
	case STAGE_SETUP:
		return err_code(err, -f->error, "cannot run '%s': its set-up failed", c->program);
	case STAGE_EXEC:
		break;
	}
	return exec_failed(c->program, f->error, err);
}

static pid_t wait_for(pid_t pid, int *ret_status)
{
	pid_t r;

	do
		r = waitpid(pid, ret_status, 0);
	while (r < 0 && errno == EINTR);
	return r;
}

/*
 * All signals wait while there are two of us, so that no handler of the parent runs in the child.
 */
static pid_t fork_child(struct child *c)
{
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	c->parent = getpid();
	pid = c->spec->fork ? fork() : vfork();
	if (!pid)
		become(c);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}

static int start(struct child *c, pid_t *ret_pid, struct err *err)
{
	auto_close int in = -1, out = -1;
	struct failure f;
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	in = fds[0];
	out = fds[1];
	c->report = out;
	pid = fork_child(c);
	if (pid < 0)
		return err_sys(err, "cannot start '%s'", c->program);
	out = close_fd(out);
	do
		n = read(in, &f, sizeof(f));
	while (n < 0 && errno == EINTR);
	if (n == sizeof(f)) {
		wait_for(pid, &status);
		return explain(c, &f, err);
	}
	*ret_pid = pid;
	return 0;
}

int proc_spawn(const struct proc_spec *spec, pid_t *ret_pid, struct err *err)
{
	auto_free int *lifted = xcalloc(spec->n_fds, sizeof(*lifted));
	auto_free char *program = NULL;
	struct child c = { .spec = spec, .lifted = lifted };

	if (strchr(spec->argv[0], '/'))
		program = xstrdup(spec->argv[0]); /* execve() knows best what is wrong with it */
	else if (path_find_program(spec->argv[0], NULL, &program) < 0)
		return err_set(err, -ENOENT, "cannot run '%s': there is no such program in $PATH",
			       spec->argv[0]);
	c.program = program;
	return start(&c, ret_pid, err);
}

int proc_wait(pid_t pid)
{
	int status = -1;

	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

pid_t proc_fork(void)
{
	const pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* it ended before that */
	if (getppid() != parent)
		_exit(127);
	return 0;
}
