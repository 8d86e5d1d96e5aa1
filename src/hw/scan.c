/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysfs shows a device once, below sys/devices, and everything else as links to it. So each link's text is made a path there,
 * devices are told apart by that path, and the nearest device above is found by cutting it.
 */
#include "hw/scan.h"

#include "hw/system.h"

#include "base/map.h"
#include "base/path.h"
#include "hw/hide.h"
#include "hw/kmsg.h"

#include <errno.h>

#define LOADED_BYTES  (1 << 20)
#define CPUINFO_BYTES (16 << 20)
#define ALIASES_MOST  16

struct scan {
	struct hw_root root;
	struct hw_inventory *inv;
	struct map paths; /* of devices: their index + 1 */
	struct hw_hidden hidden;
	bool secrets;
	struct err *err;
};

/* The devices of a bus whose names stand in files of theirs, and where their secret is. */
static const struct bus_files {
	const char *bus, *vendor, *name, *secret;
} bus_files[] = {
	/* clang-format off */
	{ "usb",  "manufacturer", "product",      "serial" },
	{ "i2c",  NULL,           "name",         NULL },
	{ "spi",  NULL,           "name",         NULL },
	{ "scsi", "vendor",       "model",        NULL },
	{ "mmc",  NULL,           "name",         "serial" },
	{ "dmi",  "sys_vendor",   "product_name", "product_serial" },
	{ "net",  NULL,           NULL,           "address" },
	/* clang-format on */
};

/* A value below the device's folder; NULL where there is none. */
static const char *value(struct scan *s, const char *path, const char *name)
{
	auto_free char *file = xasprintf("sys/%s/%s", path, name);
	auto_str struct str b = { 0 };
	int r = hw_root_file(&s->root, file, HW_ROOT_VALUE, &b);

	if (r == -EFBIG)
		hw_inventory_odd(s->inv, file, strlen(file), 0, "too large for sysfs");
	while (b.n && b.s[b.n - 1] == '\n')
		str_cut(&b, b.n - 1);
	return r == 0 ? hw_inventory_text(s->inv, str_c(&b), b.n) : NULL;
}

/* The last name of where a link leads. */
static const char *link_name(struct scan *s, const char *path, const char *name)
{
	auto_free char *file = xasprintf("sys/%s/%s", path, name);
	auto_str struct str to = { 0 };
	const char *base;

	if (hw_root_link(&s->root, file, &to) < 0)
		return NULL;
	base = path_base(to.s);
	return hw_inventory_text(s->inv, base, strlen(base));
}

/* Each line of a file of the device with prefix before it; acpi's have two where they have a device tree's names too. */
static void lines(struct scan *s, const char *path, const char *name, const char *prefix,
		  struct strv *ret)
{
	auto_free char *file = xasprintf("sys/%s/%s", path, name);
	auto_str struct str b = { 0 };
	int r = hw_root_file(&s->root, file, HW_ROOT_VALUE, &b);

	if (r == -EFBIG)
		hw_inventory_odd(s->inv, file, strlen(file), 0, "too large for sysfs");
	for (const char *p = r == 0 ? str_c(&b) : ""; *p && ret->n < ALIASES_MOST;) {
		size_t n = strcspn(p, "\n");
		const char *line = hw_inventory_text(s->inv, p, n);

		if (line)
			strv_addf(ret, "%s%s", prefix, line);
		p += n + (p[n] == '\n');
	}
}

static void add_names(struct scan *s, struct hw_device *d)
{
	for (size_t i = 0; i < countof(bus_files); i++) {
		const struct bus_files *f = &bus_files[i];
		const char *vendor, *name;

		if (!str_eq(f->bus, d->bus))
			continue;
		vendor = f->vendor ? value(s, d->path, f->vendor) : NULL;
		name = f->name ? value(s, d->path, f->name) : NULL;
		if (vendor && name)
			name = arena_printf(&s->inv->arena, "%s %s", vendor, name);
		d->name = name ? name : vendor;
		if (s->secrets && f->secret)
			d->secret = value(s, d->path, f->secret);
	}
}

static void add_driver(struct scan *s, struct hw_device *d)
{
	auto_free char *file = xasprintf("sys/%s/driver", d->path);
	auto_str struct str to = { 0 };
	auto_strv struct strv v = { 0 };
	const char *name;

	if (hw_root_link(&s->root, file, &to) < 0)
		return;
	d->driver = hw_inventory_text(s->inv, path_base(to.s), strlen(path_base(to.s)));
	if (!str_starts(to.s, "sys/"))
		return;
	name = link_name(s, to.s + strlen("sys/"), "module");
	if (!name)
		return;
	strv_add(&v, name);
	d->module = hw_inventory_texts(s->inv, &v);
	d->n_module = 1;
}

