/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arenas: chunks in a list, the newest first; only the newest is filled. A large request gets a
 * chunk of its own behind the newest one, so that the room left there is not lost. Chunks grow: there are arenas by the thousand
 * that hold next to nothing.
 */
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

#define FIRST_CHUNK ((size_t)512)
#define CHUNK_SIZE  ((size_t)32 * 1024)

struct arena_chunk {
	struct arena_chunk *next;
	size_t used;
	size_t size;
	max_align_t data[];
};

static struct arena_chunk *chunk_new(size_t size)
{
	struct arena_chunk *c;
	size_t total;

	if (__builtin_add_overflow(sizeof(*c), size, &total))
		total = SIZE_MAX; /* xcalloc() ends the program */
	c = xcalloc(1, total);
	c->size = size;
	return c;
}

static struct arena_chunk *chunk_for(struct arena *a, size_t n)
{
	struct arena_chunk *c = a->chunk;
	size_t size = FIRST_CHUNK;

	if (c && c->size - c->used >= n)
		return c;
	if (c && n > CHUNK_SIZE / 4) {
		struct arena_chunk *own = chunk_new(n);

		own->next = c->next;
		c->next = own;
		return own;
	}
	if (c)
		size = MIN(2 * c->size, CHUNK_SIZE);
	c = chunk_new(MAX(n, size));
	c->next = a->chunk;
	a->chunk = c;
	return c;
}

void *arena_alloc(struct arena *a, size_t n)
{
	struct arena_chunk *c;
	void *p;

	if (n > SIZE_MAX / 2)
		n = SIZE_MAX / 2; /* cannot be had; said so by xcalloc() */
	n = ALIGN_UP(n, _Alignof(max_align_t));
	c = chunk_for(a, n);
	p = (char *)c->data + c->used;
	c->used += n;
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = arena_alloc(a, len + 1);

	memcpy(copy, s, len);
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	int len;
	char *s;

	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	s = arena_alloc(a, len < 0 ? 1 : (size_t)len + 1);
	if (len >= 0)
		vsnprintf(s, (size_t)len + 1, fmt, again);
	va_end(again);
	return s;
}

void arena_release(struct arena *a)
{
	struct arena_chunk *c = a->chunk;

	while (c) {
		struct arena_chunk *next = c->next;

		free(c);
		c = next;
	}
	a->chunk = NULL;
}
