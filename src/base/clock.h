/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time, given in nanoseconds. */
#pragma once

#include <stdint.h>

#define NSEC_PER_SEC  UINT64_C(1000000000)
#define NSEC_PER_MSEC UINT64_C(1000000)

uint64_t now_ns(void); /* CLOCK_MONOTONIC */
