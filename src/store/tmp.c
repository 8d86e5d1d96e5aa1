/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folders in tmp/. Each has a file `lock` that its owner holds; where nobody does, its owner is gone and anybody removes
 * it. An owner that finds its lock taken, or gone, met such a one between its two first steps, and begins anew. What is
 * called gc-... was thrown away and has no owner.
 */
#include "store/internal.h"

#include "base/file.h"
#include "base/path.h"

#include <errno.h>

#define TRIES	   100
#define TRASH_NAME "gc-"

static bool is_retried(int r)
{
	return r == -EAGAIN || r == -ENOENT;
}

/* -EAGAIN or -ENOENT: another took it for a dead one's. */
static int begin(const struct sto *s, const char *what, struct sto_tmp *ret, struct err *err)
{
	auto_free char *path = xasprintf("%s/tmp/%s.XXXXXX", s->path, what);
	auto_free char *lock = NULL;
	int r;

	if (!mkdtemp(path))
		return err_sys(err, "cannot create a folder in '%s/tmp'", s->path);
	lock = path_join(path, "lock");
	r = file_try_lock(lock, &ret->lock, err);
	if (r < 0 && !is_retried(r))
		rm_rf(path, NULL);
	if (r == 0)
		ret->path = take_ptr(path);
	return r;
}

int sto_tmp_begin(const struct sto *s, const char *what, struct sto_tmp *ret, struct err *err)
{
	auto_err struct err own = { 0 };
	int r = -EAGAIN;

	for (int i = 0; is_retried(r) && i < TRIES; i++)
		r = begin(s, what, ret, &own);
	if (r == -EAGAIN)
		err_set(&own, r, "cannot lock a new folder in '%s/tmp'", s->path);
	if (r < 0 && err)
		err_move(err, &own);
	return r;
}

void sto_tmp_end(struct sto_tmp *t)
{
	int saved = errno;

	if (t->path && t->lock >= 0)
		rm_rf(t->path, NULL);
	t->lock = close_fd(t->lock);
	free(take_ptr(t->path));
	errno = saved;
}

static void clean(const struct sto *s, const char *name)
{
	auto_free char *path = path_join3(s->path, "tmp", name);
	auto_free char *lock = path_join(path, "lock");
	auto_close int fd = -1;
	int r = str_starts(name, TRASH_NAME) ? 0 : file_try_lock(lock, &fd, NULL);

	/* what cannot be asked may be alive; a file (-ENOTDIR) is no kiln's */
	if (r < 0 && r != -ENOTDIR)
		return;
	rm_rf(path, NULL);
}

void sto_tmp_clean(const struct sto *s)
{
	auto_strv struct strv names = { 0 };

	if (sto_names_in(s, "tmp", &names, NULL) < 0)
		return;
	for (size_t i = 0; i < names.n; i++)
		clean(s, names.v[i]);
}
