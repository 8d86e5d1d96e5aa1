/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time, given in nanoseconds. */
#pragma once

#include <stdint.h>
#include <time.h>

#define NSEC_PER_SEC  UINT64_C(1000000000)
#define NSEC_PER_MSEC UINT64_C(1000000)

uint64_t now_ns(void); /* CLOCK_MONOTONIC */

/* As the times of files are kept and compared: since 1970. */
static inline int64_t timespec_ns(const struct timespec *t)
{
	return t->tv_sec * (int64_t)NSEC_PER_SEC + t->tv_nsec;
}
