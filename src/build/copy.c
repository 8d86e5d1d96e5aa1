/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files get mode 0755 if their owner may execute them, else 0644; a link that is kept has the text it had. */
#include "build/copy.h"

#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#define DEPTH_MAX 64

static int fill(int in, const struct stat *st, const char *to, struct err *err)
{
	auto_close int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r;

	if (out < 0)
		return err_sys(err, "cannot create '%s'", to);
	r = file_copy(in, out);
	if (r == 0 && fchmod(out, st->st_mode & S_IXUSR ? 0755 : 0644) < 0)
		r = -errno;
	/* some file systems tell here first that the disk is full */
	if (r == 0 && close(take_fd(&out)) < 0)
		r = -errno;
	if (r < 0) {
		err_code(err, r, "cannot write '%s'", to);
		unlink(to);
	}
	return r;
}

int bld_copy_known(struct bld_known *k, enum bld_known_how how, const char *from, const char *to,
		   struct err *err)
{
	struct stat st;
	int r;

	if (!k || stat(from, &st) < 0 || !S_ISREG(st.st_mode))
		return bld_copy_file(from, to, err);
	r = bld_known_take(k, how, &st, to, err);
	return r == 0 ? bld_copy_file(from, to, err) : MIN(r, 0);
}

int bld_copy_file(const char *from, const char *to, struct err *err)
{
	auto_close int in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	auto_free char *parent = path_dir(to);
	struct stat st;
	int r;

	if (in < 0 || fstat(in, &st) < 0)
		return err_sys(err, "cannot read '%s'", from);
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "'%s' is not a file", from);
	r = mkdir_p(parent, 0755, err);
	if (r < 0)
		return r;
	if (unlink(to) < 0 && errno != ENOENT)
		return err_sys(err, "cannot replace '%s'", to);
	return fill(in, &st, to, err);
}

/* Whether a link at path with this target stays inside by its text: the depth never falls below that of the top. */
static bool stays_inside(const char *path, const char *target)
{
	int depth = 0;

	if (*target == '/')
		return false;
	for (const char *p = path; (p = strchr(p, '/')); p++)
		depth++;
	for (const char *p = target; *p; p += strspn(p, "/")) {
		size_t n = strcspn(p, "/");

		if (n == 2 && p[0] == '.' && p[1] == '.')
			depth--;
		else if (!(n == 1 && *p == '.'))
			depth++;
		if (depth < 0)
			return false;
		p += n;
	}
	return true;
}

static int make_link(const char *target, const char *to, struct err *err)
{
	auto_free char *parent = path_dir(to);
	int r = mkdir_p(parent, 0755, err);

	if (r < 0)
		return r;
	if (unlink(to) < 0 && errno != ENOENT)
		return err_sys(err, "cannot replace '%s'", to);
	return symlink(target, to) < 0 ? err_sys(err, "cannot create the link '%s'", to) : 0;
}

static int copy_link(const struct bld_copy *c, const char *path, const char *from, const char *to,
		     struct err *err)
{
	char target[PATH_MAX];
	ssize_t n = readlink(from, target, sizeof(target) - 1);
	auto_free char *real = NULL;
	struct stat st;

	if (n < 0)
		return err_sys(err, "cannot read the link '%s'", from);
	target[n] = '\0';
	if (stays_inside(path, target))
		return make_link(target, to, err);
	if (c->links == BLD_LINKS_KEEP) {
		real = realpath(from, NULL);
		return make_link(real ?: target, to, err);
	}
	if (lstat(to, &st) == 0 || stat(from, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	return bld_copy_known(c->known, c->how, from, to, err);
}

static int copy_entry(const struct bld_copy *c, const char *path, unsigned depth, struct err *err);

static int copy_folder(const struct bld_copy *c, const char *path, const char *from, unsigned depth,
		       struct err *err)
{
	auto_strv struct strv names = { 0 };
	int r;

	if (depth > DEPTH_MAX)
		return err_set(err, -ELOOP, "folders are nested too deeply in '%s'", from);
	r = file_names(AT_FDCWD, from, &names, err);
	for (size_t i = 0; i < names.n && r == 0; i++) {
		auto_free char *below = *path ? path_join(path, names.v[i]) : xstrdup(names.v[i]);

		r = copy_entry(c, below, depth + 1, err);
	}
	return r;
}

static int copy_entry(const struct bld_copy *c, const char *path, unsigned depth, struct err *err)
{
	auto_free char *from = *path ? path_join(c->from, path) : xstrdup(c->from);
	auto_free char *to = *path ? path_join(c->to, path) : xstrdup(c->to);
	struct stat st;

	if ((*path ? lstat(from, &st) : stat(from, &st)) < 0)
		return errno == ENOENT && depth == 0 ? 0 : err_sys(err, "cannot read '%s'", from);
	if (*path && c->want && !c->want(c->ctx, path, st.st_mode & S_IFMT))
		return 0;
	if (S_ISDIR(st.st_mode))
		return copy_folder(c, path, from, depth, err);
	if (S_ISLNK(st.st_mode))
		return copy_link(c, path, from, to, err);
	return S_ISREG(st.st_mode) ? bld_copy_known(c->known, c->how, from, to, err) : 0;
}

int bld_copy_tree(const struct bld_copy *c, const char *below, struct err *err)
{
	int r = mkdir_p(c->to, 0755, err);

	return r < 0 ? r : copy_entry(c, below, 0, err);
}

int bld_move(const char *from, const char *to, struct err *err)
{
	auto_free char *parent = path_dir(to);
	struct bld_copy c = { .from = from, .to = to, .links = BLD_LINKS_KEEP };
	int r = mkdir_p(parent, 0755, err);

	if (r < 0)
		return r;
	if (rename(from, to) == 0)
		return 0;
	if (errno != EXDEV)
		return err_sys(err, "cannot move '%s' to '%s'", from, to);
	r = bld_copy_tree(&c, "", err);
	return r < 0 ? r : rm_rf(from, err);
}
