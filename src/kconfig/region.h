/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that lies at an address of its own choosing, so that it can be written to a file and mapped again, in another
 * process, with all pointers in it valid. It grows by use and dies as a whole.
 */
#pragma once

#include "base/util.h"

struct kc_region {
	char *base;
	size_t used, size;
	bool placed; /* at one of the addresses that mapping again is tried at */
};

/* Address space for a gibibyte, less where that is not to be had; pages come with their use. */
void kc_region_init(struct kc_region *r);
/*
 * The same at base, with the n bytes at offset (a multiple of the page size) of a file as its beginning; changes stay
 * private. -EEXIST: something else lies there.
 */
int kc_region_map(struct kc_region *r, char *base, int fd, off_t offset, size_t n);
void kc_region_release(struct kc_region *r);

/* n bytes, zeroed, aligned to 8. Out of memory ends the program. */
void *kc_region_alloc(struct kc_region *r, size_t n);
char *kc_region_strndup(struct kc_region *r, const char *s, size_t n);
char *kc_region_strdup(struct kc_region *r, const char *s);
