/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folders and records of the cache, of which any part may vanish at any time. */
#include "home.h"
#include "make.h"

#include "kernel/cache.h"
#include "kernel/kernel.h"
#include "kernel/resolve.h"

#include <signal.h>
#include <sys/wait.h>

#define KEY "0123"

static char *kind_path(const char *home)
{
	return path_join(home, "cache/kiln/packages");
}

static void begin(struct krn_cached *c, const char *text)
{
	auto_err struct err err = { 0 };

	assert_done(krn_cached_begin(c, "packages", KEY, NULL, &err), &err);
	make_text(c->tmp, "file", text);
}

static void holds(const char *dir, const char *text)
{
	auto_free char *path = path_join(dir, "file");
	auto_str struct str got = { 0 };

	assert_int_equal(file_read(AT_FDCWD, path, 100, &got, NULL), 0);
	assert_string_equal(str_c(&got), text);
}

static void test_folder(void **state)
{
	auto_cached struct krn_cached c = KRN_CACHED_NONE;
	auto_free char *dir = NULL, *tmp = NULL;
	auto_err struct err err = { 0 };

	begin(&c, "whole");
	tmp = xstrdup(c.tmp);
	assert_int_equal(krn_cached_path("packages", KEY, &dir, NULL), 0);
	assert_int_not_equal(access(dir, F_OK), 0);
	assert_done(krn_cached_commit(&c, true, &err), &err);
	krn_cached_end(&c);
	holds(dir, "whole");
	assert_int_not_equal(access(tmp, F_OK), 0);
}

/* A's folder is gone, and what has its name now is B's. */
static void test_deleted_meanwhile(void **state)
{
	auto_cached struct krn_cached a = KRN_CACHED_NONE;
	auto_cached struct krn_cached b = KRN_CACHED_NONE;
	auto_free char *kind = kind_path(*state);
	auto_err struct err err = { 0 };

	begin(&a, "of a");
	assert_int_equal(rm_rf(kind, NULL), 0);
	begin(&b, "of b");
	assert_int_equal(krn_cached_commit(&a, true, &err), -ESTALE);
	assert_contains(err.msg, "was deleted while it was made");
	krn_cached_end(&a);
	holds(b.tmp, "of b");
	assert_done(krn_cached_commit(&b, true, &err), &err);
	holds(b.dir, "of b");
}

struct waiting {
	pid_t holder;
	int told;
	char what[200];
};

/* The first word of it lets the other one go on. */
static void on_progress(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	struct waiting *w = ctx;

	snprintf(w->what, sizeof(w->what), "%s", what);
	if (!w->told++)
		kill(w->holder, SIGKILL);
}

static void test_waiting_is_told(void **state)
{
	auto_cached struct krn_cached c = KRN_CACHED_NONE;
	struct waiting w = { 0 };
	struct krn_progress progress = { on_progress, &w };
	auto_err struct err err = { 0 };
	auto_free char *lock = NULL;
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	w.holder = fork();
	if (!w.holder) {
		if (krn_cached_begin(&c, "packages", KEY, NULL, NULL) < 0)
			_exit(1);
		close(ready[1]);
		sleep(20);
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 0);
	close(ready[0]);
	assert_done(krn_cached_begin(&c, "packages", KEY, &progress, &err), &err);
	lock = xasprintf("waiting for another kiln (%s.lock)", c.dir);
	assert_string_equal(w.what, lock);
	assert_int_equal(waitpid(w.holder, NULL, 0), w.holder);
}

/* An old file of the system, as no test can set a ctime. */
static char *record_of(const char *home, const struct stat *st)
{
	struct file_id id = file_id_of(st);
	auto_str struct str name = { 0 };

	str_add_file_id(&name, &id);
	return path_join3(home, "cache/kiln/configs", str_c(&name));
}

static void test_records(void **state)
{
	auto_str struct str got = { 0 };
	auto_free char *record = NULL;
	struct stat st;

	assert_int_equal(stat("/etc/passwd", &st), 0);
	record = record_of(*state, &st);
	assert_false(krn_recall("configs", &st, &got));
	krn_remember("configs", &st, "CONFIG_X=y\n");
	assert_true(krn_recall("configs", &st, &got));
	assert_string_equal(str_c(&got), "CONFIG_X=y\n");
	krn_remember("configs", &st, "");
	assert_true(krn_recall("configs", &st, &got));
	assert_int_equal(got.n, 0);
	/* as a loss of power leaves it */
	assert_int_equal(truncate(record, 0), 0);
	assert_false(krn_recall("configs", &st, &got));
}

#define DAY (24 * 60 * 60)

