/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the store has what it says. Every object is read; the cells' files are these objects, known by device and inode,
 * and read only where a file system had no link to give. What lies in tmp/ and used/, and objects of no cell, are no fault:
 * killed kilns leave them.
 */
#include "store/verify.h"

#include "base/map.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>

/* An object as it was found. */
struct seen {
	dev_t dev;
	ino_t ino;
	size_t fault; /* its place from 1; 0: it is sound */
};

struct check {
	const struct sto *s;
	struct sto_faults *res;
	struct {
		struct sto_flaw *v;
		size_t n, cap;
	} flaws;	    /* flaws.v[i] is behind res->v[i] */
	struct map objects; /* path -> struct seen */
	struct arena arena;
	struct sto_refs refs;
	const struct sto_progress *progress;
	uint64_t total;
};

/* Takes path and what. */
static struct sto_flaw *add(struct check *c, enum sto_mend how, char *path, char *what)
{
	vec_push(c->res, ((struct sto_fault){ .path = path, .what = what }));
	return vec_push(&c->flaws, ((struct sto_flaw){ .how = how }));
}

/* That a cell has what fault (from 1) is about. */
static void blame(struct check *c, size_t fault, const char *id)
{
	struct sto_flaw *flaw = &c->flaws.v[fault - 1];
	struct sto_fault *f = &c->res->v[fault - 1];
	size_t n = f->cells.n;

	if (flaw->ids.n && str_eq(flaw->ids.v[flaw->ids.n - 1], id))
		return;
	strv_add(&flaw->ids, id);
	sto_refs_of(&c->refs, id, &f->cells);
	if (f->cells.n == n)
		strv_add(&f->cells, id);
}

static void check_mode(struct check *c, const char *path, mode_t mode, mode_t wanted)
{
	if ((mode & 07777) != wanted)
		add(c, STO_MEND_MODE, xstrdup(path),
		    xasprintf("has the mode %o (expected %o)", mode & 07777, wanted))
			->mode = wanted;
}

/* What is lacking here and now says nothing of the file. */
static bool is_passing(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM || error == EINTR;
}

