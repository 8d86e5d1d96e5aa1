/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Removing what is not wanted any more. First the cells go, each by a rename, and that is synced; then the objects that no
 * cell has. So at any moment each cell that is there has all its objects. While the store's lock is exclusive nobody
 * publishes or begins to use a cell; what takes long, clearing away the folders, is done behind it.
 */
#include "store/internal.h"

#include "base/map.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>

struct object {
	const char *path;
	uint64_t bytes;
	size_t cells;	/* how many have it */
	size_t counted; /* the last of them, from 1 */
};

struct cell {
	char id[STO_ID + 1];
	time_t used;
	bool kept;		 /* it has a ref, or somebody uses it */
	char below[STO_ID + 1];	 /* of modules: the cell that they are for; else "" */
	bool has_below;		 /* and that one is there */
	const struct cell *over; /* the modules of this cell; NULL: none */
	struct {
		struct object **v;
		size_t n, cap;
	} objects; /* each once */
};

struct gc {
	const struct sto *s;
	const struct sto_gc *how;
	struct map objects; /* path -> struct object */
	struct arena arena;
	struct {
		struct cell *v;
		size_t n, cap;
	} cells;
	struct sto_gc_result res;
};

static void gc_release(struct gc *g)
{
	for (size_t i = 0; i < g->cells.n; i++)
		free(g->cells.v[i].objects.v);
	free(g->cells.v);
	map_release(&g->objects, NULL);
	arena_release(&g->arena);
	sto_gc_result_release(&g->res);
}

static int add_object(void *ctx, const char *folder, const char *name, struct err *err)
{
	struct gc *g = ctx;
	struct object *o;
	struct stat st;
	bool exec;

	/* what is no object is told by verify */
	if (!name || !sto_is_object(folder, name, &exec))
		return 0;
	o = arena_alloc(&g->arena, sizeof(*o));
	o->path = arena_printf(&g->arena, "objects/%s/%s", folder, name);
	if (fstatat(g->s->fd, o->path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "cannot look at '%s'", o->path);
	o->bytes = (uint64_t)st.st_blocks * 512;
	map_set(&g->objects, o->path, o);
	g->res.left_bytes += o->bytes;
	return 0;
}

static int add_cell(struct gc *g, const char *id, const struct sto_refs *refs, struct err *err)
{
	struct cell *c = vec_push(&g->cells, ((struct cell){ 0 }));
	auto_manifest struct sto_manifest m = { 0 };
	auto_strv struct strv names = { 0 };
	int r = sto_cell_manifest(g->s, id, &m, err);

	if (r < 0)
		return r;
	memcpy(c->id, id, STO_ID + 1);
	c->used = sto_cell_used(g->s, id);
	c->kept = sto_cell_in_use(g->s, id);
	sto_refs_of(refs, id, &names);
	for (size_t i = 0; i < names.n; i++)
		c->kept |= !sto_over_below(names.v[i], c->below);
	for (size_t i = 0; i < m.n; i++) {
		char path[STO_OBJECT];
		struct object *o;

		if (m.v[i].type != STO_FILE)
			continue;
		sto_object_path(&m.v[i], path);
		o = map_get(&g->objects, path);
		if (!o || o->counted == g->cells.n)
			continue;
		o->counted = g->cells.n;
		o->cells++;
		vec_push(&c->objects, o);
	}
	return 0;
}

static int by_use(const void *a, const void *b)
{
	const struct cell *x = a, *y = b;

	if (x->used != y->used)
		return x->used < y->used ? -1 : 1;
	return strcmp(x->id, y->id);
}

/* Cells are where they stay by now. */
static void find_over(struct gc *g)
{
	struct map by_id = { 0 };

	for (size_t i = 0; i < g->cells.n; i++)
		map_set(&by_id, g->cells.v[i].id, &g->cells.v[i]);
	for (size_t i = 0; i < g->cells.n; i++) {
		struct cell *c = &g->cells.v[i], *below = map_get(&by_id, c->below);

		c->has_below = below != NULL;
		if (below)
			below->over = c;
	}
	map_release(&by_id, NULL);
}

static int look(struct gc *g, const struct sto_progress *progress, struct err *err)
{
	auto_refs struct sto_refs refs = { 0 };
	auto_strv struct strv ids = { 0 };
	int r = sto_each_object(g->s, add_object, g, err);

	if (r == 0)
		r = sto_refs_read(g->s, &refs, err);
	if (r == 0)
		r = sto_cell_ids(g->s, &ids, err);
	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		sto_report(progress, "looking at cells", i, ids.n);
		r = add_cell(g, ids.v[i], &refs, err);
	}
	if (r == 0 && g->cells.n)
		qsort(g->cells.v, g->cells.n, sizeof(*g->cells.v), by_use);
	find_over(g);
	return r;
}

