/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cells with their sizes, from manifests alone: no object is looked at. */
#include "store/internal.h"

#include "base/map.h"

#include <errno.h>

/* Per object the cell that has it, by its place from 1, or this. */
#define SEVERAL SIZE_MAX

struct listing {
	struct sto_cells cells;
	struct map owner; /* object -> place of its only cell */
	struct arena sizes;
};

/* What is known of one object. */
struct owned {
	size_t cell; /* its place, or SEVERAL */
	uint64_t size;
};

static void add_object(struct listing *l, const struct sto_entry *e, size_t cell)
{
	char path[STO_OBJECT];
	struct owned *o;

	sto_object_path(e, path);
	o = map_get(&l->owner, path);
	if (o) {
		o->cell = o->cell == cell ? cell : SEVERAL;
		return;
	}
	o = arena_alloc(&l->sizes, sizeof(*o));
	*o = (struct owned){ cell, e->size };
	map_set(&l->owner, path, o);
}

/* A damaged one is listed, so that it can be seen and removed. */
static int add_cell(const struct sto *s, const char *id, const struct sto_refs *refs,
		    struct listing *l, struct err *err)
{
	struct sto_cell *c = vec_push(&l->cells, ((struct sto_cell){ 0 }));
	auto_manifest struct sto_manifest m = { 0 };
	int r;

	memcpy(c->id, id, STO_ID + 1);
	sto_refs_of(refs, id, &c->refs);
	c->used = sto_cell_used(s, id);
	r = sto_cell_manifest(s, id, &m, err);
	if (r < 0) {
		c->damaged = r == -EBADMSG;
		if (c->damaged)
			err_release(err);
		return c->damaged ? 0 : r;
	}
	for (size_t i = 0; i < m.n; i++) {
		if (m.v[i].type != STO_FILE)
			continue;
		c->files++;
		c->bytes += m.v[i].size;
		add_object(l, &m.v[i], l->cells.n - 1);
	}
	return 0;
}

static int by_use(const void *a, const void *b)
{
	const struct sto_cell *x = a, *y = b;

	if (x->used != y->used)
		return x->used < y->used ? 1 : -1;
	return strcmp(x->id, y->id);
}

static int list(const struct sto *s, struct listing *l, struct err *err)
{
	auto_refs struct sto_refs refs = { 0 };
	auto_strv struct strv ids = { 0 };
	int r = sto_refs_read(s, &refs, err);

	if (r == 0)
		r = sto_cell_ids(s, &ids, err);
	for (size_t i = 0; r == 0 && i < ids.n; i++)
		r = add_cell(s, ids.v[i], &refs, l, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < l->owner.n; i++) {
		const struct owned *o = l->owner.v[i].value;

		if (o->cell != SEVERAL)
			l->cells.v[o->cell].own_bytes += o->size;
	}
	if (l->cells.n)
		qsort(l->cells.v, l->cells.n, sizeof(*l->cells.v), by_use);
	return 0;
}

int sto_list(struct sto *s, struct sto_cells *ret, struct err *err)
{
	struct listing l = { 0 };
	auto_err struct err own = { 0 };
	auto_close int lock = -1;
	int r = sto_lock(s, false, NULL, &lock, &own);

	if (r == 0)
		r = list(s, &l, &own);
	map_release(&l.owner, NULL);
	arena_release(&l.sizes);
	if (r < 0) {
		sto_cells_release(&l.cells);
		if (err)
			err_move(err, &own);
		return r;
	}
	*ret = l.cells;
	return 0;
}

void sto_cells_release(struct sto_cells *c)
{
	for (size_t i = 0; i < c->n; i++)
		strv_release(&c->v[i].refs);
	free(take_ptr(c->v));
	c->n = c->cap = 0;
}
