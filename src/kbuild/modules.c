/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts the lines of a walk without a configuration together: all that name the same object, and for each folder on the way to
 * it all that enter it. A line of obj-y counts where the folder is entered to build in, one of obj-m where it is entered at all
 * (scripts/Makefile.build).
 */
#include "kbuild/modules.h"

#include <stdlib.h>

/* The lines that enter a folder, and what they take together. */
struct reach {
	struct {
		size_t *v;
		size_t n, cap;
	} lines;
	struct kb_terms module, builtin;
	bool busy, done;
};

/* The lines that name an object, and those that name its parts. */
struct entry {
	const char *path;
	struct {
		size_t *v;
		size_t n, cap;
	} lines, parts;
};

struct maker {
	struct kb_module_list *list;
	struct arena *arena;
	struct map folders; /* path -> struct reach */
	struct map entries; /* path -> struct entry */
};

static const struct kb_terms always = { .v = (struct kb_term[]){ { NULL, 0 } }, .n = 1 };

/* Folders */

static const struct reach *reach_of(struct maker *m, size_t folder);

static void free_lists(struct kb_terms *lists, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(lists[i].v);
	free(lists);
}

/* What a line takes, with what it takes to enter its folder. */
static void add_line(struct maker *m, const struct kb_object *o, bool module, struct kb_terms *ret)
{
	const struct reach *r = reach_of(m, o->folder);
	struct kb_terms own = { 0 };

	kb_terms_cond(&own, m->arena, o->cond, &always);
	kb_terms_and(ret, m->arena, &own, !r ? &always : module ? &r->module : &r->builtin);
	free(own.v);
}

/* What folders are entered by: as modules by all lines, as built in by those of obj-y. */
static void add_lines(struct maker *m, const struct reach *of, bool module, struct kb_terms *ret)
{
	struct kb_terms *lists = xcalloc(of->lines.n + 1, sizeof(*lists));

	for (size_t i = 0; i < of->lines.n; i++) {
		const struct kb_object *o = &m->list->objects.v[of->lines.v[i]];

		if (module || o->how != KB_OBJECT_MODULE)
			add_line(m, o, module, &lists[i]);
	}
	kb_terms_share(ret, m->arena, lists, of->lines.n);
	free_lists(lists, of->lines.n);
}

/* NULL: the tree itself. A folder that leads to itself adds nothing by that. */
static const struct reach *reach_of(struct maker *m, size_t folder)
{
	const struct kb_object_list *l = &m->list->objects;
	struct reach *r = folder ? map_get(&m->folders, l->v[folder - 1].path) : NULL;

	if (!r || r->done || r->busy)
		return r;
	r->busy = true;
	add_lines(m, r, true, &r->module);
	add_lines(m, r, false, &r->builtin);
	r->busy = false;
	r->done = true;
	return r;
}

/* Objects */

static void sort_out(struct maker *m)
{
	const struct kb_object_list *l = &m->list->objects;

	for (size_t i = 0; i < l->n; i++) {
		const struct kb_object *o = &l->v[i];

		if (o->kind == KB_OBJECT_FOLDER) {
			struct reach *r = map_get(&m->folders, o->path);

			if (!r)
				map_set(&m->folders, o->path, r = xnew(struct reach));
			vec_push(&r->lines, i);
		} else if (o->kind == KB_OBJECT_SINGLE || o->kind == KB_OBJECT_COMPOSITE) {
			const char *path = o->whole ? l->v[o->whole - 1].path : o->path;
			struct entry *e = map_get(&m->entries, path);

			if (!e) {
				map_set(&m->entries, path, e = xnew(struct entry));
				e->path = path;
			}
			if (o->whole)
				vec_push(&e->parts, i);
			else
				vec_push(&e->lines, i);
		}
	}
}

