/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "steps.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

struct steps steps;

/* What needs room fails on a full disk; removing does not. */
enum need { ROOM, NOTHING };

static bool step(enum need need)
{
	steps.n++;
	if (steps.n == steps.kill_at)
		raise(SIGKILL);
	if (steps.full_at && steps.n >= steps.full_at && need == ROOM) {
		errno = ENOSPC;
		return false;
	}
	if (steps.n == steps.fail_at) {
		errno = EIO;
		return false;
	}
	return true;
}

#define WRAP(need, result, name, params, args)                       \
	result __real_##name params;                                 \
	result __wrap_##name params;                                 \
	result __wrap_##name params                                  \
	{                                                            \
		return step(need) ? __real_##name args : (result)-1; \
	}

WRAP(ROOM, int, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(ROOM, int, mkdirat, (int fd, const char *path, mode_t mode), (fd, path, mode))
WRAP(ROOM, ssize_t, write, (int fd, const void *data, size_t n), (fd, data, n))
WRAP(NOTHING, int, rename, (const char *from, const char *to), (from, to))
WRAP(NOTHING, int, renameat, (int from, const char *a, int to, const char *b), (from, a, to, b))
WRAP(NOTHING, int, rmdir, (const char *path), (path))
WRAP(NOTHING, int, unlink, (const char *path), (path))
WRAP(NOTHING, int, unlinkat, (int fd, const char *path, int flags), (fd, path, flags))
WRAP(NOTHING, int, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(NOTHING, int, fchmodat, (int fd, const char *path, mode_t mode, int flags),
     (fd, path, mode, flags))
WRAP(NOTHING, int, futimens, (int fd, const struct timespec *t), (fd, t))
WRAP(NOTHING, int, utimensat, (int fd, const char *path, const struct timespec *t, int flags),
     (fd, path, t, flags))

int __real_linkat(int from, const char *a, int to, const char *b, int flags);
int __wrap_linkat(int from, const char *a, int to, const char *b, int flags);
int __wrap_linkat(int from, const char *a, int to, const char *b, int flags)
{
	if (!step(ROOM))
		return -1;
	if (steps.link_error) {
		errno = steps.link_error;
		return -1;
	}
	return __real_linkat(from, a, to, b, flags);
}

char *__real_mkdtemp(char *path);
char *__wrap_mkdtemp(char *path);
char *__wrap_mkdtemp(char *path)
{
	return step(ROOM) ? __real_mkdtemp(path) : NULL;
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	return !step(ROOM) ? -1 : steps.synced ? __real_fsync(fd) : 0;
}

int __real_syncfs(int fd);
int __wrap_syncfs(int fd);
int __wrap_syncfs(int fd)
{
	return !step(ROOM) ? -1 : steps.synced ? __real_syncfs(fd) : 0;
}
