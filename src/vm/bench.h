/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Measuring boots: whole QEMU lines and whole programs, from start to end, by the wall clock. */
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "vm/run.h"

struct vm_series {
	char *name;	  /* what was measured */
	struct strv argv; /* how */
	bool small_pages; /* QEMU goes without transparent huge pages */
	struct {
		uint64_t *v; /* nanoseconds of each run that succeeded, in order of size */
		size_t n, cap;
	} times;
	unsigned failed; /* runs that did not end with 0 before the deadline */
};

void vm_series_release(struct vm_series *s);
/* Runs it once under a deadline and files the result. */
int vm_series_run(struct vm_series *s, uint64_t deadline_ns, struct err *err);
/* Files a time measured elsewhere. */
void vm_series_add(struct vm_series *s, uint64_t ns);
/* 0 where nothing succeeded. */
uint64_t vm_series_median(const struct vm_series *s);

/*
 * The lines a boot of this plan's kernel is measured by: PID 1 stops at once, no share, no port.
 * `floors` gets those that might be the fastest: the unpacked kernel on each board that can start
 * it, with kiln's boot parameters; `plain` is the image as it is on q35 with nothing but a console.
 */
int vm_bench_lines(const struct vm_plan *p, struct vm_series *floors, size_t max, size_t *ret_n,
		   struct vm_series *plain, struct err *err);