/* A device at a path below sys/; NULL where it is there already. */
static struct hw_device *new_device(struct scan *s, const char *bus, const char *addr,
				    const char *path, int *ret)
{
	struct hw_device *d;

	*ret = 0;
	if (map_has(&s->paths, path))
		return NULL;
	*ret = hw_inventory_add(s->inv, &d, s->err);
	if (*ret < 0)
		return NULL;
	map_set(&s->paths, path, (void *)s->inv->n);
	d->bus = hw_inventory_text(s->inv, bus, strlen(bus));
	d->addr = hw_inventory_text(s->inv, addr, strlen(addr));
	d->path = arena_strdup(&s->inv->arena, path);
	return d;
}

static bool is_absent(struct scan *s, const char *bus, const char *path)
{
	const char *status = str_eq(bus, "acpi") ? value(s, path, "status") : NULL;

	return status && str_eq(status, "0");
}

static void add_revision(struct scan *s, struct hw_device *d)
{
	const char *text = str_eq(d->bus, "pci") ? value(s, d->path, "revision") : NULL;
	uint64_t v;

	if (text && str_u64(text, &v) && v < 256)
		d->revision = (int)v + 1;
}

/* What the kernel tells of the device to modprobe. */
static void aliases(struct scan *s, const char *bus, const char *path, struct strv *ret)
{
	lines(s, path, "modalias", "", ret);
	if (str_eq(bus, "pnp"))
		lines(s, path, "id", "pnp:d", ret);
}

static int take_device(struct scan *s, const char *bus, const char *addr, const char *path)
{
	struct hw_device found = { .path = path }, *d;
	auto_strv struct strv alias = { 0 };
	int r;

	aliases(s, bus, path, &alias);
	add_driver(s, &found);
	if (!alias.n && !found.driver && !(str_eq(bus, "usb") && value(s, path, "idVendor")))
		return 0;
	if (is_absent(s, bus, path))
		return 0;
	d = new_device(s, bus, addr, path, &r);
	if (!d)
		return r;
	d->driver = found.driver;
	d->module = found.module;
	d->n_module = found.n_module;
	d->alias = hw_inventory_texts(s->inv, &alias);
	d->n_alias = alias.n;
	add_names(s, d);
	add_revision(s, d);
	return 0;
}

/* Where an entry of a folder of links leads, below sys/; NULL where that is no device. */
static const char *device_of(struct scan *s, const char *folder, const char *name, struct str *b)
{
	auto_free char *file = path_join(folder, name);

	if (hw_root_link(&s->root, file, b) < 0 || !str_starts(b->s, "sys/devices/"))
		return NULL;
	return b->s + strlen("sys/");
}

static int scan_bus(struct scan *s, const char *bus)
{
	auto_free char *folder = xasprintf("sys/bus/%s/devices", bus);
	auto_strv struct strv names = { 0 };
	int r = 0;

	/* each processor has a driver; what it is says devices/system/cpu */
	if (str_eq(bus, "cpu"))
		return 0;
	hw_root_names(&s->root, folder, &names);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		auto_str struct str to = { 0 };
		const char *path = device_of(s, folder, names.v[i], &to);

		if (path)
			r = take_device(s, bus, names.v[i], path);
	}
	return r;
}

static int scan_board(struct scan *s)
{
	auto_str struct str to = { 0 };
	const char *path = device_of(s, "sys/class/dmi", "id", &to);

	return path ? take_device(s, "dmi", "id", path) : 0;
}

/* The number behind a key: "\ncpu family\t: 6"; base 16: four digits, "fam0019mod0011". -1 where there is none. */
static long number_of(const char *text, const char *key, int base)
{
	const char *p = strstr(text, key);
	char digits[8] = { 0 }, *end;
	long n;

	if (!p)
		return -1;
	p += strlen(key);
	p += base == 10 ? strspn(p, "\t :") : 0;
	strncpy(digits, p, base == 10 ? sizeof(digits) - 1 : 4);
	n = strtol(digits, &end, base);
	return end > digits && n >= 0 && n <= 0xffff ? n : -1;
}

static void set_cpu(struct scan *s, int vendor, long family, long model, long stepping)
{
	if (family < 0 || model < 0)
		return;
	s->inv->cpu.vendor = vendor;
	s->inv->cpu.family = (unsigned)family;
	s->inv->cpu.model = (unsigned)model;
	s->inv->cpu.stepping = stepping < 0 ? 0 : (unsigned)stepping;
	s->inv->cpu.has_stepping = stepping >= 0;
}

