/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What gc takes and what it leaves. */
#include "cell.h"

static void used_at(struct sto *s, char digit, time_t used)
{
	const struct timespec times[] = { { .tv_sec = used }, { .tv_sec = used } };
	auto_free char *path = path_join3(sto_path(s), "used", id_of(digit).s);

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void put(struct sto *s, char digit, time_t used)
{
	auto_err struct err err = { 0 };

	assert_done(put_cell(s, digit, &err), &err);
	used_at(s, digit, used);
}

/* The first digits of the cells removed, in order. */
static void gc(struct sto *s, struct sto_gc how, const char *removed, struct sto_gc_result *ret)
{
	auto_err struct err err = { 0 };
	auto_str struct str got = { 0 };

	assert_done(sto_gc(s, &how, NULL, ret, &err), &err);
	for (size_t i = 0; i < ret->removed.n; i++)
		str_addc(&got, ret->removed.v[i][0]);
	assert_string_equal(str_c(&got), removed);
	sto_gc_result_release(ret);
	assert_clean(s);
}

static bool has(struct sto *s, char digit)
{
	auto_free char *path = NULL;

	return sto_cell_path(s, id_of(digit).s, &path) == 0;
}

static void test_age(void **state)
{
	struct sto *s = store_open(*state);
	struct sto_gc_result res = { 0 };
	auto_err struct err err = { 0 };
	int fd = -1;

	put(s, '1', 1000);
	put(s, '2', 900);
	put(s, '3', 1100);
	put(s, '4', 800);
	put(s, '5', 2000);
	assert_done(sto_ref_set(s, "kept", id_of('1').s, &err), &err);
	/* in use, since long ago */
	assert_done(sto_use(s, id_of('2').s, &fd, &err), &err);
	put(s, '2', 900);
	gc(s, (struct sto_gc){ 0 }, "", &res);
	assert_int_equal(res.objects, 0);
	gc(s, (struct sto_gc){ .older_than = 1500, .dry_run = true }, "43", &res);
	assert_int_equal(res.objects, 2);
	assert_true(has(s, '3'));
	gc(s, (struct sto_gc){ .older_than = 1500 }, "43", &res);
	assert_int_equal(res.objects, 2);
	assert_true(res.bytes > 0);
	assert_int_equal(count_in(sto_path(s), "used"), 3);
	close_fd(fd);
	gc(s, (struct sto_gc){ .older_than = 1500 }, "2", &res);
	assert_true(has(s, '1') && has(s, '5'));
	assert_done(sto_ref_remove(s, "kept", &err), &err);
	gc(s, (struct sto_gc){ .older_than = 1500 }, "1", &res);
	gc(s, (struct sto_gc){ .older_than = 2001 }, "5", &res);
	assert_int_equal(res.left_bytes, 0);
	sto_close(s);
}

/* What was published and has no name yet: who published it is about to give it one. */
static void test_committed(void **state)
{
	struct sto *s = store_open(*state), *other = store_open(*state);
	struct sto_gc_result res = { 0 };

	put(s, '1', 1000);
	gc(other, (struct sto_gc){ .all = true }, "", &res);
	put(s, '2', 1000);
	gc(other, (struct sto_gc){ .all = true }, "1", &res);
	sto_close(s);
	gc(other, (struct sto_gc){ .all = true }, "2", &res);
	sto_close(other);
}

/* A cell of its own 1 MiB. */
static void put_big(struct sto *s, char digit, time_t used)
{
	struct sto_stage *g = stage_with(s, digit, NULL);
	auto_free char *text = xmalloc((1 << 20) + 1);
	auto_err struct err err = { 0 };

	memset(text, digit, 1 << 20);
	text[1 << 20] = '\0';
	write_file(sto_stage_path(g), "big", text, 0644);
	assert_done(sto_stage_commit(g, NULL, &err), &err);
	used_at(s, digit, used);
}

static void test_quota(void **state)
{
	struct sto *s = store_open(*state);
	struct sto_gc_result res = { 0 };
	auto_err struct err err = { 0 };

	put_big(s, '1', 1000);
	put_big(s, '2', 900);
	put_big(s, '3', 1100);
	put_big(s, '4', 800);
	assert_done(sto_ref_set(s, "kept", id_of('4').s, &err), &err);
	gc(s, (struct sto_gc){ .quota = UINT64_C(9) << 20 }, "", &res);
	gc(s, (struct sto_gc){ .quota = UINT64_C(5) << 19 }, "21", &res);
	assert_false(res.over_quota);
	gc(s, (struct sto_gc){ .quota = 1 << 19 }, "3", &res);
	assert_true(res.over_quota);
	assert_true(has(s, '4'));
	sto_close(s);
}

/* What a kiln that was killed between objects and cell left; strangers are verify's. */
static void test_left(void **state)
{
	struct sto *s = store_open(*state);
	struct sto_gc_result res = { 0 };
	auto_err struct err err = { 0 };

	put(s, '1', 1000);
	write_file(sto_path(s),
		   "objects/01/0123456789012345678901234567890123456789012345678901234567890123",
		   "left", 0444);
	write_file(sto_path(s), "objects/01/stranger", "x", 0444);
	write_file(sto_path(s),
		   "used/2222222222222222222222222222222222222222222222222222222222222222", "",
		   0644);
	write_file(sto_path(s), "tmp/gc-9/file", "", 0644);
	assert_done(sto_gc(s, &(struct sto_gc){ 0 }, NULL, &res, &err), &err);
	assert_int_equal(res.objects, 1);
	assert_int_equal(res.removed.n, 0);
	assert_int_equal(count_in(sto_path(s), "objects/01"), 1);
	assert_int_equal(count_in(sto_path(s), "used"), 1);
	assert_int_equal(count_in(sto_path(s), "tmp"), 0);
	sto_gc_result_release(&res);
	sto_close(s);
}

/* What a damaged cell has is not known: nothing is removed that it may have. */
static void test_damaged(void **state)
{
	struct sto *s = store_open(*state);
	struct sto_gc_result res = { 0 };
	auto_err struct err err = { 0 };
	struct sto_cells cells = { 0 };

	put(s, '1', 1000);
	put(s, '2', 1000);
	write_file(
		sto_path(s),
		"cells/1111111111111111111111111111111111111111111111111111111111111111/.kiln/manifest",
		"?", 0444);
	assert_int_equal(sto_gc(s, &(struct sto_gc){ .older_than = 2000 }, NULL, &res, &err),
			 -EBADMSG);
	assert_contains(err.msg, "cell '111111111111'");
	assert_contains(err.hint, "--repair");
	assert_true(has(s, '2'));
	assert_done(sto_list(s, &cells, &err), &err);
	assert_int_equal(cells.n, 2);
	assert_true(cells.v[0].damaged && !cells.v[1].damaged);
	sto_cells_release(&cells);
	sto_close(s);
}

static void put_over(struct sto *s, char below, char digit)
{
	auto_err struct err err = { 0 };

	put(s, digit, 100);
	assert_done(sto_over_set(s, id_of(below).s, id_of(digit).s, &err), &err);
}

/* Modules that were built for a cell stay and go with it, however long ago that was. */
static void test_over(void **state)
{
	struct sto *s = store_open(*state);
	struct sto_gc_result res = { 0 };
	auto_strv struct strv names = { 0 };
	auto_err struct err err = { 0 };
	struct sto_faults faults = { 0 };
	char id[STO_ID + 1];
	int fd = -1;

	put(s, '1', 1000);
	put(s, '2', 2000);
	assert_int_equal(sto_over_get(s, id_of('1').s, id), -ENOENT);
	assert_int_equal(sto_over_set(s, id_of('9').s, id_of('2').s, &err), -ENOENT);
	put_over(s, '1', 'a');
	put_over(s, '2', 'b');
	assert_int_equal(sto_over_get(s, id_of('2').s, id), 0);
	assert_int_equal(id[0], 'b');
	assert_int_equal(sto_names(s, &names, NULL), 0);
	assert_int_equal(names.n, 2);
	gc(s, (struct sto_gc){ .older_than = 500 }, "", &res);
	/* replaced: an old cell as any other */
	put_over(s, '2', 'c');
	gc(s, (struct sto_gc){ .older_than = 500 }, "b", &res);
	gc(s, (struct sto_gc){ .older_than = 1500 }, "1a", &res);
	assert_int_equal(count_in(sto_path(s), "refs"), 1);
	/* a guest has them, but not the cell itself */
	assert_done(sto_use(s, id_of('c').s, &fd, &err), &err);
	gc(s, (struct sto_gc){ .older_than = 3000 }, "2", &res);
	assert_true(has(s, 'c'));
	close_fd(fd);
	/* what a gc that was killed behind the cell left */
	gc(s, (struct sto_gc){ 0 }, "c", &res);
	assert_int_equal(count_in(sto_path(s), "refs"), 0);
	/* repair takes the damaged modules alone */
	put(s, '1', 1000);
	put_over(s, '1', 'd');
	write_file(
		sto_path(s),
		"cells/dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd/.kiln/manifest",
		"?", 0444);
	assert_done(sto_verify(s, true, NULL, &faults, &err), &err);
	sto_faults_release(&faults);
	assert_clean(s);
	assert_true(has(s, '1') && !has(s, 'd'));
	assert_int_equal(sto_over_get(s, id_of('1').s, id), -ENOENT);
	put_over(s, '1', 'e');
	assert_done(sto_over_remove(s, id_of('1').s, &err), &err);
	gc(s, (struct sto_gc){ .older_than = 500 }, "e", &res);
	sto_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_age),	 scratch_test(test_committed), scratch_test(test_quota),
		scratch_test(test_left), scratch_test(test_damaged),   scratch_test(test_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
