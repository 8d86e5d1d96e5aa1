/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does the kernel's timer interrupt come?
 *
 * Linux measures the local APIC's timer against the TSC in the first 100 ms of its life. A host that
 * stops the virtual CPU for longer than that at the wrong moment makes it find a timer that hardly
 * counts, and switch it off ("APIC frequency too slow", arch/x86/kernel/apic/apic.c). A machine that has
 * no other one, such as QEMU's microvm, then runs without a single tick: the clock can be read, but whoever
 * sleeps, or waits for RCU, does so for ever.
 */
#include "guest/guest.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define WAIT_NS 200000000ll /* 20 ticks of the slowest kernel, which has 100 a second */

static long long read_ns(clockid_t clock)
{
	struct timespec t;

	/* Not by the vDSO, which would have to be found and mapped for a handful of calls. */
	syscall(SYS_clock_gettime, clock, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

/* Only a tick moves the coarse clock. */
long long timer_last_tick(void)
{
	return read_ns(CLOCK_MONOTONIC_COARSE);
}

bool timer_has_ticked(long long since)
{
	long long begin = read_ns(CLOCK_MONOTONIC);

	/* Not by sleeping, which would be for ever. */
	while (timer_last_tick() == since)
		if (read_ns(CLOCK_MONOTONIC) - begin > WAIT_NS)
			return false;
	return true;
}
