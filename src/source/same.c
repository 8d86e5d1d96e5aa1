/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a tree is not what its index says any more: for one in which nothing or little has changed that is nearly all there is to
 * do, and it is all questions to the kernel, 2 us each. So the folders are dealt out to a process for each processor. What
 * differs, and how, is for digest.c to find.
 */
#include "source/index.h"

#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define PROCESSES_MOST 4
/* Below that a process costs more than it saves. */
#define ENTRIES_EACH 4000

struct look {
	const struct src_index *x;
	int fd;
	size_t from, to; /* the entries that are asked for */
	struct str path; /* of the folder, below fd; ends with '/', or "" */
	uint8_t *differs;
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

static void look_below(struct look *l, const struct src_entry *folder)
{
	const size_t before = l->path.n;

	if (folder->n && folder->first >= l->from && folder->first < l->to && !are_same(l, folder))
		l->differs[folder - l->x->v] = 1;
	for (uint32_t i = 0; i < folder->n; i++) {
		const struct src_entry *e = &l->x->v[folder->first + i];

		if (e->type != 'D' || !e->n)
			continue;
		str_adds(&l->path, src_index_name(l->x, e));
		str_addc(&l->path, '/');
		look_below(l, e);
		l->path.n = before;
		l->path.s[before] = '\0';
	}
}

static void look(const struct src_index *x, int fd, size_t from, size_t to, uint8_t *differs)
{
	struct look l = { .x = x, .fd = fd, .from = from, .to = to, .differs = differs };

	look_below(&l, &x->v[0]);
	str_release(&l.path);
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

static pid_t look_aside(const struct src_index *x, int fd, size_t from, size_t to, uint8_t *differs)
{
	const pid_t pid = proc_fork();

	if (pid != 0)
		return pid;
	look(x, fd, from, to, differs);
	_exit(0);
}

/* One that could not be started, or was killed, has not looked. */
static bool has_looked(pid_t pid)
{
	const int status = proc_wait(pid);

	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void look_at_all(const struct src_index *x, int fd, uint8_t *differs)
{
	const size_t n = processors(x->n), each = x->n / n + 1;
	pid_t pids[PROCESSES_MOST];

	for (size_t i = 1; i < n; i++)
		pids[i] = look_aside(x, fd, i * each, (i + 1) * each, differs);
	look(x, fd, 0, each, differs);
	for (size_t i = 1; i < n; i++)
		if (!has_looked(pids[i]))
			look(x, fd, i * each, (i + 1) * each, differs);
}

bool src_index_look(const struct src_index *x, int fd, uint8_t **ret_differs)
{
	/* what children find is seen here */
	uint8_t *differs =
		x->n ? mmap(NULL, x->n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
		     : MAP_FAILED;

	*ret_differs = NULL;
	if (differs == MAP_FAILED)
		return false;
	differs[0] = !is_same(fd, ".", &x->v[0]);
	look_at_all(x, fd, differs);
	if (memchr(differs, 1, x->n)) {
		*ret_differs = xmalloc(x->n);
		memcpy(*ret_differs, differs, x->n);
	}
	munmap(differs, x->n);
	return true;
}
