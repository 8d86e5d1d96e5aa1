/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loaded into QEMU's old virtiofsd (LD_PRELOAD) where it runs as a user; not a part of PID 1.
 *
 * The overlay over a guest's root opens each file with O_NOATIME (fs/overlayfs/file.c), virtiofsd
 * opens it so on the host, and the host refuses that to all but the file's owner: nothing of /usr
 * could be run. The virtiofsd written in Rust leaves the flag out by itself, and QEMU's 9p tries
 * again without it.
 */
#include <asm/fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What glibc's openat() is called by in programs; its headers would rename these. */
int openat(int dir, const char *path, int flags, ...);
int openat64(int dir, const char *path, int flags, ...);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);

static int open_plainly(int dir, const char *path, int flags, unsigned mode)
{
	return (int)syscall(SYS_openat, dir, path, flags & ~O_NOATIME, mode);
}

int openat64(int dir, const char *path, int flags, ...)
{
	unsigned mode;
	va_list ap;

	va_start(ap, flags);
	mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, unsigned) : 0;
	va_end(ap);
	return open_plainly(dir, path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
	unsigned mode;
	va_list ap;

	va_start(ap, flags);
	mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, unsigned) : 0;
	va_end(ap);
	return open_plainly(dir, path, flags, mode);
}

int __openat_2(int dir, const char *path, int flags)
{
	return open_plainly(dir, path, flags, 0);
}

int __openat64_2(int dir, const char *path, int flags)
{
	return open_plainly(dir, path, flags, 0);
}
