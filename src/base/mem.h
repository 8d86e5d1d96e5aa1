/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory. Running out of it ends the program with exit status 125: no caller checks. */
#pragma once

#include "base/util.h"

#include <stdarg.h>

void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
void *xmemdup(const void *p, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF(1, 2);
char *xvasprintf(const char *fmt, va_list ap) PRINTF(1, 0);

#define xnew(type) ((type *)xcalloc(1, sizeof(type)))

/* An arena hands out memory that dies together. A zeroed struct is an empty arena. */
struct arena {
	struct arena_chunk *chunk;
};

/* n bytes, zeroed, aligned for any type; valid until arena_release(). */
void *arena_alloc(struct arena *a, size_t n);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);
void arena_release(struct arena *a);

/*
 * Vectors: any struct with the members `v` (pointer to elements), `n` and `cap` (size_t).
 * A zeroed struct is an empty vector; free(x.v) releases it.
 */
#define vec_push(vec, elem)                                                           \
	({                                                                            \
		if ((vec)->n == (vec)->cap) {                                         \
			(vec)->cap = (vec)->cap ? (vec)->cap * 2 : 8;                 \
			(vec)->v = xrealloc((vec)->v, (vec)->cap, sizeof(*(vec)->v)); \
		}                                                                     \
		(vec)->v[(vec)->n++] = (elem);                                        \
		&(vec)->v[(vec)->n - 1];                                              \
	})
