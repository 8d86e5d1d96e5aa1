/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory for PID 1: handed out upwards, given back only from the top. What PID 1 asks for it keeps, but for
 * a few buffers, so that a real allocator buys nothing; and under emulation its code, and that of the system
 * calls it makes, has to be translated in every boot. The pages are the kernel's once they are touched.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The request (KP_REQUEST_MAX and an array of its words, grown by doubling), both streams' frames. */
#define HEAP_SIZE (64u * 1024 * 1024)
#define ALIGN	  16u

/* In front of each block: its size. */
#define HEAD ALIGN

static _Alignas(ALIGN) uint8_t heap[HEAP_SIZE];
static size_t used;

static size_t *size_of(void *p)
{
	return (size_t *)(void *)((uint8_t *)p - HEAD);
}

static bool is_last(void *p)
{
	return (uint8_t *)p + *size_of(p) == heap + used;
}

void *malloc(size_t n)
{
	size_t need = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	void *p;

	if (n > HEAP_SIZE || need + HEAD > HEAP_SIZE - used) {
		errno = ENOMEM;
		return NULL;
	}
	p = heap + used + HEAD;
	*size_of(p) = need;
	used += HEAD + need;
	return p;
}

void free(void *p)
{
	if (p && is_last(p))
		used -= HEAD + *size_of(p);
}

void *calloc(size_t n, size_t size)
{
	size_t all;
	void *p;

	if (__builtin_mul_overflow(n, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	p = malloc(all);
	return p ? memset(p, 0, all) : NULL;
}

void *realloc(void *p, size_t n)
{
	size_t before = p ? *size_of(p) : 0, start = used;
	void *bigger;

	if (n <= before)
		return p;
	if (p && is_last(p))
		used -= HEAD + before;
	bigger = malloc(n);
	if (!bigger)
		used = start;
	else if (p && bigger != p)
		memcpy(bigger, p, before);
	return bigger;
}
