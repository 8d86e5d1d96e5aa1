/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FNV-1a of 64 bits, byte by byte: for tables and keys, where nobody gains by a collision. */
#pragma once

#include <stdint.h>

#define HASH_INIT UINT64_C(0xcbf29ce484222325)

static inline uint64_t hash_byte(uint64_t h, uint8_t byte)
{
	return (h ^ byte) * UINT64_C(0x100000001b3);
}

/* The upper half's bits are the better mixed ones. */
static inline uint32_t hash_fold(uint64_t h)
{
	return (uint32_t)(h ^ h >> 32);
}
