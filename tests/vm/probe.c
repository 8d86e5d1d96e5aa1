/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests do inside guests where a shell cannot: static, so that it runs with no root at all.
 *
 *	probe hello WORD...	prints the words, one per line
 *	probe exit N		ends with that status
 *	probe kill N		dies by that signal
 *	probe scribble DIR	tries each way there is to change DIR; prints those that worked; ends with 1 if any did
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <linux/fs.h>

static int open_and_close(const char *name, int flags)
{
	int fd = open(name, flags | O_CLOEXEC, 0666);

	return fd < 0 ? -1 : close(fd);
}

static int try_create(void)
{
	return open_and_close("created", O_WRONLY | O_CREAT | O_EXCL);
}

static int try_write(void)
{
	int fd = open("file", O_WRONLY | O_CLOEXEC);
	int r = fd < 0 ? -1 : (int)write(fd, "scribble", 8);

	if (fd >= 0)
		r = fsync(fd) < 0 || close(fd) < 0 ? -1 : r;
	return r;
}

static int try_append(void)
{
	return open_and_close("file", O_RDWR | O_APPEND);
}

static int try_open_truncating(void)
{
	return open_and_close("file", O_WRONLY | O_TRUNC);
}

static int try_truncate(void)
{
	return truncate("file", 1);
}

static int try_rename(void)
{
	return rename("file2", "renamed");
}

static int try_rename_over(void)
{
	return rename("file3", "file");
}

static int try_exchange(void)
{
	return renameat2(AT_FDCWD, "file4", AT_FDCWD, "file5", RENAME_EXCHANGE);
}

static int try_link(void)
{
	return link("file", "linked");
}

static int try_symlink(void)
{
	return symlink("file", "symlinked");
}

static int try_fifo(void)
{
	return mknod("fifo", S_IFIFO | 0666, 0);
}

static int try_chmod(void)
{
	return chmod("file", 0600);
}

static int try_chmod_open(void)
{
	int fd = open("file", O_RDONLY | O_CLOEXEC);
	int r = fchmod(fd, 0640);

	close(fd);
	return r;
}

static int try_chown(void)
{
	return chown("file", 12, 34);
}

static int try_utimens(void)
{
	static const struct timespec old[2] = { { 1, 0 }, { 1, 0 } };

	return utimensat(AT_FDCWD, "file", old, 0);
}

static int try_setxattr(void)
{
	return setxattr("file", "user.kiln", "1", 1, 0);
}

static int try_removexattr(void)
{
	return removexattr("file", "user.kept");
}

static int try_mkdir(void)
{
	return mkdir("made", 0777);
}

static int try_rmdir(void)
{
	return rmdir("dir");
}

static int try_in_folder(void)
{
	return open_and_close("dir2/created", O_WRONLY | O_CREAT);
}

static int try_unlink(void)
{
	return unlink("file4");
}

static int try_tmpfile(void)
{
	return open_and_close(".", O_WRONLY | O_TMPFILE);
}

static int try_flags(void)
{
	int fd = open("file", O_RDONLY | O_CLOEXEC), flags = FS_NODUMP_FL,
	    r = ioctl(fd, FS_IOC_SETFLAGS, &flags);

	close(fd);
	return r;
}

static const struct attempt {
	const char *name;
	int (*try)(void);
	int optional; /* not every file system can do it */
} attempts[] = {
	/* clang-format off */
	{ "create",          try_create, 0 },
	{ "write",           try_write, 0 },
	{ "append",          try_append, 0 },
	{ "open truncating", try_open_truncating, 0 },
	{ "truncate",        try_truncate, 0 },
	{ "rename",          try_rename, 0 },
	{ "rename over",     try_rename_over, 0 },
	{ "exchange",        try_exchange, 1 },
	{ "link",            try_link, 0 },
	{ "symlink",         try_symlink, 0 },
	{ "fifo",            try_fifo, 1 },
	{ "chmod",           try_chmod, 0 },
	{ "chmod open",      try_chmod_open, 0 },
	{ "chown",           try_chown, 0 },
	{ "utimens",         try_utimens, 0 },
	{ "setxattr",        try_setxattr, 1 },
	{ "removexattr",     try_removexattr, 1 },
	{ "mkdir",           try_mkdir, 0 },
	{ "rmdir",           try_rmdir, 0 },
	{ "in folder",       try_in_folder, 0 },
	{ "unlink",          try_unlink, 0 },
	{ "tmpfile",         try_tmpfile, 1 },
	{ "flags",           try_flags, 1 },
	/* clang-format on */
};

static int scribble(const char *dir)
{
	int n = (int)(sizeof(attempts) / sizeof(attempts[0])), worked = 0, missed = 0;

	if (chdir(dir) < 0) {
		printf("cannot enter '%s': %s\n", dir, strerror(errno));
		return 2;
	}
	for (int i = 0; i < n; i++) {
		if (attempts[i].try() >= 0) {
			printf("worked: %s\n", attempts[i].name);
			worked++;
		} else if (!attempts[i].optional) {
			printf("failed: %s: %s\n", attempts[i].name, strerror(errno));
			missed++;
		}
	}
	printf("%d attempts, %s\n", n,
	       worked == 0 ? "none worked"
	       : missed	   ? "some worked"
			   : "all that must worked");
	return worked > 0;
}

static int die_by(int sig)
{
	signal(sig, SIG_DFL);
	kill(getpid(), sig);
	return 0;
}

int main(int argc, char **argv)
{
	char where[4096];

	if (argc == 3 && strcmp(argv[1], "exit") == 0)
		return atoi(argv[2]);
	if (argc == 3 && strcmp(argv[1], "kill") == 0)
		return die_by(atoi(argv[2]));
	if (argc == 3 && strcmp(argv[1], "scribble") == 0)
		return scribble(argv[2]);
	if (argc == 2 && strcmp(argv[1], "cwd") == 0)
		return getcwd(where, sizeof(where)) && puts(where) >= 0 ? 0 : 1;
	if (argc < 2 || strcmp(argv[1], "hello") != 0)
		return 2;
	for (int i = 2; i < argc; i++)
		puts(argv[i]);
	return 0;
}
