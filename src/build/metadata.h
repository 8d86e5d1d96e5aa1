/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a cell keeps of its making, in its folder .kiln, which is not part of what two builds have in common:
 *
 *	inputs		the text of the identity
 *	build.log	all that make said
 *	metadata.json	inputs by name, times, sizes, warnings
 */
#pragma once

#include "build/job.h"

#include <jansson.h>

/* {"asked": N, "had": N}, or null. A new reference. */
json_t *bld_ccache_json(const struct bld_result *r);
/* to: the folder that becomes the cell, with all outputs in it. */
int bld_metadata_write(const struct bld_job *j, const struct bld_result *r, const char *to,
		       struct err *err);
