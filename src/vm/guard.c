/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/guard.h"

#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

static _Noreturn void guard_main(int pipe_fd, const char *dir)
{
	sigset_t all;
	char byte;

	/* The terminal's signals are for kiln; the guard ends when kiln does. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	setsid();
	prctl(PR_SET_NAME, "kiln-guard");
	while (read(pipe_fd, &byte, 1) < 0 && errno == EINTR)
		;
	rm_rf(dir, NULL);
	_exit(0);
}

/* The guard must not hold what others wait to see closed: kiln's own streams. */
static void close_others(int keep)
{
	for (int fd = 0; fd < keep; fd++)
		close(fd);
	close_range((unsigned)keep + 1, ~0U, 0);
}

int vm_guard_start(struct vm_guard *g, const char *dir, struct err *err)
{
	int p[2];
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	pid = fork();
	if (pid < 0) {
		int r = err_sys(err, "cannot start the guard of '%s'", dir);

		close(p[0]);
		close(p[1]);
		return r;
	}
	if (pid == 0) {
		close(p[1]);
		close_others(p[0]);
		guard_main(p[0], dir);
	}
	close(p[0]);
	*g = (struct vm_guard){ pid, p[1] };
	return 0;
}

void vm_guard_stop(struct vm_guard *g)
{
	if (!g->pid)
		return;
	close(g->pipe);
	proc_wait(g->pid);
	g->pid = 0;
}