static void cpu_by_info(struct scan *s, const char *info)
{
	int vendor = strstr(info, ": GenuineIntel\n")	? HW_CPU_INTEL
		     : strstr(info, ": AuthenticAMD\n") ? HW_CPU_AMD
							: HW_CPU_OTHER;

	const char *flags = strstr(info, "\nflags\t");

	s->inv->cpu.guest = flags && memmem(flags, strcspn(flags + 1, "\n") + 1, " hypervisor",
					    strlen(" hypervisor"));
	if (vendor != HW_CPU_OTHER)
		set_cpu(s, vendor, number_of(info, "\ncpu family", 10),
			number_of(info, "\nmodel\t", 10), number_of(info, "\nstepping", 10));
}

/* "cpu:type:x86,ven0000fam0006mod008E:feature:,...": X86_VENDOR_INTEL is 0, X86_VENDOR_AMD 2 (asm/processor.h). */
static void cpu_by_alias(struct scan *s, const struct hw_device *d)
{
	const char *alias = d->n_alias ? d->alias[0] : "";
	long vendor = number_of(alias, "cpu:type:x86,ven", 16);

	if (s->inv->cpu.vendor == HW_CPU_OTHER && (vendor == 0 || vendor == 2))
		set_cpu(s, vendor ? HW_CPU_AMD : HW_CPU_INTEL, number_of(alias, "fam", 16),
			number_of(alias, "mod", 16), -1);
}

/* The value of the first "model name" line; other architectures have other words, or none. */
static const char *cpu_name(struct scan *s)
{
	static const char *const keys[] = { "\nmodel name", "\ncpu model", "\nModel", "\nuarch" };
	auto_str struct str b = { 0 };

	if (hw_root_file(&s->root, "proc/cpuinfo", CPUINFO_BYTES, &b) < 0)
		return NULL;
	cpu_by_info(s, str_c(&b));
	for (size_t i = 0; i < countof(keys); i++) {
		const char *p = strstr(str_c(&b), keys[i]);
		size_t n = p ? strcspn(p + 1, "\n") + 1 : 0;
		const char *colon = n ? memchr(p, ':', n) : NULL;

		if (colon)
			return hw_inventory_text(s->inv, colon + 1, n - (size_t)(colon + 1 - p));
	}
	return NULL;
}

static int scan_cpu(struct scan *s)
{
	int r = take_device(s, "cpu", "cpu", "devices/system/cpu");

	if (r == 0 && map_has(&s->paths, "devices/system/cpu")) {
		s->inv->v[s->inv->n - 1].name = cpu_name(s);
		cpu_by_alias(s, &s->inv->v[s->inv->n - 1]);
	}
	return r;
}

/* "QEMU HARDDISK, 10G": the model is in the folder of the device that the disk hangs on. */
static const char *disk_name(struct scan *s, const char *path, uint64_t sectors)
{
	auto_free char *link = xasprintf("sys/%s/device", path);
	auto_str struct str to = { 0 }, name = { 0 };
	bool is_partition = hw_root_link(&s->root, link, &to) < 0 || !str_starts(to.s, "sys/");
	const char *vendor = is_partition ? NULL : value(s, to.s + strlen("sys/"), "vendor");
	const char *model = is_partition ? NULL : value(s, to.s + strlen("sys/"), "model");

	/* virtio's vendor is a number */
	if (model && vendor)
		str_addf(&name, "%s ", vendor);
	if (model)
		str_addf(&name, "%s%s", model, sectors ? ", " : "");
	/* a drive without a medium has no size */
	if (sectors)
		str_add_size(&name, sectors * 512);
	return name.n ? arena_strdup(&s->inv->arena, name.s) : NULL;
}

static int take_disk(struct scan *s, const char *name, const char *path)
{
	const char *size = value(s, path, "size");
	uint64_t sectors = 0;
	struct hw_device *d;
	int r;

	if ((!size || !str_u64(size, &sectors) || !sectors || sectors > UINT64_MAX / 512) &&
	    str_starts(path, "devices/virtual/"))
		return 0;
	d = new_device(s, "block", name, path, &r);
	if (!d)
		return r;
	d->kind = value(s, path, "partition") ? "partition" : "disk";
	d->name = disk_name(s, path, sectors > UINT64_MAX / 512 ? 0 : sectors);
	return 0;
}

/* ARPHRD_ of linux/if_arp.h, as far as there is hardware for it. */
static const char *net_kind(const char *type)
{
	static const char *const kinds[][2] = { { "1", "Ethernet" }, { "32", "InfiniBand" },
						{ "280", "CAN" },    { "24", "FireWire" },
						{ "801", "Wi-Fi" },  { "802", "Wi-Fi" },
						{ "803", "Wi-Fi" },  { "804", "802.15.4" } };

	for (size_t i = 0; type && i < countof(kinds); i++)
		if (str_eq(kinds[i][0], type))
			return kinds[i][1];
	return NULL;
}

