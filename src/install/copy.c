/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying what is installed. Nothing appears under its own name before it is whole and on the disk. */
#include "base/file.h"
#include "base/path.h"
#include "install/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define PIECE	  ((size_t)1 << 20)
#define DEPTH_MAX 32

struct copying {
	uint8_t *buf;
	uint64_t bytes;
	void (*report)(void *ctx, uint64_t bytes);
	void *ctx;
};

static int pump(struct copying *c, int in, const char *from, int out, const char *to,
		struct err *err)
{
	for (;;) {
		ssize_t n = read_full(in, c->buf, PIECE);
		int r;

		if (n < 0)
			return err_code(err, (int)n, "cannot read '%s'", from);
		r = write_all(out, c->buf, (size_t)n);
		if (r < 0)
			return err_code(err, r, "cannot write '%s'", to);
		c->bytes += (uint64_t)n;
		if (c->report)
			c->report(c->ctx, c->bytes);
		if ((size_t)n < PIECE)
			return 0;
	}
}

static int open_source(const char *path, struct err *err)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "cannot read '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "'%s' is no file", path);
	return take_fd(&fd);
}

int ins_copy_file(const struct ins_place *p, const char *from, const char *rel, struct err *err)
{
	auto_publish struct publish out = PUBLISH_NONE;
	auto_free uint8_t *buf = xmalloc(PIECE);
	auto_free char *path = NULL, *dir = NULL;
	auto_close int in = open_source(from, err);
	struct copying c = { .buf = buf };
	int r = in < 0 ? in : ins_path(p, rel, &path, err);

	if (r < 0)
		return r;
	dir = path_dir(path);
	r = mkdir_p(dir, 0755, err);
	if (r == 0)
		r = publish_begin(&out, path, 0644, err);
	if (r == 0)
		r = pump(&c, in, from, out.fd, path, err);
	return r < 0 ? r : publish_commit(&out, true, err);
}

static int copy_plain(struct copying *c, const char *from, const char *to, struct err *err)
{
	auto_close int in = open_source(from, err);
	auto_close int out = -1;

	if (in < 0)
		return in;
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (out < 0)
		return err_sys(err, "cannot create '%s'", to);
	return pump(c, in, from, out, to, err);
}

static bool is_left_out(const char *name, unsigned depth)
{
	return str_eq(name, ".") || str_eq(name, "..") ||
	       (!depth && (str_eq(name, "build") || str_eq(name, "source")));
}

static int copy_dir(struct copying *c, const char *from, const char *to, unsigned depth,
		    struct err *err);

/* A link that leads nowhere is left out: packages have them to what other packages hold. */
static int copy_entry(struct copying *c, const char *from, const char *to, unsigned depth,
		      struct err *err)
{
	struct stat st;

	if (stat(from, &st) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "cannot read '%s'", from);
	if (S_ISDIR(st.st_mode))
		return copy_dir(c, from, to, depth + 1, err);
	return S_ISREG(st.st_mode) ? copy_plain(c, from, to, err) : 0;
}

static int copy_dir(struct copying *c, const char *from, const char *to, unsigned depth,
		    struct err *err)
{
	const struct dirent *e;
	DIR *d = NULL;
	int r = 0;

	if (depth > DEPTH_MAX)
		return err_set(err, -ELOOP, "'%s' has folders in folders without end", from);
	if (mkdir(to, 0755) < 0)
		return err_sys(err, "cannot create the folder '%s'", to);
	d = opendir(from);
	if (!d)
		return err_sys(err, "cannot read '%s'", from);
	while (r == 0 && (errno = 0, e = readdir(d))) {
		auto_free char *a = path_join(from, e->d_name);
		auto_free char *b = path_join(to, e->d_name);

		if (!is_left_out(e->d_name, depth))
			r = copy_entry(c, a, b, depth, err);
	}
	if (r == 0 && errno)
		r = err_sys(err, "cannot read '%s'", from);
	closedir(d);
	return r;
}

/* One syncfs() for thousands of modules instead of an fsync() for each. */
static int sync_all(const char *dir, struct err *err)
{
	auto_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || syncfs(fd) < 0)
		return err_sys(err, "cannot write '%s' to the disk", dir);
	return 0;
}

int ins_copy_modules(const struct ins_place *p, const char *from, const char *rel,
		     void (*report)(void *ctx, uint64_t bytes), void *ctx, struct err *err)
{
	auto_free uint8_t *buf = xmalloc(PIECE);
	auto_free char *path = NULL, *dir = NULL, *tmp = NULL, *inner = NULL;
	struct copying c = { .buf = buf, .report = report, .ctx = ctx };
	int r = ins_path(p, rel, &path, err);

	if (r < 0)
		return r;
	dir = path_dir(path);
	r = mkdir_p(dir, 0755, err);
	if (r < 0)
		return r;
	tmp = xasprintf("%s/.%s.tmp-XXXXXX", dir, path_base(path));
	if (!mkdtemp(tmp))
		return err_sys(err, "cannot create a folder in '%s'", dir);
	inner = path_join(tmp, "new");
	r = copy_dir(&c, from, inner, 0, err);
	if (r == 0)
		r = sync_all(inner, err);
	if (r == 0 && rename(inner, path) < 0)
		r = err_sys(err, "cannot put '%s' in place", path);
	if (r == 0)
		r = file_sync_folder(AT_FDCWD, dir, err);
	rm_rf(tmp, NULL);
	return r;
}

void ins_remove_temporaries(const struct ins_place *p, const char *rel)
{
	auto_free char *path = path_join(p->root, rel);
	auto_free char *dir = path_dir(path);
	auto_free char *prefix = xasprintf(".%s.tmp-", path_base(path));
	auto_strv struct strv found = { 0 };
	const struct dirent *e;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d)))
		if (str_starts(e->d_name, prefix) &&
		    strlen(e->d_name) == strlen(prefix) + strlen("XXXXXX"))
			strv_take(&found, path_join(dir, e->d_name));
	if (d)
		closedir(d);
	for (size_t i = 0; i < found.n; i++)
		rm_rf(found.v[i], NULL);
}
