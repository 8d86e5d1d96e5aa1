/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CaDiCaL as a module of its own, opened on first use: it is C++, comes as a static library in Debian 12, and would cost
 * every start of kiln a millisecond. What it holds is the library whole (meson.build); this file only gives it a name.
 */
#include <ccadical.h>

const char *kiln_sat_signature(void);
const char *kiln_sat_signature(void)
{
	return ccadical_signature();
}
