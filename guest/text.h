/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of PID 1. printf() is left to messages: under emulation its code has to be translated in every boot. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The strings up to a NULL, one after the other; false if they were cut to size. */
bool text_join(char *ret, size_t size, ...) __attribute__((sentinel));
