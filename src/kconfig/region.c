/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A few fixed places in a part of the address space that Linux does not hand out by itself on 39 bits and more. */
#include "kconfig/region.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define FIRST_PLACE UINT64_C(0x2000000000)
#define PLACE_STEP  UINT64_C(0x100000000)
#define PLACES	    16

static void *reserve(char *at, int flags)
{
	return mmap(at, KC_REGION_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
}

/* Kernels before 4.17 take the address for a hint. */
static bool reserve_at(struct kc_region *r, char *at)
{
	void *p = reserve(at, MAP_FIXED_NOREPLACE);

	if (p == MAP_FAILED)
		return false;
	if (p != at) {
		munmap(p, KC_REGION_SIZE);
		return false;
	}
	*r = (struct kc_region){ .base = at, .placed = true };
	return true;
}

void kc_region_init(struct kc_region *r)
{
	void *p;

	for (uint64_t i = 0; i < PLACES; i++)
		if (reserve_at(r, (char *)(uintptr_t)(FIRST_PLACE + i * PLACE_STEP)))
			return;
	p = reserve(NULL, 0);
	if (p == MAP_FAILED)
		xmalloc(SIZE_MAX / 2); /* says so and ends */
	*r = (struct kc_region){ .base = p };
}

int kc_region_map(struct kc_region *r, char *base, int fd, off_t offset, size_t n)
{
	if (n > KC_REGION_SIZE || !reserve_at(r, base))
		return -EEXIST;
	if (mmap(base, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, offset) ==
	    MAP_FAILED) {
		kc_region_release(r);
		return -errno;
	}
	r->used = n;
	return 0;
}

void kc_region_release(struct kc_region *r)
{
	if (r->base)
		munmap(r->base, KC_REGION_SIZE);
	*r = (struct kc_region){ 0 };
}

void *kc_region_alloc(struct kc_region *r, size_t n)
{
	void *p;

	if (n > KC_REGION_SIZE - 8 - r->used)
		return xmalloc(SIZE_MAX / 2); /* says so and ends */
	p = r->base + r->used;
	r->used += ALIGN_UP(n, (size_t)8);
	return p;
}

char *kc_region_strndup(struct kc_region *r, const char *s, size_t n)
{
	char *copy = kc_region_alloc(r, n + 1);

	if (n)
		memcpy(copy, s, n);
	return copy;
}

char *kc_region_strdup(struct kc_region *r, const char *s)
{
	return kc_region_strndup(r, s, strlen(s));
}
