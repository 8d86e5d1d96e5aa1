/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The invariant that makes this safe: while files are written, the folder holds no symbolic link at
 * all, so a path without ".." cannot lead out of it. Links are made at the end. Those that are relative and free of "..",
 * only ever go down, whatever the chain. With links_up others are made too, of which the text alone does not tell where
 * they lead ("a/b -> ..", then "a/c -> b/.."), so each is followed when all are there.
 */
#include "kernel/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define PATH_LONGEST 1024
#define LINKS_MOST   40 /* that the kernel follows for one path (path_resolution(7)) */

void krn_tree_release(struct krn_tree *t)
{
	free(t->last_dir);
	strv_release(&t->links);
	strv_release(&t->targets);
	*t = (struct krn_tree){ .fd = t->fd };
}

static int refuse(struct err *err, const char *name, const char *why)
{
	err_set(err, -EPERM, "entry '%s' %s", name, why);
	return err_hint(err, -EPERM,
			"the archive is damaged or made to do harm; nothing of it is used");
}

/* Whether the n bytes at p are the path component "..". */
static bool is_up(const char *p, size_t n)
{
	return n == 2 && p[0] == '.' && p[1] == '.';
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return true;
	return false;
}

int krn_tree_path(const char *name, char **ret, struct err *err)
{
	auto_str struct str b = { 0 };

	if (has_control(name))
		return refuse(err, "?", "has control characters in its name");
	if (*name == '/')
		return refuse(err, name, "has an absolute path");
	for (const char *p = name; *p; p += strspn(p, "/")) {
		size_t n = strcspn(p, "/");

		if (is_up(p, n))
			return refuse(err, name, "leads out of the archive");
		if (!(n == 1 && *p == '.')) {
			if (b.n)
				str_addc(&b, '/');
			str_add(&b, p, n);
		}
		p += n;
	}
	if (b.n > PATH_LONGEST)
		return refuse(err, "?", "has an overlong name");
	*ret = str_take(&b);
	return 0;
}

int krn_tree_count(struct krn_tree *t, uint64_t size, struct err *err)
{
	if (++t->entries > t->max_entries)
		return err_set(err, -EFBIG, "more than %llu files",
			       (unsigned long long)t->max_entries);
	if (size > t->max_bytes || t->bytes > t->max_bytes - size)
		return err_set(err, -EFBIG, "unpacks to more than %llu bytes",
			       (unsigned long long)t->max_bytes);
	t->bytes += size;
	return 0;
}

int krn_tree_dir(struct krn_tree *t, const char *path, struct err *err)
{
	auto_free char *p = xstrdup(path);

	if (!*path || str_eq(path, t->last_dir))
		return 0;
	for (char *s = strchr(p, '/');; s = strchr(s + 1, '/')) {
		if (s)
			*s = '\0';
		if (mkdirat(t->fd, p, 0755) < 0 && errno != EEXIST)
			return err_sys(err, "cannot create the folder '%s'", p);
		if (!s)
			break;
		*s = '/';
	}
	free(t->last_dir);
	t->last_dir = take_ptr(p);
	return 0;
}

static int parent(struct krn_tree *t, const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	auto_free char *dir = slash ? xstrndup(path, (size_t)(slash - path)) : NULL;

	return dir ? krn_tree_dir(t, dir, err) : 0;
}

int krn_tree_file(struct krn_tree *t, const char *path, int *ret_fd, struct err *err)
{
	int r = parent(t, path, err);

	if (r < 0)
		return r;
	*ret_fd = openat(t->fd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (*ret_fd >= 0)
		return 0;
	if (errno == EEXIST)
		return err_set(err, -EEXIST, "entry '%s' is there twice", path);
	return err_sys(err, "cannot create '%s'", path);
}

int krn_tree_hardlink(struct krn_tree *t, const char *path, const char *target, struct err *err)
{
	auto_free char *to = NULL;
	struct stat st;
	int r = krn_tree_path(target, &to, err);

	if (r == 0)
		r = parent(t, path, err);
	if (r < 0)
		return r;
	if (fstatat(t->fd, to, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return refuse(err, path, "is a hard link to what is not in the archive");
	if (linkat(t->fd, to, t->fd, path, 0) < 0)
		return err_sys(err, "cannot link '%s'", path);
	return 0;
}

/*
 * How a link at path with this relative target moves: -1 out of the folder, 1 up but inside, 0 only
 * down.
 */
static int link_moves(const char *path, const char *target)
{
	bool up = false;
	int depth = 0;

	for (const char *p = path; (p = strchr(p, '/')); p++)
		depth++;
	for (const char *p = target; *p; p += strspn(p, "/")) {
		size_t n = strcspn(p, "/");

		if (is_up(p, n)) {
			up = true;
			depth--;
		} else if (!(n == 1 && *p == '.')) {
			depth++;
		}
		if (depth < 0)
			return -1;
		p += n;
	}
	return up;
}

int krn_tree_symlink(struct krn_tree *t, const char *path, const char *target, struct err *err)
{
	int moves = *target == '/' ? -1 : link_moves(path, target);

	if (moves < 0)
		return refuse(err, path, "is a link that leads out of the archive");
	if (moves == 0 || t->links_up) {
		strv_add(&t->links, path);
		strv_add(&t->targets, target);
	}
	return 0;
}

/* The one entry of the folder; NULL where there are none or more. */
static char *only_entry(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	auto_free char *name = NULL;
	const struct dirent *e;
	size_t n = 0;

	while (d && (e = readdir(d)))
		if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, "..") && !n++)
			name = xstrdup(e->d_name);
	if (d)
		closedir(d);
	else
		close_fd(copy);
	return n == 1 ? take_ptr(name) : NULL;
}

/* Takes "NAME/" off all links; false if one has it not. */
static bool strip_links(struct krn_tree *t, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < t->links.n; i++)
		if (!str_starts(t->links.v[i], name) || t->links.v[i][n] != '/')
			return false;
	for (size_t i = 0; i < t->links.n; i++) {
		char *p = t->links.v[i];

		memmove(p, p + n + 1, strlen(p + n + 1) + 1);
	}
	return true;
}