static void drop_object(struct gc *g, const struct object *o)
{
	g->res.objects++;
	g->res.bytes += o->bytes;
	g->res.left_bytes -= o->bytes;
}

static void drop_cell(struct gc *g, const struct cell *c)
{
	strv_add(&g->res.removed, c->id);
	for (size_t i = 0; i < c->objects.n; i++)
		if (--c->objects.v[i]->cells == 0)
			drop_object(g, c->objects.v[i]);
	if (c->over && !c->over->kept)
		drop_cell(g, c->over);
}

/* Modules stay and go with their cell; those of one that is gone just go. */
static bool is_unwanted(const struct gc *g, const struct cell *c)
{
	uint64_t quota = g->how->quota;

	if (c->kept || c->has_below)
		return false;
	return *c->below || g->how->all || c->used < g->how->older_than ||
	       (quota && g->res.left_bytes > quota);
}

/* Cells are sorted, the longest unused first. */
static void decide(struct gc *g)
{
	uint64_t quota = g->how->quota;

	for (size_t i = 0; i < g->objects.n; i++) {
		const struct object *o = g->objects.v[i].value;

		if (!o->cells)
			drop_object(g, o);
	}
	for (size_t i = 0; i < g->cells.n; i++) {
		if (is_unwanted(g, &g->cells.v[i]))
			drop_cell(g, &g->cells.v[i]);
	}
	g->res.over_quota = quota && g->res.left_bytes > quota;
}

/* Times of use without a cell: of cells that a killed kiln removed, or did not come to publish. */
static int remove_used(const struct sto *s, struct err *err)
{
	auto_strv struct strv names = { 0 };
	int r = sto_names_in(s, "used", &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		auto_free char *path = path_join("used", names.v[i]);

		if (sto_is_id(names.v[i]) && !sto_has_cell(s, names.v[i]) &&
		    unlinkat(s->fd, path, 0) < 0 && errno != ENOENT)
			r = err_sys(err, "cannot remove '%s/%s'", s->path, path);
	}
	return r;
}

/* Before the modules that it leads to, so that it never leads nowhere. */
static int remove_over_ref(const struct sto *s, const char *below, struct err *err)
{
	auto_free char *folder = path_join("refs", below);
	auto_free char *path = xasprintf("%s" STO_OVER, folder);

	int r;

	if (unlinkat(s->fd, path, 0) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "cannot remove '%s/%s'", s->path, path);
	r = file_sync_folder(s->fd, folder, err);
	unlinkat(s->fd, folder, AT_REMOVEDIR);
	return r;
}

static int remove_cell(const struct gc *g, const char *id, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < g->cells.n && r == 0; i++)
		if (str_eq(g->cells.v[i].id, id) && *g->cells.v[i].below)
			r = remove_over_ref(g->s, g->cells.v[i].below, err);
	return r < 0 ? r : sto_cell_remove(g->s, id, err);
}

static int apply(struct gc *g, const struct sto_progress *progress, struct err *err)
{
	uint64_t done = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < g->res.removed.n; i++)
		r = remove_cell(g, g->res.removed.v[i], err);
	if (r == 0 && g->res.removed.n)
		r = file_sync_folder(g->s->fd, "cells", err);
	for (size_t i = 0; r == 0 && i < g->objects.n; i++) {
		const struct object *o = g->objects.v[i].value;

		if (o->cells)
			continue;
		sto_report(progress, "removing objects", done++, g->res.objects);
		if (unlinkat(g->s->fd, o->path, 0) < 0 && errno != ENOENT)
			r = err_sys(err, "cannot remove '%s/%s'", g->s->path, o->path);
	}
	return r < 0 ? r : remove_used(g->s, err);
}

static int collect(struct gc *g, const struct sto_progress *progress, struct err *err)
{
	auto_close int lock = -1;
	int r = sto_lock(g->s, !g->how->dry_run, progress, &lock, err);

	if (r == 0)
		r = look(g, progress, err);
	if (r < 0)
		return r;
	decide(g);
	return g->how->dry_run ? 0 : apply(g, progress, err);
}

int sto_gc(struct sto *s, const struct sto_gc *how, const struct sto_progress *progress,
	   struct sto_gc_result *ret, struct err *err)
{
	struct gc g = { .s = s, .how = how };
	int r;

	/* who asks for it here means that cell too */
	s->committed = close_fd(s->committed);
	/* before the lock, as it may take long, and behind it, for what was removed just now */
	if (!how->dry_run)
		sto_tmp_clean(s);
	r = collect(&g, progress, err);
	if (!how->dry_run)
		sto_tmp_clean(s);
	if (r == 0) {
		*ret = g.res;
		g.res = (struct sto_gc_result){ 0 };
	}
	gc_release(&g);
	return r;
}

void sto_gc_result_release(struct sto_gc_result *r)
{
	strv_release(&r->removed);
}