/* *ret NULL: it has that content; else what is wrong with it. */
static int check_content(const struct check *c, const char *path, const char *expected, char **ret,
			 struct err *cannot)
{
	auto_close int fd = openat(c->s->fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	auto_err struct err err = { 0 };
	char hex[DIGEST_HEX + 1];
	struct stat st;

	*ret = NULL;
	if (fd < 0 && is_passing(errno))
		return err_sys(cannot, "cannot open '%s'", path);
	if (fd < 0 || fstat(fd, &st) < 0)
		*ret = xasprintf("cannot be opened: %s", strerror(errno));
	else if (!S_ISREG(st.st_mode))
		*ret = xstrdup("is no file");
	else if (digest_fd(fd, hex, &err) < 0)
		*ret = xasprintf("cannot be read: %s", err.msg);
	else if (strncmp(hex, expected, DIGEST_HEX) != 0)
		*ret = xasprintf("has another content: sha256 %s (expected %.64s)", hex, expected);
	return 0;
}

static int check_object(void *ctx, const char *folder, const char *name, struct err *err)
{
	struct check *c = ctx;
	auto_free char *path = path_join3("objects", folder, name ? name : "");
	struct seen *seen;
	struct stat st;
	bool exec;
	char *what;
	int r;

	if (!name || !sto_is_object(folder, name, &exec)) {
		add(c, STO_MEND_REMOVE, name ? take_ptr(path) : path_join("objects", folder),
		    xstrdup("is no object"));
		return 0;
	}
	if (fstatat(c->s->fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "cannot look at '%s'", path);
	seen = arena_alloc(&c->arena, sizeof(*seen));
	seen->dev = st.st_dev;
	seen->ino = st.st_ino;
	map_set(&c->objects, path, seen);
	sto_report(c->progress, "reading objects", c->res->bytes, c->total);
	r = check_content(c, path, name, &what, err);
	if (r < 0)
		return r;
	if (what) {
		add(c, STO_MEND_CELLS, xstrdup(path), what);
		seen->fault = c->res->n;
	} else {
		check_mode(c, path, st.st_mode, exec ? 0555 : 0444);
	}
	c->res->objects++;
	c->res->bytes += (uint64_t)st.st_size;
	return 0;
}

static int add_size(void *ctx, const char *folder, const char *name, struct err *err)
{
	struct check *c = ctx;
	auto_free char *path = path_join3("objects", folder, name ? name : "");
	struct stat st;

	if (fstatat(c->s->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
		c->total += (uint64_t)st.st_size;
	return 0;
}

/* The object that a file of the cell should be. */
static struct seen *object_of(struct check *c, const char *id, const struct sto_entry *e)
{
	char object[STO_OBJECT];
	struct seen *seen;

	sto_object_path(e, object);
	seen = map_get(&c->objects, object);
	if (!seen) {
		seen = arena_alloc(&c->arena, sizeof(*seen));
		add(c, STO_MEND_CELLS, xstrdup(object), xstrdup("is missing"));
		seen->fault = c->res->n;
		map_set(&c->objects, object, seen);
	}
	if (seen->fault)
		blame(c, seen->fault, id);
	return seen;
}

static void add_of_cell(struct check *c, const char *id, const char *path, char *what)
{
	add(c, STO_MEND_CELLS, path_join3("cells", id, path), what);
	blame(c, c->res->n, id);
}

/* What lies in the cell (there) as it should be (e). */
static int check_entry(struct check *c, const char *id, const struct sto_entry *e,
		       const struct sto_entry *there, struct err *err)
{
	auto_free char *path = path_join3("cells", id, e->path);
	const struct seen *seen;
	char *what = NULL;
	int r = 0;

	if (e->type != there->type) {
		what = xstrdup("is of another type");
	} else if (e->type == STO_LINK) {
		if (!str_eq(e->target, there->target))
			what = xasprintf("leads to '%s' (expected '%s')", there->target, e->target);
	} else if (e->type == STO_DIR) {
		check_mode(c, path, there->mode, 0755);
	} else {
		seen = object_of(c, id, e);
		if (seen->dev == there->dev && seen->ino == there->ino)
			return 0;
		r = check_content(c, path, e->hex, &what, err);
		if (r == 0 && !what)
			check_mode(c, path, there->mode, e->exec ? 0555 : 0444);
	}
	if (what)
		add_of_cell(c, id, e->path, what);
	return r;
}

/* Both are sorted. */
static int check_entries(struct check *c, const char *id, const struct sto_manifest *m,
			 const struct sto_manifest *there, struct err *err)
{
	size_t i = 0, k = 0;
	int r = 0;

	while (r == 0 && (i < m->n || k < there->n)) {
		int order = i == m->n	    ? 1
			    : k == there->n ? -1
					    : sto_path_order(m->v[i].path, there->v[k].path);

		if (order < 0) {
			add_of_cell(c, id, m->v[i].path, xstrdup("is missing"));
			if (m->v[i].type == STO_FILE)
				object_of(c, id, &m->v[i]);
			i++;
		} else if (order > 0) {
			if (!str_eq(there->v[k].path, STO_MANIFEST))
				add_of_cell(c, id, there->v[k].path,
					    xstrdup("does not belong there"));
			k++;
		} else {
			r = check_entry(c, id, &m->v[i++], &there->v[k++], err);
		}
	}
	return r;
}

static int check_cell(struct check *c, const char *id, struct err *ret_err)
{
	auto_free char *path = path_join("cells", id);
	auto_manifest struct sto_manifest m = { 0 }, there = { 0 };
	auto_err struct err err = { 0 };
	auto_close int fd = -1;
	int r = 0;

	if (!sto_is_id(id)) {
		add(c, STO_MEND_REMOVE, take_ptr(path), xstrdup("is no cell"));
		return 0;
	}
	c->res->cells++;
	fd = openat(c->s->fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && is_passing(errno))
		return err_sys(ret_err, "cannot open '%s'", path);
	if (fd < 0) {
		add_of_cell(c, id, "", xasprintf("cannot be opened: %s", strerror(errno)));
		return 0;
	}
	r = sto_cell_manifest(c->s, id, &m, &err);
	if (r < 0 && !is_passing(-r)) {
		add_of_cell(c, id, STO_MANIFEST, take_ptr(err.msg));
		return 0;
	}
	if (r == 0)
		r = sto_scan(fd, false, NULL, &there, &err);
	if (r < 0 && is_passing(-r)) {
		err_move(ret_err, &err);
		return r;
	}
	if (r < 0) {
		add_of_cell(c, id, "", take_ptr(err.msg));
		return 0;
	}
	return check_entries(c, id, &m, &there, ret_err);
}

static void check_refs(struct check *c)
{
	for (size_t i = 0; i < c->refs.n; i++) {
		const struct sto_ref *ref = &c->refs.v[i];
		char *what =
			!*ref->id ? xstrdup("has no cell's ID")
			: !sto_has_cell(c->s, ref->id)
				? xasprintf("leads to the cell %s, which is not there", ref->id)
				: NULL;

		if (what)
			add(c, STO_MEND_REMOVE, path_join("refs", ref->name), what);
	}
}

static int check(struct check *c, struct err *err)
{
	auto_strv struct strv cells = { 0 };
	int r = sto_each_object(c->s, add_size, c, err);

	if (r == 0)
		r = sto_refs_read(c->s, &c->refs, err);
	if (r == 0)
		r = sto_names_in(c->s, "cells", &cells, err);
	if (r == 0)
		r = sto_each_object(c->s, check_object, c, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < cells.n && r == 0; i++) {
		sto_report(c->progress, "looking at cells", i, cells.n);
		r = check_cell(c, cells.v[i], err);
	}
	if (r == 0)
		check_refs(c);
	return r;
}

static int check_locked(const struct sto *s, bool repair, const struct sto_progress *progress,
			struct sto_faults *ret, struct err *err)
{
	struct check c = { .s = s, .res = ret, .progress = progress };
	auto_close int lock = -1;
	int r = sto_lock(s, repair, progress, &lock, err);

	if (r == 0)
		r = check(&c, err);
	if (r == 0 && repair)
		r = sto_mend(s, c.flaws.v, ret, err);
	for (size_t i = 0; i < c.flaws.n; i++)
		strv_release(&c.flaws.v[i].ids);
	free(c.flaws.v);
	map_release(&c.objects, NULL);
	arena_release(&c.arena);
	sto_refs_release(&c.refs);
	return r;
}

/* The lock is exclusive, and all is read again, only where something is to be mended: meanwhile nothing else goes on. */
int sto_verify(struct sto *s, bool repair, const struct sto_progress *progress,
	       struct sto_faults *ret, struct err *err)
{
	struct sto_faults faults = { 0 };
	int r;

	s->committed = close_fd(s->committed);
	r = check_locked(s, false, progress, &faults, err);
	if (r == 0 && repair && faults.n) {
		sto_faults_release(&faults);
		r = check_locked(s, true, progress, &faults, err);
		sto_tmp_clean(s);
	}
	if (r < 0) {
		sto_faults_release(&faults);
		return r;
	}
	*ret = faults;
	return 0;
}

void sto_faults_release(struct sto_faults *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].path);
		free(f->v[i].what);
		strv_release(&f->v[i].cells);
	}
	free(f->v);
	*f = (struct sto_faults){ 0 };
}
