/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PR_SET_PDEATHSIG reaches make, not what make started: a make that is killed leaves compilers behind that go on writing into
 * the build folder. So make gets a group of its own and a parent that outlives kiln by a moment. The parent adopts what loses
 * its own parent (PR_SET_CHILD_SUBREAPER), so that it can wait for the whole group, and the number of the group cannot become
 * somebody else's while it signals it.
 *
 * Jobs. make's own protocol (GNU make manual, "POSIX Jobserver Interaction") is one pipe for all, in which nobody can see who
 * took what. Here each make has two of its own. The first has room for one token, and poll() tells when that was taken; the
 * second brings tokens back. So held is exact: what was taken from the pool, is offered, or is with make. It begins with one,
 * for the job that each make may run without asking. One token is always on offer, if the pool has one; where another build
 * waits and nobody took it, it goes back to the pool for a while.
 *
 * A fifo is one pipe both ways, so there the guard looks at its length, now and then. A fixed number is for a make that knows
 * neither.
 */
#include "build/guard.h"

#include "base/clock.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* an offer that nobody takes is looked at so often; then others have as long to take it */
#define OFFER_MSEC 50
/* what make gave back is left to others for so long, if any wait */
#define YIELD_MSEC 5
/* a fifo tells of nothing */
#define FIFO_MSEC 10

struct guard {
	const struct bld_guard_spec *spec;
	int ctl;
	int signals;		 /* SIGCHLD */
	int offer_in, offer_out; /* the pipe that make takes from; a fifo: both are the fifo */
	int back_in, back_out;	 /* the pipe that make gives to; a fifo: -1 */
	bool tells;		 /* poll() of offer_out says when the offer was taken */
	uint64_t offered;	 /* since when an offer lies there */
	uint64_t pause_until;	 /* nothing is taken from the pool before */
	pid_t make;		 /* 0: not yet */
	bool started, quit, killed;
	bool gone; /* kiln */
};

static void say(const struct guard *g, enum bld_guard_what what, int value, const char *text)
{
	struct bld_guard_message m = { .what = what, .value = value, .killed = g->killed };

	snprintf(m.text, sizeof(m.text), "%s", text ? text : "");
	send(g->ctl, &m, sizeof(m), MSG_NOSIGNAL);
}

/* Jobs */

static int unclaimed(const struct guard *g)
{
	int n = 0;

	return g->offer_in >= 0 && !ioctl(g->offer_in, FIONREAD, &n) ? n : 0;
}

/* Takes n tokens that make did not take, or gave back, out of a pipe and gives them to the pool. */
static void collect(const struct guard *g, int fd, int n)
{
	char byte[64];

	while (n > 0) {
		ssize_t r = read(fd, byte, MIN((size_t)n, sizeof(byte)));
		/* what make wrote is not to be trusted: its own job stays held */
		const int most = atomic_load(&g->spec->slot->held) - 1;

		if (r <= 0)
			return;
		bld_token_give(g->spec->jobs, g->spec->slot, MIN((int)r, most));
		n -= (int)r;
	}
}

static void offer(struct guard *g)
{
	if (!bld_token_take(g->spec->jobs, g->spec->slot))
		return;
	if (write(g->offer_out, "+", 1) != 1)
		bld_token_give(g->spec->jobs, g->spec->slot, 1);
	g->offered = now_ns();
}

static bool wants(const struct guard *g)
{
	return g->make && !g->quit && g->offer_out >= 0 && !unclaimed(g) &&
	       now_ns() >= g->pause_until;
}

/* An offer that lies there while others wait goes back. */
static void withdraw(struct guard *g)
{
	const int n = unclaimed(g);

	if (g->back_in < 0 && n > 1) /* a fifo: what make gave back lies there too */
		collect(g, g->offer_in, n - 1);
	if (!n || now_ns() < g->offered + OFFER_MSEC * NSEC_PER_MSEC ||
	    !bld_token_wanted(g->spec->jobs, g->spec->slot))
		return;
	collect(g, g->offer_in, n);
	g->pause_until = now_ns() + OFFER_MSEC * NSEC_PER_MSEC;
}

