/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making and removing trees of folders. Removal works on open folders only, never on paths, so
 * that a link put in place meanwhile is removed and not followed.
 */
#include "base/file.h"
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

static bool is_dir(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

int mkdir_p(const char *path, mode_t mode, struct err *err)
{
	auto_free char *parent = NULL;
	int r;

	if (!mkdir(path, mode) || (errno == EEXIST && is_dir(path)))
		return 0;
	if (errno != ENOENT)
		return err_sys(err, "cannot create the folder '%s'", path);
	parent = path_dir(path);
	if (str_eq(parent, path) || str_eq(parent, "."))
		return err_code(err, -ENOENT, "cannot create the folder '%s'", path);
	r = mkdir_p(parent, mode, err);
	if (r < 0)
		return r;
	if (mkdir(path, mode) < 0 && !(errno == EEXIST && is_dir(path)))
		return err_sys(err, "cannot create the folder '%s'", path);
	return 0;
}

static int remove_entry(int dirfd, const char *name, dev_t dev, struct err *err);

static int remove_content(int fd, dev_t dev, struct err *err)
{
	DIR *dir = fdopendir(fd);
	struct dirent *e;
	int r = 0;

	if (!dir) {
		close_fd(fd);
		return err_sys(err, "cannot read a folder");
	}
	while (!r && (errno = 0, e = readdir(dir)))
		if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, ".."))
			r = remove_entry(fd, e->d_name, dev, err);
	if (!r && errno)
		r = err_sys(err, "cannot read a folder");
	closedir(dir);
	return r;
}

/* A folder without write or search permission of its own is opened up first: it is about to go. */
static int open_folder(int dirfd, const char *name)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dirfd, name, flags);

	if (fd < 0 && errno == EACCES && !fchmodat(dirfd, name, 0700, 0))
		fd = openat(dirfd, name, flags);
	return fd;
}

int mount_root(int fd)
{
	struct statx sx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &sx) < 0 ||
	    !(sx.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT))
		return -1;
	return (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

static int remove_entry(int dirfd, const char *name, dev_t dev, struct err *err)
{
	struct stat st;
	int fd, r, refused;

	if (!unlinkat(dirfd, name, 0) || errno == ENOENT)
		return 0;
	/* POSIX has EPERM for a folder, Linux for what must not be removed */
	refused = errno;
	if (refused != EISDIR && refused != EPERM)
		return err_sys(err, "cannot remove '%s'", name);
	fd = open_folder(dirfd, name);
	if (fd < 0)
		return err_code(err, errno == ENOTDIR || errno == ELOOP ? -refused : -errno,
				"cannot remove '%s'", name);
	if (fstat(fd, &st) < 0 || st.st_dev != dev || mount_root(fd) == 1) {
		close_fd(fd);
		return err_set(err, -EXDEV, "will not remove '%s': something is mounted there",
			       name);
	}
	if ((st.st_mode & 0700) != 0700)
		fchmod(fd, 0700);
	r = remove_content(fd, dev, err);
	if (r < 0)
		return err_wrap(err, r, "in '%s'", name);
	if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(err, "cannot remove the folder '%s'", name);
	return 0;
}

int rm_rf(const char *path, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "cannot remove '%s'", path);
	return remove_entry(AT_FDCWD, path, st.st_dev, err);
}
