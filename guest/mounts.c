/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Putting the guest's file tree together.
 *
 * Theory of operation: the root share is mounted read-only in the initramfs, an overlay with a
 * tmpfs on top hides it, and the overlay is moved over "/" as switch_root does. All further mounts
 * are made in the new root, so that its own symbolic links count. The layers of an overlay are
 * detached once it stands: overlayfs keeps mounts of its own, and the guest has no path to the
 * share left.
 */
#include "guest/guest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/xattr.h>
#include <unistd.h>

int make_dirs(const char *path, mode_t mode)
{
	char part[4096];
	size_t n = strlen(path);

	if (n >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(part, path, n + 1);
	for (char *p = part + 1;; p++) {
		char c = *p;

		if (c && c != '/')
			continue;
		*p = 0;
		if (mkdir(part, mode) < 0 && errno != EEXIST)
			return -1;
		*p = c;
		if (!c)
			return 0;
	}
}

void mounts_early(void)
{
	make_dirs("/proc", 0755);
	make_dirs("/sys", 0755);
	make_dirs("/dev", 0755);
	if (mount("devtmpfs", "/dev", "devtmpfs", 0, "mode=755") < 0 && errno != EBUSY)
		fail(KP_STAGE_INIT, "cannot mount devtmpfs (CONFIG_DEVTMPFS)");
	if (mount("proc", "/proc", "proc", 0, NULL) < 0)
		fail(KP_STAGE_INIT, "cannot mount proc (CONFIG_PROC_FS)");
	if (mount("sysfs", "/sys", "sysfs", 0, NULL) < 0)
		fail(KP_STAGE_INIT, "cannot mount sysfs (CONFIG_SYSFS)");
}

static void mount_share(const struct mount_spec *m, const char *target, unsigned long flags)
{
	if (mount(m->source, target, m->kind, flags, m->options[0] ? m->options : NULL) < 0)
		fail(KP_STAGE_ROOT, "cannot mount share '%s' (%s, %s) on '%s'", m->source, m->kind,
		     m->options, m->target);
}

/* Links to what depmod writes, beside the modules that it is about. */
static bool link_lists(const char *lists, const char *root, const char *into)
{
	char from[4096], to[4096];
	struct dirent *e;
	bool done = text_join(from, sizeof(from), root, lists, NULL) && make_dirs(into, 0755) == 0;
	DIR *d = done ? opendir(from) : NULL;

	while (d && done && (e = readdir(d))) {
		if (strncmp(e->d_name, "modules.", 8) != 0)
			continue;
		done = text_join(from, sizeof(from), lists, "/", e->d_name, NULL) &&
		       text_join(to, sizeof(to), into, "/", e->d_name, NULL) &&
		       symlink(from, to) == 0;
	}
	if (d)
		closedir(d);
	return d && done;
}

/*
 * Makes /lib/modules/RELEASE lead to the modules asked for. `root` is where the guest's root is seen
 * now, `folder` where /lib/modules is made. Links rather than mounts, and straight into the upper
 * layer rather than through the overlay, which would copy up the folders above: each look-up in the
 * share is a question to the host.
 */
static void show_modules(const struct request *r, const char *root, const char *folder)
{
	struct utsname u;
	char link[400];
	bool done;

	uname(&u);
	text_join(link, sizeof(link), folder, "/", u.release, NULL);
	done = make_dirs(folder, 0755) == 0 &&
	       (r->lists ? link_lists(r->lists, root, link) : symlink(r->modules, link) == 0);
	if (!done)
		note("no modules in /lib/modules/%s: %s", u.release, strerror(errno));
}

/* Where /lib/modules lies in the upper layer: /lib may be a link to usr/lib. */
static void modules_folder(const char *lower, const char *upper, char *ret, size_t n)
{
	char path[4096], to[64] = "";

	text_join(path, sizeof(path), lower, "/lib", NULL);
	if (readlink(path, to, sizeof(to) - 1) < 0)
		text_join(to, sizeof(to), "lib", NULL);
	text_join(ret, n, upper, to[0] == '/' ? "" : "/", to, "/modules", NULL);
}

/*
 * What will be mounted over has no use for what lies there in the share: opaque, it is not even
 * looked up. Where tmpfs has no attributes (CONFIG_TMPFS_XATTR) it is.
 */
static void fill_upper(const struct request *r, const char *lower, const char *upper)
{
	static const char *const covered[] = { "proc", "sys", "dev", "run" };
	char path[256];

	for (size_t i = 0; i < sizeof(covered) / sizeof(covered[0]); i++) {
		text_join(path, sizeof(path), upper, "/", covered[i], NULL);
		if (mkdir(path, 0755) == 0)
			setxattr(path, "trusted.overlay.opaque", "y", 1, 0);
	}
	if (!r->modules && !r->lists)
		return;
	modules_folder(lower, upper, path, sizeof(path));
	show_modules(r, lower, path);
}

/*
 * Mounts m on target as an overlay whose layers lie below `work`, which is detached afterwards.
 * root: the request if this is the guest's root, else NULL.
 */
static void mount_cow(const struct mount_spec *m, const char *target, const char *work,
		      const struct request *root)
{
	char lower[128], upper[128], scratch[128], options[512];

	make_dirs(work, 0700);
	if (mount("kiln-cow", work, "tmpfs", 0, "mode=700,size=90%") < 0)
		fail(KP_STAGE_ROOT, "cannot mount tmpfs (CONFIG_TMPFS)");
	text_join(lower, sizeof(lower), work, "/lower", NULL);
	text_join(upper, sizeof(upper), work, "/upper", NULL);
	text_join(scratch, sizeof(scratch), work, "/work", NULL);
	/* The upper folder's mode is the mode of the merged root. */
	if (mkdir(lower, 0755) < 0 || mkdir(upper, 0755) < 0 || mkdir(scratch, 0755) < 0)
		fail(KP_STAGE_ROOT, "cannot make folders below '%s'", work);
	mount_share(m, lower, MS_RDONLY);
	if (root)
		fill_upper(root, lower, upper);
	text_join(options, sizeof(options), "lowerdir=", lower, ",upperdir=", upper,
		  ",workdir=", scratch, NULL);
	if (mount("overlay", target, "overlay", 0, options) < 0)
		fail(KP_STAGE_ROOT, "cannot mount an overlay on '%s' (CONFIG_OVERLAY_FS)",
		     m->target);
	/* With the share below it. */
	umount2(work, MNT_DETACH);
}

static const struct mount_spec *find_root(const struct request *r)
{
	for (size_t i = 0; i < r->n_mounts; i++)
		if (strcmp(r->mounts[i].target, "/") == 0)
			return &r->mounts[i];
	return NULL;
}

/* Without a root among the mounts, the initramfs stays the root. */
void mounts_root(const struct request *r)
{
	const struct mount_spec *m = find_root(r);

	if (!m)
		return;
	make_dirs(GUEST_ROOT, 0755);
	if (strcmp(m->mode, "cow") == 0)
		mount_cow(m, GUEST_ROOT, GUEST_COW, r);
	else
		mount_share(m, GUEST_ROOT, strcmp(m->mode, "ro") == 0 ? MS_RDONLY : 0);
	if (chdir(GUEST_ROOT) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 ||
	    chdir("/") < 0)
		fail(KP_STAGE_ROOT, "cannot move into the new root");
}

/* Optional ones exist or not as the kernel's configuration has it. */
static const struct system_mount {
	const char *type, *target, *options;
	unsigned long flags;
	bool optional;
} system_mounts[] = {
	/* clang-format off */
	{ "proc",       "/proc",                NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, false },
	{ "sysfs",      "/sys",                 NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, false },
	{ "devtmpfs",   "/dev",                 "mode=755", MS_NOSUID, false },
	{ "devpts",     "/dev/pts",             "mode=620,gid=5,ptmxmode=666", MS_NOSUID | MS_NOEXEC, true },
	{ "tmpfs",      "/dev/shm",             "mode=1777", MS_NOSUID | MS_NODEV, false },
	{ "tmpfs",      "/run",                 "mode=755", MS_NOSUID | MS_NODEV, false },
	{ "cgroup2",    "/sys/fs/cgroup",       NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
	{ "bpf",        "/sys/fs/bpf",          "mode=700", MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
	{ "configfs",   "/sys/kernel/config",   NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
	{ "debugfs",    "/sys/kernel/debug",    "mode=700", MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
	{ "tracefs",    "/sys/kernel/tracing",  "mode=700", MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
	{ "securityfs", "/sys/kernel/security", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC, true },
	/* clang-format on */
};

/* What udev or a distribution's init would make; programs expect it. */
static void dev_links(void)
{
	static const char *const links[][2] = {
		{ "/proc/self/fd", "/dev/fd" },	      { "/proc/self/fd/0", "/dev/stdin" },
		{ "/proc/self/fd/1", "/dev/stdout" }, { "/proc/self/fd/2", "/dev/stderr" },
		{ "/proc/kcore", "/dev/core" },
	};

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlink(links[i][0], links[i][1]) < 0 && errno != EEXIST)
			note("cannot link '%s': %s", links[i][1], strerror(errno));
}

static void system_mounts_all(void)
{
	for (size_t i = 0; i < sizeof(system_mounts) / sizeof(system_mounts[0]); i++) {
		const struct system_mount *m = &system_mounts[i];

		/* In sysfs the folder is there if the kernel has the thing. */
		if (m->optional && access(m->target, F_OK) < 0 && mkdir(m->target, 0755) < 0)
			continue;
		if (!m->optional && make_dirs(m->target, 0755) < 0)
			fail(KP_STAGE_SETUP, "cannot make the mount point '%s'", m->target);
		/* EBUSY: the initramfs is the root, and it is mounted already. */
		if (mount(m->type, m->target, m->type, m->flags, m->options) < 0 && !m->optional &&
		    errno != EBUSY)
			fail(KP_STAGE_SETUP, "cannot mount %s on '%s'", m->type, m->target);
	}
}

void mounts_system(const struct request *r)
{
	system_mounts_all();
	dev_links();
	for (size_t i = 0; i < r->n_mounts; i++) {
		const struct mount_spec *m = &r->mounts[i];
		char work[64];

		if (strcmp(m->target, "/") == 0)
			continue;
		if (make_dirs(m->target, 0755) < 0)
			fail(KP_STAGE_SETUP, "cannot make the mount point '%s'", m->target);
		snprintf(work, sizeof(work), "/run/.kiln-%zu", i);
		if (strcmp(m->mode, "cow") == 0) {
			mount_cow(m, m->target, work, NULL);
			rmdir(work);
		} else {
			mount_share(m, m->target, strcmp(m->mode, "ro") == 0 ? MS_RDONLY : 0);
		}
	}
}

/* A line of modules.devname: "fuse fuse c10:229". */
static void static_node(const char *line)
{
	char name[128], kind, *slash, node[160];
	unsigned major, minor;

	if (sscanf(line, "%*s %127s %c%u:%u", name, &kind, &major, &minor) != 4 ||
	    strstr(name, ".."))
		return;
	text_join(node, sizeof(node), "/dev/", name, NULL);
	slash = strrchr(node, '/');
	*slash = 0;
	make_dirs(node, 0755);
	*slash = '/';
	mknod(node, (kind == 'b' ? S_IFBLK : S_IFCHR) | 0600, makedev(major, minor));
}

void mounts_modules(const struct request *r)
{
	for (const char *line = r->devnames; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		static_node(line);
	}
	/* Below an overlay they are shown already. */
	if ((r->modules || r->lists) && !find_root(r))
		show_modules(r, "", "/lib/modules");
}

#define MODPROBE "/proc/sys/kernel/modprobe"

static char modprobe_path[256];

static void write_modprobe(const char *path)
{
	int fd = open(MODPROBE, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, path, strlen(path)) < 0)
		note("cannot write '" MODPROBE "': %s", strerror(errno));
	close(fd);
}

/* The mount of bpffs makes the kernel call modprobe for what nobody needs (bpf_preload), over the share. */
void modprobe_off(void)
{
	int fd = access("/sys/fs/bpf", F_OK) == 0 ? open(MODPROBE, O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	if (read(fd, modprobe_path, sizeof(modprobe_path) - 1) > 0)
		write_modprobe("\n");
	close(fd);
}

void modprobe_on(void)
{
	if (modprobe_path[0])
		write_modprobe(modprobe_path);
}
