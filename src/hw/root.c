/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * openat2(2) refuses links by itself; where it is missing each folder of the path is opened on its own. Either way a file is
 * looked at before it is read: one that has been put there may be a pipe or a device.
 */
#include "hw/root.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#define READ (O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK)
#define LOOK (O_PATH | O_CLOEXEC | O_NOFOLLOW)

static int open_step_by_step(int root, const char *path, int flags)
{
	auto_close int at = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (const char *p = path; at >= 0; p++) {
		char name[NAME_MAX + 1];
		size_t n = strcspn(p, "/");
		int next;

		if (!n || n > NAME_MAX || (n == 2 && strncmp(p, "..", 2) == 0))
			return -EINVAL;
		memcpy(name, p, n);
		name[n] = '\0';
		p += n;
		next = openat(at, name, *p ? LOOK | O_DIRECTORY : flags);
		if (next < 0)
			return -errno;
		close_fd(at);
		at = next;
		if (!*p)
			return take_fd(&at);
	}
	return -errno;
}

static int open_below(struct hw_root *r, const char *path, int flags)
{
	const struct open_how how = {
		.flags = (uint64_t)flags,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	long fd;

	if (r->step_by_step)
		return open_step_by_step(r->fd, path, flags);
	fd = syscall(SYS_openat2, r->fd, path, &how, sizeof(how));
	if (fd >= 0)
		return (int)fd;
	/* EPERM: what a container's filter says of calls that it does not know */
	if (errno != ENOSYS && errno != EPERM)
		return -errno;
	r->step_by_step = true;
	return open_step_by_step(r->fd, path, flags);
}

int hw_root_file(struct hw_root *r, const char *path, size_t max, struct str *ret)
{
	auto_close int fd = open_below(r, path, READ);
	struct stat st;
	ssize_t n;

	str_clear(ret);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return -EINVAL;
	while (ret->n <= max) {
		size_t step = ret->n < HW_ROOT_VALUE ? HW_ROOT_VALUE : 64 * 1024;

		n = read_full(fd, str_room(ret, step + 1), step);
		if (n < 0)
			return (int)n;
		ret->n += (size_t)n;
		ret->s[ret->n] = '\0';
		if ((size_t)n < step)
			break;
	}
	if (ret->n > max)
		return -EFBIG;
	if (r->seen)
		r->seen(r->ctx, path, ret, false);
	return 0;
}

/* Puts target behind the folder of path, without "." and "..". False where it leads above the root. */
static bool lead(const char *path, const char *target, struct str *ret)
{
	const char *slash = strrchr(path, '/');

	str_clear(ret);
	str_add(ret, path, slash && *target != '/' ? (size_t)(slash - path) : 0);
	for (const char *p = target; *p; p += strspn(p, "/")) {
		size_t n = strcspn(p, "/");

		if (n == 2 && strncmp(p, "..", 2) == 0) {
			const char *last = ret->n ? strrchr(ret->s, '/') : NULL;

			if (!ret->n)
				return false;
			str_cut(ret, last ? (size_t)(last - ret->s) : 0);
		} else if (n && !(n == 1 && *p == '.')) {
			str_adds(ret, ret->n ? "/" : "");
			str_add(ret, p, n);
		}
		p += n;
	}
	return ret->n > 0;
}

int hw_root_link(struct hw_root *r, const char *path, struct str *ret)
{
	auto_close int fd = open_below(r, path, LOOK);
	auto_str struct str text = { 0 };
	char target[PATH_MAX];
	ssize_t n;

	if (fd < 0)
		return fd;
	n = readlinkat(fd, "", target, sizeof(target) - 1);
	if (n < 0)
		return errno == ENOENT ? -EINVAL : -errno;
	target[n] = '\0';
	if (!lead(path, target, ret))
		return -EPERM;
	str_add(&text, target, (size_t)n);
	if (r->seen)
		r->seen(r->ctx, path, &text, true);
	return 0;
}

void hw_root_names(struct hw_root *r, const char *path, struct strv *ret)
{
	auto_close int fd = open_below(r, path, READ | O_DIRECTORY);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!d)
		return;
	fd = -1;
	while (ret->n < HW_ROOT_NAMES && (e = readdir(d)))
		if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, ".."))
			strv_add(ret, e->d_name);
	closedir(d);
	strv_sort(ret);
}

int hw_root_mounts(struct hw_root *r, size_t max, struct str *ret)
{
	auto_str struct str self = { 0 };

	if (hw_root_file(r, "proc/mountinfo", max, ret) == 0)
		return 0;
	if (hw_root_link(r, "proc/self", &self) < 0)
		return -ENOENT;
	str_adds(&self, "/mountinfo");
	return hw_root_file(r, self.s, max, ret);
}
