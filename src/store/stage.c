/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cells being put together, each in a folder of tmp/. */
#include "store/stage.h"

#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>

int sto_stage_begin(struct sto *s, const char *id, struct sto_stage **ret, struct err *err)
{
	auto_free char *what = xstrndup(id, 12);
	struct sto_stage *g;
	int r;

	if (!sto_is_id(id))
		return err_set(err, -EINVAL, "'%s' is no cell's ID", id);
	sto_tmp_clean(s);
	g = xnew(struct sto_stage);
	g->s = s;
	g->tmp = STO_TMP_NONE;
	memcpy(g->id, id, sizeof(g->id));
	r = sto_tmp_begin(s, what, &g->tmp, err);
	if (r == 0) {
		g->path = path_join(g->tmp.path, "cell");
		if (mkdir(g->path, 0755) < 0)
			r = err_sys(err, "cannot create '%s'", g->path);
	}
	if (r < 0) {
		sto_stage_abort(g);
		return r;
	}
	*ret = g;
	return 0;
}

const char *sto_stage_path(const struct sto_stage *g)
{
	return g->path;
}

void sto_stage_abort(struct sto_stage *g)
{
	if (!g)
		return;
	sto_tmp_end(&g->tmp);
	map_release(&g->links, free);
	sto_before_release(&g->before);
	free(g->path);
	free(g);
}

/* gc may take the object's name away before the commit; the file is there all the same, and gives it back. */
int sto_stage_link(struct sto_stage *g, const char *path, const struct sto_object *o,
		   struct err *err)
{
	struct sto_entry e = { .exec = o->exec };
	auto_free char *to = path_join(g->path, path);
	struct sto_linked *linked;
	char object[STO_OBJECT];
	struct stat st;

	memcpy(e.hex, o->hex, sizeof(e.hex));
	sto_object_path(&e, object);
	if (linkat(g->s->fd, object, AT_FDCWD, to, 0) < 0)
		return errno == ENOENT || errno == EEXIST || sto_cannot_link(errno)
			       ? 0
			       : err_sys(err, "cannot link '%s' into the cell", path);
	if (lstat(to, &st) < 0)
		return err_sys(err, "cannot look at '%s'", to);
	linked = xnew(struct sto_linked);
	*linked = (struct sto_linked){ *o, st.st_ino };
	free(map_set(&g->links, path, linked));
	return 1;
}

int sto_copy(int from, const char *path, int tmp, bool exec, bool sync, struct err *err)
{
	const struct timespec times[] = { { .tv_sec = STO_TIME }, { .tv_sec = STO_TIME } };
	auto_close int in = openat(from, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	auto_close int out = -1;
	int r;

	if (in < 0)
		return err_sys(err, "cannot open '%s'", path);
	if (unlinkat(tmp, STO_COPY, 0) < 0 && errno != ENOENT)
		return err_sys(err, "cannot make way for a copy of '%s'", path);
	out = openat(tmp, STO_COPY, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return err_sys(err, "cannot copy '%s'", path);
	r = file_copy_plain(in, out);
	if (r < 0)
		return err_code(err, r, "cannot copy '%s'", path);
	if (fchmod(out, exec ? 0555 : 0444) < 0 || futimens(out, times) < 0 ||
	    (sync && fsync(out) < 0))
		return err_sys(err, "cannot copy '%s'", path);
	return 0;
}
