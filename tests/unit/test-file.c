/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files, trees, paths, kiln's folders and the memory of digests. */
#include "unit.h"

#include "base/digest.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char *content(const char *path)
{
	struct str text = { 0 };

	if (file_read(AT_FDCWD, path, 1 << 20, &text, NULL) < 0)
		return xstrdup("(unreadable)");
	return str_take(&text);
}

static size_t entries(const char *path)
{
	DIR *dir = opendir(path);
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

static void publish_is_all_or_nothing(void **state)
{
	auto_free char *path = path_join(*state, "f");
	auto_err struct err err = { 0 };
	struct publish p;
	struct stat st;

	assert_done(file_publish(path, "old", 3, 0640, &err), &err);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);

	assert_done(publish_begin(&p, path, 0600, &err), &err);
	assert_int_equal(write_all(p.fd, "new", 3), 0);
	auto_free char *before = content(path);

	assert_string_equal(before, "old");
	assert_done(publish_commit(&p, false, &err), &err);
	auto_free char *after = content(path);

	assert_string_equal(after, "new");
	assert_int_equal(entries(*state), 1);
	assert_int_equal(p.fd, -1);
}

static void abort_leaves_nothing(void **state)
{
	auto_free char *path = path_join(*state, "f");
	struct publish p;

	assert_int_equal(publish_begin(&p, path, 0600, NULL), 0);
	assert_int_equal(write_all(p.fd, "x", 1), 0);
	assert_int_equal(entries(*state), 1);
	publish_abort(&p);
	assert_int_equal(entries(*state), 0);
	publish_abort(&p); /* once more does no harm */
}

static void failed_commit_leaves_nothing(void **state)
{
	auto_free char *path = path_join(*state, "dir");
	auto_err struct err err = { 0 };
	struct publish p;

	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(publish_begin(&p, path, 0600, NULL), 0);
	assert_int_equal(publish_commit(&p, true, &err), -EISDIR);
	assert_contains(err.msg, path);
	assert_int_equal(entries(*state), 1);
}

static void a_device_is_not_replaced(void **state)
{
	auto_free char *path = path_join(*state, "fifo");
	auto_close int reader = -1;
	char got[2] = { 0 };
	struct stat st;

	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(file_publish(path, "x", 1, 0600, NULL), -EEXIST);
	assert_int_equal(file_write_out(path, "y", 1, NULL), 0);
	assert_int_equal(read(reader, got, 1), 1);
	assert_string_equal(got, "y");
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(entries(*state), 1);
}

static void publish_needs_the_folder(void **state)
{
	auto_free char *path = path_join(*state, "no/f");
	auto_err struct err err = { 0 };

	assert_int_equal(file_publish(path, "x", 1, 0600, &err), -ENOENT);
	assert_contains(err.msg, "cannot create a file in");
}

static void read_has_a_maximum(void **state)
{
	auto_free char *path = path_join(*state, "f");
	auto_err struct err err = { 0 };
	auto_str struct str text = { 0 };

	assert_int_equal(file_publish(path, "12345", 5, 0600, NULL), 0);
	assert_int_equal(file_read(AT_FDCWD, path, 4, &text, &err), -EFBIG);
	assert_contains(err.msg, "larger than 4 bytes");
	assert_null(text.s);
	assert_int_equal(file_read(AT_FDCWD, path, 5, &text, NULL), 0);
	assert_string_equal(text.s, "12345");
	/* no size is known beforehand */
	assert_int_equal(file_read(AT_FDCWD, "/proc/self/status", 65536, &text, NULL), 0);
	assert_contains(text.s, "Pid:");
	assert_int_equal(file_read(AT_FDCWD, *state, 5, &text, NULL), -EISDIR);
}

