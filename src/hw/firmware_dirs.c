/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of firmware below a root that may be another machine's. openat2(2) resolves links as that machine would; where it is
 * missing they are read one by one.
 */
#include "hw/firmware.h"

#include "base/file.h"
#include "hw/kmsg.h"
#include "hw/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#define CUSTOM	   "sys/module/firmware_class/parameters/path"
#define GLOB_MOST  10000
#define LINKS_MOST 40 /* as the kernel's own MAXSYMLINKS */

const char *const hw_fw_suffix[] = { "", ".zst", ".xz" };

/* The first link on a path replaced by what it leads to: 1; 0 where there is none, -EPERM where it leads out of the root. */
static int follow(struct hw_root *root, struct str *path)
{
	for (size_t n = strcspn(path->s, "/");; n += 1 + strcspn(path->s + n + 1, "/")) {
		auto_free char *part = xstrndup(path->s, n);
		auto_str struct str to = { 0 };
		int r = hw_root_link(root, part, &to);

		if (r == -EPERM)
			return r;
		if (r == 0) {
			str_adds(&to, path->s + n);
			str_release(path);
			path->s = str_take(&to);
			path->n = strlen(path->s);
			path->cap = path->n + 1;
			return 1;
		}
		if (!path->s[n])
			return 0;
	}
}

static int open_by_steps(int root_fd, const char *path, int flags)
{
	struct hw_root root = { .fd = root_fd };
	auto_str struct str at = { 0 };
	int r = 1;

	str_adds(&at, path);
	for (int i = 0; r > 0 && i < LINKS_MOST; i++)
		r = follow(&root, &at);
	if (r == 0)
		return openat(root_fd, at.s, flags | O_NOFOLLOW);
	errno = r < 0 ? EPERM : ELOOP;
	return -1;
}

static int open_in(const struct hw_fw_dirs *d, const char *path, int flags)
{
	const struct open_how how = { .flags =
					      (uint64_t)(flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK),
				      .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	long fd = -1;

	path += strspn(path, "/");
	errno = ENOSYS;
	if (!d->without_openat2)
		fd = syscall(SYS_openat2, d->root, path, &how, sizeof(how));
	/* EPERM: what a container's filter says of calls that it does not know */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = open_by_steps(d->root, path, (int)how.flags);
	return fd < 0 ? -errno : (int)fd;
}

static int open_file(const struct hw_fw_dirs *d, const char *path)
{
	auto_close int fd = open_in(d, path, O_RDONLY);
	struct stat st;

	if (fd < 0)
		return -ENOENT;
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? take_fd(&fd) : -ENOENT;
}

void hw_fw_dirs_usual(struct hw_fw_dirs *d, const char *release)
{
	struct hw_root root = { .fd = d->root };
	auto_str struct str custom = { 0 };

	if (hw_root_file(&root, CUSTOM, HW_ROOT_VALUE, &custom) == 0 && *str_c(&custom) == '/') {
		custom.s[strcspn(custom.s, "\n")] = '\0';
		strv_add(&d->v, custom.s);
	}
	if (release)
		strv_addf(&d->v, "/lib/firmware/updates/%s", release);
	strv_add(&d->v, "/lib/firmware/updates");
	if (release)
		strv_addf(&d->v, "/lib/firmware/%s", release);
	strv_add(&d->v, "/lib/firmware");
}

int hw_fw_open(const struct hw_fw_dirs *d, const char *name, enum hw_fw_form *ret_form,
	       const char **ret_folder)
{
	if (!hw_firmware_is_name(name, strlen(name)))
		return -ENOENT;
	for (size_t form = 0; form < countof(hw_fw_suffix); form++)
		for (size_t i = 0; i < d->v.n; i++) {
			auto_free char *path =
				xasprintf("%s/%s%s", d->v.v[i], name, hw_fw_suffix[form]);
			int fd = open_file(d, path);

			if (fd < 0)
				continue;
			*ret_form = (enum hw_fw_form)form;
			*ret_folder = d->v.v[i];
			return fd;
		}
	return -ENOENT;
}

/* One step of a pattern: what of `folder` fits its first part. */
static void fit(const struct hw_fw_dirs *dirs, const char *folder, const char *below,
		const char *pattern, struct strv *ret)
{
	size_t n = strcspn(pattern, "/");
	auto_free char *part = xstrndup(pattern, n), *path = xasprintf("%s/%s", folder, below);
	auto_close int fd = open_in(dirs, path, O_RDONLY | O_DIRECTORY);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!d)
		return;
	fd = -1;
	while (ret->n < GLOB_MOST && (e = readdir(d))) {
		auto_free char *name = xstrdup(e->d_name), *whole = NULL;

		for (size_t i = 1; !pattern[n] && i < countof(hw_fw_suffix); i++)
			if (str_ends(name, hw_fw_suffix[i]))
				name[strlen(name) - strlen(hw_fw_suffix[i])] = '\0';
		if (fnmatch(part, name, FNM_PERIOD) != 0)
			continue;
		whole = xasprintf("%s%s%s", below, *below ? "/" : "", name);
		if (pattern[n])
			fit(dirs, folder, whole, pattern + n + 1, ret);
		else if (!strv_has(ret, whole))
			strv_add(ret, whole);
	}
	closedir(d);
}

void hw_fw_glob(const struct hw_fw_dirs *d, const char *pattern, struct strv *ret)
{
	if (!hw_firmware_is_name(pattern, strlen(pattern)))
		return;
	for (size_t i = 0; i < d->v.n; i++)
		fit(d, d->v.v[i], "", pattern, ret);
	strv_sort(ret);
}
