/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many jobs a host has room for. */
#pragma once

#include "base/util.h"

/*
 * As many as processors allow (affinity, cgroups) and as memory has room for (a compiler takes up to 400 MiB, a linker of a
 * debug kernel 4 GiB). config: text of .config, or NULL. At least 1.
 */
unsigned bld_jobs_fitting(const char *config);

/* Parts of it, for tests with recorded hosts. */
struct bld_room {
	unsigned cpus;	 /* that may be used at once */
	uint64_t memory; /* bytes that can be had without swapping; UINT64_MAX: not known */
};

/* root: a folder with proc and sys/fs/cgroup below it. cpus: what affinity allows. */
void bld_room_read(int root, unsigned cpus, struct bld_room *ret);
/* config: text of .config, or NULL. At least 1. */
unsigned bld_room_jobs(const struct bld_room *room, const char *config);
