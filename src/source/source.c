/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sources become trees: each kind by its own way, a folder of the user's as it is. */
#include "source/source.h"

#include "base/file.h"
#include "base/path.h"
#include "base/proc.h"
#include "source/digest.h"
#include "source/parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

void src_tree_remember(struct src_tree *t)
{
	src_unwritten_write(take_ptr(t->unwritten));
}

void src_tree_release(struct src_tree *t)
{
	src_tree_remember(t);
	free(t->path);
	free(t->version);
	free(t->origin);
	/* one that was only zeroed must not close standard input */
	if (t->hold > STDERR_FILENO)
		close_fd(t->hold);
	*t = SRC_TREE_NONE;
}

static int open_dir(const struct src_spec *spec, const struct src_progress *progress,
		    struct src_tree *t, struct err *err)
{
	int r = src_version(spec->where, &t->version, err);

	if (r == 0)
		r = src_digest(spec->where, progress, t->digest, &t->unwritten, err);
	/* one build folder whatever it is called, and none of a name that kbuild does not take for a ".." behind it */
	t->path = realpath(spec->where, NULL) ?: xstrdup(spec->where);
	t->origin = xstrdup(spec->where);
	return r;
}

static int open_any(const struct src_spec *spec, bool offline, const struct src_progress *progress,
		    struct src_tree *t, struct err *err)
{
	switch (spec->kind) {
	case SRC_DIR:
		return open_dir(spec, progress, t, err);
	case SRC_TARBALL:
		return src_tarball_open(spec, offline, progress, t, err);
	case SRC_GIT:
		return src_git_open(spec, offline, progress, t, err);
	default:
		return src_debian_open(spec->where, "/", progress, t, err);
	}
}

int src_tree_open(const struct src_spec *spec, bool offline, const struct src_progress *progress,
		  struct src_tree *ret, struct err *err)
{
	struct src_tree t = SRC_TREE_NONE;
	int r = open_any(spec, offline, progress, &t, err);

	if (r < 0)
		src_tree_release(&t);
	else
		*ret = t;
	return r;
}

int src_tree_unchanged(const struct src_tree *t, struct err *err)
{
	char digest[65];
	int r;

	if (t->ours)
		return 1;
	r = src_digest_now(t->path, digest, err);
	return r < 0 ? r : str_eq(digest, t->digest);
}

pid_t src_tree_ask_unchanged(const struct src_tree *t)
{
	const pid_t pid = t->ours ? 0 : proc_fork();

	if (pid != 0 || t->ours)
		return pid;
	_exit(src_tree_unchanged(t, NULL));
}

int src_tree_is_unchanged(pid_t asked, const struct src_tree *t, struct err *err)
{
	const int status = proc_wait(asked);

	if (WIFEXITED(status) && WEXITSTATUS(status) <= 1)
		return WEXITSTATUS(status);
	return src_tree_unchanged(t, err);
}

static bool is_there(int fd, const char *path, bool folder)
{
	struct stat st;

	return fstatat(fd, path, &st, 0) == 0 &&
	       (folder ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode));
}

/* arch/ANY/include/generated; freed by the caller. */
static char *find_generated(int fd, const char *srcarch)
{
	int arch = openat(fd, "arch", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = arch < 0 ? NULL : fdopendir(arch);
	const struct dirent *e;
	char *found = NULL;

	while (d && !found && (e = readdir(d))) {
		auto_free char *path = xasprintf("arch/%s/include/generated", e->d_name);

		if (*e->d_name != '.' && (!srcarch || str_eq(e->d_name, srcarch)) &&
		    is_there(fd, path, true))
			found = take_ptr(path);
	}
	if (d)
		closedir(d);
	else
		close_fd(arch);
	return found;
}

int src_tree_check_clean(const struct src_tree *t, const char *srcarch, struct err *err)
{
	auto_close int fd = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_str struct str quoted = { 0 };
	auto_free char *found = NULL;

	if (fd < 0)
		return err_sys(err, "cannot open the tree '%s'", t->path);
	if (is_there(fd, ".config", false))
		found = xstrdup(".config");
	else if (is_there(fd, "include/config", true))
		found = xstrdup("include/config");
	else
		found = find_generated(fd, srcarch);
	if (!found)
		return 0;
	str_add_quoted(&quoted, t->path);
	err_set(err, -EBUSY,
		"the tree '%s' was built in itself ('%s' is there): kbuild would not build it elsewhere",
		t->path, found);
	return err_hint(err, -EBUSY, "keep its .config if you need it, then: make -C %s mrproper",
			quoted.s);
}