static int make_pipe(int fds[2])
{
	return pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0 ? -errno : 0;
}

/* make reads and writes with flags of its own: what it opens through is another description. */
static int reopen(int fd, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_CLOEXEC);
}

static int make_pipes(struct guard *g)
{
	int offer[2], back[2];
	int r = make_pipe(offer);

	if (r < 0)
		return r;
	g->offer_in = offer[0];
	g->offer_out = offer[1];
	r = make_pipe(back);
	if (r < 0)
		return r;
	g->back_in = back[0];
	g->back_out = back[1];
	/* one page is one byte here: a pipe with anything in its only page takes no more */
	g->tells = fcntl(g->offer_out, F_SETPIPE_SZ, 1) >= 0 &&
		   fcntl(g->offer_out, F_GETPIPE_SZ) == (int)sysconf(_SC_PAGESIZE);
	return 0;
}

static int make_fifo(struct guard *g)
{
	if (mkfifo(g->spec->fifo, 0600) < 0)
		return -errno;
	g->offer_in = open(g->spec->fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	g->offer_out = g->offer_in;
	return g->offer_in < 0 ? -errno : 0;
}

/* Starting */

static char *filled(const char *arg, const int *fds, int n)
{
	const char *const name[] = { "@R@", "@W@", "@N@" };
	const int value[] = { fds[0], fds[1], n };
	struct str s = { 0 };

	while (*arg) {
		size_t i = 0;

		while (i < countof(name) && !str_starts(arg, name[i]))
			i++;
		if (i < countof(name)) {
			str_addf(&s, "%d", value[i]);
			arg += strlen(name[i]);
		} else {
			str_addc(&s, *arg++);
		}
	}
	return str_take(&s);
}

/* Its argument that has such a name in it is the one that kiln made; paths stay as they are. */
static void fill_argv(const struct guard *g, const int *fds, struct strv *ret)
{
	for (char *const *a = g->spec->argv; *a; a++) {
		if (str_starts(*a, "--jobserver") || str_starts(*a, "-j@"))
			strv_take(ret, filled(*a, fds, atomic_load(&g->spec->slot->held)));
		else
			strv_add(ret, *a);
	}
}

static int spawn(struct guard *g, struct err *err)
{
	auto_strv struct strv argv = { 0 };
	const int numbers[] = { 3, 4 };
	struct proc_fd fds[4] = { { g->spec->out, 1 }, { g->spec->out, 2 } };
	struct proc_spec s = {
		.fds = fds, .n_fds = 2, .env = g->spec->env, .cwd = g->spec->cwd, .new_group = true
	};
	auto_close int take = -1, give = -1;
	int r;

	if (g->spec->share == BLD_SHARE_PIPES) {
		take = reopen(g->offer_in, O_RDONLY);
		give = reopen(g->back_out, O_WRONLY);
		if (take < 0 || give < 0)
			return err_sys(err, "cannot open the pipes for jobs");
		fds[2] = (struct proc_fd){ take, numbers[0] };
		fds[3] = (struct proc_fd){ give, numbers[1] };
		s.n_fds = 4;
	}
	fill_argv(g, numbers, &argv);
	s.argv = argv.v;
	r = proc_spawn(&s, &g->make, err);
	if (r < 0)
		return r;
	setpgid(g->make, g->make); /* as the child does: a signal may come before it */
	return 0;
}

/* Behind the first token, which is make's own. */
static void begin(struct guard *g)
{
	auto_err struct err err = { 0 };
	int r = 0;

	g->started = true;
	if (g->spec->share == BLD_SHARE_PIPES)
		r = make_pipes(g);
	else if (g->spec->share == BLD_SHARE_FIFO)
		r = make_fifo(g);
	else
		while (bld_token_take(g->spec->jobs, g->spec->slot))
			;
	if (r < 0)
		err_code(&err, r, "cannot make pipes for jobs");
	else
		r = spawn(g, &err);
	if (r < 0) {
		say(g, BLD_GUARD_FAILED, r, err.msg);
		g->quit = true;
		return;
	}
	say(g, BLD_GUARD_STARTED, g->make, NULL);
}

/* Ending */

static void signal_group(struct guard *g, int sig)
{
	if (g->make)
		kill(-g->make, sig);
	g->killed |= sig == SIGKILL;
}

/* Reaps what there is but make itself, whose number is to stay its own; true when make has ended. */
static bool reap_others(const struct guard *g)
{
	siginfo_t info;

	for (;;) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid)
			return false;
		if (info.si_pid == g->make)
			return true;
		waitpid(info.si_pid, NULL, 0);
	}
}

