/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as what proc and sysfs of a machine say in texts: parts that the character 0x1e separates, each with a letter in front
 * that says which file it is. What is read of them is an inventory with facts in one line each, from which a part of a
 * configuration could be made.
 */
#include "fuzz.h"
#include "scratch.h"

#include "base/file.h"
#include "base/path.h"
#include "hw/match.h"
#include "hw/scan.h"
#include "hw/system.h"

#include <fcntl.h>

static const struct {
	char letter;
	const char *path;
} files[] = {
	{ 'c', "proc/cpuinfo" },
	{ 'm', "proc/mountinfo" },
	{ 'l', "proc/cmdline" },
	{ 'o', "proc/modules" },
	{ 'k', "kernel-log" },
	{ 'a', "sys/class/tty/console/active" },
	{ 'p', "sys/devices/system/cpu/possible" },
	{ 'P', "sys/devices/system/cpu/modalias" },
	{ 'h', "sys/hypervisor/type" },
	{ 'd', "sys/devices/virtual/block/dm-0/dm/uuid" },
	{ 'r', "sys/devices/virtual/block/md0/md/level" },
	{ 'i', "sys/devices/pci0000:00/0000:00:01.0/modalias" },
	{ 'u', "sys/devices/pci0000:00/0000:00:01.0/uevent" },
	{ 'n', "sys/devices/pnp0/00:01/id" },
	{ 's', "sys/devices/virtual/dmi/id/sys_vendor" },
};

static void put(const char *dir, const char *name, const char *text, size_t n)
{
	auto_free char *path = path_join(dir, name), *parent = path_dir(path);
	FILE *f;

	if (mkdir_p(parent, 0755, NULL) < 0 || !(f = fopen(path, "w")))
		abort();
	fwrite(text, 1, n, f);
	fclose(f);
}

static void put_link(const char *dir, const char *name, const char *target)
{
	auto_free char *path = path_join(dir, name), *parent = path_dir(path);

	if (mkdir_p(parent, 0755, NULL) < 0 || symlink(target, path) < 0)
		abort();
}

static void make(const char *dir, const char *data, size_t size)
{
	const char *end = data + size;

	put_link(dir, "sys/bus/pci/devices/0000:00:01.0",
		 "../../../devices/pci0000:00/0000:00:01.0");
	put_link(dir, "sys/bus/pnp/devices/00:01", "../../../devices/pnp0/00:01");
	put_link(dir, "sys/class/dmi/id", "../../devices/virtual/dmi/id");
	put_link(dir, "sys/class/block/dm-0", "../../devices/virtual/block/dm-0");
	put_link(dir, "sys/class/block/md0", "../../devices/virtual/block/md0");
	while (data < end) {
		const char *stop = memchr(data, 0x1e, (size_t)(end - data)) ?: end;

		for (size_t i = 0; i < countof(files); i++)
			if (files[i].letter == *data)
				put(dir, files[i].path, data + 1,
				    (size_t)(stop - data - (stop > data)));
		data = stop + 1;
	}
}

static void check(const struct hw_inventory *inv)
{
	for (size_t i = 0; i < inv->facts.n; i++) {
		const char *f = inv->facts.v[i];

		fuzz_need(strchr(f, ':') && strchr(f, ':')[1]);
		for (; *f; f++)
			fuzz_need((unsigned char)*f >= ' ' || *f == '\t');
		fuzz_need(hw_alias_fits(inv->facts.v[i], inv->facts.v[i]) ||
			  strpbrk(inv->facts.v[i], "[?*"));
	}
	for (size_t i = 0; i < inv->n; i++)
		fuzz_need(inv->v[i].bus && inv->v[i].addr && inv->v[i].path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *in = fuzz_empty_dir("in");
	auto_close int folder = open(in, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct hw_scan_opts opts = { .secrets = size % 2 };
	auto_hw_inventory struct hw_inventory inv = { 0 };
	auto_err struct err err = { 0 };

	if (folder < 0)
		abort();
	make(in, (const char *)data, size);
	if (hw_scan(folder, &opts, &inv, &err) < 0)
		fuzz_need(err.msg != NULL);
	else
		check(&inv);
	return 0;
}
