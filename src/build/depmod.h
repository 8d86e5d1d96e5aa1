/* SPDX-License-Identifier: GPL-2.0-or-later */
/* depmod's files, the same on every host. */
#pragma once

#include "base/err.h"
#include "build/kbuild.h"

/*
 * Runs depmod on BASE/lib/modules/RELEASE with the order of folders that it has where nobody configured another: updates, then
 * what the kernel itself has. A link BASE/usr and a file BASE/depmod.conf are made. spec: where it is wrapped it is the depmod
 * there, whose words are part of the identity, and BASE is to be seen there; NULL: this host's.
 */
int bld_depmod(const struct bld_kbuild_spec *spec, const char *base, const char *release,
	       struct err *err);
/*
 * Writes depmod's files for modules that lie over others into DIR/lib/modules/RELEASE, which has the former: they speak of both.
 * modules: the folder of the others, in the form of lib/modules/RELEASE, or NULL; scratch: an empty folder.
 */
int bld_depmod_over(const char *dir, const char *release, const char *modules, const char *scratch,
		    struct err *err);
