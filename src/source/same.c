/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a tree is still what its index says: all that there is to do for a tree in which nothing has changed, and it is
 * all questions to the kernel, 2 us each. So the folders are dealt out to a process for each processor. Any difference, of
 * a folder too (names may have come or gone), makes an end of it; what differs is for the walk in digest.c to find.
 */
#include "source/index.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define PROCESSES_MOST 4
/* Below that a process costs more than it saves. */
#define ENTRIES_EACH 4000

struct look {
	const struct src_index *x;
	int fd;
	size_t from, to; /* the entries that are asked for */
	struct str path; /* of the folder, below fd; ends with '/', or "" */
};

static bool is_same(int dirfd, const char *name, const struct src_entry *e)
{
	struct file_id id;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	id = file_id_of(&st);
	return file_id_same(&id, &e->id);
}

static bool are_same(const struct look *l, const struct src_entry *folder)
{
	auto_close int fd = openat(l->fd, l->path.n ? l->path.s : ".",
				   O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	for (uint32_t i = 0; i < folder->n; i++) {
		const struct src_entry *e = &l->x->v[folder->first + i];

		if (fd < 0 || !is_same(fd, src_index_name(l->x, e), e))
			return false;
	}
	return true;
}

static bool look_below(struct look *l, const struct src_entry *folder)
{
	const size_t before = l->path.n;
	bool same = true;

	if (folder->n && folder->first >= l->from && folder->first < l->to)
		same = are_same(l, folder);
	for (uint32_t i = 0; i < folder->n && same; i++) {
		const struct src_entry *e = &l->x->v[folder->first + i];

		if (e->type != 'D' || !e->n)
			continue;
		str_adds(&l->path, src_index_name(l->x, e));
		str_addc(&l->path, '/');
		same = look_below(l, e);
		l->path.n = before;
		l->path.s[before] = '\0';
	}
	return same;
}

static bool look(const struct src_index *x, int fd, size_t from, size_t to)
{
	struct look l = { .x = x, .fd = fd, .from = from, .to = to };
	bool same = look_below(&l, &x->v[0]);

	str_release(&l.path);
	return same;
}

static size_t processors(size_t entries)
{
	cpu_set_t set;
	size_t n = 1;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = (size_t)CPU_COUNT(&set);
	n = MIN(n, entries / ENTRIES_EACH);
	n = MIN(n, (size_t)PROCESSES_MOST);
	return n ? n : 1;
}

static pid_t look_aside(const struct src_index *x, int fd, size_t from, size_t to)
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(getppid() != parent || !look(x, fd, from, to));
}

/* One that could not be started, or was killed, has seen nothing. */
static bool has_seen_same(pid_t pid, bool needed)
{
	int status = -1;

	if (pid < 0)
		return false;
	if (!needed)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool src_index_holds(const struct src_index *x, int fd)
{
	const size_t n = x->n ? processors(x->n) : 0, each = n ? x->n / n + 1 : 0;
	pid_t pids[PROCESSES_MOST];
	bool same;

	if (!n || !is_same(fd, ".", &x->v[0]))
		return false;
	for (size_t i = 1; i < n; i++)
		pids[i] = look_aside(x, fd, i * each, (i + 1) * each);
	same = look(x, fd, 0, each);
	for (size_t i = 1; i < n; i++)
		same &= has_seen_same(pids[i], same);
	return same;
}
