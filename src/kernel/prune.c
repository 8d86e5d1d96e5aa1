/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keeping the cache from growing for ever. Folders in use carry a shared lock, and each use sets
 * their time; one is taken away by renaming it while both its own lock and KEY.lock are ours, so
 * that a kiln that comes meanwhile sees all of it or nothing.
 */
#include "base/clock.h"
#include "base/path.h"
#include "kernel/cache.h"
#include "kernel/kernel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#define DAY_SEC	 (24 * 60 * 60)
#define KEEP_SEC (14 * DAY_SEC)
#define TAKE_NS	 (500 * NSEC_PER_MSEC)

int krn_cached_hold(const char *dir)
{
	auto_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	/* File systems without locks have folders that are held by their time alone. */
	while (flock(fd, LOCK_SH) < 0 && errno == EINTR)
		;
	futimens(fd, NULL);
	return access(dir, F_OK) < 0 ? -1 : take_fd(&fd);
}

bool krn_hold(struct krn *k, const char *dir)
{
	int fd = krn_cached_hold(dir);

	if (fd >= 0)
		vec_push(&k->held, fd);
	return fd >= 0;
}

void krn_let_go(struct krn *k)
{
	for (size_t i = 0; i < k->held.n; i++)
		close_fd(k->held.v[i]);
	free(take_ptr(k->held.v));
	k->held.n = k->held.cap = 0;
}

static bool is_older(const struct stat *st, time_t before)
{
	return st->st_mtim.tv_sec < before;
}

/* The time counts under the lock only: until then it may be set by one that begins to use it. */
static bool take_away(const char *dir, const char *tmp, time_t before)
{
	auto_close int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 &&
	       is_older(&st, before) && rename(dir, tmp) == 0;
}

void krn_cached_drop(const char *dir, time_t before)
{
	auto_free char *lock = xasprintf("%s.lock", dir), *tmp = xasprintf("%s.tmp", dir);
	auto_close int fd = -1;
	struct stat st;

	if (stat(dir, &st) == 0 && !is_older(&st, before) && access(tmp, F_OK) < 0)
		return;
	if (file_try_lock(lock, &fd, NULL) < 0)
		return;
	rm_rf(tmp, NULL);
	if (take_away(dir, tmp, before))
		rm_rf(tmp, NULL);
	if (access(dir, F_OK) < 0)
		unlink(lock);
}

/* KEY of "KEY", "KEY.lock" and "KEY.tmp". */
static void prune_folder(const char *base, const char *name, time_t before)
{
	auto_free char *key = xstrndup(name, strcspn(name, "."));
	auto_free char *path = path_join(base, key);

	if (*key)
		krn_cached_drop(path, before);
}

/*
 * A build folder: KEY.lock is held as long as anything of a build writes there, and what kiln puts into the folder for each make
 * sets its time. KEY.verify has a lock of its own; that of a build that went well is removed at once, and one that failed has
 * the log that was told of.
 */
static void prune_build(const char *base, const char *name, time_t before)
{
	auto_free char *key = xstrdup(name), *path = NULL;
	char *end = strrchr(key, '.');

	if (end && (str_eq(end, ".lock") || str_eq(end, ".tmp")))
		*end = '\0';
	path = path_join(base, key);
	if (*key && *key != '.')
		krn_cached_drop(path,
				str_ends(key, ".verify") ? before + KEEP_SEC - DAY_SEC : before);
}

/* Records have the time they were made at; they are made again. */
static void prune_file(const char *base, const char *name, time_t before)
{
	auto_free char *path = path_join(base, name);
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && is_older(&st, before))
		unlink(path);
}

static bool prune_kind(const char *base, void (*prune)(const char *, const char *, time_t),
		       time_t before, uint64_t until)
{
	DIR *d = opendir(base);
	const struct dirent *e;
	bool in_time = true;

	while (d && in_time && (e = readdir(d))) {
		prune(base, e->d_name, before);
		in_time = now_ns() < until;
	}
	if (d)
		closedir(d);
	return in_time;
}

void krn_cache_prune(time_t now)
{
	static const struct {
		const char *kind;
		void (*prune)(const char *base, const char *name, time_t before);
	} kinds[] = {
		{ "packages", prune_folder },	   { "images", prune_folder },
		{ "views", prune_folder },	   { "sources", prune_folder },
		{ "downloads", prune_folder },	   { "git", prune_folder },
		{ "treesums", prune_file },	   { "signed", prune_file },
		{ "initrd", prune_file },	   { "digest", prune_file },
		{ "versions", prune_file },	   { "configs", prune_file },
		{ "probe", prune_file },	   { "patched", prune_folder },
		{ "module-builds", prune_folder }, { "rebase", prune_folder },
		{ "resolved", prune_file },	   { "hw", prune_file },
		{ "tools", prune_file },	   { "records", prune_folder },
		{ "build", prune_build },
	};
	const struct timespec times[] = { { .tv_sec = now }, { .tv_sec = now } };
	auto_free char *cache = NULL, *stamp = NULL;
	uint64_t until = now_ns() + TAKE_NS;
	auto_close int fd = -1;
	bool in_time = true;
	struct stat st;

	if (dir_path(DIR_CACHE, &cache, NULL) < 0)
		return;
	stamp = path_join(cache, "pruned");
	if (stat(stamp, &st) == 0 && st.st_mtim.tv_sec <= now && st.st_mtim.tv_sec + DAY_SEC > now)
		return;
	if (file_try_lock(stamp, &fd, NULL) < 0)
		return;
	for (size_t i = 0; in_time && i < countof(kinds); i++) {
		auto_free char *base = path_join(cache, kinds[i].kind);

		in_time = prune_kind(base, kinds[i].prune, now - KEEP_SEC, until);
	}
	if (in_time)
		futimens(fd, times);
}
