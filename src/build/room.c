/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many jobs this host has room for. Processors: affinity and the quota of cgroups (cpu.max, cfs_quota_us). Memory: what
 * /proc/meminfo calls available and what each cgroup above us leaves. Documentation/admin-guide/cgroup-v2.rst, and
 * cgroup-v1/memory.rst for hosts that have that still.
 */
#include "build/room.h"

#include "base/file.h"
#include "base/path.h"
#include "kconfig/dotconfig.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>

#define MIB	(UINT64_C(1) << 20)
#define COMPILE (400 * MIB)
#define LINK	(4096 * MIB)

static bool read_text(int root, const char *path, struct str *ret)
{
	str_clear(ret);
	return file_read(root, path, 1 << 20, ret, NULL) >= 0;
}

static bool read_number(int root, const char *dir, const char *name, uint64_t *ret)
{
	auto_free char *path = path_join(dir, name);
	auto_str struct str text = { 0 };

	if (!read_text(root, path, &text))
		return false;
	if (text.n && text.s[text.n - 1] == '\n')
		text.s[--text.n] = '\0';
	return str_u64(str_c(&text), ret);
}

/* The number behind "NAME " or "NAME:" at the beginning of a line. */
static bool field(const char *text, const char *name, uint64_t *ret)
{
	const size_t n = strlen(name);

	for (const char *p = text; p; p = (p = strchr(p, '\n')) ? p + 1 : NULL) {
		char *end;

		if (strncmp(p, name, n))
			continue;
		p += n;
		if (*p != ':' && *p != ' ')
			continue;
		p += strspn(p, ": ");
		*ret = strtoull(p, &end, 10);
		if (end != p)
			return true;
	}
	return false;
}

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* What a cgroup leaves; files that the kernel can drop do not count as used. */
static void limit_memory(int root, const char *dir, bool v2, uint64_t *room)
{
	auto_free char *stat = path_join(dir, "memory.stat");
	auto_str struct str text = { 0 };
	uint64_t max, used, files = 0;

	if (!read_number(root, dir, v2 ? "memory.max" : "memory.limit_in_bytes", &max) ||
	    !read_number(root, dir, v2 ? "memory.current" : "memory.usage_in_bytes", &used))
		return;
	if (read_text(root, stat, &text))
		field(str_c(&text), v2 ? "inactive_file" : "total_inactive_file", &files);
	*room = MIN(*room, minus(max, minus(used, files)));
}

static void limit_cpus(int root, const char *dir, bool v2, unsigned *cpus)
{
	auto_free char *path = path_join(dir, "cpu.max");
	auto_str struct str text = { 0 };
	uint64_t quota = 0, period = 0;
	char *p;

	if (v2 && read_text(root, path, &text)) { /* "max 100000" or "QUOTA PERIOD" */
		quota = strtoull(str_c(&text), &p, 10);
		period = strtoull(p, NULL, 10);
	} else if (!v2 && (!read_number(root, dir, "cpu.cfs_quota_us", &quota) ||
			   !read_number(root, dir, "cpu.cfs_period_us", &period))) {
		return;
	}
	if (quota && period)
		*cpus = (unsigned)MIN((uint64_t)*cpus, (quota + period - 1) / period);
}

/* The cgroup and all above it, up to where the hierarchy is mounted. */
static void climb(int root, const char *mount, const char *group, bool v2, struct bld_room *room)
{
	auto_free char *path = xstrdup(group);

	for (;;) {
		auto_free char *dir = path_join(mount, path);
		char *slash = strrchr(path, '/');

		limit_memory(root, dir, v2, &room->memory);
		limit_cpus(root, dir, v2, &room->cpus);
		if (!slash || !path[1])
			return;
		slash[slash == path] = '\0';
	}
}

/* /proc/self/cgroup: "0::/GROUP" of the one hierarchy of v2, "N:CONTROLLER,...:/GROUP" of those of v1. */
static void cgroups(int root, struct bld_room *room)
{
	auto_str struct str text = { 0 };
	char *line, *rest;

	if (!read_text(root, "proc/self/cgroup", &text))
		return;
	rest = text.s;
	while ((line = strsep(&rest, "\n"))) {
		char *controllers = strchr(line, ':');
		char *group = controllers ? strchr(controllers + 1, ':') : NULL;

		if (!group || group[1] != '/')
			continue;
		*group++ = '\0';
		controllers++;
		if (!*controllers)
			climb(root, "sys/fs/cgroup", group, true, room);
		else if (strstr(controllers, "memory"))
			climb(root, "sys/fs/cgroup/memory", group, false, room);
		else if (str_starts(controllers, "cpu,") || str_ends(controllers, ",cpu") ||
			 str_eq(controllers, "cpu"))
			climb(root, "sys/fs/cgroup/cpu", group, false, room);
	}
}

static unsigned own_cpus(void)
{
	for (int n = 1024; n <= 1 << 20; n *= 2) {
		cpu_set_t *set = CPU_ALLOC((size_t)n);
		const size_t size = CPU_ALLOC_SIZE((size_t)n);
		int count = 0;

		if (!set)
			break;
		if (!sched_getaffinity(0, size, set))
			count = CPU_COUNT_S(size, set);
		CPU_FREE(set);
		if (count)
			return (unsigned)count;
		if (errno != EINVAL) /* else the set was too small */
			break;
	}
	return 1;
}

void bld_room_read(int root, unsigned cpus, struct bld_room *ret)
{
	auto_str struct str text = { 0 };

	*ret = (struct bld_room){ .cpus = cpus, .memory = UINT64_MAX };
	if (read_text(root, "proc/meminfo", &text) &&
	    field(str_c(&text), "MemAvailable", &ret->memory))
		ret->memory *= 1024;
	cgroups(root, ret);
}

/*
 * Where debug information is linked, one of the jobs may be a linker; but while none is, a job for each GiB is no risk, and
 * one for all of 4 GiB would be slow.
 */
unsigned bld_room_jobs(const struct bld_room *room, const char *config)
{
	struct dotconfig c = { 0 };
	uint64_t jobs = room->memory / COMPILE;

	if (config) {
		dotconfig_parse(&c, config, strlen(config));
		if (dotconfig_has(&c, "DEBUG_INFO") || dotconfig_has(&c, "LTO_CLANG"))
			jobs = MAX(minus(room->memory, LINK) / COMPILE,
				   room->memory / (1024 * MIB));
		dotconfig_release(&c);
	}
	jobs = MIN(jobs, (uint64_t)room->cpus);
	return (unsigned)MAX(jobs, UINT64_C(1));
}

unsigned bld_jobs_fitting(const char *config)
{
	auto_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct bld_room room;

	bld_room_read(root, own_cpus(), &room);
	return bld_room_jobs(&room, config);
}
