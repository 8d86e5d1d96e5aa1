/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Measuring the time stamp counter against the clock. */
#include "vm/tsc.h"

#include "base/boot_id.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#ifdef __x86_64__
#include <cpuid.h>
#include <x86intrin.h>

#define SPAN_NS (20 * NSEC_PER_MSEC)
#define TRIES	8

static bool is_invariant(void)
{
	unsigned a, b, c, d;

	return __get_cpuid(0x80000007, &a, &b, &c, &d) && d & 1 << 8;
}

struct reading {
	uint64_t ns, ticks;
};

/*
 * Both counters at one instant. A reading that another process came between is off by as much; of a
 * few, the one whose clock was read in the fewest ticks was not disturbed.
 */
static struct reading read_both(void)
{
	struct reading best = { 0 };
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = __rdtsc(), ns = now_ns(), after = __rdtsc();

		if (after - before >= least)
			continue;
		least = after - before;
		best = (struct reading){ ns, before + (after - before) / 2 };
	}
	return best;
}

static uint64_t measure(void)
{
	struct reading begin = read_both(), end;

	do
		end = read_both();
	while (end.ns - begin.ns < SPAN_NS);
	return (end.ticks - begin.ticks) * 1000000 / (end.ns - begin.ns);
}
#else
static bool is_invariant(void)
{
	return false;
}

static uint64_t measure(void)
{
	return 0;
}
#endif

static char *memory_path(void)
{
	auto_free char *dir = NULL;
	auto_str struct str boot = { 0 };

	if (dir_sub(DIR_CACHE, "probe", &dir, NULL) < 0 || boot_id(&boot, NULL) < 0)
		return NULL;
	return xasprintf("%s/tsc-%s", dir, str_c(&boot));
}

uint64_t vm_tsc_khz(void)
{
	auto_free char *path = NULL, *text = NULL;
	auto_str struct str known = { 0 };
	uint64_t khz;

	if (!is_invariant())
		return 0;
	path = memory_path();
	if (path && file_read(AT_FDCWD, path, 64, &known, NULL) == 0 &&
	    sscanf(str_c(&known), "%" SCNu64, &khz) == 1 && khz)
		return khz;
	khz = measure();
	text = xasprintf("%" PRIu64 "\n", khz);
	if (path)
		(void)file_publish(path, text, strlen(text), 0600, NULL);
	return khz;
}
