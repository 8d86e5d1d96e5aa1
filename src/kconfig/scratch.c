/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kconfig/scratch.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#define TRIES 3

static int open_dir(int dirfd, const char *name)
{
	return openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static DIR *read_dir(int dirfd)
{
	int fd = open_dir(dirfd, ".");
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		close_fd(fd);
	return dir;
}

/* A file system without locks is fine for one who makes a folder: nobody can take it for a left one there. */
static void hold(int fd)
{
	while (flock(fd, LOCK_SH) < 0 && errno == EINTR)
		;
}

int scratch_make(int dirfd, const char *name)
{
	/* before it is held, another may have taken it for a left one */
	for (int tries = 0; tries < TRIES; tries++) {
		auto_close int fd = -1;

		if (mkdirat(dirfd, name, 0777) < 0)
			return -1;
		fd = open_dir(dirfd, name);
		if (fd < 0)
			continue;
		hold(fd);
		if (file_lock_holds(fd))
			return take_fd(&fd);
	}
	return -1;
}

/* Compilers make files and no folders; . and .. refuse to go. */
static void remove_files(int fd)
{
	DIR *dir = read_dir(fd);
	const struct dirent *e;

	if (!dir)
		return;
	while ((e = readdir(dir)))
		unlinkat(fd, e->d_name, 0);
	closedir(dir);
}

void scratch_remove(int dirfd, const char *name, int fd)
{
	if (fd < 0)
		return;
	remove_files(fd);
	unlinkat(dirfd, name, AT_REMOVEDIR);
	close_fd(fd);
}

static void sweep(int dirfd, const char *name)
{
	int fd = open_dir(dirfd, name);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		scratch_remove(dirfd, name, fd);
	else
		close_fd(fd);
}

void scratch_sweep(int dirfd)
{
	DIR *dir = read_dir(dirfd);
	const struct dirent *e;

	if (!dir)
		return;
	while ((e = readdir(dir)))
		if (str_starts(e->d_name, SCRATCH_NAME))
			sweep(dirfd, e->d_name);
	closedir(dir);
}
