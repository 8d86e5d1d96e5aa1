/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copying a tree, folder by folder on open descriptors. The two must not share what either writes to: a hard link is made
 * of what lies in the cache alone, where files are replaced and never written.
 */
#include "source/tree_copy.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

#define DEPTH_MAX 200

struct copying {
	bool link;
	const struct src_progress *progress;
	uint64_t done;
	unsigned depth;
};

static int copy_file(int from, int to, const char *name, const struct stat *st)
{
	auto_close int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	auto_close int out = -1;
	const struct timespec times[] = { st->st_atim, st->st_mtim };
	int r;

	if (in < 0)
		return -errno;
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	r = ioctl(out, FICLONE, in) == 0 ? 0 : file_copy(in, out);
	if (r == 0 &&
	    (fchmod(out, st->st_mode & 0111 ? 0755 : 0644) < 0 || futimens(out, times) < 0))
		r = -errno;
	return r;
}

static int copy_link(int from, int to, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	return symlinkat(target, to, name) < 0 ? -errno : 0;
}

static int copy_folder(struct copying *c, int from, int to, struct err *err);

static int enter(struct copying *c, int from, int to, const char *name, struct err *err)
{
	auto_close int out = -1;
	int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (in < 0)
		return err_sys(err, "cannot read the folder '%s'", name);
	if (mkdirat(to, name, 0755) == 0)
		out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0) {
		close_fd(in);
		return err_sys(err, "cannot make the folder '%s'", name);
	}
	return copy_folder(c, in, out, err);
}

static int copy_entry(struct copying *c, int from, int to, const char *name, struct err *err)
{
	struct stat st;
	int r = 0;

	if (str_eq(name, ".") || str_eq(name, "..") || str_eq(name, ".git"))
		return 0;
	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "cannot look at '%s'", name);
	if (S_ISDIR(st.st_mode))
		return enter(c, from, to, name, err);
	if (S_ISLNK(st.st_mode))
		r = copy_link(from, to, name);
	else if (S_ISREG(st.st_mode) && !(c->link && linkat(from, name, to, name, 0) == 0))
		r = copy_file(from, to, name, &st);
	if (c->progress && !(++c->done & 1023))
		c->progress->report(c->progress->ctx, "making a private tree", c->done, 0);
	return r < 0 ? err_code(err, r, "cannot copy '%s'", name) : 0;
}

/* Closes from. */
static int copy_folder(struct copying *c, int from, int to, struct err *err)
{
	DIR *d = fdopendir(from);
	const struct dirent *e;
	int r = 0;

	if (!d) {
		close_fd(from);
		return err_sys(err, "cannot read a folder");
	}
	if (++c->depth > DEPTH_MAX)
		r = err_set(err, -ELOOP, "more than %d folders in each other", DEPTH_MAX);
	while (r == 0 && (errno = 0, e = readdir(d)))
		r = copy_entry(c, dirfd(d), to, e->d_name, err);
	if (r == 0 && errno)
		r = err_sys(err, "cannot read a folder");
	c->depth--;
	closedir(d);
	return r;
}

int src_tree_copy(const char *from, const char *to, bool link, const struct src_progress *progress,
		  struct err *err)
{
	struct copying c = { .link = link, .progress = progress };
	auto_close int out = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int in = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (in < 0 || out < 0) {
		r = err_sys(err, "cannot open '%s'", in < 0 ? from : to);
		close_fd(in);
		return r;
	}
	r = copy_folder(&c, in, out, err);
	return r < 0 ? err_wrap(err, r, "the tree '%s'", from) : 0;
}
