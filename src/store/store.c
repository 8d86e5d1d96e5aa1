/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening a store, and its lock. A folder is a store from the moment at which `format` is there; that is written first,
 * and folders that are missing behind it are made by whoever opens the store next.
 */
#include "store/internal.h"

#include "base/file.h"
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#define WAIT_MSEC 50

static const char format[] = "kiln store 1\n";
static const char *const folders[] = { "objects", "cells", "refs", "used", "tmp" };

bool sto_is_id(const char *s)
{
	return strlen(s) == STO_ID && strspn(s, "0123456789abcdef") == STO_ID;
}

static int default_path(const char *path, bool create, char **ret, struct err *err)
{
	auto_free char *dir = NULL;
	int r;

	if (!path)
		path = getenv("KILN_STORE");
	if (path && *path) {
		r = *path == '/' ? 0 : path_check_current(err);
		if (r == 0)
			*ret = path_abs(path);
		return r;
	}
	r = create ? dir_get(DIR_DATA, &dir, err) : dir_path(DIR_DATA, &dir, err);
	if (r == 0)
		*ret = path_join(dir, "store");
	return r;
}

/* 1: it is one; 0: there is no such file. */
static int check_format(const struct sto *s, struct err *err)
{
	auto_str struct str text = { 0 };
	int r = file_read(s->fd, "format", 4096, &text, err);

	if (r == -ENOENT) {
		err_release(err);
		return 0;
	}
	if (r < 0)
		return err_wrap(err, r, "the store '%s'", s->path);
	if (str_eq(str_c(&text), format))
		return 1;
	err_set(err, -EINVAL, "'%s' is no store of this kiln's form", s->path);
	return err_hint(err, -EINVAL, "its file 'format' does not say '%.*s': it is another kiln's",
			(int)strlen(format) - 1, format);
}

/* What one that was killed while it made a store may have left. */
static bool is_of_begin(const char *name)
{
	return str_eq(name, ".") || str_eq(name, "..") || str_eq(name, "lock") ||
	       str_starts(name, ".format.tmp-");
}

static int check_empty(const struct sto *s, struct err *err)
{
	DIR *d = opendir(s->path);
	const struct dirent *e;
	int r = 0;

	if (!d)
		return err_sys(err, "cannot read the folder '%s'", s->path);
	while (r == 0 && (e = readdir(d)))
		if (!is_of_begin(e->d_name)) {
			err_set(err, -EEXIST, "'%s' is no store, and not empty", s->path);
			r = err_hint(
				err, -EEXIST,
				"it has '%s'; name an empty folder, or one that is not there yet",
				e->d_name);
		}
	closedir(d);
	return r;
}

static int make_folders(const struct sto *s, bool must, struct err *err)
{
	for (size_t i = 0; i < countof(folders); i++)
		if (mkdirat(s->fd, folders[i], 0755) < 0 && errno != EEXIST && must)
			return err_sys(err, "cannot create '%s/%s'", s->path, folders[i]);
	return 0;
}

/* The lock is there before the format, and for all to read: whoever may read a store may use its cells. */
static int make_lock(const struct sto *s, struct err *err)
{
	auto_close int fd =
		openat(s->fd, "lock", O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	return fd < 0 ? err_sys(err, "cannot create '%s/lock'", s->path) : 0;
}

/* 1: another made it since; whatever of a store can be seen, its format was there before. */
static int check_free(const struct sto *s, struct err *err)
{
	auto_err struct err own = { 0 };
	int r = check_empty(s, &own);

	if (r == -EEXIST) {
		r = check_format(s, err);
		if (r != 0)
			return r;
		r = -EEXIST;
	}
	if (r < 0)
		err_move(err, &own);
	return r;
}

static int make(const struct sto *s, struct err *err)
{
	auto_free char *path = path_join(s->path, "format");
	auto_close int lock = -1;
	int r = check_free(s, err);

	if (r > 0)
		return 0;
	if (r == 0)
		r = make_lock(s, err);
	if (r == 0)
		r = sto_lock(s, true, NULL, &lock, err);
	if (r < 0)
		return r;
	/* another may have been quicker */
	r = check_format(s, err);
	if (r == 0)
		r = file_publish(path, format, strlen(format), 0644, err);
	return MIN(r, 0);
}

static int open_at(struct sto *s, bool create, struct err *err)
{
	int r = create ? mkdir_p(s->path, 0755, err) : 0;

	if (r < 0)
		return r;
	s->fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->fd < 0 && errno != ENOENT)
		return err_sys(err, "cannot open the store '%s'", s->path);
	r = s->fd < 0 ? 0 : check_format(s, err);
	if (r < 0)
		return r;
	if (r == 0 && !create) {
		err_set(err, -ENOENT, "there is no store in '%s'", s->path);
		return err_hint(
			err, -ENOENT,
			"the first build makes it; --store and $KILN_STORE name another place");
	}
	if (r == 0)
		r = make(s, err);
	return r < 0 ? r : make_folders(s, create, err);
}

int sto_open(const char *path, bool create, struct sto **ret, struct err *err)
{
	struct sto *s = xnew(struct sto);
	auto_err struct err own = { 0 };
	int r;

	s->fd = s->committed = -1;
	r = default_path(path, create, &s->path, &own);
	if (r == 0)
		r = open_at(s, create, &own);
	if (r < 0) {
		sto_close(s);
		if (err)
			err_move(err, &own);
		return r;
	}
	*ret = s;
	return 0;
}

void sto_close(struct sto *s)
{
	if (!s)
		return;
	close_fd(s->committed);
	close_fd(s->fd);
	free(s->path);
	free(s);
}

const char *sto_path(const struct sto *s)
{
	return s->path;
}

int sto_lock(const struct sto *s, bool exclusive, const struct sto_progress *progress, int *ret_fd,
	     struct err *err)
{
	auto_free char *path = path_join(s->path, "lock");
	auto_free char *what = NULL;
	int r;

	if (!progress)
		return exclusive ? file_lock(path, ret_fd, err)
				 : file_lock_shared(path, ret_fd, err);
	what = xasprintf("waiting for another kiln (%s)", path);
	for (;;) {
		r = exclusive ? file_try_lock(path, ret_fd, err)
			      : file_try_lock_shared(path, ret_fd, err);
		if (r != -EAGAIN)
			return r;
		sto_report(progress, what, 0, 0);
		poll(NULL, 0, WAIT_MSEC);
	}
}

int sto_names_in(const struct sto *s, const char *folder, struct strv *ret, struct err *err)
{
	auto_strv struct strv names = { 0 };
	int r = file_names(s->fd, folder, &names, err);

	if (r == -ENOENT)
		err_release(err);
	for (size_t i = 0; i < names.n; i++)
		if (*names.v[i] != '.')
			strv_add(ret, names.v[i]);
	return r == -ENOENT ? 0 : r;
}
