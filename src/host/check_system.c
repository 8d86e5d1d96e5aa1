/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of the system and its user: groups, systemd, namespaces, disk space. */
#include "host/check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

/* Ubuntu installs its kernels readable by root only. */
void look_kernel(const struct host *h, const struct check *c, struct host_finding *f)
{
	auto_free char *path = xasprintf("/boot/vmlinuz-%s", h->release);
	struct stat st;

	if (fstatat(h->root, path + 1, &st, 0) < 0)
		check_ok(f, "no %s: a kernel is named with each run", path);
	else if (h->uid == 0 || (st.st_mode & 0004))
		check_ok(f, "%s", path);
	else
		check_missing(f, host_root_command(h, "chmod a+r %s", path),
			      "%s may be read by root only", path);
}

void look_group(const struct host *h, const struct check *c, struct host_finding *f)
{
	if (h->uid == 0) {
		check_ok(f, "root needs no group");
		return;
	}
	switch (host_member_of(h, c->arg)) {
	case HOST_MEMBER:
		check_ok(f, "%s is a member", h->user);
		break;
	case HOST_NEXT_LOGIN:
		check_missing(f, xstrdup("log in again"), "%s is a member, but not in this session",
			      h->user);
		break;
	case HOST_NO_MEMBER:
		check_missing(
			f, xasprintf("sudo usermod -aG %s %s, then log in again", c->arg, h->user),
			"%s is not a member; for %s", h->user, c->what);
		break;
	case HOST_NO_GROUP:
		check_missing(f,
			      xasprintf("sudo groupadd --system %s && sudo usermod -aG %s %s, then "
					"log in again",
					c->arg, c->arg, h->user),
			      "there is no such group; for %s", c->what);
		break;
	}
}

/* sd_booted(3) looks at the same folder. */
static bool has_systemd(const struct host *h)
{
	return host_exists(h, "/run/systemd/system");
}

void look_systemd(const struct host *h, const struct check *c, struct host_finding *f)
{
	if (has_systemd(h))
		check_ok(f, "is PID 1");
	else
		check_missing(
			f,
			xstrdup("boot this host with systemd (a container: with systemd as its "
				"init)"),
			"PID 1 is something else: machines cannot be services");
}

void look_user_manager(const struct host *h, const struct check *c, struct host_finding *f)
{
	auto_free char *path = xasprintf("%s/systemd/private", h->runtime_dir);

	if (host_exists(h, path))
		check_ok(f, "runs for %s", h->user);
	else
		check_missing(f, host_root_command(h, "loginctl enable-linger %s", h->user),
			      "there is no %s: systemd --user does not run", path);
}

void look_linger(const struct host *h, const struct check *c, struct host_finding *f)
{
	auto_free char *path = xasprintf("/var/lib/systemd/linger/%s", h->user);

	if (host_exists(h, path))
		check_ok(f, "machines of %s outlive the session", h->user);
	else
		check_missing(f, host_root_command(h, "loginctl enable-linger %s", h->user),
			      "machines of %s end with the last session", h->user);
}

static bool setting_is(const struct host *h, const char *path, const char *value)
{
	auto_str struct str text = { 0 };

	return host_read(h, path, &text) && strcspn(str_c(&text), "\n") == strlen(value) &&
	       str_starts(str_c(&text), value);
}

static char *userns_fix(const struct host *h)
{
	if (setting_is(h, "/proc/sys/kernel/unprivileged_userns_clone", "0"))
		return host_root_command(h, "sysctl -w kernel.unprivileged_userns_clone=1");
	if (setting_is(h, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"))
		return host_root_command(h, "sysctl -w "
					    "kernel.apparmor_restrict_unprivileged_userns=0");
	if (setting_is(h, "/proc/sys/user/max_user_namespaces", "0"))
		return host_root_command(h, "sysctl -w user.max_user_namespaces=15000");
	return xstrdup("use a kernel with CONFIG_USER_NS, outside of a container that forbids it");
}

void look_userns(const struct host *h, const struct check *c, struct host_finding *f)
{
	int rc = h->uid == 0 ? 0 : h->ops->userns(h);

	if (h->uid == 0)
		check_ok(f, "root needs none");
	else if (rc == 0)
		check_ok(f, "%s can make them", h->user);
	else
		check_missing(f, userns_fix(h), "refused (%s): virtiofsd cannot run as %s",
			      strerror(-rc), h->user);
}

/*
 * A kernel build with debug information takes some 10 GiB, an unpacked distribution kernel 0.5 GiB.
 */
void look_space(const struct host *h, const struct check *c, struct host_finding *f)
{
	const char *dir = str_eq(c->arg, "cache") ? h->cache_dir : h->data_dir;
	auto_str struct str word = { 0 };
	uint64_t space;
	double gib;

	str_add_quoted(&word, dir);
	if (h->ops->space(h, dir, &space) < 0) {
		check_missing(f, xasprintf("mkdir -p %s", str_c(&word)),
			      "cannot read the free space of %s", dir);
		return;
	}
	gib = (double)space / (double)GIB;
	if (space >= 5 * GIB)
		check_ok(f, "%s: %.1f GiB free", dir, gib);
	else if (space >= 512 * MIB)
		check_warn(f, xasprintf("make room below %s", dir), "%s: only %.1f GiB free", dir,
			   gib);
	else
		check_missing(f, xasprintf("make room below %s", dir), "%s: only %.1f GiB free",
			      dir, gib);
}
