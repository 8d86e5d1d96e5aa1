/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening stores, names of cells, what is listed. */
#include "cell.h"

#include <sys/wait.h>

static void test_open(void **state)
{
	auto_free char *path = path_join(*state, "a store"), *format = NULL;
	auto_err struct err err = { 0 };
	struct sto *s = NULL;

	assert_int_equal(sto_open(path, false, &s, &err), -ENOENT);
	assert_contains(err.msg, "there is no store in");
	assert_done(sto_open(path, true, &s, &err), &err);
	assert_string_equal(sto_path(s), path);
	format = read_text(path, "format");
	assert_string_equal(format, "kiln store 1\n");
	sto_close(s);
	assert_done(sto_open(path, false, &s, &err), &err);
	sto_close(s);
	write_file(path, "format", "kiln store 2\n", 0644);
	assert_int_equal(sto_open(path, true, &s, &err), -EINVAL);
	assert_contains(err.msg, "is no store of this kiln's form");
}

/* Whatever somebody has in a folder is not to be taken for garbage. */
static void test_open_other(void **state)
{
	auto_err struct err err = { 0 };
	struct sto *s = NULL;

	write_file(*state, "letter", "dear", 0644);
	assert_int_equal(sto_open(*state, true, &s, &err), -EEXIST);
	assert_contains(err.msg, "is no store, and not empty");
	assert_int_equal(count_in(*state, "."), 1);
}

/* As one that was killed while it made the store leaves it. */
static void test_open_half(void **state)
{
	auto_free char *path = path_join(*state, "store"), *tmp = path_join(path, "tmp");
	struct sto *s;

	write_file(path, "lock", "", 0644);
	write_file(path, ".format.tmp-123456", "kiln", 0644);
	sto_close(store_open(*state));
	assert_int_equal(rmdir(tmp), 0);
	s = store_open(*state);
	assert_int_equal(access(tmp, F_OK), 0);
	assert_clean(s);
	sto_close(s);
}

static void test_default(void **state)
{
	auto_free char *expected = path_join(*state, "data/kiln/store"), *data = NULL;
	auto_free char *other = path_join(*state, "other");
	auto_err struct err err = { 0 };
	struct sto *s = NULL;

	data = path_join(*state, "data");
	unsetenv("KILN_STORE");
	setenv("XDG_DATA_HOME", data, 1);
	assert_done(sto_open(NULL, true, &s, &err), &err);
	assert_string_equal(sto_path(s), expected);
	sto_close(s);
	setenv("KILN_STORE", other, 1);
	assert_done(sto_open(NULL, true, &s, &err), &err);
	assert_string_equal(sto_path(s), other);
	sto_close(s);
	unsetenv("KILN_STORE");
}

static void test_find(void **state)
{
	struct sto *s = store_open(*state);
	auto_free char *path = NULL, *text = NULL;
	auto_strv struct strv names = { 0 };
	auto_err struct err err = { 0 };
	char id[STO_ID + 1];

	assert_done(put_cell(s, '1', &err), &err);
	assert_done(put_cell(s, '2', &err), &err);
	assert_done(sto_ref_set(s, "v6.1/debug", id_of('1').s, &err), &err);
	assert_done(sto_find(s, "v6.1/debug", id, &err), &err);
	assert_string_equal(id, id_of('1').s);
	assert_done(sto_find(s, "22222222", id, &err), &err);
	assert_string_equal(id, id_of('2').s);
	assert_done(sto_find(s, id_of('1').s, id, &err), &err);
	assert_int_equal(sto_find(s, "2222222", id, &err), -ENOENT);
	assert_int_equal(sto_find(s, id_of('3').s, id, &err), -ENOENT);
	assert_int_equal(sto_find(s, "v6.1/debgu", id, &err), -ENOENT);
	assert_string_equal(err.hint, "did you mean 'v6.1/debug'?");
	assert_int_equal(sto_find(s, "../refs/v6.1/debug", id, &err), -ENOENT);
	assert_int_equal(sto_cell_path(s, id_of('3').s, &path), -ENOENT);
	assert_int_equal(sto_cell_path(s, "..", &path), -ENOENT);
	assert_int_equal(sto_cell_path(s, id_of('1').s, &path), 0);
	text = read_text(path, "boot/image");
	assert_string_equal(text, "im1");
	assert_done(sto_names(s, &names, &err), &err);
	assert_int_equal(names.n, 3);
	assert_string_equal(names.v[0], "v6.1/debug");
	assert_string_equal(names.v[2], "222222222222");
	sto_close(s);
}

/* Two IDs that begin alike. */
static void test_find_several(void **state)
{
	struct sto *s = store_open(*state);
	auto_err struct err err = { 0 };
	struct sto_stage *g = NULL;
	struct id other = id_of('1');
	char id[STO_ID + 1];

	other.s[20] = '2';
	assert_done(put_cell(s, '1', &err), &err);
	assert_done(sto_stage_begin(s, other.s, &g, &err), &err);
	assert_done(sto_stage_commit(g, NULL, &err), &err);
	assert_int_equal(sto_find(s, "11111111", id, &err), -EINVAL);
	assert_contains(err.msg, "several cells begin with");
	other.s[21] = '\0';
	assert_done(sto_find(s, other.s, id, &err), &err);
	sto_close(s);
}

