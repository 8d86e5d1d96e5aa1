/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Publishing a cell. Content first, names behind it: what is new is digested and synced, only then gets its object's name,
 * which is a second link to the very file; what was there is linked into the cell in the place of the file that came. All
 * of that is synced, and the one rename that makes the cell is the last step. From the first look at an object to that
 * rename the store's lock is shared, so that gc takes nothing away that was counted upon.
 */
#include "store/stage.h"

#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

/* Up to so many files and folders are synced one by one; for more the whole file system is. */
#define SYNC_FEW 64
#define LINK	 "link"

struct commit {
	struct sto_stage *g;
	const struct sto *s;
	int dir; /* the cell to be */
	int tmp; /* the folder that has it */
	struct sto_manifest m;
	/* entries whose content was no object at the first look */
	struct {
		const struct sto_entry **v;
		size_t n, cap;
	} fresh;
	bool touched[256]; /* folders of objects/ that this cell counts upon */
	bool all;	   /* sync the whole file system */
	const struct sto_progress *progress;
	const char *what;
	uint64_t done, total;
	struct err *err;
};

static int take_times(struct commit *c, const char *path, int flags)
{
	const struct timespec times[] = { { .tv_sec = STO_TIME }, { .tv_sec = STO_TIME } };

	if (utimensat(c->dir, path, times, flags) < 0)
		return err_sys(c->err, "cannot set the time of '%s'", path);
	return 0;
}

/* A file that has other names than this one may be changed through these: the cell gets its own. */
static int make_own(struct commit *c, const struct sto_entry *e)
{
	int r = sto_copy(c->dir, e->path, c->tmp, e->exec, false, c->err);

	if (r == 0 && renameat(c->tmp, STO_COPY, c->dir, e->path) < 0)
		r = err_sys(c->err, "cannot put a copy of '%s' in its place", e->path);
	return r;
}

static const struct sto_object *linked(const struct commit *c, const struct sto_entry *e)
{
	const struct sto_linked *l = e->nlink > 1 ? map_get(&c->g->links, e->path) : NULL;

	return l && l->ino == e->ino ? &l->object : NULL;
}

