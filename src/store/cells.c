/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cells that are there: where they lie, who uses them, how they go. */
#include "store/internal.h"

#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>

/* "cells/ID/" and a name in it */
static char *in_cell(const char *id, const char *name)
{
	return path_join3("cells", id, name);
}

bool sto_has_cell(const struct sto *s, const char *id)
{
	auto_free char *path = path_join("cells", id);
	struct stat st;

	return fstatat(s->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

int sto_cell_path(const struct sto *s, const char *id, char **ret)
{
	if (!sto_is_id(id) || !sto_has_cell(s, id))
		return -ENOENT;
	*ret = path_join3(s->path, "cells", id);
	return 0;
}

int sto_cell_ids(const struct sto *s, struct strv *ret, struct err *err)
{
	auto_strv struct strv names = { 0 };
	int r = sto_names_in(s, "cells", &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++)
		if (sto_is_id(names.v[i]))
			strv_add(ret, names.v[i]);
	return r;
}

static int damaged(const char *id, int r, struct err *err)
{
	err_wrap(err, r, "cell '%.12s'", id);
	return r == -EBADMSG ? err_hint(err, r,
					"'kiln store verify' tells what is damaged, with "
					"--repair it removes that")
			     : r;
}

int sto_cell_manifest(const struct sto *s, const char *id, struct sto_manifest *ret,
		      struct err *err)
{
	auto_free char *path = in_cell(id, STO_MANIFEST);
	auto_str struct str text = { 0 };
	int r = file_read(s->fd, path, STO_MANIFEST_MAX, &text, err);

	if (r == -ENOENT && sto_has_cell(s, id))
		r = err_set(err, -EBADMSG, "the manifest is missing");
	if (r == -EFBIG)
		r = err_set(err, -EBADMSG, "the manifest is too large");
	if (r == 0)
		r = sto_manifest_parse(str_c(&text), text.n, id, ret, err);
	return r < 0 ? damaged(id, r, err) : 0;
}

int sto_cell_files(const struct sto *s, const char *id,
		   void (*each)(void *ctx, const char *path, const struct sto_object *o), void *ctx,
		   struct err *err)
{
	auto_manifest struct sto_manifest m = { 0 };
	int r = sto_cell_manifest(s, id, &m, err);

	if (r == 0)
		sto_manifest_files(&m, each, ctx);
	return r;
}

static char *used_path(const struct sto *s, const char *id)
{
	return path_join3(s->path, "used", id);
}

time_t sto_cell_used(const struct sto *s, const char *id)
{
	auto_free char *used = used_path(s, id), *cell = path_join("cells", id);
	struct stat st;

	if (stat(used, &st) == 0)
		return st.st_mtim.tv_sec;
	/* it was put there behind its own back */
	return fstatat(s->fd, cell, &st, 0) == 0 ? st.st_ctim.tv_sec : 0;
}

bool sto_cell_in_use(const struct sto *s, const char *id)
{
	auto_free char *used = used_path(s, id);
	auto_close int fd = open(used, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

static bool may_not_write(int error)
{
	return error == EACCES || error == EROFS || error == EPERM;
}

/* In a store that may only be read the time stays as it is; the lock is had all the same. */
int sto_use_locked(const struct sto *s, const char *id, int *ret_fd, struct err *err)
{
	auto_free char *used = used_path(s, id);
	auto_close int fd = open(used, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0 && may_not_write(errno))
		fd = open(used, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(err, "cannot open '%s'", used);
	while (flock(fd, LOCK_SH) < 0)
		if (errno != EINTR)
			return err_sys(err, "cannot lock '%s'", used);
	if (futimens(fd, NULL) < 0 && !may_not_write(errno))
		return err_sys(err, "cannot set the time of '%s'", used);
	*ret_fd = take_fd(&fd);
	return 0;
}

/* Under the store's lock gc is not at work, so that between the look and the lock nothing goes. */
int sto_use(struct sto *s, const char *id, int *ret_fd, struct err *err)
{
	auto_close int lock = -1;
	int r;

	if (!sto_is_id(id))
		return err_set(err, -EINVAL, "'%s' is no cell's ID", id);
	r = sto_lock(s, false, NULL, &lock, err);
	if (r < 0)
		return r;
	if (!sto_has_cell(s, id))
		return err_set(err, -ENOENT, "the cell '%.12s' is not in the store", id);
	return sto_use_locked(s, id, ret_fd, err);
}

int sto_cell_remove(const struct sto *s, const char *id, struct err *err)
{
	auto_free char *from = path_join("cells", id);
	auto_free char *to =
		xasprintf("tmp/gc-%.12s-%08" PRIx32 "%08" PRIx32, id, random_u32(), random_u32());
	auto_free char *used = path_join("used", id);

	if (renameat(s->fd, from, s->fd, to) < 0)
		return err_sys(err, "cannot remove the cell '%.12s'", id);
	if (unlinkat(s->fd, used, 0) < 0 && errno != ENOENT)
		return err_sys(err, "cannot remove '%s/%s'", s->path, used);
	return 0;
}
