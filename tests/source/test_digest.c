/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Digests of trees and the index behind them. What a file's times cannot tell is read anew, so a test that wants something
 * remembered writes the index as it would be in two seconds.
 */
#include "../kernel/home.h"
#include "../kernel/make.h"

#include "source/digest.h"
#include "source/index.h"

#include <time.h>

static char *tree_of(void **state)
{
	return path_join(*state, "tree");
}

static void put(void **state, const char *path, const char *text)
{
	auto_free char *tree = tree_of(state);

	make_text(tree, path, text);
}

static void put_link(void **state, const char *path, const char *target)
{
	auto_free char *tree = tree_of(state), *at = path_join(tree, path);

	assert_int_equal(symlink(target, at), 0);
}

static void drop(void **state, const char *path)
{
	auto_free char *tree = tree_of(state), *at = path_join(tree, path);
	auto_err struct err err = { 0 };

	assert_done(rm_rf(at, &err), &err);
}

static const char *digest(void **state)
{
	static char hex[65];
	auto_free char *tree = tree_of(state);
	auto_err struct err err = { 0 };

	assert_done(src_digest(tree, NULL, hex, NULL, &err), &err);
	return hex;
}

static void keep(char to[65], const char *hex)
{
	memcpy(to, hex, 65);
}

/* What src_digest() says without any memory. */
static void is_right(void **state)
{
	auto_free char *tree = tree_of(state);
	auto_err struct err err = { 0 };
	char once[65];

	assert_done(src_digest_once(tree, NULL, once, &err), &err);
	assert_string_equal(digest(state), once);
}

static void fill(void **state)
{
	put(state, "Makefile", "VERSION = 6\n");
	put(state, "a/b", "in a");
	put(state, "a.c", "beside a");
	put(state, "a/empty", "");
	put_link(state, "a/link", "../a.c");
}

static void sha256(const char *text, char hex[65])
{
	auto_err struct err err = { 0 };

	assert_done(digest_text(text, hex, &err), &err);
}