static void add_ways(struct maker *m, const struct entry *e, bool module, struct kb_terms *ret)
{
	struct kb_terms *lists = xcalloc(e->lines.n + 1, sizeof(*lists));

	for (size_t i = 0; i < e->lines.n; i++) {
		const struct kb_object *o = &m->list->objects.v[e->lines.v[i]];

		if ((o->how == KB_OBJECT_MODULE) == module)
			add_line(m, o, module, &lists[i]);
	}
	kb_terms_share(ret, m->arena, lists, e->lines.n);
	free_lists(lists, e->lines.n);
}

static void set_ways(struct maker *m, const struct entry *e, struct kb_module *to)
{
	struct kb_terms module = { 0 }, builtin = { 0 };
	struct kb_way *way;

	add_ways(m, e, true, &module);
	add_ways(m, e, false, &builtin);
	to->way = way = arena_alloc(m->arena, (module.n + builtin.n + 1) * sizeof(*way));
	for (size_t i = 0; i < module.n; i++)
		way[to->n_way++] = (struct kb_way){ module.v[i], true };
	for (size_t i = 0; i < builtin.n; i++)
		way[to->n_way++] = (struct kb_way){ builtin.v[i], false };
	free(module.v);
	free(builtin.v);
}

static void set_terms(struct maker *m, struct kb_source *s, const struct kb_terms *terms)
{
	struct kb_term *v = arena_alloc(m->arena, (terms->n + 1) * sizeof(*v));

	if (terms->n)
		memcpy(v, terms->v, terms->n * sizeof(*v));
	s->term = v;
	s->n_term = terms->n;
}

static void set_sources(struct maker *m, const struct entry *e, struct kb_module *to)
{
	const struct kb_object *o = m->list->objects.v;
	struct kb_source *source = arena_alloc(m->arena, (e->parts.n + 1) * sizeof(*source));
	struct map known = { 0 };

	for (size_t i = 0; i < e->parts.n; i++)
		if (!map_set(&known, o[e->parts.v[i]].path, source))
			source[to->n_source++].path = o[e->parts.v[i]].path;
	map_release(&known, NULL);
	for (size_t k = 0; k < to->n_source; k++) {
		struct kb_terms terms = { 0 };

		for (size_t i = 0; i < e->parts.n; i++)
			if (str_eq(o[e->parts.v[i]].path, source[k].path))
				kb_terms_cond(&terms, m->arena, o[e->parts.v[i]].cond, &always);
		set_terms(m, &source[k], &terms);
		free(terms.v);
	}
	if (!e->parts.n) {
		source[to->n_source].path = e->path;
		set_terms(m, &source[to->n_source++], &always);
	}
	to->source = source;
}

static char fold(char c)
{
	return c == '-' || c == ',' ? '_' : c;
}

static const char *name_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	char *name = arena_strndup(arena, base, strlen(base) - strlen(".o"));

	for (char *p = name; *p; p++)
		*p = fold(*p);
	return name;
}

static bool can_be_module(const struct kb_module *m)
{
	return m->n_way && m->way[0].module;
}

static int by_name(const void *a, const void *b)
{
	const struct kb_module *x = a, *y = b;
	const int names = strcmp(x->name, y->name);

	if (names || can_be_module(x) == can_be_module(y))
		return names ?: strcmp(x->path, y->path);
	return can_be_module(x) ? -1 : 1;
}

static int by_path(const void *a, const void *b)
{
	const struct kb_part_of *x = a, *y = b;

	return strcmp(x->path, y->path) ?: (x->module > y->module) - (x->module < y->module);
}

static void index_sources(struct maker *m)
{
	struct kb_module_list *l = m->list;

	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->v[i].n_source; k++) {
			const struct kb_source *s = &l->v[i].source[k];
			vec_push(&l->parts,
				 ((struct kb_part_of){ kb_object_source(&l->objects, s->path),
						       &l->v[i], s }));
		}
	if (l->parts.n)
		qsort(l->parts.v, l->parts.n, sizeof(*l->parts.v), by_path);
}