/* cache/kiln/SUB, last used so many days ago. */
static char *put_aged(const char *home, const char *sub, int days, bool folder)
{
	struct timespec t = { .tv_sec = time(NULL) - (time_t)days * DAY };
	auto_free char *path = path_join3(home, "cache/kiln", sub);
	auto_free char *file = folder ? path_join(path, "file") : xstrdup(path);

	make_text("/", file, "text");
	assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[]){ t, t }, 0), 0);
	return take_ptr(path);
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

static void test_prune(void **state)
{
	auto_free char *old = put_aged(*state, "packages/01", 15, true);
	auto_free char *lock = put_aged(*state, "packages/01.lock", 15, false);
	auto_free char *young = put_aged(*state, "packages/02", 13, true);
	auto_free char *used = put_aged(*state, "images/03", 15, true);
	auto_free char *left = put_aged(*state, "images/04.tmp", 0, true);
	auto_free char *made = put_aged(*state, "views/05.tmp", 15, true);
	auto_free char *making = xasprintf("%s/cache/kiln/views/05.lock", (char *)*state);
	auto_free char *record = put_aged(*state, "digest/06", 15, false);
	auto_free char *other = put_aged(*state, "demo/07", 15, false);
	auto_free char *late = NULL;
	cleanup(krn_let_go) struct krn k = { 0 };
	auto_err struct err err = { 0 };
	auto_close int fd = -1;

	assert_true(krn_hold(&k, used));
	free(put_aged(*state, "images/03", 15, true)); /* a run may last that long */
	assert_done(file_lock(making, &fd, &err), &err);
	krn_cache_prune(time(NULL));
	assert_false(is_there(old));
	assert_false(is_there(lock));
	assert_true(is_there(young));
	assert_true(is_there(used));
	assert_false(is_there(left));
	assert_true(is_there(made));
	assert_false(is_there(record));
	assert_true(is_there(other));
	krn_let_go(&k);
	late = put_aged(*state, "packages/08", 15, true);
	krn_cache_prune(time(NULL)); /* the same day */
	assert_true(is_there(late));
	krn_cache_prune(time(NULL) + 2 * DAY);
	assert_false(is_there(late));
	assert_false(is_there(used));
	assert_false(is_there(young));
}

/* Of builds: folders by their age, what was verified sooner, nothing that is locked, locks that lock nothing. */
static void test_prune_builds(void **state)
{
	auto_free char *old = put_aged(*state, "build/01", 15, true);
	auto_free char *old_lock = put_aged(*state, "build/01.lock", 15, false);
	auto_free char *young = put_aged(*state, "build/02", 13, true);
	auto_free char *young_lock = put_aged(*state, "build/02.lock", 13, false);
	auto_free char *verified = put_aged(*state, "build/02.verify", 2, true);
	auto_free char *verified_lock = put_aged(*state, "build/02.verify.lock", 2, false);
	auto_free char *failed = put_aged(*state, "build/03.verify", 0, true);
	auto_free char *used = put_aged(*state, "build/04", 15, true);
	auto_free char *used_lock = xasprintf("%s.lock", used);
	auto_free char *verifying = put_aged(*state, "build/05.verify", 15, true);
	auto_free char *verifying_lock = xasprintf("%s.lock", verifying);
	auto_free char *lone = put_aged(*state, "build/06.lock", 0, false);
	auto_free char *left = put_aged(*state, "build/07.tmp", 0, true);
	auto_close int fd = -1, fd_verify = -1;
	auto_err struct err err = { 0 };

	assert_done(file_lock(used_lock, &fd, &err), &err);
	assert_done(file_lock(verifying_lock, &fd_verify, &err), &err);
	krn_cache_prune(time(NULL));
	assert_false(is_there(old) || is_there(old_lock));
	assert_true(is_there(young) && is_there(young_lock));
	assert_false(is_there(verified) || is_there(verified_lock));
	assert_true(is_there(failed));
	assert_true(is_there(used) && is_there(used_lock));
	assert_true(is_there(verifying) && is_there(verifying_lock));
	assert_false(is_there(lone));
	assert_false(is_there(left));
	fd = close_fd(fd);
	krn_cache_prune(time(NULL) + 2 * DAY);
	assert_false(is_there(used) || is_there(used_lock));
}

/* Each use begins the time anew; what is gone is not held. */
static void test_hold(void **state)
{
	auto_free char *dir = put_aged(*state, "packages/01", 15, true);
	cleanup(krn_let_go) struct krn k = { 0 };

	assert_true(krn_hold(&k, dir));
	krn_let_go(&k);
	krn_cached_drop(dir, time(NULL) - 14 * DAY);
	assert_true(is_there(dir));
	krn_cached_drop(dir, time(NULL) + 1);
	assert_false(is_there(dir));
	assert_false(krn_hold(&k, dir));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		home_test(test_folder),
		home_test(test_deleted_meanwhile),
		home_test(test_waiting_is_told),
		home_test(test_records),
		home_test(test_prune),
		home_test(test_prune_builds),
		home_test(test_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
