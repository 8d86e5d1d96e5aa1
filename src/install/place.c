/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "install/place.h"

#include "base/file.h"
#include "base/path.h"

#include <errno.h>

int ins_place_open(struct ins_place *p, const char *root, struct err *err)
{
	struct stat st;
	char *real = realpath(root, NULL);

	if (!real)
		return err_sys(err, "cannot enter '%s'", root);
	p->root = real;
	if (stat(real, &st) < 0 || !S_ISDIR(st.st_mode)) {
		ins_place_release(p);
		return err_set(err, -ENOTDIR, "'%s' is no folder", root);
	}
	return 0;
}

void ins_place_release(struct ins_place *p)
{
	free(take_ptr(p->root));
}

static bool is_below(const char *path, const char *root)
{
	size_t n = strlen(root);

	return str_eq(root, "/") || (strncmp(path, root, n) == 0 && (!path[n] || path[n] == '/'));
}

int ins_path(const struct ins_place *p, const char *rel, char **ret, struct err *err)
{
	auto_free char *path = path_join(p->root, rel);
	auto_free char *dir = path_dir(path);
	auto_free char *there = path_existing(dir);
	auto_free char *real = realpath(there, NULL);

	if (!real)
		return err_sys(err, "cannot enter '%s'", there);
	if (!is_below(real, p->root)) {
		err_set(err, -EXDEV, "'%s' leads out of '%s', to '%s'", there, p->root, real);
		return err_hint(err, -EXDEV,
				"make that link a relative one, or install from inside (chroot)");
	}
	*ret = take_ptr(path);
	return 0;
}

bool ins_has(const struct ins_place *p, const char *rel)
{
	auto_free char *path = path_join(p->root, rel);
	struct stat st;

	return lstat(path, &st) == 0;
}

bool ins_is_dir(const struct ins_place *p, const char *rel)
{
	auto_free char *path = path_join(p->root, rel);
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static dev_t device_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_dev : 0;
}

static size_t root_length(const struct ins_place *p)
{
	return str_eq(p->root, "/") ? 0 : strlen(p->root);
}

/* Where in ROOT/rel the last mount point ends: the device number changes there. */
static size_t mount_length(const struct ins_place *p, const char *path)
{
	auto_free char *dir = path_dir(path);
	size_t begin = root_length(p);
	dev_t last = device_of(p->root);

	for (size_t i = begin + 1; i <= strlen(dir); i++) {
		auto_free char *part = NULL;
		dev_t dev;

		if (dir[i] && dir[i] != '/')
			continue;
		part = xstrndup(dir, i);
		dev = device_of(part);
		if (dev && dev != last) {
			begin = i;
			last = dev;
		}
	}
	return begin;
}

char *ins_loader_path(const struct ins_place *p, const char *rel)
{
	auto_free char *path = path_join(p->root, rel);

	return xstrdup(path + mount_length(p, path));
}

bool ins_on_root_fs(const struct ins_place *p, const char *rel)
{
	auto_free char *path = path_join(p->root, rel);

	return mount_length(p, path) == root_length(p);
}

int ins_write_file(const struct ins_place *p, const char *rel, const struct str *text,
		   struct err *err)
{
	auto_free char *path = NULL, *dir = NULL;
	int r = ins_path(p, rel, &path, err);

	if (r < 0)
		return r;
	dir = path_dir(path);
	r = mkdir_p(dir, 0755, err);
	return r < 0 ? r : file_publish(path, str_c(text), text->n, 0644, err);
}

int ins_remove(const struct ins_place *p, const char *rel, struct err *err)
{
	auto_free char *path = NULL;
	int r = ins_path(p, rel, &path, err);

	if (r < 0)
		return r;
	ins_remove_temporaries(p, rel);
	return rm_rf(path, err);
}
