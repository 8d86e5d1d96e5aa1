/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting the command: its terminal or pipes, its user, its environment, its folder. */
#include "guest/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

extern char **environ;

/* What the child gets as 0, 1, 2, and our ends. */
struct stdio {
	int child[3];
	int ours[3];
};

static int open_null(void)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static void make_pipe(struct stdio *s, int stream)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		fail(KP_STAGE_RUN, "pipe");
	s->child[stream] = stream == 0 ? p[0] : p[1];
	s->ours[stream] = stream == 0 ? p[1] : p[0];
	fcntl(s->ours[stream], F_SETFL, O_NONBLOCK);
	/* Fewer wake-ups where much flows; refused for lack of memory it stays at 64 KiB. */
	fcntl(p[0], F_SETPIPE_SZ, 256 * 1024);
}

static void make_tty(struct stdio *s, const struct request *r)
{
	struct winsize ws = { .ws_row = r->rows, .ws_col = r->cols };
	char path[32];
	int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK), slave, n,
	    zero = 0;

	if (master < 0 || ioctl(master, TIOCSPTLCK, &zero) < 0 || ioctl(master, TIOCGPTN, &n) < 0)
		fail(KP_STAGE_RUN, "no pseudo terminal (CONFIG_UNIX98_PTYS)");
	ioctl(master, TIOCSWINSZ, &ws);
	snprintf(path, sizeof(path), "/dev/pts/%d", n);
	slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		fail(KP_STAGE_RUN, "cannot open '%s'", path);
	s->child[0] = s->child[1] = slave;
	s->ours[0] = s->ours[1] = master;
	if (s->child[2] < 0)
		s->child[2] = slave;
}

static void become(const struct user *u)
{
	if (u->uid == 0 && u->gid == 0)
		return;
	if (setgroups((size_t)u->n_groups, u->groups) < 0 || setgid(u->gid) < 0 ||
	    setuid(u->uid) < 0) {
		dprintf(2, "kiln: cannot become user '%s': %s\n", u->name, strerror(errno));
		_exit(126);
	}
}

/* A user asked for has a home and a name of his own; otherwise the host's environment is kept. */
static void set_environment(const struct request *r, const struct user *u)
{
	static char *none[] = { NULL };

	environ = r->env ? r->env : none;
	if (r->user) {
		setenv("USER", u->name, 1);
		setenv("LOGNAME", u->name, 1);
		setenv("HOME", u->home, 1);
		setenv("SHELL", u->shell, 1);
	}
	setenv("HOME", u->home, 0);
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 0);
}

static const char *pick_shell(const struct user *u)
{
	const char *s = getenv("SHELL");

	if (s && access(s, X_OK) == 0)
		return s;
	return access(u->shell, X_OK) == 0 ? u->shell : "/bin/sh";
}

static void tell_exec(const char *program, int error)
{
	struct utsname u;

	dprintf(2, "kiln: cannot run '%s' in the guest: %s\n", program, strerror(error));
	if (error == ENOEXEC && uname(&u) == 0)
		dprintf(2,
			"hint: this kernel runs programs for %s: name a folder that has some, 'kiln run "
			"--root FOLDER', or a static one and '--root none'\n",
			u.machine);
}

static _Noreturn void run_child(const struct request *r, const struct stdio *s,
				const struct user *u)
{
	char *shell[2] = { 0 };
	char **argv = r->argv;
	int code;

	signal(SIGPIPE, SIG_DFL);
	setsid();
	if (r->tty)
		ioctl(s->child[0], TIOCSCTTY, 0);
	for (int i = 0; i < 3; i++)
		dup2(s->child[i], i);
	if (r->tty)
		fchown(0, u->uid, (gid_t)-1);
	become(u);
	set_environment(r, u);
	if (r->cwd && chdir(r->cwd) < 0) {
		dprintf(2, "kiln: cannot change to '%s': %s; starting in /\n", r->cwd,
			strerror(errno));
		setenv("PWD", "/", 1);
	}
	if (!argv) {
		shell[0] = (char *)(uintptr_t)pick_shell(u);
		argv = shell;
	}
	/* Each folder of a PATH that has not got it costs questions to the host. */
	if (r->program)
		execv(r->program, argv);
	execvp(argv[0], argv);
	code = errno == ENOENT || errno == ENOTDIR ? 127 : 126;
	tell_exec(argv[0], errno);
	_exit(code);
}

/* A terminal stays open: once nobody had it, one who opens it anew would write into nothing. */
static void close_child_ends(const struct stdio *s, bool tty)
{
	for (int i = tty ? 2 : 0; i < 3; i++)
		if (!(tty && s->child[i] == s->child[0]))
			close(s->child[i]);
}

/* Root with a home and a command of its own: then the files of users are not asked for, over the share. */
static bool needs_no_account(const struct request *r)
{
	if (r->user || !r->argv)
		return false;
	for (char **e = r->env; e && *e; e++)
		if (strncmp(*e, "HOME=", 5) == 0)
			return true;
	return false;
}

void command_start(const struct request *r, struct command *ret)
{
	struct stdio s = { .child = { -1, -1, -1 }, .ours = { -1, -1, -1 } };
	struct user u;

	if (needs_no_account(r)) {
		u = (struct user){ .name = "root" };
	} else if (user_find(r->user, &u) < 0) {
		errno = 0;
		fail(KP_STAGE_RUN, "there is no user '%s' in the guest's /etc/passwd", r->user);
	}
	for (int i = 0; i < 3; i++)
		if (!(r->tty && i < 2) && r->stdio & 1 << i)
			make_pipe(&s, i);
	if (r->tty)
		make_tty(&s, r);
	for (int i = 0; i < 3; i++)
		if (s.child[i] < 0)
			s.child[i] = open_null();
	/*
	 * No copy of PID 1 is needed; under emulation, making one takes as long as an exec. The command leads its session
	 * by the time this returns.
	 */
	ret->pid = vfork();
	if (ret->pid < 0)
		fail(KP_STAGE_RUN, "vfork");
	if (ret->pid == 0)
		run_child(r, &s, &u);
	close_child_ends(&s, r->tty);
	ret->tty = r->tty;
	ret->in = s.ours[0];
	ret->out = s.ours[1];
	ret->err = s.ours[2];
}
