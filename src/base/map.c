/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Open addressing with linear probing over indices into the vector of entries. Invariants: slots is
 * a power of two, at least a third of the slots is free, slot values are index plus one.
 */
#include "base/map.h"

#include "base/hash.h"

#include <string.h>

static uint32_t hash_of(const char *key)
{
	uint64_t h = HASH_INIT;

	for (; *key; key++)
		h = hash_byte(h, (uint8_t)*key);
	return hash_fold(h);
}

/* The slot that holds key, or the free one where it would go. */
static uint32_t *find(const struct map *m, const char *key, uint32_t hash)
{
	size_t i = hash & (m->slots - 1);

	for (;; i = (i + 1) & (m->slots - 1)) {
		const struct map_entry *e;

		if (!m->slot[i])
			return &m->slot[i];
		e = &m->v[m->slot[i] - 1];
		if (e->hash == hash && !strcmp(e->key, key))
			return &m->slot[i];
	}
}

static void grow(struct map *m)
{
	m->slots = m->slots ? m->slots * 2 : 16;
	free(m->slot);
	m->slot = xcalloc(m->slots, sizeof(*m->slot));
	for (size_t i = 0; i < m->n; i++) {
		size_t at = m->v[i].hash & (m->slots - 1);

		while (m->slot[at])
			at = (at + 1) & (m->slots - 1);
		m->slot[at] = (uint32_t)i + 1;
	}
}

static struct map_entry *lookup(const struct map *m, const char *key)
{
	uint32_t *slot;

	if (!m->slots)
		return NULL;
	slot = find(m, key, hash_of(key));
	return *slot ? &m->v[*slot - 1] : NULL;
}

void *map_get(const struct map *m, const char *key)
{
	const struct map_entry *e = lookup(m, key);

	return e ? e->value : NULL;
}

bool map_has(const struct map *m, const char *key)
{
	return lookup(m, key) != NULL;
}

void *map_set(struct map *m, const char *key, void *value)
{
	struct map_entry *e = lookup(m, key);
	uint32_t hash;

	if (e) {
		void *old = e->value;

		e->value = value;
		return old;
	}
	if (m->n >= m->slots * 2 / 3)
		grow(m);
	hash = hash_of(key);
	*find(m, key, hash) = (uint32_t)m->n + 1;
	vec_push(m, ((struct map_entry){ .key = xstrdup(key), .value = value, .hash = hash }));
	return NULL;
}

void map_release(struct map *m, void (*free_value)(void *))
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->v[i].key);
		if (free_value)
			free_value(m->v[i].value);
	}
	free(m->v);
	free(m->slot);
	*m = (struct map){ 0 };
}