/*
 * make has ended, and waits for its children where it can. What is left of its group was left by a make that was killed, or
 * left itself. As a parent dies its children become ours, so there is a child of that group as long as there is anyone in it.
 */
static void end(struct guard *g)
{
	int status = 0, s;
	pid_t pid;

	kill(-g->make, SIGKILL);
	while ((pid = waitpid(-g->make, &s, 0)) > 0 || errno == EINTR) {
		if (pid == g->make)
			status = s;
		else if (pid > 0)
			g->killed = true;
	}
	say(g, BLD_GUARD_ENDED, status, NULL);
	g->quit = true;
}

/* kiln's word; no kiln: everything ends at once. */
static void obey(struct guard *g)
{
	char what;
	ssize_t n = recv(g->ctl, &what, 1, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	signal_group(g, n == 1 && what == 'T' ? SIGTERM : SIGKILL);
	g->gone = n <= 0;
	if (!g->make) {
		say(g, BLD_GUARD_ENDED, SIGTERM, NULL);
		g->quit = true;
	}
}

enum { AT_CTL, AT_CHILD, AT_POOL, AT_OFFER, AT_BACK, N_AT };

static int timeout_of(const struct guard *g, bool want)
{
	if (!g->started || g->spec->share == BLD_SHARE_FIXED)
		return -1;
	if (g->spec->share == BLD_SHARE_FIFO)
		return FIFO_MSEC;
	if (g->pause_until > now_ns())
		return (int)((g->pause_until - now_ns()) / NSEC_PER_MSEC) + 1;
	return want && g->tells ? -1 : OFFER_MSEC;
}

static void turn(struct guard *g)
{
	const bool want = !g->started || wants(g);
	struct pollfd p[N_AT] = {
		[AT_CTL] = { .fd = g->gone ? -1 : g->ctl, .events = POLLIN },
		[AT_CHILD] = { .fd = g->signals, .events = POLLIN },
		[AT_POOL] = { .fd = want ? g->spec->jobs->in : -1, .events = POLLIN },
		[AT_OFFER] = { .fd = g->tells && unclaimed(g) ? g->offer_out : -1,
			       .events = POLLOUT },
		[AT_BACK] = { .fd = g->back_in, .events = POLLIN },
	};
	struct signalfd_siginfo info;

	atomic_store(&g->spec->slot->waiting, want);
	if (poll(p, N_AT, timeout_of(g, want)) < 0 && errno != EINTR)
		return;
	if (p[AT_CTL].revents)
		obey(g);
	if (p[AT_BACK].revents & POLLIN) {
		collect(g, g->back_in, 64);
		/* who waits longer comes first */
		if (bld_token_wanted(g->spec->jobs, g->spec->slot))
			g->pause_until = now_ns() + YIELD_MSEC * NSEC_PER_MSEC;
	}
	if (p[AT_CHILD].revents && read(g->signals, &info, sizeof(info)) > 0 && reap_others(g))
		end(g);
	if (g->quit)
		return;
	if (p[AT_POOL].revents & POLLIN && !g->started) {
		if (bld_token_take(g->spec->jobs, g->spec->slot))
			begin(g);
	} else if (p[AT_POOL].revents & POLLIN && wants(g)) {
		offer(g);
	} else if (!p[AT_OFFER].revents && g->started) {
		withdraw(g);
	}
}

/*
 * The guard must not hold what others wait to see closed, or locks; but the build folder's: when kiln was killed, nobody is to
 * begin there while a compiler of this make still writes.
 */
static void close_others(const struct guard *g)
{
	const int keep[] = { g->ctl, g->spec->out, g->spec->jobs->in, g->spec->jobs->out,
			     g->spec->lock > 0 ? g->spec->lock : g->ctl };
	const int max = (int)MIN(sysconf(_SC_OPEN_MAX), 1L << 20);
	int last = 2;

	for (size_t i = 0; i < countof(keep); i++)
		last = MAX(last, keep[i]);
	for (int fd = 0; fd <= last; fd++) {
		bool kept = false;

		for (size_t i = 0; i < countof(keep); i++)
			kept |= fd == keep[i];
		if (!kept)
			close(fd);
	}
	if (close_range((unsigned)last + 1, ~0U, 0) < 0)
		for (int fd = last + 1; fd < max; fd++)
			close(fd);
	/* so that 0 to 2 are taken, and nothing that is opened later becomes them */
	for (int fd = 0; fd >= 0 && fd < 2;)
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
}

static _Noreturn void guard_main(const struct bld_guard_spec *spec, int ctl)
{
	struct guard g = { .spec = spec,
			   .ctl = ctl,
			   .offer_in = -1,
			   .offer_out = -1,
			   .back_in = -1,
			   .back_out = -1 };
	sigset_t all, child;

	/* The terminal's signals are for kiln; the guard ends when kiln does. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	setsid();
	prctl(PR_SET_NAME, "kiln-make");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	g.signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (g.signals < 0)
		say(&g, BLD_GUARD_FAILED, -errno, "cannot wait for signals");
	while (g.signals >= 0 && !g.quit)
		turn(&g);
	if (spec->share == BLD_SHARE_FIFO)
		unlink(spec->fifo);
	bld_token_give(spec->jobs, spec->slot, atomic_load(&spec->slot->held));
	_exit(0);
}

int bld_guard_start(const struct bld_guard_spec *spec, pid_t *ret_pid, int *ret_fd, struct err *err)
{
	int s[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s) < 0)
		return err_sys(err, "cannot make a socket");
	pid = fork();
	if (pid < 0) {
		int r = err_sys(err, "cannot start a process for make");

		close(s[0]);
		close(s[1]);
		return r;
	}
	if (!pid) {
		struct guard g = { .spec = spec, .ctl = s[1] };

		close_others(&g);
		guard_main(spec, s[1]);
	}
	close(s[1]);
	*ret_pid = pid;
	*ret_fd = s[0];
	return 0;
}

void bld_guard_ask(int fd, bool kill)
{
	send(fd, kill ? "K" : "T", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool bld_guard_read(int fd, struct bld_guard_message *ret, bool *ret_eof)
{
	ssize_t n;

	do
		n = recv(fd, ret, sizeof(*ret), MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	*ret_eof = n == 0 || (n < 0 && errno != EAGAIN);
	if (n != sizeof(*ret))
		return false;
	ret->text[sizeof(ret->text) - 1] = '\0';
	return true;
}

int bld_guard_hear(int fd, pid_t *pid, struct bld_guard_message *ret, struct err *err)
{
	bool eof = false;

	while (bld_guard_read(fd, ret, &eof)) {
		if (ret->what == BLD_GUARD_STARTED)
			*pid = ret->value;
		if (ret->what == BLD_GUARD_ENDED)
			return 1;
		if (ret->what == BLD_GUARD_FAILED)
			return err_set(err, ret->value ? ret->value : -EIO, "%s", ret->text);
	}
	if (!eof)
		return 0;
	/* the guard was killed. What it started died with it; the others are in that one's group */
	if (*pid)
		kill(-*pid, SIGKILL);
	*ret = (struct bld_guard_message){ .what = BLD_GUARD_ENDED,
					   .value = SIGKILL,
					   .killed = true };
	return 1;
}

int bld_guard_status(int value)
{
	return WIFSIGNALED(value) ? 128 + WTERMSIG(value) : WEXITSTATUS(value);
}

void bld_guard_hold_signals(sigset_t *ret_old)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, ret_old);
}