static void make_all(struct maker *m)
{
	struct kb_module_list *l = m->list;

	sort_out(m);
	for (size_t i = 0; i < m->entries.n; i++) {
		const struct entry *e = m->entries.v[i].value;
		struct kb_module module = { .path = e->path };

		set_ways(m, e, &module);
		if (!module.n_way)
			continue;
		module.name = name_of(m->arena, e->path);
		set_sources(m, e, &module);
		vec_push(l, module);
	}
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_name);
	index_sources(m);
}

static void free_reach(void *p)
{
	struct reach *r = p;

	free(r->lines.v);
	free(r->module.v);
	free(r->builtin.v);
	free(r);
}

static void free_entry(void *p)
{
	struct entry *e = p;

	free(e->lines.v);
	free(e->parts.v);
	free(e);
}

int kb_module_list(const char *tree, const char *srcarch, struct kb_module_list *ret,
		   struct err *err)
{
	const struct kb_objects_spec spec = { tree, srcarch, NULL };
	struct maker m = { .list = ret };
	int r;

	*ret = (struct kb_module_list){ 0 };
	m.arena = &ret->objects.arena;
	r = kb_object_list(&spec, &ret->objects, err);
	if (r < 0)
		return r;
	make_all(&m);
	map_release(&m.folders, free_reach);
	map_release(&m.entries, free_entry);
	return 0;
}

void kb_module_list_release(struct kb_module_list *l)
{
	free(l->v);
	free(l->parts.v);
	kb_object_list_release(&l->objects);
	*l = (struct kb_module_list){ 0 };
}

/* Finding */

/* Without its ending. */
static char *stem(const char *path, bool any_ending)
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');

	if (dot && (any_ending || str_eq(dot, ".o") || str_eq(dot, ".ko")))
		return xstrndup(path, (size_t)(dot - path));
	return xstrdup(path);
}

static const struct kb_module *find_path(const struct kb_module_list *l, const char *path,
					 size_t *ret_n)
{
	auto_free char *object = xasprintf("%s.o", path);
	auto_free char *name = NULL;
	struct arena arena = { 0 };
	const struct kb_module *hit;
	size_t n = 0;

	name = xstrdup(name_of(&arena, object));
	arena_release(&arena);
	hit = kb_module_find(l, name, &n);
	*ret_n = 1;
	for (size_t i = 0; i < n; i++)
		if (str_eq(hit[i].path, object))
			return &hit[i];
	*ret_n = 0;
	return NULL;
}

const struct kb_module *kb_module_find(const struct kb_module_list *l, const char *name,
				       size_t *ret_n)
{
	auto_free char *plain = stem(name, false);
	size_t low = 0, high = l->n;

	*ret_n = 0;
	if (strchr(plain, '/'))
		return find_path(l, plain, ret_n);
	for (char *p = plain; *p; p++)
		*p = fold(*p);
	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (strcmp(l->v[middle].name, plain) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + *ret_n < l->n && str_eq(l->v[low + *ret_n].name, plain))
		++*ret_n;
	return *ret_n ? &l->v[low] : NULL;
}

const struct kb_part_of *kb_module_of_source(const struct kb_module_list *l, const char *source,
					     size_t *ret_n)
{
	auto_free char *path = stem(source, true);
	size_t low = 0, high = l->parts.n;

	*ret_n = 0;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (strcmp(l->parts.v[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + *ret_n < l->parts.n && str_eq(l->parts.v[low + *ret_n].path, path))
		++*ret_n;
	return *ret_n ? &l->parts.v[low] : NULL;
}

bool kb_term_holds(const struct kb_term *t, unsigned (*value)(void *ctx, const char *symbol),
		   void *ctx)
{
	for (size_t i = 0; i < t->n; i++)
		if (!(value(ctx, t->need[i].symbol) & t->need[i].allows))
			return false;
	return true;
}
