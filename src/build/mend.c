/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a killed build leaves half made. kbuild removes a target whose commands fail or are interrupted, but nobody does when
 * make is killed; then a target may be newer than what it is made from and broken, and make takes it for done.
 *
 * scripts/Kbuild.include writes .NAME.cmd behind the commands that made NAME. So a target made since the build began that is
 * newer than its .cmd (left by an earlier build), or has none, is one whose commands did not come to their end. Kernels before
 * 5.19 run objtool behind that; where most targets are newer, it tells nothing. Targets without a .cmd, and commands behind it,
 * are met by the second rule: what was written in the last seconds before everything stopped is made again. Of what the host
 * itself lost power under, the last minutes: files may be there by name and not by content.
 *
 * Only what was written since the mark is looked at; everything older is of builds that ended in order. Of these those count
 * whose content nobody waited for (kiln-unsynced), where the host went down since.
 */
#include "build/kbuild.h"
#include "build/mark.h"

#include "base/boot_id.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#define LAST_S	     3
#define LAST_LATE_S  10	 /* where objtool works behind the .cmd */
#define LAST_POWER_S 120 /* vm.dirty_expire_centisecs and a journal's commit, with room */
#define MAX_DEPTH    64

struct made {
	char *path;	    /* below the folder */
	int64_t at, cmd_at; /* mtime in ns; cmd_at: of its .cmd, 0: none */
	bool empty;
};

struct folder {
	const char *build;
	int64_t since, last;
	bool power; /* the host went down */
	bool late;
	struct {
		struct made *v;
		size_t n, cap;
	} made;
	struct map cmds; /* "dir/NAME" -> index + 1 into times */
	struct {
		int64_t *v;
		size_t n, cap;
	} times;
};

/* The mark */

int bld_mark_set(const char *build, struct err *err)
{
	auto_free char *path = path_join(build, BLD_MARK);
	auto_str struct str text = { 0 };
	struct stat st;
	int r;

	if (!lstat(path, &st))
		return 1;
	r = boot_id(&text, err);
	if (r < 0)
		return r;
	str_adds(&text, "\n");
	return file_publish(path, str_c(&text), text.n, 0666, err);
}

/* The first of several stays: its time is that of the oldest file that may not be on the disk. */
void bld_mark_end(const char *build)
{
	auto_free char *from = path_join(build, BLD_MARK), *to = path_join(build, BLD_UNSYNCED);
	struct stat st;

	if (lstat(to, &st) == 0 || rename(from, to) < 0)
		unlink(from);
}

void bld_mark_synced(const char *build, const char *synced)
{
	auto_free char *path = path_join(build, BLD_UNSYNCED);
	struct stat ours, theirs;

	if (stat(build, &ours) == 0 && stat(synced, &theirs) == 0 && ours.st_dev == theirs.st_dev)
		unlink(path);
}

/* 1: there is one; 0: none. *ret_other: of another boot, as one that says nothing is taken for. */
static int read_mark(const struct folder *f, const char *name, int64_t *ret_at, bool *ret_other,
		     struct err *err)
{
	auto_free char *path = path_join(f->build, name);
	auto_str struct str was = { 0 }, now = { 0 };
	struct stat st;
	int r;

