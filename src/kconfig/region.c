/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A few fixed places in a part of the address space that Linux does not hand out by itself on 39 bits and more. */
#include "kconfig/region.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* AddressSanitizer has its shadow where others have nothing. */
#if defined(__SANITIZE_ADDRESS__)
#define FIRST_PLACE UINT64_C(0x500000000000)
#else
#define FIRST_PLACE UINT64_C(0x2000000000)
#endif
#define PLACE_STEP UINT64_C(0x100000000)
#define PLACES	   16
/* Behind a mapped file, for what printing expressions may add. */
#define SPARE ((size_t)64 << 20)

static const size_t sizes[] = { (size_t)1 << 30, (size_t)1 << 28, (size_t)1 << 26 };

static void *reserve(char *at, size_t size, int flags)
{
	return mmap(at, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
}

/* Kernels before 4.17 take the address for a hint. */
static bool reserve_at(struct kc_region *r, char *at, size_t size)
{
	void *p = reserve(at, size, MAP_FIXED_NOREPLACE);

	if (p == MAP_FAILED)
		return false;
	if (p != at) {
		munmap(p, size);
		return false;
	}
	*r = (struct kc_region){ .base = at, .size = size, .placed = true };
	return true;
}

void kc_region_init(struct kc_region *r)
{
	void *p = MAP_FAILED;

	for (size_t k = 0; k < countof(sizes); k++)
		for (uint64_t i = 0; i < PLACES; i++)
			if (reserve_at(r, (char *)(uintptr_t)(FIRST_PLACE + i * PLACE_STEP),
				       sizes[k]))
				return;
	for (size_t k = 0; k < countof(sizes); k++) {
		p = reserve(NULL, sizes[k], 0);
		*r = (struct kc_region){ .base = p, .size = sizes[k] };
		if (p != MAP_FAILED)
			return;
	}
	xmalloc(SIZE_MAX / 2); /* says so and ends */
}

int kc_region_map(struct kc_region *r, char *base, int fd, off_t offset, size_t n)
{
	if (!reserve_at(r, base, n + SPARE))
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
		munmap(r->base, r->size);
	*r = (struct kc_region){ 0 };
}

void *kc_region_alloc(struct kc_region *r, size_t n)
{
	void *p;

	if (n > r->size - 8 - r->used)
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
