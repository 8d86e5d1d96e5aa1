/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kconfig's commands where the toolchain is: a configuration says what its compiler can, so an image's or a flake's is to be
 * asked, and not this host's.
 */
#pragma once

#include "build/toolchain.h"
#include "kconfig/probe.h"

struct bld_elsewhere {
	struct kc_elsewhere kc;
	const struct bld_place *place;
	const char *tree;
};

/* For commands in a tree; NULL where the toolchain is on this host. ret points to t and tree, and what is returned to ret. */
const struct kc_elsewhere *bld_elsewhere_of(const struct bld_toolchain *t, const char *tree,
					    struct bld_elsewhere *ret);
