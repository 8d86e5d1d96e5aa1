/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading, writing, publishing and locking files. Trees of files are in tree.c. */
#include "base/file.h"
#include "base/clock.h"
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>

#define COPY_BLOCK (256 * 1024)
#define LOCK_TRIES 100

ssize_t read_full(int fd, void *data, size_t n)
{
	size_t have = 0;

	while (have < n) {
		ssize_t r = read(fd, (char *)data + have, n - have);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (!r)
			break;
		have += (size_t)r;
	}
	return (ssize_t)have;
}

int file_copy_plain(int in, int out)
{
	auto_free char *block = xmalloc(COPY_BLOCK);

	for (;;) {
		ssize_t n = read_full(in, block, COPY_BLOCK);
		int r = n > 0 ? write_all(out, block, (size_t)n) : (int)n;

		if (r < 0 || n < COPY_BLOCK)
			return r;
	}
}

/* Where the file system cannot copy at all, nothing was copied yet. */
int file_copy(int in, int out)
{
	bool any = false;

	for (;;) {
		ssize_t n = copy_file_range(in, NULL, out, NULL, 1 << 30, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return any ? -errno : file_copy_plain(in, out);
		/* files that say they are empty are read all the same */
		if (n == 0)
			return any ? 0 : file_copy_plain(in, out);
		any = true;
	}
}

int write_all(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n) {
		ssize_t r = write(fd, p, n);

		if (r < 0 && errno == EAGAIN) {
			struct pollfd wait = { .fd = fd, .events = POLLOUT };

			poll(&wait, 1, -1);
			continue;
		}
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

/* Files of /proc and /sys have no size: read until the end, not until st_size. */
static int read_all(int fd, size_t max, struct str *ret)
{
	struct stat st;
	size_t step = 4096;

	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0)
		step = MIN((size_t)st.st_size, max) + 1;
	for (;;) {
		ssize_t r = read_full(fd, str_room(ret, step), step);

		if (r < 0)
			return (int)r;
		ret->n += (size_t)r;
		ret->s[ret->n] = '\0';
		if (ret->n > max)
			return -EFBIG;
		if ((size_t)r < step)
			return 0;
		step = MIN(ret->n, (size_t)1 << 20);
	}
}

int file_read(int dirfd, const char *path, size_t max, struct str *ret, struct err *err)
{
	auto_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct str text = { 0 };
	int r;

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", path);
	r = read_all(fd, max, &text);
	if (r < 0) {
		str_release(&text);
		if (r == -EFBIG)
			return err_set(err, r, "'%s' is larger than %zu bytes", path, max);
		return err_code(err, r, "cannot read '%s'", path);
	}
	str_release(ret);
	*ret = text;
	return 0;
}

bool publish_is_left(const char *name)
{
	static const char mark[] = ".tmp-";
	const size_t n = strlen(name), tail = strlen(mark) + 6;

	return *name == '.' && n > tail + 1 && strncmp(name + n - tail, mark, strlen(mark)) == 0;
}

int publish_begin(struct publish *p, const char *path, mode_t mode, struct err *err)
{
	auto_free char *dir = path_dir(path);
	auto_free char *tmp = xasprintf("%s/.%s.tmp-XXXXXX", dir, path_base(path));
	auto_close int fd = -1;
	struct stat st;

	*p = PUBLISH_NONE;
	/* a folder makes the rename fail by itself */
	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode) &&
	    !S_ISDIR(st.st_mode))
		return err_set(err, -EEXIST, "'%s' is no file", path);
	fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot create a file in '%s'", dir);
	if (fchmod(fd, mode) < 0) {
		int r = err_sys(err, "cannot set the mode of '%s'", tmp);

		unlink(tmp);
		return r;
	}
	p->fd = take_fd(&fd);
	p->tmp = take_ptr(tmp);
	p->path = xstrdup(path);
	return 0;
}

int file_sync_folder(int dirfd, const char *path, struct err *err)
{
	auto_close int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* some file systems cannot sync a folder (EINVAL); what was renamed in it is so either way */
	if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL))
		return err_sys(err, "cannot write the folder '%s' to the disk", path);
	return 0;
}

static int commit(struct publish *p, bool durable, struct err *err)
{
	auto_free char *dir = path_dir(p->path);

	if (durable && fsync(p->fd) < 0)
		return err_sys(err, "cannot write '%s'", p->path);
	if (close(p->fd) < 0) {
		p->fd = -1;
		return err_sys(err, "cannot write '%s'", p->path);
	}
	p->fd = -1;
	if (rename(p->tmp, p->path) < 0)
		return err_sys(err, "cannot put '%s' in place", p->path);
	free(take_ptr(p->tmp));
	return durable ? file_sync_folder(AT_FDCWD, dir, err) : 0;
}

int publish_commit(struct publish *p, bool durable, struct err *err)
{
	int r = commit(p, durable, err);

	publish_abort(p);
	return r;
}

