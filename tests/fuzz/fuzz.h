/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each fuzz target offers: to libFuzzer in a build with -Dfuzz=true, to replay.c in every
 * other.
 */
#pragma once

#include "base/err.h"
#include "base/file.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Stays on in builds with NDEBUG. */
#define fuzz_need(cond)                                                                    \
	do {                                                                               \
		if (!(cond)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
			abort();                                                           \
		}                                                                          \
	} while (0)
