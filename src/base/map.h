/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash map from strings to pointers. Keeps insertion order for iteration; keys are copied. */
#pragma once

#include "base/mem.h"

struct map_entry {
	char *key;
	void *value;
	uint32_t hash;
};

/* A zeroed struct is an empty map. Entries are never removed one by one. */
struct map {
	struct map_entry *v; /* in insertion order; v[0..n) */
	size_t n;
	size_t cap;
	uint32_t *slot; /* open addressing: index into v plus 1, 0 is free */
	size_t slots;
};

/* The value of key, or NULL. */
void *map_get(const struct map *m, const char *key);
bool map_has(const struct map *m, const char *key);
/* Sets key; returns the value it had before (NULL if it was new). */
void *map_set(struct map *m, const char *key, void *value);
/* Releases the map; free_value (may be NULL) is called on each value. */
void map_release(struct map *m, void (*free_value)(void *));
