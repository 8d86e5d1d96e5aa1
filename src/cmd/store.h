/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verbs of `kiln store` have in common. */
#pragma once

#include "base/opt.h"
#include "base/out.h"
#include "store/store.h"

/* The option that names the store, for a const char * at that offset. */
#define STORE_OPT(offset)                                                                       \
	{                                                                                       \
		"store", 0, OPT_STRING, offset, "DIR",                                          \
			"the store (default: $KILN_STORE, else kiln/store in the data folder)", \
			.complete = OC_DIR                                                      \
	}

/* Progress goes to out. */
struct sto_progress store_progress(struct out *out);

/* "1.5G"; freed by the caller. */
char *store_size(uint64_t bytes);
/* "2026-11-22 08:51", by the local clock; freed by the caller. */
char *store_time(time_t t);