static void removal_does_not_follow_links(void **state)
{
	auto_free char *keep = path_join(*state, "keep"), *file = path_join(keep, "f");
	auto_free char *tree = path_join(*state, "tree"), *deep = path_join(tree, "a/b/c");
	auto_free char *link = path_join(deep, "link"), *direct = path_join(*state, "direct");
	auto_err struct err err = { 0 };

	assert_done(mkdir_p(keep, 0700, &err), &err);
	assert_done(mkdir_p(deep, 0700, &err), &err);
	assert_done(mkdir_p(deep, 0700, &err), &err);
	assert_done(file_publish(file, "x", 1, 0600, &err), &err);
	assert_int_equal(symlink(keep, link), 0);
	assert_int_equal(symlink(keep, direct), 0);
	assert_int_equal(chmod(deep, 0500), 0);

	assert_done(rm_rf(tree, &err), &err);
	assert_done(rm_rf(direct, &err), &err);
	assert_done(rm_rf(tree, &err), &err);
	assert_int_equal(access(tree, F_OK), -1);
	assert_int_equal(access(direct, F_OK), -1);
	assert_int_equal(access(file, F_OK), 0);
}

/*
 * In a child with mounts of its own: 0 done, 77 not allowed here, else the number of what failed.
 */
static int remove_below_a_bind_mount(const char *keep, const char *at, const char *tree)
{
	auto_err struct err err = { 0 };

	if (unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return 77;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(keep, at, NULL, MS_BIND, NULL) < 0)
		return 77;
	if (rm_rf(tree, &err) != -EXDEV)
		return 1;
	if (!err.msg || !strstr(err.msg, "something is mounted there"))
		return 2;
	return rm_rf(at, NULL) == -EXDEV ? 0 : 3;
}

TEST_OR_SKIP(removal_stops_at_mounts)
{
	auto_free char *keep = path_join(*state, "keep"), *file = path_join(keep, "f");
	auto_free char *tree = path_join(*state, "tree"), *at = path_join(tree, "mnt");
	int status;
	pid_t pid;

	assert_int_equal(mkdir_p(keep, 0700, NULL), 0);
	assert_int_equal(mkdir_p(at, 0700, NULL), 0);
	assert_int_equal(file_publish(file, "x", 1, 0600, NULL), 0);
	pid = fork();
	if (!pid)
		_exit(remove_below_a_bind_mount(keep, at, tree));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(access(file, F_OK), 0);
	if (WEXITSTATUS(status) == 77) {
		print_message("no mounts of its own are allowed here\n");
		return false;
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	return true;
}

static void mkdir_p_says_what_is_in_the_way(void **state)
{
	auto_free char *file = path_join(*state, "f"), *below = path_join(file, "a/b");
	auto_err struct err err = { 0 };

	assert_int_equal(file_publish(file, "", 0, 0600, NULL), 0);
	assert_int_equal(mkdir_p(below, 0700, &err), -ENOTDIR);
	assert_int_equal(mkdir_p(file, 0700, &err), -EEXIST);
}

static void lock_excludes(void **state)
{
	auto_free char *path = path_join(*state, "lock");
	auto_close int fd = -1;
	int second;

	assert_int_equal(file_lock(path, &fd, NULL), 0);
	second = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(second, LOCK_EX | LOCK_NB), -1);
	fd = close_fd(fd);
	assert_int_equal(flock(second, LOCK_EX | LOCK_NB), 0);
	close(second);
}

/* In a child without rights: tries to remove a file of root's in a folder like /tmp. */
static int remove_as_nobody(const char *dir)
{
	auto_err struct err err = { 0 };

	if (setgid(65534) < 0 || setuid(65534) < 0)
		return 77;
	return rm_rf(dir, &err) == -EPERM && strstr(err.msg, "Operation not permitted") ? 0 : 1;
}

TEST_OR_SKIP(refused_removal_says_why)
{
	auto_free char *dir = path_join(*state, "sticky"), *file = path_join(dir, "f");
	int status;
	pid_t pid;

	if (getuid() != 0) {
		print_message("only root can become another\n");
		return false;
	}
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(chmod(dir, 01777), 0);
	assert_int_equal(chmod(*state, 0755), 0);
	assert_int_equal(file_publish(file, "x", 1, 0644, NULL), 0);
	pid = fork();
	if (!pid)
		_exit(remove_as_nobody(file));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return true;
}

