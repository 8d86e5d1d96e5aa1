/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of `kiln bench run`, on what is handed in, which tests make up. */
#pragma once

#include "base/out.h"
#include "vm/bench.h"

struct bench_report {
	const char *kernel, *accel, *cpu;
	const struct vm_series *series; /* [0] is the floor, what the others are held against */
	size_t n_series;
	const struct vm_series *parts; /* of kiln's own runs */
	size_t n_parts;
};

/* A table, or with out->json an object. A series without a single time has "-", or null. */
int bench_report_print(const struct bench_report *r, struct out *out, struct err *err);