/* Some interfaces are called by their address. */
static const char *hidden(struct scan *s, const char *text)
{
	auto_str struct str b = { 0 };

	hw_hide(&s->hidden, text, strlen(text), &b);
	return arena_strdup(&s->inv->arena, str_c(&b));
}

static int take_net(struct scan *s, const char *name, const char *path)
{
	struct hw_device *d;
	int r;

	if (str_starts(path, "devices/virtual/"))
		return 0;
	d = new_device(s, "net", name, path, &r);
	if (!d)
		return r;
	d->kind = net_kind(value(s, path, "type"));
	add_names(s, d);
	add_revision(s, d);
	if (!s->secrets) {
		d->addr = hidden(s, d->addr);
		d->path = hidden(s, d->path);
	}
	return 0;
}

static int scan_class(struct scan *s, const char *folder,
		      int (*take)(struct scan *s, const char *name, const char *path))
{
	auto_strv struct strv names = { 0 };
	int r = 0;

	hw_root_names(&s->root, folder, &names);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		auto_str struct str to = { 0 };
		const char *path = device_of(s, folder, names.v[i], &to);

		if (path)
			r = take(s, names.v[i], path);
	}
	return r;
}

static void scan_loaded(struct scan *s)
{
	auto_str struct str b = { 0 };

	if (hw_root_file(&s->root, "proc/modules", LOADED_BYTES, &b) < 0)
		return;
	for (const char *p = str_c(&b); *p;) {
		size_t n = strcspn(p, "\n");

		hw_inventory_loaded(s->inv, p, strcspn(p, " \n"));
		p += n + (p[n] == '\n');
	}
}

/* Of a record: a machine's root has no such file. */
static void scan_log(struct scan *s)
{
	auto_str struct str b = { 0 };

	if (hw_root_file(&s->root, "kernel-log", HW_KMSG_BYTES, &b) == 0)
		s->inv->log = arena_strdup(&s->inv->arena, str_c(&b));
}

static int by_path(const void *a, const void *b)
{
	const struct hw_device *x = a, *y = b;

	return strcmp(x->path, y->path);
}

/* Sorted first: the indices that paths have are those of the end. */
static void find_parents(struct scan *s)
{
	struct hw_inventory *inv = s->inv;

	if (inv->n)
		qsort(inv->v, inv->n, sizeof(*inv->v), by_path);
	for (size_t i = 0; i < inv->n; i++)
		map_set(&s->paths, inv->v[i].path, (void *)(i + 1));
	for (size_t i = 0; i < inv->n; i++) {
		auto_free char *path = xstrdup(inv->v[i].path);

		for (char *slash; !inv->v[i].parent && (slash = strrchr(path, '/'));) {
			*slash = '\0';
			inv->v[i].parent = (size_t)map_get(&s->paths, path);
		}
	}
}

/* An interface is called what its device is. */
static void name_interfaces(struct hw_inventory *inv)
{
	for (size_t i = 0; i < inv->n; i++) {
		struct hw_device *d = &inv->v[i];
		const struct hw_device *p = d->parent ? &inv->v[d->parent - 1] : NULL;

		if (p && !d->name && str_eq(d->bus, "usb") && str_eq(p->bus, "usb"))
			d->name = p->name;
	}
}

static int scan_all(struct scan *s)
{
	auto_strv struct strv buses = { 0 };
	int r = 0;

	hw_root_names(&s->root, "sys/bus", &buses);
	if (!buses.n)
		return err_set(s->err, -ENODEV, "there is no 'sys/bus' with anything in it");
	for (size_t i = 0; r == 0 && i < buses.n; i++)
		r = scan_bus(s, buses.v[i]);
	if (r == 0)
		r = scan_board(s);
	if (r == 0)
		r = scan_cpu(s);
	if (r == 0)
		r = scan_class(s, "sys/class/block", take_disk);
	if (r == 0)
		r = scan_class(s, "sys/class/net", take_net);
	return r;
}

int hw_scan(int root_fd, const struct hw_scan_opts *opts, struct hw_inventory *ret, struct err *err)
{
	struct scan s = {
		.root = { root_fd, opts->seen, opts->ctx, opts->step_by_step },
		.inv = ret,
		.secrets = opts->secrets,
		.err = err,
	};
	int r = scan_all(&s);

	if (r == 0) {
		scan_loaded(&s);
		hw_system(&s.root, ret);
		scan_log(&s);
		find_parents(&s);
		name_interfaces(ret);
	}
	map_release(&s.paths, NULL);
	hw_hidden_release(&s.hidden);
	return r;
}
