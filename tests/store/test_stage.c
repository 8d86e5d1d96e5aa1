/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cells on their way into the store. */
#include "cell.h"

#include <sys/stat.h>

static struct stat look(struct sto *s, char digit, const char *path)
{
	auto_free char *cell = NULL, *whole = NULL;
	struct stat st;

	assert_int_equal(sto_cell_path(s, id_of(digit).s, &cell), 0);
	whole = path_join(cell, path);
	assert_int_equal(lstat(whole, &st), 0);
	return st;
}

static void assert_mode(struct stat st, mode_t mode)
{
	assert_int_equal(st.st_mode & 07777, mode);
	assert_int_equal(st.st_mtim.tv_sec, 1);
}

static void test_commit(void **state)
{
	struct sto *s = store_open(*state);
	auto_err struct err err = { 0 };
	struct stat one, two;

	umask(077);
	assert_done(put_cell(s, '1', &err), &err);
	umask(022);
	assert_done(put_cell(s, '2', &err), &err);
	one = look(s, '1', "boot/config");
	two = look(s, '2', "boot/config");
	assert_int_equal(one.st_ino, two.st_ino);
	assert_int_equal(one.st_nlink, 3);
	assert_int_not_equal(look(s, '1', "boot/image").st_ino, look(s, '2', "boot/image").st_ino);
	assert_mode(one, 0444);
	assert_mode(look(s, '1', "usr/tool"), 0555);
	assert_mode(look(s, '1', "boot"), 0755);
	assert_mode(look(s, '1', "."), 0755);
	assert_mode(look(s, '1', ".kiln/manifest"), 0444);
	assert_int_equal(count_in(sto_path(s), "tmp"), 0);
	assert_clean(s);
	sto_close(s);
}

/* Whatever a path or a link may be; and one content under several names, to be executed or not. */
static void test_odd(void **state)
{
	static const char *const names[] = { "a b", "a\nb", "a\\b", "a\tb", "\303\244\377",
					     "-",   "a-b",  "a.b",  "x/a",  "x-/b",
					     "x/-", " ",    "'",    "%s" };
	struct sto *s = store_open(*state);
	struct sto_stage *g = stage_with(s, '1', NULL);
	auto_err struct err err = { 0 };
	auto_free char *link = path_join(sto_stage_path(g), "link\n");
	auto_free char *empty = path_join(sto_stage_path(g), "empty/deep");

	for (size_t i = 0; i < countof(names); i++)
		write_file(sto_stage_path(g), names[i], i % 2 ? "odd" : "", i % 3 ? 0400 : 04711);
	assert_int_equal(symlink("nowhere at\nall", link), 0);
	assert_int_equal(mkdir_p(empty, 0700, NULL), 0);
	assert_int_equal(chmod(empty, 0), 0);
	assert_done(sto_stage_commit(g, NULL, &err), &err);
	assert_mode(look(s, '1', "a b"), 0555);
	assert_mode(look(s, '1', "a\nb"), 0444);
	assert_mode(look(s, '1', "empty/deep"), 0755);
	assert_true(S_ISLNK(look(s, '1', "link\n").st_mode));
	assert_clean(s);
	sto_close(s);
}

static void test_empty(void **state)
{
	struct sto *s = store_open(*state);
	auto_err struct err err = { 0 };

	assert_done(sto_stage_commit(stage_with(s, '1', NULL), NULL, &err), &err);
	assert_clean(s);
	sto_close(s);
}

