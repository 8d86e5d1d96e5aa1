/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several benches measure: programs run to their end, in turns, each series beside the one it is held against. */
#pragma once

#include "base/out.h"
#include "base/proc.h"
#include "vm/bench.h"

/* Its times, the most memory a run took, and the series it is held against (-1: none). */
struct bench_series {
	struct vm_series times;
	uint64_t last_ns; /* of the last run */
	long peak_kib;	  /* 0: not known */
	int peer;
};

/* Runs it once. max_status: what it may end with; more is -EIO with words. */
int bench_series_run(struct bench_series *s, const struct proc_spec *spec, int max_status,
		     struct err *err);
/* A table: medians, least, most, how many times faster than its peer. */
int bench_series_table(const struct bench_series *v, size_t n, struct out *out, struct err *err);
/* An array of objects: name, median_ns, times_ns, faster, peak_kib. A new reference. */
json_t *bench_series_json(const struct bench_series *v, size_t n);
void bench_series_release(struct bench_series *v, size_t n);

/*
 * A scratch folder NAME in kiln's cache, of one bench at a time: what one that was killed left there goes, unless keep. The lock
 * is held until *ret_lock is closed. -EAGAIN: another bench has it.
 */
int bench_scratch(const char *name, bool keep, char **ret_dir, int *ret_lock, struct err *err);
