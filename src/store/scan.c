/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lies in a folder, as entries of a manifest. Folders are opened from the one above, never through links. */
#include "store/manifest.h"

#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

/* Each level has a folder open. */
#define DEPTH_MAX 100

struct scan {
	struct sto_manifest *m;
	const struct sto_before *before; /* NULL: nothing */
	bool open_up;
	unsigned depth;
	struct err *err;
};

static int scan_folder(struct scan *s, int fd, const char *path);
static int scan_entry(struct scan *s, int dirfd, const char *above, const char *name);

static int scan_link(struct scan *s, int dirfd, const char *name, struct sto_entry *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dirfd, name, target, sizeof(target));

	if (n < 0)
		return err_sys(s->err, "cannot read the link '%s'", e->path);
	if (!n || (size_t)n == sizeof(target))
		return err_set(s->err, -ENAMETOOLONG, "the link '%s' is too long", e->path);
	e->target = arena_strndup(&s->m->arena, target, (size_t)n);
	vec_push(s->m, *e);
	return 0;
}

static bool is_below(const char *path, const char *folder)
{
	return str_skip(&path, folder) && *path == '/';
}

/* The entries of a folder that has the names it had. */
static int take_known(struct scan *s, int fd, const struct sto_entry *folder)
{
	const struct sto_manifest *m = &s->before->m;
	const struct sto_entry *end = m->v + m->n;
	int r = 0;

	for (const struct sto_entry *e = folder + 1;
	     r == 0 && e < end && is_below(e->path, folder->path);) {
		const struct sto_entry *own = e++;

		while (own->type == STO_DIR && e < end && is_below(e->path, own->path))
			e++;
		if (own->known)
			vec_push(s->m, *own);
		else
			r = scan_entry(s, fd, folder->path, path_base(own->path));
	}
	return r;
}

static int scan_below(struct scan *s, int dirfd, const char *name, const struct sto_entry *e,
		      const struct stat *st)
{
	const struct sto_entry *was = s->before ? map_get(&s->before->folders, e->path) : NULL;
	int fd, r;

	if (s->depth == DEPTH_MAX)
		return err_set(s->err, -ELOOP, "'%s' lies too deep, below %d folders", e->path,
			       DEPTH_MAX);
	vec_push(s->m, *e);
	if (s->open_up && (e->mode & 07777) != 0755 && fchmodat(dirfd, name, 0755, 0) < 0)
		return err_sys(s->err, "cannot set the mode of '%s'", e->path);
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(s->err, "cannot open the folder '%s'", e->path);
	if (!was || was->ino != st->st_ino || st->st_mtim.tv_sec != STO_TIME || st->st_mtim.tv_nsec)
		return scan_folder(s, fd, e->path);
	r = take_known(s, fd, was);
	close_fd(fd);
	return r;
}

static int scan_entry(struct scan *s, int dirfd, const char *above, const char *name)
{
	struct sto_entry e = { 0 };
	struct stat st;

	e.path = *above ? arena_printf(&s->m->arena, "%s/%s", above, name)
			: arena_strdup(&s->m->arena, name);
	if (strlen(e.path) >= PATH_MAX)
		return err_set(s->err, -ENAMETOOLONG, "the path '%s' is too long", e.path);
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(s->err, "cannot look at '%s'", e.path);
	e.mode = st.st_mode;
	e.dev = st.st_dev;
	e.ino = st.st_ino;
	e.nlink = st.st_nlink;
	switch (st.st_mode & S_IFMT) {
	case S_IFDIR:
		e.type = STO_DIR;
		return scan_below(s, dirfd, name, &e, &st);
	case S_IFLNK:
		e.type = STO_LINK;
		return scan_link(s, dirfd, name, &e);
	case S_IFREG:
		e.type = STO_FILE;
		e.exec = (st.st_mode & 0111) != 0;
		e.size = (uint64_t)st.st_size;
		vec_push(s->m, e);
		return 0;
	default:
		return err_set(s->err, -EINVAL, "'%s' is no file, folder or link", e.path);
	}
}

/* Closes fd. */
static int scan_folder(struct scan *s, int fd, const char *path)
{
	DIR *d = fdopendir(fd);
	const struct dirent *e;
	int r = 0;

	if (!d) {
		close_fd(fd);
		return err_sys(s->err, "cannot read the folder '%s'", path);
	}
	s->depth++;
	while (r == 0 && (errno = 0, e = readdir(d)))
		if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, ".."))
			r = scan_entry(s, fd, path, e->d_name);
	if (r == 0 && errno)
		r = err_sys(s->err, "cannot read the folder '%s'", path);
	s->depth--;
	closedir(d);
	return r;
}

static int by_path(const void *a, const void *b)
{
	const struct sto_entry *x = a, *y = b;

	return sto_path_order(x->path, y->path);
}

int sto_scan(int fd, bool open_up, const struct sto_before *before, struct sto_manifest *ret,
	     struct err *err)
{
	auto_manifest struct sto_manifest m = { 0 };
	struct scan s = { .m = &m, .before = before, .open_up = open_up, .err = err };
	int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (own < 0)
		return err_sys(err, "cannot open a folder");
	r = scan_folder(&s, own, "");
	if (r < 0)
		return r;
	if (m.n)
		qsort(m.v, m.n, sizeof(*m.v), by_path);
	*ret = m;
	m = (struct sto_manifest){ 0 };
	return 0;
}
