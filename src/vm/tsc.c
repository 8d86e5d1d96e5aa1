/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Measuring the time stamp counter against the clock. */
#include "vm/tsc.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"
#include "vm/boot_id.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#ifdef __x86_64__
#include <cpuid.h>
#include <x86intrin.h>

/* The clock is read to within a microsecond, so this is right to 50 millionths. */
#define SPAN_NS (20 * NSEC_PER_MSEC)

static bool is_invariant(void)
{
	unsigned a, b, c, d;

	return __get_cpuid(0x80000007, &a, &b, &c, &d) && d & 1 << 8;
}

static uint64_t measure(void)
{
	uint64_t begin = now_ns(), ticks = __rdtsc(), end;

	do
		end = now_ns();
	while (end - begin < SPAN_NS);
	return (__rdtsc() - ticks) * 1000000 / (end - begin);
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

	if (dir_sub(DIR_CACHE, "probe", &dir, NULL) < 0 || vm_boot_id(&boot, NULL) < 0)
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
