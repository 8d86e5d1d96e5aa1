/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Distributions: which one this is, what its packages are called, and the command that installs them. */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <sys/types.h>

/* All of one family share the package names that matter here. */
enum distro_family { DISTRO_OTHER, DISTRO_DEBIAN, DISTRO_FEDORA, DISTRO_ARCH, DISTRO_ALPINE };

struct distro {
	enum distro_family family;
	char codename[32]; /* VERSION_CODENAME, "" where there is none */
};

/* From the text of an os-release(5): ID, then the words of ID_LIKE. */
struct distro distro_of(const char *os_release);
/* Of the system whose root folder this is: /etc/os-release, else /usr/lib/os-release. */
struct distro distro_at(int root);
/* Of this one. */
struct distro distro_here(void);

/*
 * Adds the packages that have `need`, a name in data/packages.def, to ret, but for those it has already. A name that ends in
 * a version ("gcc-12") is looked for as it is, then as "gcc-N". False: none is known.
 */
bool distro_packages(const struct distro *d, const char *need, struct strv *ret);

/*
 * One command that installs all of needs; with sudo in front for all but root. Where some of them are not known, words that
 * name these, on a line of their own where there is a command too.
 */
char *distro_install(const struct distro *d, uid_t uid, char *const *needs);
/* A command for root: with sudo in front for everyone else. */
char *distro_root_command(uid_t uid, const char *command);