void publish_abort(struct publish *p)
{
	int saved = errno;

	close_fd(p->fd);
	if (p->tmp)
		unlink(p->tmp);
	free(p->tmp);
	free(p->path);
	*p = PUBLISH_NONE;
	errno = saved;
}

int file_publish(const char *path, const void *data, size_t n, mode_t mode, struct err *err)
{
	auto_publish struct publish p = PUBLISH_NONE;
	int r = publish_begin(&p, path, mode, err);

	if (r < 0)
		return r;
	r = write_all(p.fd, data, n);
	if (r < 0)
		return err_code(err, r, "cannot write '%s'", path);
	return publish_commit(&p, true, err);
}

/* Into what is there already and no file: a device, a pipe, what a dangling link leads to. */
static int write_into(const char *path, const void *data, size_t n, struct err *err)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
	int r;

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", path);
	r = write_all(fd, data, n);
	return r < 0 ? err_code(err, r, "cannot write '%s'", path) : 0;
}

/* A descriptor under a name: opening it anew would lose its place. */
static int descriptor_of(const char *path)
{
	uint64_t n;

	if (str_eq(path, "/dev/stdout"))
		return STDOUT_FILENO;
	if (str_eq(path, "/dev/stderr"))
		return STDERR_FILENO;
	if ((str_skip(&path, "/dev/fd/") || str_skip(&path, "/proc/self/fd/")) &&
	    str_u64(path, &n) && n < 65536)
		return (int)n;
	return -1;
}

int file_write_out(const char *path, const void *data, size_t n, struct err *err)
{
	auto_free char *real = realpath(path, NULL);
	mode_t mask = umask(0), mode = 0666 & ~mask;
	int fd = descriptor_of(path);
	struct stat st;

	umask(mask);
	if (fd >= 0) {
		int r = write_all(fd, data, n);

		return r < 0 ? err_code(err, r, "cannot write '%s'", path) : 0;
	}
	if (stat(path, &st) == 0) {
		if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
			return write_into(path, data, n, err);
		mode = st.st_mode & 0777;
	}
	if (!real && lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
		return write_into(path, data, n, err);
	return file_publish(real ? real : path, data, n, mode, err);
}

bool file_same(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

struct file_id file_id_of(const struct stat *st)
{
	return (struct file_id){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.size = (uint64_t)st->st_size,
		.mtime_ns = timespec_ns(&st->st_mtim),
		.ctime_ns = timespec_ns(&st->st_ctim),
	};
}

bool file_id_same(const struct file_id *a, const struct file_id *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

void str_add_file_id(struct str *b, const struct file_id *id)
{
	str_addf(b, "%" PRIx64 "-%" PRIx64 "-%" PRIx64 "-%" PRIx64 "-%" PRIx64, id->dev, id->ino,
		 id->size, (uint64_t)id->mtime_ns, (uint64_t)id->ctime_ns);
}

bool file_lock_holds(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_nlink > 0;
}

static bool is_at(int fd, const char *path)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && stat(path, &there) == 0 && ours.st_dev == there.st_dev &&
	       ours.st_ino == there.st_ino;
}

static int open_lock(const char *path, int how)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 && (how & LOCK_SH) && (errno == EACCES || errno == EROFS))
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd;
}

/*
 * A lock that was removed while one waited for it keeps nobody out: then the one that has its name
 * now is taken. On a file system that gives no lasting inode numbers it never seems to be there.
 */
static int lock(const char *path, int how, int *ret_fd, struct err *err)
{
	for (int tries = 1;; tries++) {
		auto_close int fd = open_lock(path, how);

		if (fd < 0)
			return err_sys(err, "cannot open the lock '%s'", path);
		while (flock(fd, how) < 0) {
			if (errno == EWOULDBLOCK)
				return -EAGAIN;
			if (errno != EINTR)
				return err_sys(err, "cannot lock '%s'", path);
		}
		if (is_at(fd, path) || tries == LOCK_TRIES) {
			*ret_fd = take_fd(&fd);
			return 0;
		}
	}
}

int file_lock(const char *path, int *ret_fd, struct err *err)
{
	return lock(path, LOCK_EX, ret_fd, err);
}

int file_try_lock(const char *path, int *ret_fd, struct err *err)
{
	return lock(path, LOCK_EX | LOCK_NB, ret_fd, err);
}

int file_lock_shared(const char *path, int *ret_fd, struct err *err)
{
	return lock(path, LOCK_SH, ret_fd, err);
}

int file_try_lock_shared(const char *path, int *ret_fd, struct err *err)
{
	return lock(path, LOCK_SH | LOCK_NB, ret_fd, err);
}

int file_names(int dirfd, const char *path, struct strv *ret, struct err *err)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!d) {
		r = err_sys(err, "cannot read the folder '%s'", path);
		close_fd(fd);
		return r;
	}
	while ((errno = 0, e = readdir(d)))
		if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, ".."))
			strv_add(ret, e->d_name);
	if (errno)
		r = err_sys(err, "cannot read the folder '%s'", path);
	closedir(d);
	strv_sort(ret);
	return r;
}
