/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks for handing devices to guests: the IOMMU, VFIO's modules, memory that may be locked. */
#include "host/check.h"

#define GIB (UINT64_C(1) << 30)
#define MIB (UINT64_C(1) << 20)

/*
 * modules.dep and modules.builtin write names with either - or _; the last part of a path decides.
 */
static bool names_module(const char *line, size_t n, const char *name)
{
	size_t len = strlen(name);
	const char *base = memrchr(line, '/', n);

	base = base ? base + 1 : line;
	if ((size_t)(line + n - base) < len + 3 || strncmp(base + len, ".ko", 3) != 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		if ((base[i] == '-' ? '_' : base[i]) != name[i])
			return false;
	}
	return true;
}

/* Each line is a path, in modules.dep followed by a colon and what it depends on. */
static bool index_has(const struct host *h, const char *index, const char *name)
{
	auto_free char *path = xasprintf("/lib/modules/%s/%s", h->release, index);
	auto_str struct str text = { 0 };

	host_read(h, path, &text);
	for (const char *p = str_c(&text); *p; p += strcspn(p, "\n"), p += *p == '\n') {
		if (names_module(p, strcspn(p, ":\n"), name))
			return true;
	}
	return false;
}

void look_module(const struct host *h, const struct check *c, struct host_finding *f)
{
	auto_free char *loaded = xasprintf("/sys/module/%s", c->arg);

	if (host_exists(h, loaded))
		check_ok(f, "loaded");
	else if (index_has(h, "modules.builtin", c->arg))
		check_ok(f, "built into the kernel");
	else if (index_has(h, "modules.dep", c->arg))
		check_warn(f, host_root_command(h, "modprobe %s", c->arg), "not loaded yet");
	else
		check_missing(
			f,
			xstrdup("boot a kernel with CONFIG_VFIO_PCI and CONFIG_VFIO_IOMMU_TYPE1"),
			"kernel %s does not have it", h->release);
}

static char *iommu_fix(const struct host *h)
{
	auto_str struct str cpu = { 0 };

	host_read(h, "/proc/cpuinfo", &cpu);
	if (strstr(str_c(&cpu), "GenuineIntel"))
		return xstrdup("enable VT-d in the firmware and boot with intel_iommu=on");
	if (strstr(str_c(&cpu), "AuthenticAMD"))
		return xstrdup(
			"enable AMD-Vi (IOMMU) in the firmware and boot without amd_iommu=off");
	return xstrdup("enable the IOMMU (SMMU) in the firmware");
}

void look_iommu(const struct host *h, const struct check *c, struct host_finding *f)
{
	size_t units = host_count(h, "/sys/class/iommu");
	size_t groups = host_count(h, "/sys/kernel/iommu_groups");

	if (groups)
		check_ok(f, "%zu units, %zu groups", units, groups);
	else
		check_missing(f, iommu_fix(h),
			      "the kernel found no IOMMU: devices cannot be isolated");
}

/* QEMU locks all of a guest's memory and some more: a machine of 2 GiB is the measure. */
void look_memlock(const struct host *h, const struct check *c, struct host_finding *f)
{
	if (h->uid == 0)
		check_ok(f, "root has no limit");
	else if (h->memlock == UINT64_MAX)
		check_ok(f, "unlimited");
	else if (h->memlock >= 2 * GIB + 256 * MIB)
		check_ok(f, "%.1f GiB", (double)h->memlock / (double)GIB);
	else
		check_missing(f,
			      xasprintf("echo '%s - memlock unlimited' | sudo tee "
					"/etc/security/limits.d/50-kiln.conf, then log in again",
					h->user),
			      "%.1f MiB, less than a guest's memory",
			      (double)h->memlock / (double)MIB);
}

void look_vsock(const struct host *h, const struct check *c, struct host_finding *f)
{
	if (host_exists(h, "/dev/vhost-vsock"))
		check_ok(f, "/dev/vhost-vsock");
	else
		check_missing(f, host_root_command(h, "modprobe vhost_vsock"),
			      "no /dev/vhost-vsock: machines are reached by network only");
}