/* A file that has another name elsewhere is not the store's to change. */
static void test_linked(void **state)
{
	struct sto *s = store_open(*state);
	struct sto_stage *g = stage_with(s, '1', NULL);
	auto_free char *from = path_join(*state, "mine"),
		       *to = path_join(sto_stage_path(g), "file");
	auto_err struct err err = { 0 };
	auto_free char *text = NULL;
	struct stat st;

	write_file(*state, "mine", "text", 0640);
	assert_int_equal(link(from, to), 0);
	assert_done(sto_stage_commit(g, NULL, &err), &err);
	assert_int_equal(stat(from, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(st.st_nlink, 1);
	write_file(*state, "mine", "later", 0640);
	text = read_text(
		sto_path(s),
		"cells/1111111111111111111111111111111111111111111111111111111111111111/file");
	assert_string_equal(text, "text");
	assert_clean(s);
	sto_close(s);
}

struct find {
	const char *path;
	struct sto_object found;
};

static void find(void *ctx, const char *path, const struct sto_object *o)
{
	struct find *f = ctx;

	if (str_eq(path, f->path))
		f->found = *o;
}

static struct sto_object object_of(struct sto *s, char digit, const char *path)
{
	struct find f = { .path = path };
	auto_err struct err err = { 0 };

	assert_done(sto_cell_files(s, id_of(digit).s, find, &f, &err), &err);
	assert_int_equal(strlen(f.found.hex), STO_ID);
	return f.found;
}

/* What is known to be an object is linked, unread; also where gc takes its name away meanwhile. */
static void test_known(void **state)
{
	struct sto *s = store_open(*state);
	auto_err struct err err = { 0 };
	struct sto_object config, tool, none;
	const struct sto_gc all = { .older_than = time(NULL) + 1000 };
	struct sto_gc_result res = { 0 };
	struct sto_stage *g;

	assert_done(put_cell(s, '1', &err), &err);
	config = object_of(s, '1', "boot/config");
	tool = object_of(s, '1', "usr/tool");
	none = config;
	none.hex[0] = none.hex[0] == '0' ? '1' : '0';
	assert_true(tool.exec && !config.exec);
	g = stage_with(s, '2', "own", "own", NULL);
	assert_int_equal(sto_stage_link(g, "config", &config, &err), 1);
	assert_int_equal(sto_stage_link(g, "tool", &tool, &err), 1);
	assert_int_equal(sto_stage_link(g, "none", &none, &err), 0);
	assert_done(sto_gc(s, &all, NULL, &res, &err), &err);
	assert_int_equal(res.removed.n, 1);
	sto_gc_result_release(&res);
	assert_done(sto_stage_commit(g, NULL, &err), &err);
	assert_mode(look(s, '2', "tool"), 0555);
	assert_mode(look(s, '2', "config"), 0444);
	assert_string_equal(object_of(s, '2', "config").hex, config.hex);
	assert_clean(s);
	g = stage_with(s, '3', NULL);
	assert_int_equal(sto_stage_link(g, "config", &config, &err), 1);
	assert_done(sto_stage_commit(g, NULL, &err), &err);
	assert_int_equal(look(s, '3', "config").st_ino, look(s, '2', "config").st_ino);
	assert_clean(s);
	sto_close(s);
}

/* One with the cell 1, and an object of that. */
static struct sto *store_with_cell(const char *home, struct sto_object *ret)
{
	struct sto *s = store_open(home);
	auto_err struct err err = { 0 };

	assert_done(put_cell(s, '1', &err), &err);
	*ret = object_of(s, '1', "boot/config");
	return s;
}

static void set_time(const char *path, time_t sec)
{
	const struct timespec times[] = { { .tv_sec = sec }, { .tv_sec = sec } };

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Until a change of what the objects lie in would show. */
static void rest(void)
{
	nanosleep(&(struct timespec){ .tv_sec = 2, .tv_nsec = 100000000 }, NULL);
}

/* A stage of folders of which nearly all is known, prepared. */
static struct sto_stage *prepared(struct sto *s, char digit, const struct sto_object *o)
{
	struct sto_stage *g = stage_with(s, digit, "a/b/own", "own", "c/own", "own too", NULL);
	auto_free char *link = path_join(sto_stage_path(g), "a/link");
	auto_err struct err err = { 0 };

	assert_int_equal(sto_stage_link(g, "a/one", o, &err), 1);
	assert_int_equal(sto_stage_link(g, "a/b/two", o, &err), 1);
	assert_int_equal(sto_stage_link(g, "c/three", o, &err), 1);
	assert_int_equal(symlink("one", link), 0);
	rest();
	sto_stage_prepare(g);
	return g;
}

static void remove_in(struct sto_stage *g, const char *path)
{
	auto_free char *whole = path_join(sto_stage_path(g), path);

	assert_int_equal(rm_rf(whole, NULL), 0);
}

static void no_file(struct sto *s, char digit, const char *path)
{
	auto_free char *cell = NULL, *whole = NULL;

	assert_int_equal(sto_cell_path(s, id_of(digit).s, &cell), 0);
	whole = path_join(cell, path);
	assert_int_equal(access(whole, F_OK), -1);
}

/* Whatever happens between the two, the cell has what the stage had in the end. */
static void test_prepared(void **state)
{
	struct sto_object config;
	struct sto *s = store_with_cell(*state, &config);
	struct sto_stage *g = prepared(s, '2', &config);
	auto_err struct err err = { 0 };

	assert_done(sto_stage_commit(g, NULL, &err), &err);
	assert_int_equal(look(s, '2', "a/b/two").st_ino, look(s, '1', "boot/config").st_ino);
	assert_mode(look(s, '2', "a/b/own"), 0444);
	assert_true(S_ISLNK(look(s, '2', "a/link").st_mode));
	assert_clean(s);

	g = prepared(s, '3', &config);
	write_file(sto_stage_path(g), "a/new", "new", 0644);
	write_file(sto_stage_path(g), "d/e/new", "new", 0755);
	/* replaced */
	remove_in(g, "a/b/two");
	write_file(sto_stage_path(g), "a/b/two", "other", 0644);
	/* gone, with all that is in it */
	remove_in(g, "c");
	assert_done(sto_stage_commit(g, NULL, &err), &err);
	assert_mode(look(s, '3', "a/new"), 0444);
	assert_mode(look(s, '3', "d/e/new"), 0555);
	assert_int_equal(look(s, '3', "a/b/two").st_size, 5);
	assert_int_equal(look(s, '3', "a/one").st_ino, look(s, '1', "boot/config").st_ino);
	no_file(s, '3', "c");
	assert_clean(s);
	sto_close(s);
}

/* The objects' names go between the two: they are given back. */
static void test_prepared_gc(void **state)
{
	struct sto_object config;
	struct sto *s = store_with_cell(*state, &config);
	struct sto_stage *g = prepared(s, '2', &config);
	const struct sto_gc all = { .older_than = time(NULL) + 1000 };
	struct sto_gc_result res = { 0 };
	auto_err struct err err = { 0 };

	assert_done(sto_gc(s, &all, NULL, &res, &err), &err);
	assert_int_equal(res.removed.n, 1);
	sto_gc_result_release(&res);
	assert_done(sto_stage_commit(g, NULL, &err), &err);
	assert_string_equal(object_of(s, '2', "a/one").hex, config.hex);
	assert_clean(s);
	sto_close(s);
}

/* The proof that what was prepared is used: a folder whose time says that nothing came is not looked at. */
static void test_prepared_is_used(void **state)
{
	struct sto_object config;
	struct sto *s = store_with_cell(*state, &config);
	struct sto_stage *g = prepared(s, '2', &config);
	auto_free char *folder = path_join(sto_stage_path(g), "a");
	struct find unseen = { .path = "a/unseen" };
	auto_err struct err err = { 0 };

	write_file(folder, "unseen", "unseen", 0644);
	set_time(folder, 1);
	assert_done(sto_stage_commit(g, NULL, &err), &err);
	assert_int_equal(object_of(s, '2', "a/one").hex[0], config.hex[0]);
	assert_done(sto_cell_files(s, id_of('2').s, find, &unseen, &err), &err);
	assert_string_equal(unseen.found.hex, "");
	sto_close(s);
}

/* A damaged object that was linked, and then found out, does not come back. */
static void test_known_damaged(void **state)
{
	struct sto *s = store_open(*state);
	auto_err struct err err = { 0 };
	struct sto_object config;
	struct sto_stage *g;
	auto_free char *object = NULL;

	assert_done(put_cell(s, '1', &err), &err);
	config = object_of(s, '1', "boot/config");
	g = stage_with(s, '2', NULL);
	assert_int_equal(sto_stage_link(g, "config", &config, &err), 1);
	object = xasprintf("%s/objects/%.2s/%s", sto_path(s), config.hex, config.hex);
	assert_int_equal(chmod(object, 0644), 0);
	write_file(sto_path(s), object + strlen(sto_path(s)) + 1, "other", 0444);
	assert_int_equal(unlink(object), 0);
	assert_int_equal(sto_stage_commit(g, NULL, &err), -EBADMSG);
	assert_contains(err.msg, "damaged");
	sto_close(s);
}

static void refused(struct sto_stage *g, int code, const char *words)
{
	auto_err struct err err = { 0 };

	assert_int_equal(sto_stage_commit(g, NULL, &err), code);
	assert_contains(err.msg, words);
}

static void test_refused(void **state)
{
	struct sto *s = store_open(*state);
	auto_err struct err err = { 0 };
	struct sto_stage *g = NULL;
	auto_free char *fifo = NULL;

	assert_int_equal(sto_stage_begin(s, "../x", &g, &err), -EINVAL);
	refused(stage_with(s, '1', ".kiln/manifest", "mine", NULL), -EEXIST, "of its own");
	g = stage_with(s, '1', NULL);
	fifo = path_join(sto_stage_path(g), "fifo");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	refused(g, -EINVAL, "'fifo' is no file, folder or link");
	assert_int_equal(count_in(sto_path(s), "cells"), 0);
	assert_int_equal(count_in(sto_path(s), "tmp"), 0);
	sto_close(s);
}

/* The same cell once more, and one that should be the same. */
static void test_again(void **state)
{
	struct sto *s = store_open(*state);
	auto_err struct err err = { 0 };

	assert_done(put_cell(s, '1', &err), &err);
	assert_done(put_cell(s, '1', &err), &err);
	refused(stage_with(s, '1', "boot/config", "CONFIG_X=y\n", "boot/image", "im2", NULL),
		-EEXIST, "differs in 'boot/image'");
	refused(stage_with(s, '1', "boot/config", "CONFIG_X=y\n", "boot/image", "im1", NULL),
		-EEXIST, "differs in 'usr'");
	/* how it was made may differ */
	assert_done(
		sto_stage_commit(stage_with(s, '2', "a", "a", ".kiln/log", "1", NULL), NULL, &err),
		&err);
	assert_done(
		sto_stage_commit(stage_with(s, '2', "a", "a", ".kiln/log", "2", NULL), NULL, &err),
		&err);
	refused(stage_with(s, '2', "a", "a", "b", "b", NULL), -EEXIST, "differs in 'b'");
	assert_clean(s);
	sto_close(s);
}

/* Content is not put beside an object that is not what its name says. */
static void test_damaged_object(void **state)
{
	struct sto *s = store_open(*state);
	auto_err struct err err = { 0 };
	auto_free char *config = NULL;

	assert_done(put_cell(s, '1', &err), &err);
	assert_int_equal(sto_cell_path(s, id_of('1').s, &config), 0);
	write_file(config, "boot/config", "CONFIG_X=n", 0444);
	refused(stage_with(s, '2', "boot/config", "CONFIG_X=y\n", NULL), -EBADMSG, "is damaged");
	sto_close(s);
}

/* What a dead one left goes; what lives stays. */
static void test_left(void **state)
{
	struct sto *s = store_open(*state);
	auto_err struct err err = { 0 };
	struct sto_stage *alive = stage_with(s, '1', "a", "a", NULL);
	auto_free char *unasked = NULL, *lock = NULL;

	write_file(sto_path(s), "tmp/dead.123456/cell/a", "a", 0644);
	write_file(sto_path(s), "tmp/dead.123457/lock", "", 0644);
	write_file(sto_path(s), "tmp/gc-1/boot/image", "a", 0644);
	write_file(sto_path(s), "tmp/file", "a", 0644);
	/* one whose lock cannot be asked may be alive */
	unasked = path_join(sto_path(s), "tmp/unasked");
	lock = path_join(unasked, "lock");
	assert_int_equal(mkdir(unasked, 0755), 0);
	assert_int_equal(symlink("nowhere", lock), 0);
	assert_int_equal(count_in(sto_path(s), "tmp"), 6);
	sto_stage_abort(stage_with(s, '2', NULL));
	assert_int_equal(count_in(sto_path(s), "tmp"), 2);
	assert_int_equal(rm_rf(unasked, NULL), 0);
	assert_done(sto_stage_commit(alive, NULL, &err), &err);
	assert_clean(s);
	sto_close(s);
}

static void on_progress(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	uint64_t *last = ctx;

	assert_string_equal(what, "publishing 111111111111");
	assert_true(done >= *last && done <= total);
	assert_int_equal(total, 5);
	*last = done;
}

static void test_progress(void **state)
{
	struct sto *s = store_open(*state);
	uint64_t last = 0;
	const struct sto_progress progress = { on_progress, &last };
	auto_err struct err err = { 0 };

	assert_done(
		sto_stage_commit(stage_with(s, '1', "a", "12", "b", "123", NULL), &progress, &err),
		&err);
	assert_int_equal(last, 5);
	sto_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_commit),	scratch_test(test_odd),
		scratch_test(test_empty),	scratch_test(test_linked),
		scratch_test(test_refused),	scratch_test(test_again),
		scratch_test(test_known),	scratch_test(test_known_damaged),
		scratch_test(test_left),	scratch_test(test_damaged_object),
		scratch_test(test_progress),	scratch_test(test_prepared),
		scratch_test(test_prepared_gc), scratch_test(test_prepared_is_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