static int digest(struct commit *c, struct sto_entry *e)
{
	const struct sto_object *object = linked(c, e);
	auto_close int fd = -1;
	struct stat st;
	int r;

	if (object) {
		memcpy(e->hex, object->hex, sizeof(e->hex));
		c->done += e->size;
		return 0;
	}
	if (e->nlink > 1) {
		r = make_own(c, e);
		e->ino = 0; /* the cell's is another file now */
	} else if ((e->mode & 07777) != (e->exec ? 0555 : 0444) &&
		   fchmodat(c->dir, e->path, e->exec ? 0555 : 0444, 0) < 0) {
		r = err_sys(c->err, "cannot set the mode of '%s'", e->path);
	} else {
		r = take_times(c, e->path, AT_SYMLINK_NOFOLLOW);
	}
	if (r < 0)
		return r;
	fd = openat(c->dir, e->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(c->err, "cannot open '%s'", e->path);
	r = digest_fd(fd, e->hex, c->err);
	if (r < 0)
		return err_wrap(c->err, r, "'%s'", e->path);
	if (fstat(fd, &st) < 0 || (uint64_t)st.st_size != e->size)
		return err_set(c->err, -EBUSY, "'%s' changed while it was published", e->path);
	c->done += e->size;
	sto_report(c->progress, c->what, c->done, c->total);
	return 0;
}

static unsigned folder_of(const struct sto_entry *e)
{
	unsigned n = 0;

	for (int i = 0; i < 2; i++)
		n = n * 16 + (unsigned)(e->hex[i] <= '9' ? e->hex[i] - '0' : e->hex[i] - 'a' + 10);
	return n;
}

static void folder_name(unsigned n, char ret[sizeof("objects/ab")])
{
	snprintf(ret, sizeof("objects/ab"), "objects/%02x", n & 0xff);
}

/* A folder of objects/: another one once something was put into it or taken out. Zero: there is none. */
static struct file_id id_of_folder(const struct sto *s, unsigned folder)
{
	char name[sizeof("objects/ab")];
	struct stat st;

	folder_name(folder, name);
	return fstatat(s->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? (struct file_id){ 0 }
								  : file_id_of(&st);
}

/* What there is, with digests; files have their mode and time from here on. */
static int look(struct commit *c)
{
	int r;

	if (mkdirat(c->dir, ".kiln", 0755) < 0 && errno != EEXIST)
		return err_sys(c->err, "cannot create '.kiln'");
	if (faccessat(c->dir, STO_MANIFEST, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return err_set(c->err, -EEXIST, "the cell brings a '%s' of its own", STO_MANIFEST);
	r = sto_scan(c->dir, true, &c->g->before, &c->m, c->err);
	for (size_t i = 0; r == 0 && i < c->m.n; i++)
		c->total += c->m.v[i].type == STO_FILE ? c->m.v[i].size : 0;
	for (size_t i = 0; r == 0 && i < c->m.n; i++)
		if (c->m.v[i].known)
			c->done += c->m.v[i].size;
		else if (c->m.v[i].type == STO_FILE)
			r = digest(c, &c->m.v[i]);
		else if (c->m.v[i].type == STO_LINK)
			r = take_times(c, c->m.v[i].path, AT_SYMLINK_NOFOLLOW);
	return r;
}

/* As long as such a folder is the same, the objects that were seen in it lie there. */
static void note_folders(struct sto_stage *g)
{
	const int64_t now = digest_now_ns();

	for (unsigned i = 0; i < countof(g->folders); i++) {
		const struct file_id id = id_of_folder(g->s, i);

		g->folders[i] = digest_settled(&id, now) ? id : (struct file_id){ 0 };
	}
}

static bool is_same_folder(const struct sto_stage *g, unsigned folder)
{
	const struct file_id now = id_of_folder(g->s, folder), *then = &g->folders[folder];

	return then->ino && file_id_same(then, &now);
}

static void note_known(struct commit *c, struct sto_entry *e)
{
	char object[STO_OBJECT];
	struct stat st;

	if (e->type == STO_LINK) {
		e->known = take_times(c, e->path, AT_SYMLINK_NOFOLLOW) == 0;
		return;
	}
	if (e->type != STO_FILE || !linked(c, e) || digest(c, e) < 0)
		return;
	sto_object_path(e, object);
	e->known = fstatat(c->s->fd, object, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == e->ino;
}

void sto_stage_prepare(struct sto_stage *g)
{
	struct commit c = { .g = g, .s = g->s, .tmp = -1 };
	struct sto_before *b = &g->before;

	sto_before_release(b);
	c.dir = open(g->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c.dir < 0 || sto_scan(c.dir, true, NULL, &b->m, NULL) < 0) {
		close_fd(c.dir);
		return;
	}
	note_folders(g);
	for (size_t i = 0; i < b->m.n; i++)
		note_known(&c, &b->m.v[i]);
	for (size_t i = 0; i < b->m.n; i++) {
		struct sto_entry *e = &b->m.v[i];

		if (e->type == STO_DIR && take_times(&c, e->path, AT_SYMLINK_NOFOLLOW) == 0)
			map_set(&b->folders, e->path, e);
	}
	close_fd(c.dir);
}

static int write_manifest(struct commit *c)
{
	auto_str struct str text = { 0 };
	auto_close int fd = -1;
	int r = sto_manifest_write(&c->m, c->g->id, &text, c->err);

	if (r < 0)
		return r;
	fd = openat(c->dir, STO_MANIFEST, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (fd < 0)
		return err_sys(c->err, "cannot create the manifest");
	r = write_all(fd, text.s, text.n);
	/* umask may have taken some of the mode */
	if (r == 0 && (fchmod(fd, 0444) < 0 || fsync(fd) < 0))
		r = -errno;
	if (r < 0)
		return err_code(c->err, r, "cannot write the manifest");
	return take_times(c, STO_MANIFEST, AT_SYMLINK_NOFOLLOW);
}

/* Then the cell has a file of its own. */
bool sto_cannot_link(int error)
{
	return error == EMLINK || error == EPERM || error == EOPNOTSUPP || error == ENOSYS;
}

/* Puts an object in the place of the file. */
static int link_over(struct commit *c, const struct sto_entry *e, const char *object)
{
	int r;

	for (int i = 0; (r = linkat(c->s->fd, object, c->tmp, LINK, 0)) < 0 && i < 2; i++)
		if (errno != EEXIST || unlinkat(c->tmp, LINK, 0) < 0)
			break;
	if (r < 0 && sto_cannot_link(errno)) {
		/* the file stays, and nobody has synced it */
		c->all = true;
		return 0;
	}
	if (r < 0 || renameat(c->tmp, LINK, c->dir, e->path) < 0)
		return err_sys(c->err, "cannot link '%s' into the cell", e->path);
	return 0;
}

/* Is its content an object? 1: yes, and it is linked; 0: no. */
static int use_object(struct commit *c, const struct sto_entry *e)
{
	char object[STO_OBJECT];
	struct stat st;
	int r;

	sto_object_path(e, object);
	c->touched[folder_of(e)] = true;
	if (fstatat(c->s->fd, object, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(c->err, "cannot look at '%s'", object);
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != e->size) {
		err_set(c->err, -EBADMSG, "'%s/%s' is damaged", c->s->path, object);
		return err_hint(c->err, -EBADMSG,
				"'kiln store verify --repair' removes it and what has it");
	}
	if (st.st_ino == e->ino && st.st_dev == e->dev)
		return 1;
	r = link_over(c, e, object);
	return r < 0 ? r : 1;
}

/* The folder of an object, where the first attempt found none. */
static int make_folder(struct commit *c, const char *object)
{
	char folder[sizeof("objects/ab")];

	snprintf(folder, sizeof(folder), "%.10s", object);
	if (mkdirat(c->s->fd, folder, 0755) < 0 && errno != EEXIST)
		return err_sys(c->err, "cannot create '%s/%s'", c->s->path, folder);
	return 0;
}

static int copy_object(struct commit *c, const struct sto_entry *e, const char *object)
{
	int r = make_folder(c, object);

	if (r == 0)
		r = sto_copy(c->dir, e->path, c->tmp, e->exec, true, c->err);
	if (r == 0 && renameat(c->tmp, STO_COPY, c->s->fd, object) < 0)
		r = err_sys(c->err, "cannot create '%s/%s'", c->s->path, object);
	return r;
}

/* Makes the file an object, unless another cell, or this one, did meanwhile. */
static int put_object(struct commit *c, const struct sto_entry *e)
{
	char object[STO_OBJECT];
	int r;

	sto_object_path(e, object);
	r = linkat(c->dir, e->path, c->s->fd, object, 0);
	if (r < 0 && errno == ENOENT) {
		r = make_folder(c, object);
		if (r < 0)
			return r;
		r = linkat(c->dir, e->path, c->s->fd, object, 0);
	}
	if (r == 0)
		return 0;
	if (sto_cannot_link(errno))
		return copy_object(c, e, object);
	if (errno != EEXIST)
		return err_sys(c->err, "cannot create '%s/%s'", c->s->path, object);
	r = use_object(c, e);
	return MIN(r, 0);
}

static int sync_file(struct commit *c, const char *path)
{
	auto_close int fd = openat(c->dir, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_sys(c->err, "cannot write '%s'", path);
	return 0;
}

static int sync_all(struct commit *c)
{
	if (syncfs(c->s->fd) < 0)
		return err_sys(c->err, "cannot write to '%s'", c->s->path);
	c->g->s->synced = true;
	return 0;
}

bool sto_has_synced(const struct sto *s)
{
	return s->synced;
}

/*
 * Behind a build the whole file system has much to write that is none of ours. But thousands of fsync() take far longer
 * than that: doc/design/build.md has the numbers.
 */
static bool is_much(const struct commit *c)
{
	size_t n = c->fresh.n;

	for (size_t i = 0; i < c->m.n; i++)
		n += c->m.v[i].type == STO_DIR;
	return n > SYNC_FEW;
}

static int sync_content(struct commit *c)
{
	int r = 0;

	if (!c->fresh.n)
		return 0;
	if (c->all)
		return sync_all(c);
	for (size_t i = 0; r == 0 && i < c->fresh.n; i++)
		r = sync_file(c, c->fresh.v[i]->path);
	return r;
}

static int sync_names(struct commit *c)
{
	int r = 0;

	if (c->all)
		return sync_all(c);
	for (size_t i = 0; r == 0 && i < c->m.n; i++)
		if (c->m.v[i].type == STO_DIR)
			r = file_sync_folder(c->dir, c->m.v[i].path, c->err);
	if (r == 0)
		r = file_sync_folder(c->dir, ".", c->err);
	for (unsigned i = 0; r == 0 && i < countof(c->touched); i++) {
		char folder[sizeof("objects/ab")];

		folder_name(i, folder);
		if (c->touched[i])
			r = file_sync_folder(c->s->fd, folder, c->err);
	}
	return r < 0 ? r : file_sync_folder(c->s->fd, "objects", c->err);
}

/* What was an object and is none any more: gc saw no cell that has it, or it was damaged and taken away. */
static int check_orphan(struct commit *c, const struct sto_entry *e)
{
	auto_close int fd = openat(c->dir, e->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char hex[DIGEST_HEX + 1];
	int r;

	if (fd < 0)
		return err_sys(c->err, "cannot open '%s'", e->path);
	r = digest_fd(fd, hex, c->err);
	if (r < 0 || str_eq(hex, e->hex))
		return r;
	return err_set(c->err, -EBADMSG, "'%s' was damaged in the store '%s'", e->path, c->s->path);
}

static int put_objects(struct commit *c)
{
	bool same[countof(c->touched)];
	int r = 0;

	for (unsigned i = 0; i < countof(same); i++)
		same[i] = is_same_folder(c->g, i);
	for (size_t i = 0; r >= 0 && i < c->m.n; i++) {
		const struct sto_entry *e = &c->m.v[i];

		if (e->type != STO_FILE)
			continue;
		if (e->known && same[folder_of(e)]) {
			c->touched[folder_of(e)] = true;
			continue;
		}
		r = use_object(c, e);
		if (r == 0 && linked(c, e))
			r = check_orphan(c, e);
		if (r == 0)
			vec_push(&c->fresh, e);
	}
	if (r < 0)
		return r;
	c->all = c->all || is_much(c);
	r = sync_content(c);
	for (size_t i = 0; r == 0 && i < c->fresh.n; i++)
		r = put_object(c, c->fresh.v[i]);
	/* nothing is put into these any more */
	for (size_t i = c->m.n; r == 0 && i-- > 0;)
		if (c->m.v[i].type == STO_DIR)
			r = take_times(c, c->m.v[i].path, AT_SYMLINK_NOFOLLOW);
	if (r == 0)
		r = take_times(c, ".", 0);
	return r < 0 ? r : sync_names(c);
}

/* What lies in .kiln tells of the making, such as times, and may differ. */
static bool is_compared(const struct sto_entry *e)
{
	return !str_starts(e->path, ".kiln/");
}

static const struct sto_entry *next(const struct sto_manifest *m, size_t *i)
{
	while (*i < m->n && !is_compared(&m->v[*i]))
		++*i;
	return *i < m->n ? &m->v[(*i)++] : NULL;
}

static bool same_entry(const struct sto_entry *a, const struct sto_entry *b)
{
	return a->type == b->type && a->exec == b->exec && a->size == b->size &&
	       str_eq(a->hex, b->hex) && str_eq(a->path, b->path) && str_eq(a->target, b->target);
}

/* The first path of two sorted lists that is not the same in both; NULL if there is none. */
static const char *first_difference(const struct sto_manifest *a, const struct sto_manifest *b)
{
	size_t i = 0, k = 0;

	for (;;) {
		const struct sto_entry *x = next(a, &i), *y = next(b, &k);

		if (!x || !y)
			return x ? x->path : y ? y->path : NULL;
		if (!same_entry(x, y))
			return sto_path_order(x->path, y->path) <= 0 ? x->path : y->path;
	}
}

static int compare(struct commit *c)
{
	auto_manifest struct sto_manifest there = { 0 };
	const char *path;
	int r = sto_cell_manifest(c->s, c->g->id, &there, c->err);

	if (r < 0)
		return r;
	path = first_difference(&c->m, &there);
	if (!path)
		return 0;
	err_set(c->err, -EEXIST, "the cell '%.12s' is in the store already, and differs in '%s'",
		c->g->id, path);
	return err_hint(
		c->err, -EEXIST,
		"it was made from the same inputs: something that they do not name went in");
}

/* Until the caller has given it a name, or closes the store. */
static int hold(struct commit *c)
{
	struct sto *s = c->g->s;

	s->committed = close_fd(s->committed);
	return sto_use_locked(s, c->g->id, &s->committed, c->err);
}

static int ask(struct commit *c)
{
	int r;

	c->g->manifest = &c->m;
	r = c->g->last ? c->g->last(c->g->ctx, c->err) : 0;
	c->g->manifest = NULL;
	return r;
}

static int publish(struct commit *c)
{
	auto_free char *path = path_join("cells", c->g->id);
	int r;

	if (sto_has_cell(c->s, c->g->id)) {
		r = ask(c);
		if (r == 0)
			r = compare(c);
		return r < 0 ? r : hold(c);
	}
	r = put_objects(c);
	if (r == 0)
		r = ask(c);
	if (r == 0)
		r = hold(c);
	if (r < 0)
		return r;
	if (renameat(c->tmp, "cell", c->s->fd, path) == 0)
		return file_sync_folder(c->s->fd, "cells", c->err);
	/* another kiln was quicker */
	if (errno == EEXIST || errno == ENOTEMPTY)
		return compare(c);
	return err_sys(c->err, "cannot put the cell '%.12s' in its place", c->g->id);
}

static int commit(struct commit *c)
{
	auto_close int lock = -1;
	int r;

	c->tmp = open(c->g->tmp.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	c->dir = open(c->g->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c->tmp < 0 || c->dir < 0)
		return err_sys(c->err, "cannot open '%s'", c->g->path);
	if (fchmod(c->dir, 0755) < 0)
		return err_sys(c->err, "cannot set the mode of '%s'", c->g->path);
	r = look(c);
	if (r == 0)
		r = write_manifest(c);
	if (r == 0)
		r = sto_lock(c->s, false, c->progress, &lock, c->err);
	return r < 0 ? r : publish(c);
}

void sto_stage_last(struct sto_stage *g, int (*last)(void *ctx, struct err *err), void *ctx)
{
	g->last = last;
	g->ctx = ctx;
}

void sto_stage_files(const struct sto_stage *g,
		     void (*each)(void *ctx, const char *path, const struct sto_object *o),
		     void *ctx)
{
	if (g->manifest)
		sto_manifest_files(g->manifest, each, ctx);
}

int sto_stage_commit(struct sto_stage *g, const struct sto_progress *progress, struct err *err)
{
	auto_free char *what = xasprintf("publishing %.12s", g->id);
	auto_err struct err own = { 0 };
	struct commit c = { .g = g,
			    .s = g->s,
			    .dir = -1,
			    .tmp = -1,
			    .what = what,
			    .progress = progress,
			    .err = &own };
	int r;

	g->s->synced = false;
	r = commit(&c);
	close_fd(c.dir);
	close_fd(c.tmp);
	free(c.fresh.v);
	sto_manifest_release(&c.m);
	sto_stage_abort(g);
	if (r < 0 && err)
		err_move(err, &own);
	return r;
}
