/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What did not change since the last cell is taken from the store, and only that. */
#include "../unit/unit.h"

#include "build/copy.h"
#include "store/store.h"

#include <sys/stat.h>
#include <utime.h>

static const char first[] = "1111111111111111111111111111111111111111111111111111111111111111";
static const char second[] = "2222222222222222222222222222222222222222222222222222222222222222";

/* Long ago, as far as a test can say so: the time of change is the kernel's. */
static void put(const char *dir, const char *path, const char *text, mode_t mode)
{
	const struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	auto_free char *file = path_join(dir, path), *parent = path_dir(file);

	assert_int_equal(mkdir_p(parent, 0755, NULL), 0);
	assert_int_equal(file_publish(file, text, strlen(text), mode, NULL), 0);
	assert_int_equal(utimensat(AT_FDCWD, file, old, 0), 0);
}

/* Files that changed a moment ago are not remembered. */
static void settle(void)
{
	const struct timespec t = { .tv_sec = 2, .tv_nsec = 100000000 };

	nanosleep(&t, NULL);
}

static struct sto *open_store(const char *home)
{
	auto_free char *path = path_join(home, "store");
	auto_err struct err err = { 0 };
	struct sto *s = NULL;

	assert_done(sto_open(path, true, &s, &err), &err);
	return s;
}

/* How many files of a stage are objects already. */
static size_t linked_in(const char *dir, const char *const *paths)
{
	size_t n = 0;

	for (; *paths; paths++) {
		auto_free char *file = path_join(dir, *paths);
		struct stat st;

		if (stat(file, &st) < 0)
			fail_msg("'%s' is missing", file);
		n += st.st_nlink > 1;
	}
	return n;
}

static const char *const all[] = { "a/one", "a/two", "b/tool", NULL };

static int note(void *ctx, struct err *err)
{
	bld_known_note(ctx);
	return 0;
}

/* A cell of what lies in HOME/from; how many of its files came as links. */
static size_t cell(const char *home, struct sto *s, const char *id)
{
	auto_free char *from = path_join(home, "from"), *build = path_join(home, "build");
	struct bld_copy c = { .from = from, .how = BLD_AS_IT_IS };
	auto_err struct err err = { 0 };
	struct sto_stage *g = NULL;
	size_t n;

	assert_int_equal(mkdir_p(build, 0755, NULL), 0);
	assert_done(sto_stage_begin(s, id, &g, &err), &err);
	c.to = sto_stage_path(g);
	c.known = bld_known_read(build, g);
	assert_done(bld_copy_tree(&c, "", &err), &err);
	n = linked_in(c.to, all);
	sto_stage_prepare(g);
	sto_stage_last(g, note, c.known);
	assert_done(sto_stage_commit(g, NULL, &err), &err);
	bld_known_write(c.known);
	bld_known_free(c.known);
	return n;
}

static void expect_text(const struct sto *s, const char *id, const char *path, const char *text)
{
	auto_free char *dir = NULL, *file = NULL;
	auto_str struct str got = { 0 };

	assert_int_equal(sto_cell_path(s, id, &dir), 0);
	file = path_join(dir, path);
	assert_int_equal(file_read(AT_FDCWD, file, 100, &got, NULL), 0);
	assert_string_equal(str_c(&got), text);
}

static void fill(const char *home)
{
	put(home, "from/a/one", "1", 0644);
	put(home, "from/a/two", "2", 0600);
	put(home, "from/b/tool", "3", 0755);
}

/* More files than are synced one by one. */
static void much_is_synced(void **state)
{
	struct sto *s = open_store(*state);

	fill(*state);
	cell(*state, s, first);
	assert_false(sto_has_synced(s));
	for (int i = 0; i < 70; i++) {
		auto_free char *name = xasprintf("from/a/%d", i), *text = xasprintf("much %d", i);

		put(*state, name, text, 0644);
	}
	cell(*state, s, second);
	assert_true(sto_has_synced(s));
	sto_close(s);
}

static void nothing_changed(void **state)
{
	struct sto *s = open_store(*state);

	fill(*state);
	settle();
	assert_int_equal(cell(*state, s, first), 0);
	assert_int_equal(cell(*state, s, second), 3);
	expect_text(s, second, "a/two", "2");
	sto_close(s);
}

/* The same size and the same time of modification: the kernel's own time tells. */
static void one_changed(void **state)
{
	struct sto *s = open_store(*state);

	fill(*state);
	settle();
	cell(*state, s, first);
	put(*state, "from/a/two", "x", 0600);
	assert_int_equal(cell(*state, s, second), 2);
	expect_text(s, second, "a/two", "x");
	expect_text(s, first, "a/two", "2");
	sto_close(s);
}

static void just_written(void **state)
{
	struct sto *s = open_store(*state);

	fill(*state);
	assert_int_equal(cell(*state, s, first), 0);
	assert_int_equal(cell(*state, s, second), 0);
	sto_close(s);
}

/* Another store does not have the objects; a list that is not whole is none. */
static void not_there(void **state)
{
	auto_free char *other = path_join(*state, "other"),
		       *list = path_join(*state, "build/kiln-known");
	struct sto *s = open_store(*state), *t = NULL;
	auto_str struct str text = { 0 };

	fill(*state);
	settle();
	cell(*state, s, first);
	assert_int_equal(mkdir_p(other, 0755, NULL), 0);
	t = open_store(other);
	assert_int_equal(cell(*state, t, first), 0);
	expect_text(t, first, "b/tool", "3");
	sto_close(t);
	cell(*state, s, second);
	assert_int_equal(file_read(AT_FDCWD, list, 1 << 20, &text, NULL), 0);
	assert_int_equal(file_publish(list, str_c(&text), text.n / 2, 0600, NULL), 0);
	assert_int_equal(
		cell(*state, s, "3333333333333333333333333333333333333333333333333333333333333333"),
		0);
	sto_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(nothing_changed), scratch_test(one_changed),
		scratch_test(just_written),    scratch_test(not_there),
		scratch_test(much_is_synced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