/* In a child: waits for the lock; 0 if what it then has is what lies there. */
static int take_lock(const char *path)
{
	struct stat ours, there;
	int fd;

	if (file_lock(path, &fd, NULL) < 0 || fstat(fd, &ours) < 0 || stat(path, &there) < 0)
		return 1;
	return ours.st_ino != there.st_ino;
}

/* The cache may be deleted at any time, locks included. */
static void lock_removed_while_waited_for(void **state)
{
	auto_free char *path = path_join(*state, "lock");
	auto_close int fd = -1;
	int again = -1, status;
	pid_t pid;

	assert_int_equal(file_lock(path, &fd, NULL), 0);
	assert_int_equal(file_try_lock(path, &again, NULL), -EAGAIN);
	pid = fork();
	if (!pid) {
		close(fd); /* it is the parent's lock as long as any of us has it open */
		_exit(take_lock(path));
	}
	usleep(100000);
	assert_true(file_lock_holds(fd));
	assert_int_equal(unlink(path), 0);
	assert_false(file_lock_holds(fd));
	fd = close_fd(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void check_path(char *got, const char *want)
{
	assert_string_equal(got, want);
	free(got);
}

static void paths(void **state)
{
	auto_free char *cwd = getcwd(NULL, 0), *below = path_join(cwd, "x");

	check_path(path_join("a", "b"), "a/b");
	check_path(path_join("a//", "//b"), "a/b");
	check_path(path_join("/", "b"), "/b");
	check_path(path_join("", "b"), "b");
	check_path(path_join("a", ""), "a");
	check_path(path_join3("/top", "/etc", "x"), "/top/etc/x");
	assert_string_equal(path_base("a/b"), "b");
	assert_string_equal(path_base("b"), "b");
	check_path(path_dir("b"), ".");
	check_path(path_dir("/b"), "/");
	check_path(path_dir("a//b"), "a");
	check_path(path_abs("/a/./b//c/"), "/a/b/c");
	check_path(path_abs("/"), "/");
	check_path(path_abs("/../a"), "/../a");
	check_path(path_abs("./x"), below);
}

static void programs(void **state)
{
	auto_free char *file = path_join(*state, "tool"), *dir = path_join(*state, "folder");
	auto_free char *found = NULL, *sh = NULL;
	const char *const extra[] = { "/nowhere", *state, NULL };

	assert_int_equal(path_find_program("sh", NULL, &sh), 0);
	assert_true(str_ends(sh, "/sh"));
	assert_int_equal(file_publish(file, "x", 1, 0600, NULL), 0);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(path_find_program("tool", extra, &found), -ENOENT); /* not executable */
	assert_int_equal(chmod(file, 0700), 0);
	assert_int_equal(path_find_program("tool", NULL, &found), -ENOENT);
	assert_int_equal(path_find_program("tool", extra, &found), 0);
	assert_string_equal(found, file);
	assert_int_equal(path_find_program(dir, NULL, &found), -ENOENT);
	assert_int_equal(path_find_program("", NULL, &found), -ENOENT);
}

static void own_folders(void **state)
{
	auto_free char *xdg = path_join(*state, "xdg"), *want = path_join(xdg, "kiln/probe");
	auto_free char *home = path_join(*state, ".cache/kiln"), *got = NULL, *again = NULL;
	auto_free char *path = NULL, *there = NULL;
	struct stat st;

	setenv("XDG_CACHE_HOME", xdg, 1);
	setenv("HOME", *state, 1);
	assert_int_equal(dir_path(DIR_CACHE, &path, NULL), 0);
	assert_true(str_starts(want, path));
	there = path_existing(path);
	assert_string_equal(there, *state);
	assert_int_equal(dir_sub(DIR_CACHE, "probe", &got, NULL), 0);
	assert_string_equal(got, want);
	assert_int_equal(stat(want, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	setenv("XDG_CACHE_HOME", "", 1);
	assert_int_equal(dir_get(DIR_CACHE, &again, NULL), 0);
	assert_string_equal(again, home);
	unsetenv("XDG_CACHE_HOME");
}

/* As nobody, where root would be stopped by nothing. Exits with the number of what is wrong. */
static _Noreturn void use_cache(const char *want)
{
	auto_free char *path = NULL, *got = NULL, *xdg = NULL;
	auto_err struct err err = { 0 };

	if (getuid() == 0 && setresuid(65534, 65534, 65534) < 0)
		_exit(1);
	if (dir_path(DIR_CACHE, &path, NULL) < 0 || !str_starts(path, want))
		_exit(2);
	if (dir_get(DIR_CACHE, &got, NULL) < 0 || !str_eq(got, path))
		_exit(3);
	setenv("XDG_CACHE_HOME", getenv("HOME"), 1);
	if (dir_get(DIR_CACHE, &xdg, &err) != -EACCES || !err.hint)
		_exit(4);
	_exit(0);
}

/* What 'sudo kiln' leaves. */
static void cache_of_another_is_not_used(void **state)
{
	auto_free char *cache = path_join(*state, ".cache/kiln"), *tmp = path_join(*state, "tmp");
	auto_free char *kiln = path_join(*state, "kiln"), *want = xasprintf("%s/kiln-", tmp);
	int status = -1;
	pid_t pid;

	assert_int_equal(mkdir_p(cache, 0755, NULL), 0);
	assert_int_equal(chmod(cache, 0500), 0);
	assert_int_equal(mkdir(kiln, 0500), 0);
	assert_int_equal(mkdir(tmp, 0755), 0);
	assert_int_equal(chmod(tmp, 0777), 0);
	assert_int_equal(chmod(*state, 0755), 0);
	pid = fork();
	if (!pid) {
		unsetenv("XDG_CACHE_HOME");
		setenv("HOME", *state, 1);
		setenv("TMPDIR", tmp, 1);
		use_cache(want);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Someone else could have made the well-known name in a shared folder. */
static void runtime_folder_must_be_private(void **state)
{
	auto_free char *path = xasprintf("%s/kiln-%u", (char *)*state, (unsigned)getuid());
	auto_free char *got = NULL, *none = NULL;
	auto_err struct err err = { 0 };
	auto_free char *before = getenv("TMPDIR") ? xstrdup(getenv("TMPDIR")) : NULL;
	int open_to_all, private;

	setenv("TMPDIR", *state, 1);
	unsetenv("XDG_RUNTIME_DIR");
	mkdir(path, 0700);
	chmod(path, 0777);
	open_to_all = dir_get(DIR_RUNTIME, &none, &err);
	chmod(path, 0700);
	private = dir_get(DIR_RUNTIME, &got, NULL);
	if (before)
		setenv("TMPDIR", before, 1);
	else
		unsetenv("TMPDIR");
	assert_int_equal(open_to_all, -EPERM);
	assert_contains(err.hint, "XDG_RUNTIME_DIR");
	assert_int_equal(private, 0);
	assert_string_equal(got, path);
}

static void own_files_are_found(void **state)
{
	auto_free char *path = NULL, *none = NULL;
	auto_err struct err err = { 0 };

	/* this program runs from the build folder, whose source folder has data/meson.build */
	assert_done(dir_own_file("meson.build", &path, &err), &err);
	assert_true(str_ends(path, "/data/meson.build"));
	assert_int_equal(dir_own_file("no-such-file", &none, &err), -ENOENT);
	assert_contains(err.msg, "'no-such-file'");
}

static const char fake[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
static const char sha_abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static char *memory_path(const char *file)
{
	auto_free char *dir = NULL;
	auto_str struct str name = { 0 };
	struct file_id id;
	struct stat st;

	assert_int_equal(stat(file, &st), 0);
	id = file_id_of(&st);
	str_add_file_id(&name, &id);
	assert_int_equal(dir_sub(DIR_CACHE, "digest", &dir, NULL), 0);
	return path_join(dir, str_c(&name));
}

/*
 * An old file of the system, as no test can set a ctime. What is remembered is believed, which
 * shows that it was used; and OpenSSL was not loaded for it. Runs before any other test that
 * digests.
 */
static void digest_hit_reads_nothing(void **state)
{
	auto_free char *memory = NULL, *maps = NULL, *stored = NULL;
	char hex[DIGEST_HEX + 1];
	auto_err struct err err = { 0 };

	setenv("XDG_CACHE_HOME", *state, 1);
	memory = memory_path("/etc/passwd");
	assert_done(file_publish(memory, fake, DIGEST_HEX, 0600, &err), &err);
	assert_done(digest_file_cached("/etc/passwd", hex, &err), &err);
	assert_string_equal(hex, fake);
	maps = content("/proc/self/maps");
	assert_null(strstr(maps, "libcrypto"));

	/* a damaged memory is not believed, and mended */
	assert_done(file_publish(memory, "short", 5, 0600, &err), &err);
	assert_done(digest_file_cached("/etc/passwd", hex, &err), &err);
	assert_string_not_equal(hex, fake);
	stored = content(memory);
	assert_string_equal(stored, hex);
	unsetenv("XDG_CACHE_HOME");
}

static void digest_of_fresh_file_is_not_remembered(void **state)
{
	auto_free char *path = path_join(*state, "f"), *memory = NULL;
	char hex[DIGEST_HEX + 1];
	auto_err struct err err = { 0 };

	setenv("XDG_CACHE_HOME", *state, 1);
	assert_done(file_publish(path, "abc", 3, 0600, &err), &err);
	memory = memory_path(path);
	assert_done(digest_file_cached(path, hex, &err), &err);
	assert_string_equal(hex, sha_abc);
	assert_int_equal(access(memory, F_OK), -1);
	/* and nothing remembered is believed */
	assert_done(file_publish(memory, fake, DIGEST_HEX, 0600, &err), &err);
	assert_done(digest_file_cached(path, hex, &err), &err);
	assert_string_equal(hex, sha_abc);
	unsetenv("XDG_CACHE_HOME");
}

static void digest_needs_no_cache_folder(void **state)
{
	char hex[DIGEST_HEX + 1], direct[DIGEST_HEX + 1];
	auto_err struct err err = { 0 };
	auto_close int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	setenv("XDG_CACHE_HOME", "/proc/self/no", 1);
	assert_done(digest_file_cached("/etc/passwd", hex, &err), &err);
	unsetenv("XDG_CACHE_HOME");
	assert_done(digest_fd(fd, direct, &err), &err);
	assert_string_equal(hex, direct);
	assert_int_equal(digest_file_cached("/no/such", hex, &err), -ENOENT);
}

static void test_lock_shared(void **state)
{
	auto_free char *path = path_join(*state, "lock");
	auto_err struct err err = { 0 };
	int one = -1, two = -1, three = -1;

	assert_done(file_lock_shared(path, &one, &err), &err);
	assert_done(file_try_lock_shared(path, &two, &err), &err);
	assert_int_equal(file_try_lock(path, &three, &err), -EAGAIN);
	close_fd(one);
	assert_int_equal(file_try_lock(path, &three, &err), -EAGAIN);
	close_fd(two);
	assert_done(file_try_lock(path, &three, &err), &err);
	assert_int_equal(file_try_lock_shared(path, &one, &err), -EAGAIN);
	close_fd(three);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_lock_shared),
		scratch_test(digest_hit_reads_nothing),
		scratch_test(digest_of_fresh_file_is_not_remembered),
		scratch_test(digest_needs_no_cache_folder),
		scratch_test(publish_is_all_or_nothing),
		scratch_test(abort_leaves_nothing),
		scratch_test(failed_commit_leaves_nothing),
		scratch_test(a_device_is_not_replaced),
		scratch_test(publish_needs_the_folder),
		scratch_test(read_has_a_maximum),
		scratch_test(removal_does_not_follow_links),
		scratch_test(removal_stops_at_mounts),
		scratch_test(mkdir_p_says_what_is_in_the_way),
		scratch_test(refused_removal_says_why),
		scratch_test(lock_excludes),
		scratch_test(lock_removed_while_waited_for),
		cmocka_unit_test(paths),
		scratch_test(programs),
		scratch_test(own_folders),
		scratch_test(cache_of_another_is_not_used),
		scratch_test(runtime_folder_must_be_private),
		cmocka_unit_test(own_files_are_found),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
