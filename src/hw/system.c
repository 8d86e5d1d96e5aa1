/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/system.h"

#include <stdio.h>
#include <string.h>

#define MAX_TEXT (4 << 20)

static void add(struct hw_inventory *inv, const char *key, const char *value, size_t n)
{
	const char *text = hw_inventory_text(inv, value, n);

	if (!text || hw_fact_has(inv, key, text))
		return;
	text = arena_printf(&inv->arena, "%s:%s", key, text);
	vec_push(&inv->facts, text);
}

static void add_s(struct hw_inventory *inv, const char *key, const char *value)
{
	add(inv, key, value, strlen(value));
}

const char *hw_fact_get(const struct hw_inventory *inv, const char *key)
{
	for (size_t i = 0; i < inv->facts.n; i++) {
		const char *s = inv->facts.v[i];

		if (str_skip(&s, key) && *s == ':')
			return s + 1;
	}
	return NULL;
}

bool hw_fact_has(const struct hw_inventory *inv, const char *key, const char *value)
{
	for (size_t i = 0; i < inv->facts.n; i++) {
		const char *s = inv->facts.v[i];

		if (str_skip(&s, key) && *s == ':' && str_eq(s + 1, value))
			return true;
	}
	return false;
}

/* The next line at *s without its newline; false at the end. */
static bool line(const char **s, const char **ret, size_t *n)
{
	if (!**s)
		return false;
	*ret = *s;
	*n = strcspn(*s, "\n");
	*s += *n + ((*s)[*n] == '\n');
	return true;
}

/* Field i of a line, by blanks. */
static const char *field(const char *l, size_t n, unsigned i, size_t *ret_n)
{
	const char *end = l + n;

	for (;; i--) {
		while (l < end && *l == ' ')
			l++;
		*ret_n = strcspn(l, " \n");
		if (!i || l >= end)
			return l;
		l += *ret_n;
	}
}

/* proc(5), /proc/pid/mountinfo: "36 35 98:0 / /mnt rw,noatime master:1 - ext3 /dev/root rw" */
static void mount(struct hw_inventory *inv, const char *l, size_t n)
{
	const char *dash = memmem(l, n, " - ", 3);
	const char *where, *type, *source;
	size_t where_n, type_n, source_n, rest;

	if (!dash)
		return;
	rest = n - (size_t)(dash + 3 - l);
	where = field(l, n, 4, &where_n);
	type = field(dash + 3, rest, 0, &type_n);
	source = field(dash + 3, rest, 1, &source_n);
	if (where_n == 1 && *where == '/') {
		add(inv, "root-fs", type, type_n);
		add(inv, "root-dev", source, source_n);
	} else if (source_n > 5 && !strncmp(source, "/dev/", 5)) {
		add(inv, "fs", type, type_n);
	}
}

static void mounts(struct hw_root *r, struct hw_inventory *inv)
{
	auto_str struct str b = { 0 };
	const char *s, *l;
	size_t n;

	if (hw_root_mounts(r, MAX_TEXT, &b) < 0)
		return;
	for (s = str_c(&b); line(&s, &l, &n);)
		mount(inv, l, n);
}

static void consoles(struct hw_root *r, struct hw_inventory *inv)
{
	auto_str struct str cmdline = { 0 }, active = { 0 };
	size_t n;

	if (hw_root_file(r, "proc/cmdline", MAX_TEXT, &cmdline) == 0)
		for (const char *s = str_c(&cmdline); *s; s += n) {
			s += strspn(s, " \n");
			n = strcspn(s, " \n");
			if (!strncmp(s, "console=", 8))
				add(inv, "console", s + 8, strcspn(s + 8, ", \n"));
		}
	if (hw_root_file(r, "sys/class/tty/console/active", HW_ROOT_VALUE, &active) == 0)
		for (const char *s = str_c(&active); *s; s += n) {
			s += strspn(s, " \n");
			n = strcspn(s, " \n");
			add(inv, "console", s, n);
		}
}

static void add_number(struct hw_inventory *inv, const char *key, unsigned value)
{
	auto_free char *text = xasprintf("%u", value);

	add_s(inv, key, text);
}

static void processor(struct hw_inventory *inv)
{
	if (inv->cpu.guest)
		add_s(inv, "cpu-flag", "hypervisor");
	if (inv->cpu.vendor == HW_CPU_OTHER)
		return;
	add_s(inv, "cpu-vendor", inv->cpu.vendor == HW_CPU_INTEL ? "GenuineIntel" : "AuthenticAMD");
	add_number(inv, "cpu-family", inv->cpu.family);
	add_number(inv, "cpu-model", inv->cpu.model);
}

static void stacks(struct hw_root *r, struct hw_inventory *inv)
{
	auto_strv struct strv names = { 0 };

	hw_root_names(r, "sys/class/block", &names);
	for (size_t i = 0; i < names.n; i++) {
		auto_free char *dm = xasprintf("sys/devices/virtual/block/%s/dm/uuid", names.v[i]);
		auto_free char *md = xasprintf("sys/devices/virtual/block/%s/md/level", names.v[i]);
		auto_str struct str b = { 0 };

		/* "LVM-...", "CRYPT-LUKS2-...", "part1-mpath-..." */
		if (!strncmp(names.v[i], "dm-", 3) && hw_root_file(r, dm, HW_ROOT_VALUE, &b) == 0)
			add(inv, "dm", str_c(&b), strcspn(str_c(&b), "-\n"));
		else if (!strncmp(names.v[i], "md", 2) &&
			 hw_root_file(r, md, HW_ROOT_VALUE, &b) == 0)
			add(inv, "md", str_c(&b), strcspn(str_c(&b), "\n"));
	}
}

static void value(struct hw_root *r, struct hw_inventory *inv, const char *path, const char *key)
{
	auto_str struct str b = { 0 };

	if (hw_root_file(r, path, HW_ROOT_VALUE, &b) == 0)
		add(inv, key, str_c(&b), strcspn(str_c(&b), "\n"));
}

/* A folder of sys/firmware that has something in it. A record has files alone: one is read of each. */
static void firmware(struct hw_root *r, struct hw_inventory *inv)
{
	static const char *const files[][2] = { { "efi", "sys/firmware/efi/fw_platform_size" },
						{ "acpi", "sys/firmware/acpi/pm_profile" },
						{ "devicetree",
						  "sys/firmware/devicetree/base/compatible" } };

	for (size_t i = 0; i < countof(files); i++) {
		auto_str struct str b = { 0 };

		if (hw_root_file(r, files[i][1], HW_ROOT_VALUE, &b) == 0)
			add_s(inv, "firmware", files[i][0]);
	}
}

void hw_system(struct hw_root *r, struct hw_inventory *ret)
{
	/* these a record takes by itself, without what is secret in them */
	struct hw_root unseen = *r;

	unseen.seen = NULL;
	mounts(&unseen, ret);
	consoles(&unseen, ret);
	processor(ret);
	value(r, ret, "sys/devices/system/cpu/possible", "cpus");
	firmware(r, ret);
	value(r, ret, "sys/hypervisor/type", "hypervisor");
	stacks(r, ret);
}
