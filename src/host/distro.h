/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which distribution this is, and the command that installs something there. */
#pragma once

#include "host/host.h"

enum host_distro { DISTRO_OTHER, DISTRO_DEBIAN, DISTRO_FEDORA, DISTRO_ARCH, DISTRO_ALPINE };

/* From /etc/os-release, else /usr/lib/os-release (os-release(5)): ID, then the words of ID_LIKE. */
enum host_distro host_distro_of(const struct host *h);

/*
 * What to type to get `need`, a name in data/doctor-packages.def; with sudo in front for all but
 * root. Where the distribution or its package is not known: words that name the program.
 */
char *host_install_command(const struct host *h, const char *need);

/* A command for root: with sudo in front for everyone else. */
char *host_root_command(const struct host *h, const char *fmt, ...) PRINTF(2, 3);