static void test_refs(void **state)
{
	static const char *const bad[] = { "",	   "/a",  "a/",	  "a//b", ".a",	     "a/.b",
					   "a/..", "a b", "a\nb", "-a",	  "\303\244" };
	struct sto *s = store_open(*state);
	auto_err struct err err = { 0 };
	struct id one = id_of('1'), two = id_of('2');
	auto_free char *file = NULL;
	char id[STO_ID + 1];

	assert_done(put_cell(s, '1', &err), &err);
	assert_done(put_cell(s, '2', &err), &err);
	for (size_t i = 0; i < countof(bad); i++)
		assert_int_equal(sto_ref_set(s, bad[i], one.s, &err), -EINVAL);
	assert_int_equal(sto_ref_set(s, one.s, one.s, &err), -EINVAL);
	assert_int_equal(sto_ref_set(s, "a", id_of('3').s, &err), -ENOENT);
	assert_done(sto_ref_set(s, "a/b/c", one.s, &err), &err);
	assert_done(sto_ref_set(s, "a/b/c", two.s, &err), &err);
	assert_done(sto_find(s, "a/b/c", id, &err), &err);
	assert_string_equal(id, two.s);
	assert_int_equal(sto_ref_set(s, "a/b", one.s, &err), -EEXIST);
	assert_int_equal(sto_ref_set(s, "a/b/c/d", one.s, &err), -EEXIST);
	assert_int_equal(sto_ref_remove(s, "a/b", &err), -ENOENT);
	assert_done(sto_ref_remove(s, "a/b/c", &err), &err);
	assert_int_equal(sto_ref_remove(s, "a/b/c", &err), -ENOENT);
	/* the folders are gone with it */
	assert_done(sto_ref_set(s, "a", one.s, &err), &err);
	/* such as one that was killed before it removed it */
	write_file(sto_path(s), "refs/empty/file", "", 0644);
	file = path_join(sto_path(s), "refs/empty/file");
	assert_int_equal(unlink(file), 0);
	assert_done(sto_ref_set(s, "empty", one.s, &err), &err);
	assert_int_equal(count_in(sto_path(s), "tmp"), 0);
	assert_clean(s);
	sto_close(s);
}

static void touch_used(struct sto *s, char digit, time_t t)
{
	const struct timespec times[] = { { .tv_sec = t }, { .tv_sec = t } };
	auto_free char *path = path_join3(sto_path(s), "used", id_of(digit).s);

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void test_list(void **state)
{
	struct sto *s = store_open(*state);
	struct sto_cells cells = { 0 };
	auto_err struct err err = { 0 };

	assert_done(sto_list(s, &cells, &err), &err);
	assert_int_equal(cells.n, 0);
	assert_done(put_cell(s, '1', &err), &err);
	assert_done(put_cell(s, '2', &err), &err);
	assert_done(sto_ref_set(s, "b", id_of('2').s, &err), &err);
	assert_done(sto_ref_set(s, "a", id_of('2').s, &err), &err);
	touch_used(s, '1', 2000);
	touch_used(s, '2', 1000);
	assert_done(sto_list(s, &cells, &err), &err);
	assert_int_equal(cells.n, 2);
	assert_string_equal(cells.v[0].id, id_of('1').s);
	assert_int_equal(cells.v[0].used, 2000);
	assert_int_equal(cells.v[0].files, 3);
	assert_int_equal(cells.v[0].bytes, 11 + 3 + 10);
	assert_int_equal(cells.v[0].own_bytes, 3);
	assert_int_equal(cells.v[1].refs.n, 2);
	assert_string_equal(cells.v[1].refs.v[0], "a");
	sto_cells_release(&cells);
	sto_close(s);
}

/* Whoever uses a cell makes it the last used. */
static void test_use(void **state)
{
	struct sto *s = store_open(*state);
	struct sto_cells cells = { 0 };
	auto_err struct err err = { 0 };
	int fd = -1;

	assert_int_equal(sto_use(s, id_of('1').s, &fd, &err), -ENOENT);
	assert_int_equal(sto_use(s, "../..", &fd, &err), -EINVAL);
	assert_done(put_cell(s, '1', &err), &err);
	assert_done(put_cell(s, '2', &err), &err);
	touch_used(s, '1', 1000);
	touch_used(s, '2', 2000);
	assert_done(sto_use(s, id_of('1').s, &fd, &err), &err);
	close_fd(fd);
	assert_done(sto_list(s, &cells, &err), &err);
	assert_string_equal(cells.v[0].id, id_of('1').s);
	sto_cells_release(&cells);
	sto_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_open),      scratch_test(test_open_other),
		scratch_test(test_open_half), scratch_test(test_default),
		scratch_test(test_find),      scratch_test(test_find_several),
		scratch_test(test_refs),      scratch_test(test_list),
		scratch_test(test_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