/* By the words of digest.h. */
static void test_form(void **state)
{
	static const struct {
		const char *path, *content;
		char type;
	} files[] = {
		{ "Makefile", "VERSION = 6\n", 'F' },
		{ "a.c", "beside a", 'X' },
		{ "a/b", "in a", 'F' },
		{ "a/empty", "", 'F' },
		{ "a/link", "../a.c", 'L' },
	};
	auto_str struct str all = { 0 };
	auto_free char *tree = tree_of(state), *x = path_join(tree, "a.c");
	auto_close int fd = -1;
	char hex[65];

	fill(state);
	assert_int_equal(chmod(x, 0755), 0);
	for (size_t i = 0; i < countof(files); i++) {
		sha256(files[i].content, hex);
		str_addf(&all, "%c%s%s", files[i].type, hex, files[i].path);
		str_add(&all, "", 1);
	}
	fd = make_fd(all.s, all.n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(digest_fd(fd, hex, NULL), 0);
	assert_string_equal(digest(state), hex);
}

static void test_what_counts(void **state)
{
	auto_free char *tree = tree_of(state), *x = path_join(tree, "a/b"),
		       *empty = path_join(tree, "new"), *fifo = path_join(tree, "fifo");
	char first[65];

	fill(state);
	keep(first, digest(state));
	put(state, ".git/HEAD", "x");
	put(state, "a/b~", "x");
	put(state, "a/.b.swp", "x");
	put(state, "tags", "x");
	put(state, "scripts/__pycache__/x.pyc", "x");
	assert_int_equal(mkdir(empty, 0755), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_string_equal(digest(state), first);
	is_right(state);
	put(state, "a/tags", "counts");
	assert_string_not_equal(digest(state), first);
	drop(state, "a/tags");
	assert_string_equal(digest(state), first);
	assert_int_equal(chmod(x, 0755), 0);
	assert_string_not_equal(digest(state), first);
	assert_int_equal(chmod(x, 0640), 0);
	assert_string_equal(digest(state), first);
	drop(state, "a/link");
	put_link(state, "a/link", "../a.d");
	assert_string_not_equal(digest(state), first);
	is_right(state);
}

/* All kinds of changes, one after the other, without waiting: what is new is always read. */
static void test_changes(void **state)
{
	char last[65] = "";

	fill(state);
	for (int i = 0; i < 9; i++) {
		switch (i) {
		case 1:
			put(state, "a/b", "IN A"); /* as long as before */
			break;
		case 2:
			drop(state, "a/b");
			break;
		case 3:
			put(state, "a/b/c", "a folder now");
			break;
		case 4:
			put(state, "z/z/z", "deep");
			break;
		case 5:
			drop(state, "a");
			break;
		case 6:
			put(state, "a", "a file now");
			break;
		case 7:
			put(state, "0", "first of all");
			break;
		case 8:
			drop(state, "z");
			break;
		default:
			break;
		}
		is_right(state);
		assert_string_not_equal(digest(state), last);
		keep(last, digest(state));
	}
}

static void load(void **state, struct src_index *ret, char **ret_path)
{
	auto_free char *tree = tree_of(state), *real = realpath(tree, NULL);
	auto_err struct err err = { 0 };

	assert_done(src_index_path(real, ret_path, &err), &err);
	assert_true(src_index_load(*ret_path, ret));
}

static void id_of(const char *path, struct file_id *ret)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	*ret = file_id_of(&st);
}

/* Gives each entry the identity that it would have got if all had rested. */
static void settle(const struct src_index *x, struct src_entry *e, const char *path)
{
	id_of(path, &e->id);
	for (uint32_t i = 0; e->type == 'D' && i < e->n; i++) {
		struct src_entry *child = &x->v[e->first + i];
		auto_free char *below = path_join(path, src_index_name(x, child));

		settle(x, child, below);
	}
}

static void store(const struct src_index *x, const char *path)
{
	auto_str struct str bytes = { 0 };
	auto_err struct err err = { 0 };

	src_index_format(x, &bytes);
	assert_done(file_publish(path, bytes.s, bytes.n, 0600, &err), &err);
}

static void settle_all(void **state)
{
	auto_free char *tree = tree_of(state), *path = NULL;
	auto_index struct src_index x = { 0 };

	load(state, &x, &path);
	settle(&x, &x.v[0], tree);
	store(&x, path);
}

/* The proof that an index is used: one whose sums are wrong is believed, and none that is damaged. */
static void test_memory(void **state)
{
	auto_free char *path = NULL;
	auto_index struct src_index x = { 0 };
	auto_str struct str bytes = { 0 };
	char right[65];

	fill(state);
	keep(right, digest(state));
	settle_all(state);
	assert_string_equal(digest(state), right);
	load(state, &x, &path);
	memset(x.total, 0xee, sizeof(x.total));
	store(&x, path);
	assert_string_equal(digest(state),
			    "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
	put(state, "a/new", "changed");
	is_right(state);
	drop(state, "a/new");
	assert_string_equal(digest(state), right);

	settle_all(state);
	assert_int_equal(file_read(AT_FDCWD, path, 1 << 20, &bytes, NULL), 0);
	for (size_t i = 0; i < bytes.n; i++) {
		auto_index struct src_index damaged = { 0 };

		bytes.s[i] ^= 1;
		assert_false(src_index_parse(bytes.s, bytes.n, &damaged));
		bytes.s[i] ^= 1;
	}
	bytes.s[bytes.n / 2] ^= 1;
	assert_int_equal(file_publish(path, bytes.s, bytes.n, 0600, NULL), 0);
	assert_string_equal(digest(state), right);
	assert_int_equal(truncate(path, 100), 0);
	assert_string_equal(digest(state), right);
}

/* What was changed less than two seconds ago is not known; nor is what will have been changed tomorrow. */
static void test_not_rested(void **state)
{
	auto_free char *tree = tree_of(state), *file = path_join(tree, "Makefile"), *path = NULL;
	struct timespec tomorrow = { .tv_sec = time(NULL) + 24 * 60 * 60 };
	auto_index struct src_index x = { 0 };
	size_t seen = 0;

	fill(state);
	assert_int_equal(utimensat(AT_FDCWD, file, (struct timespec[]){ tomorrow, tomorrow }, 0),
			 0);
	digest(state);
	load(state, &x, &path);
	for (size_t i = 0; i < x.n; i++) {
		if (!str_eq(src_index_name(&x, &x.v[i]), "Makefile"))
			continue;
		assert_int_equal(x.v[i].id.ino, 0);
		seen++;
	}
	assert_int_equal(seen, 1);
}

/* Looked at once more, and nothing written down. */
static void test_now(void **state)
{
	auto_free char *tree = tree_of(state), *path = NULL;
	auto_index struct src_index before = { 0 }, after = { 0 };
	auto_err struct err err = { 0 };
	char now[65];

	fill(state);
	digest(state);
	settle_all(state);
	load(state, &before, &path);
	free(take_ptr(path));
	put(state, "a/b", "other");
	assert_done(src_digest_now(tree, now, &err), &err);
	load(state, &after, &path);
	assert_memory_equal(before.total, after.total, sizeof(before.total));
	is_right(state);
	assert_string_equal(digest(state), now);
}

/* In a tree all of whose files are known, each change alone. */
static void test_known_tree(void **state)
{
	auto_free char *tree = tree_of(state), *b = path_join(tree, "a/b"),
		       *c = path_join(tree, "a/c");
	char right[65];

	fill(state);
	keep(right, digest(state));
	settle_all(state);
	put(state, "a/b", "IN A");
	is_right(state);
	put(state, "a/b", "in a");
	assert_string_equal(digest(state), right);
	settle_all(state);
	assert_int_equal(rename(b, c), 0);
	is_right(state);
	assert_string_not_equal(digest(state), right);
	assert_int_equal(rename(c, b), 0);
	assert_string_equal(digest(state), right);
	settle_all(state);
	drop(state, "a/link");
	is_right(state);
	/* a folder that has not rested, with files that have */
	settle_all(state);
	put(state, "a/new", "x");
	is_right(state);
	drop(state, "a/new");
	is_right(state);
	put(state, "a/other", "x");
	is_right(state);
}

static void change(void **state, unsigned *seed)
{
	static const char *const paths[] = { "Makefile", "a/b",	  "a/new", "a/empty", "a/d/e",
					     "a/d/f",	 "x/y/z", "x/y/w", "x/v",     "a.c" };
	auto_free char *tree = tree_of(state);
	const char *path = paths[(unsigned)rand_r(seed) % countof(paths)];
	auto_free char *at = path_join(tree, path), *dir = path_dir(at),
		       *aside = path_join(dir, "aside"), *text = xasprintf("%d", rand_r(seed) % 3);

	switch (rand_r(seed) % 8) {
	case 0:
		drop(state, path);
		break;
	case 1: /* mode alone */
		if (access(at, F_OK) == 0)
			assert_int_equal(chmod(at, rand_r(seed) % 2 ? 0755 : 0644), 0);
		break;
	case 2:
		drop(state, path);
		if (access(dir, F_OK) == 0)
			put_link(state, path, text);
		break;
	case 3: /* a folder in place of a file */
		drop(state, path);
		assert_int_equal(mkdir_p(at, 0755, NULL), 0);
		break;
	case 4: /* the name of a folder goes, and what was in it */
		if (rename(dir, aside) == 0)
			drop(state, aside);
		break;
	default: /* as editors do: another file of that name */
		drop(state, path);
		put(state, path, text);
	}
}

/* Any changes, one behind the other, some of them while what was changed before has not rested. */
static void test_any_changes(void **state)
{
	unsigned seed = 4;
	size_t differ = 0;
	char last[65] = "";

	fill(state);
	for (int i = 0; i < 600; i++) {
		for (int n = rand_r(&seed) % 3; n >= 0; n--)
			change(state, &seed);
		is_right(state);
		differ += !str_eq(last, digest(state));
		keep(last, digest(state));
		if (rand_r(&seed) % 2)
			settle_all(state);
	}
	assert_true(differ > 200);
}

/* Enough of them that several processes look. */
static void test_many(void **state)
{
	char right[65];

	for (int i = 0; i < 8100; i++) {
		auto_free char *path = xasprintf("d%d/e%d/f%d", i % 7, i % 31, i);

		put(state, path, "x");
	}
	keep(right, digest(state));
	settle_all(state);
	assert_string_equal(digest(state), right);
	for (int i = 10; i < 8100; i += 4001) {
		auto_free char *path = xasprintf("d%d/e%d/f%d", i % 7, i % 31, i);

		put(state, path, "y");
		assert_string_not_equal(digest(state), right);
		put(state, path, "x");
		assert_string_equal(digest(state), right);
		settle_all(state);
	}
}

static void test_unreadable(void **state)
{
	auto_free char *tree = tree_of(state), *nowhere = path_join(*state, "nowhere");
	auto_err struct err err = { 0 };
	char hex[65];

	assert_int_equal(src_digest(nowhere, NULL, hex, NULL, &err), -ENOENT);
	assert_contains(err.msg, "nowhere");
	put(state, "a/b", "x");
	if (geteuid() == 0)
		return;
	assert_int_equal(chmod(tree, 0), 0);
	assert_int_equal(src_digest(tree, NULL, hex, NULL, &err), -EACCES);
	assert_int_equal(chmod(tree, 0700), 0);
}

/* A cache that cannot be written to makes it slow, not wrong. */
static void test_no_cache(void **state)
{
	char right[65];

	fill(state);
	keep(right, digest(state));
	setenv("XDG_CACHE_HOME", "/proc/nowhere", 1);
	assert_string_equal(digest(state), right);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		home_test(test_form),	    home_test(test_what_counts), home_test(test_changes),
		home_test(test_memory),	    home_test(test_not_rested),	 home_test(test_now),
		home_test(test_known_tree), home_test(test_any_changes), home_test(test_many),
		home_test(test_unreadable), home_test(test_no_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