	if (lstat(path, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : err_sys(err, "cannot look at '%s'", path);
	r = file_read(AT_FDCWD, path, 4096, &was, err);
	if (r < 0)
		return r;
	r = boot_id(&now, err);
	if (r < 0)
		return r;
	str_adds(&now, "\n");
	*ret_other = !str_eq(str_c(&was), str_c(&now));
	*ret_at = timespec_ns(&st.st_mtim);
	return 1;
}

/* 1: there is something to mend; 0: not. */
static int read_marks(struct folder *f, struct err *err)
{
	bool other = false;
	int64_t at = 0;
	int running = read_mark(f, BLD_MARK, &f->since, &f->power, err);
	int unsynced = running < 0 ? running : read_mark(f, BLD_UNSYNCED, &at, &other, err);

	if (unsynced < 0)
		return unsynced;
	if (unsynced && other) {
		f->since = running ? MIN(f->since, at) : at;
		f->power = true;
	}
	f->last = f->since; /* where no file tells of more */
	return running || (unsynced && other);
}

/* Looking */

/* ".x.o.cmd" -> "x.o"; false: no such name. */
static bool target_of(const char *name, struct str *ret)
{
	const size_t n = strlen(name);

	if (*name != '.' || n < 6 || !str_ends(name, ".cmd"))
		return false;
	str_add(ret, name + 1, n - 5);
	return true;
}

/* What only a build writes: a file that somebody touched later does not move the end. */
static bool tells_time(const char *name)
{
	return str_ends(name, ".cmd") || str_ends(name, ".o") || str_ends(name, ".a") ||
	       str_ends(name, ".ko") || str_ends(name, ".d") || str_starts(name, ".tmp");
}

static void look_at(struct folder *f, const char *dir, const char *name, const struct stat *st)
{
	auto_str struct str target = { 0 };
	const int64_t at = timespec_ns(&st->st_mtim);

	if (tells_time(name))
		f->last = MAX(f->last, at);
	if (target_of(name, &target)) {
		auto_free char *key = xasprintf("%s%s", dir, str_c(&target));

		vec_push(&f->times, at);
		map_set(&f->cmds, key, (void *)(uintptr_t)f->times.n);
	}
	if (at >= f->since)
		vec_push(&f->made, ((struct made){ .path = xasprintf("%s%s", dir, name),
						   .at = at,
						   .empty = !st->st_size }));
}

/* dir: "" or with a slash at its end. */
static int look_in(struct folder *f, int fd, const char *dir, int depth, struct err *err)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;
	int r = 0;

	if (!d) {
		r = err_sys(err, "cannot read '%s/%s'", f->build, dir);
		close(fd);
		return r;
	}
	while (!r && (errno = 0, e = readdir(d))) {
		struct stat st;

		if (str_eq(e->d_name, ".") || str_eq(e->d_name, "..") ||
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISREG(st.st_mode)) {
			look_at(f, dir, e->d_name, &st);
		} else if (S_ISDIR(st.st_mode) && depth < MAX_DEPTH) {
			auto_free char *sub = xasprintf("%s%s/", dir, e->d_name);
			int in = openat(dirfd(d), e->d_name,
					O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			r = in < 0 ? err_sys(err, "cannot read '%s/%s'", f->build, sub)
				   : look_in(f, in, sub, depth + 1, err);
		}
	}
	if (!r && !e && errno)
		r = err_sys(err, "cannot read '%s/%s'", f->build, dir);
	closedir(d);
	return r;
}

static void join_cmds(struct folder *f)
{
	size_t newer = 0, with = 0;

	for (size_t i = 0; i < f->made.n; i++) {
		struct made *m = &f->made.v[i];
		const size_t at = (size_t)(uintptr_t)map_get(&f->cmds, m->path);

		if (!at)
			continue;
		m->cmd_at = f->times.v[at - 1];
		with++;
		newer += m->at > m->cmd_at;
	}
	f->late = with >= 20 && newer * 2 > with;
}

/* Judging */

/* Not make's, or written whole by conf (confdata.c: a temporary and rename), with all objects hanging on it. */
static bool is_kept(const struct folder *f, const char *path)
{
	if (!strchr(path, '/'))
		return str_starts(path, ".config") || str_starts(path, "kiln") ||
		       str_starts(path, ".kiln") || str_starts(path, "localversion") ||
		       str_eq(path, "Makefile") || str_ends(path, ".log");
	return !f->power && (str_starts(path, "include/config/") ||
			     str_eq(path, "include/generated/autoconf.h") ||
			     str_eq(path, "include/generated/rustc_cfg"));
}

static bool is_object(const char *path)
{
	return str_ends(path, ".o") || str_ends(path, ".a") || str_ends(path, ".ko");
}

static bool is_doubtful(const struct folder *f, const struct made *m)
{
	const int64_t span = f->power ? LAST_POWER_S : (f->late ? LAST_LATE_S : LAST_S);

	if (is_kept(f, m->path))
		return false;
	if (MAX(m->at, m->cmd_at) >= f->last - span * (int64_t)NSEC_PER_SEC)
		return true;
	if (m->empty && f->power)
		return true;
	return m->cmd_at ? m->at > m->cmd_at && !f->late : is_object(m->path);
}

static int drop(const struct folder *f, const char *path, struct err *err)
{
	auto_free char *full = path_join(f->build, path);

	return unlink(full) < 0 && errno != ENOENT ? err_sys(err, "cannot remove '%s'", full) : 0;
}

char *bld_kbuild_cmd(const char *target)
{
	const char *base = path_base(target);

	return xasprintf("%.*s.%s.cmd", (int)(base - target), target, base);
}

/* The .cmd goes first: without it make makes the target anew, whatever happens in between. */
static int drop_made(const struct folder *f, const struct made *m, struct err *err)
{
	auto_free char *cmd = bld_kbuild_cmd(m->path);
	int r = m->cmd_at ? drop(f, cmd, err) : 0;

	return r < 0 ? r : drop(f, m->path, err);
}

static void folder_release(struct folder *f)
{
	for (size_t i = 0; i < f->made.n; i++)
		free(f->made.v[i].path);
	free(f->made.v);
	free(f->times.v);
	map_release(&f->cmds, NULL);
}

static int look(struct folder *f, struct err *err)
{
	int fd = open(f->build, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? err_sys(err, "cannot read '%s'", f->build) : look_in(f, fd, "", 0, err);

	if (r == 0)
		join_cmds(f);
	return r;
}

/* That of this boot's builds in order stays: they are no more on the disk for what was mended. */
static void clear_marks(const struct folder *f)
{
	auto_free char *running = path_join(f->build, BLD_MARK);
	auto_free char *unsynced = path_join(f->build, BLD_UNSYNCED);

	unlink(running);
	if (f->power)
		unlink(unsynced);
}

int bld_kbuild_mend(const char *build, struct err *err)
{
	cleanup(folder_release) struct folder f = { .build = build };
	int r = read_marks(&f, err);

	if (r <= 0)
		return r;
	r = look(&f, err);
	for (size_t i = 0; i < f.made.n && r == 0; i++)
		if (is_doubtful(&f, &f.made.v[i]))
			r = drop_made(&f, &f.made.v[i], err);
	if (r < 0)
		return err_wrap(err, r, "cannot mend what a killed build left");
	clear_marks(&f);
	return 0;
}

int bld_kbuild_doubt(const char *build, int64_t since_ns, struct err *err)
{
	cleanup(folder_release) struct folder f = { .build = build, .since = since_ns };
	int r = look(&f, err);

	for (size_t i = 0; i < f.made.n && r == 0; i++)
		if (!is_kept(&f, f.made.v[i].path))
			r = drop_made(&f, &f.made.v[i], err);
	return r < 0 ? err_wrap(err, r, "cannot take back what was built of a tree that changed")
		     : 0;
}
