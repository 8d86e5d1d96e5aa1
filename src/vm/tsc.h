/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rate of this host's time stamp counter, which is also that of a guest under tcg. */
#pragma once

#include <stdint.h>

/*
 * In kHz; 0 if there is none that a guest could go by: another architecture, or one that does not
 * count evenly (CPUID 0x80000007 EDX bit 8, "invariant TSC"). Measured once a boot of the host, which
 * takes 20 ms, and remembered in the cache folder.
 */
uint64_t vm_tsc_khz(void);
