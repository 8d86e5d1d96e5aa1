/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The folder of this process for its files, under $TMPDIR or in memory; made once, removed at exit. */
const char *fuzz_scratch(void);

/* SCRATCH/NAME, empty again each time; freed by the caller. */
char *fuzz_empty_dir(const char *name);
