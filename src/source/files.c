/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading and writing the files that patches change. Folder by folder with O_NOFOLLOW: a tree may hold links to anywhere. */
#include "source/files.h"

#include "base/file.h"
#include "source/hunk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

static void file_free(void *p)
{
	struct src_file *f = p;

	if (f)
		free(f->lines.v);
	free(f);
}

int src_files_init(struct src_files *f, const char *tree, struct err *err)
{
	*f = (struct src_files){ .root = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC) };
	if (f->root < 0)
		return err_sys(err, "cannot open the tree '%s'", tree);
	return 0;
}

void src_files_release(struct src_files *f)
{
	f->root = close_fd(f->root);
	map_release(&f->by_path, file_free);
	strv_release(&f->texts);
	arena_release(&f->arena);
}

int src_open_parent(int root, const char *path, bool make, const char **ret_name)
{
	int fd = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *slash;

	while (fd >= 0 && (slash = strchr(path, '/'))) {
		auto_free char *part = xstrndup(path, (size_t)(slash - path));
		auto_close int parent = fd;

		if (make && mkdirat(parent, part, 0755) < 0 && errno != EEXIST)
			fd = -1;
		else
			fd = openat(parent, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		path = slash + 1;
	}
	*ret_name = path;
	return fd < 0 ? -errno : fd;
}

static int read_link(int dir, const char *name, struct str *ret)
{
	ssize_t n = readlinkat(dir, name, str_room(ret, PATH_MAX), PATH_MAX);

	if (n < 0)
		return -errno;
	ret->n = (size_t)n;
	ret->s[n] = '\0';
	return 0;
}

/* What is at path in the tree; -ENOENT where nothing is. */
static int load(const struct src_files *f, const char *path, struct src_file *file,
		struct str *text, struct err *err)
{
	const char *name;
	auto_close int dir = src_open_parent(f->root, path, false, &name);
	struct stat st;

	if (dir < 0)
		return dir == -ENOTDIR || dir == -ELOOP ? -ENOENT : dir;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	file->folder = S_ISDIR(st.st_mode);
	if (file->folder)
		return -ENOENT;
	if (S_ISLNK(st.st_mode)) {
		file->mode = 0120000;
		return read_link(dir, name, text);
	}
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "it is no file");
	file->mode = st.st_mode & S_IXUSR ? 0100755 : 0100644;
	return file_read(dir, name, SRC_FILE_MAX, text, err);
}

int src_files_get(struct src_files *f, const char *path, const struct src_file **ret,
		  struct err *err)
{
	struct src_file *file = map_get(&f->by_path, path);
	auto_str struct str text = { 0 };
	auto_err struct err why = { 0 };
	int r;

	if (!file) {
		file = xnew(struct src_file);
		r = load(f, path, file, &text, &why);
		if (r < 0 && r != -ENOENT) {
			file_free(file);
			return err_set(err, r, "cannot read '%s' of the tree: %s", path,
				       why.msg ? why.msg : strerror(-r));
		}
		file->present = r == 0;
		src_lines_split(&file->lines, str_c(&text), text.n);
		if (text.s)
			strv_take(&f->texts, str_take(&text));
		map_set(&f->by_path, path, file);
	}
	*ret = file;
	return 0;
}

void src_file_text(const struct src_file *file, struct str *ret)
{
	for (size_t i = 0; i < file->lines.n; i++)
		str_add(ret, file->lines.v[i].s, file->lines.v[i].n);
}

static int write_file(int dir, const char *name, const struct src_file *file)
{
	auto_str struct str text = { 0 };
	auto_close int fd = -1;
	int r;

	src_file_text(file, &text);
	if (file->mode == 0120000)
		return symlinkat(str_c(&text), dir, name) < 0 ? -errno : 0;
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    file->mode & 0777);
	if (fd < 0)
		return -errno;
	r = write_all(fd, str_c(&text), text.n);
	/* not what the umask makes of it */
	if (r == 0 && fchmod(fd, file->mode & 0777) < 0)
		r = -errno;
	return r;
}

/* git has no empty folders, and so neither has what git am makes. */
static void drop_empty(int root, const char *path)
{
	auto_free char *folder = xstrdup(path);
	char *slash;

	while ((slash = strrchr(folder, '/'))) {
		const char *name;
		auto_close int dir = -1;

		*slash = '\0';
		dir = src_open_parent(root, folder, false, &name);
		if (dir < 0 || unlinkat(dir, name, AT_REMOVEDIR) < 0)
			break;
	}
}

static int write_one(int root, const char *path, const struct src_file *file)
{
	const char *name;
	auto_close int dir = src_open_parent(root, path, file->present, &name);

	if (dir < 0)
		return !file->present && dir == -ENOENT ? 0 : dir;
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return -errno;
	return file->present ? write_file(dir, name, file) : 0;
}

int src_files_write(const struct src_files *f, int root, struct err *err)
{
	/* what goes makes room: a file may become a folder, a folder that is empty then a file */
	for (int there = 0; there < 2; there++) {
		for (size_t i = 0; i < f->by_path.n; i++) {
			const struct map_entry *e = &f->by_path.v[i];
			const struct src_file *file = e->value;
			int r = 0;

			if (!file->changed || file->present != there)
				continue;
			r = write_one(root, e->key, file);
			if (r < 0)
				return err_code(err, r, "cannot write '%s'", e->key);
			if (!there)
				drop_empty(root, e->key);
		}
	}
	return 0;
}
