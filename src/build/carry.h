/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects that have the kernel's release in them, carried over to another release.
 *
 * A changed source file is another identity, which the release ends in, and make compiles anew whatever includes
 * <generated/utsrelease.h>: half a dozen files of the kernel and the .mod.o of each module, thousands where all modules are
 * built. All that becomes another in them is one string of the same length. An object is carried, which is to have that
 * string replaced, where
 *
 *	it was compiled for two releases, and differed by nothing else, if at all: so it is no bitcode, nothing is compressed, and
 *	the compiler took the string to pieces nowhere. Once it is another for some other reason that has to be shown again;
 *	nothing that it is made of is newer (the prerequisites in its .cmd file): make would not compile it for another reason.
 *
 * Everything else is make's, which still compares the commands, and the headers with the release that it works out itself:
 * where it comes to another, what was carried is older than they are and is compiled. An object that cannot be read, or not
 * written, is left to make too, so nothing here fails.
 *
 * The file kiln-carried in the build folder has a line for each object that includes that header: "DIGEST PATH", where DIGEST is
 * the SHA-256 of one that was shown to differ by the release alone, without the release; empty where none was.
 */
#pragma once

#include "base/err.h"

#define BLD_CARRIED "kiln-carried"

struct bld_carry;

/*
 * Behind bld_relabel(), before make, with the mark of mark.h set. release: what the kernel is to be called. NULL: there is nothing
 * to carry, or to learn.
 */
struct bld_carry *bld_carry_begin(const char *build, const char *tree, const char *release);
/* Behind make, however it ended: what is proved now. Frees it; NULL is fine. */
void bld_carry_end(struct bld_carry *c);
/* Where another configuration may be made of other objects. */
void bld_carry_forget(const char *build);