int krn_tree_strip(struct krn_tree *t, int *ret_fd, char **ret_name, struct err *err)
{
	auto_free char *name = only_entry(t->fd);
	auto_close int fd = -1;

	*ret_fd = -1;
	*ret_name = NULL;
	if (name)
		fd = openat(t->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || !strip_links(t, name))
		return 0;
	for (size_t i = 0; i < t->links.n; i++)
		if (link_moves(t->links.v[i], t->targets.v[i]) < 0)
			return refuse(err, t->links.v[i],
				      "is a link that leads out of the archive");
	free(take_ptr(t->last_dir));
	t->fd = *ret_fd = take_fd(&fd);
	*ret_name = take_ptr(name);
	return 0;
}

/* Takes the first component off todo into at. False at its end. */
static bool next_component(struct str *todo, struct str *at, bool *ret_up)
{
	const char *p = str_c(todo) + strspn(str_c(todo), "/");
	size_t n = strcspn(p, "/");
	auto_free char *rest = xstrdup(p + n);

	if (!n)
		return false;
	*ret_up = is_up(p, n);
	if (!*ret_up && !(n == 1 && *p == '.')) {
		if (at->n)
			str_addc(at, '/');
		str_add(at, p, n);
	}
	str_clear(todo);
	str_adds(todo, rest);
	return true;
}

static void drop_component(struct str *at)
{
	while (at->n && at->s[--at->n] != '/')
		;
	if (at->s)
		at->s[at->n] = '\0';
}

bool krn_tree_inside(int fd, const char *path)
{
	auto_str struct str at = { 0 }, todo = { 0 };
	size_t links = 0;
	bool up;

	str_adds(&todo, path);
	while (next_component(&todo, &at, &up)) {
		char target[PATH_LONGEST * 4];
		ssize_t n;

		if (up && !at.n)
			return false;
		if (up)
			drop_component(&at);
		n = at.n ? readlinkat(fd, at.s, target, sizeof(target)) : 0;
		if (n < 0 && errno != EINVAL)
			return true;
		if (n <= 0)
			continue;
		if (++links > LINKS_MOST)
			return true;
		if (*target == '/' || n == sizeof(target))
			return false;
		drop_component(&at);
		{
			auto_free char *rest = str_take(&todo);

			str_add(&todo, target, (size_t)n);
			str_addc(&todo, '/');
			str_adds(&todo, rest);
		}
	}
	return true;
}

static int make_link(const struct krn_tree *t, const char *path, const char *target,
		     struct err *err)
{
	struct stat st;

	if (symlinkat(target, t->fd, path) == 0)
		return 0;
	if (errno != EEXIST)
		return err_sys(err, "cannot create the link '%s'", path);
	if (fstatat(t->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
		return refuse(err, path, "is a link, and a folder in which there are others");
	return err_set(err, -EEXIST, "entry '%s' is there twice", path);
}

int krn_tree_finish(struct krn_tree *t, struct err *err)
{
	int r = 0;

	/* The folders first: a link must not become part of another's path. */
	for (size_t i = 0; i < t->links.n && r == 0; i++)
		r = parent(t, t->links.v[i], err);
	for (size_t i = 0; i < t->links.n && r == 0; i++)
		r = make_link(t, t->links.v[i], t->targets.v[i], err);
	for (size_t i = 0; t->links_up && i < t->links.n && r == 0; i++)
		if (!krn_tree_inside(t->fd, t->links.v[i]))
			r = refuse(err, t->links.v[i], "is a link that leads out of the archive");
	return r;
}
