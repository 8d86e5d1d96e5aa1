/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tarballs as trees, also such as are made to do harm. */
#include "../kernel/home.h"
#include "../kernel/make.h"

#include "source/parts.h"

#define MAKEFILE "VERSION = 6\nPATCHLEVEL = 9\nSUBLEVEL = 1\nEXTRAVERSION = -rc3\n"
#define KEY	 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void add(struct str *b, const char *name, char type, const char *target)
{
	make_tar_entry(b, name, type, target, "x", type == '0' ? 1 : 0);
}

static void add_makefile(struct str *b, const char *name)
{
	make_tar_entry(b, name, '0', NULL, MAKEFILE, strlen(MAKEFILE));
}

/* b is ended. */
static int unpack(struct str *b, struct src_tree *ret, struct err *err)
{
	auto_close int fd = -1;

	make_tar_end(b);
	fd = make_fd(b->s, b->n);
	return src_unpack(fd, "linux.tar", KEY, NULL, ret, err);
}

static void is_link(const struct src_tree *t, const char *path, const char *target)
{
	auto_free char *at = path_join(t->path, path);
	char got[256] = "";

	assert_true(readlink(at, got, sizeof(got) - 1) > 0);
	assert_string_equal(got, target);
}

static void holds(const struct src_tree *t, const char *path, const char *text)
{
	auto_free char *at = path_join(t->path, path);
	auto_str struct str got = { 0 };

	assert_int_equal(file_read(AT_FDCWD, at, 1000, &got, NULL), 0);
	assert_string_equal(str_c(&got), text);
}

static void test_tree(void **state)
{
	auto_str struct str b = { 0 };
	struct src_tree t = SRC_TREE_NONE, again = SRC_TREE_NONE;
	auto_err struct err err = { 0 };

	add(&b, "linux-6.9/", '5', NULL);
	add_makefile(&b, "linux-6.9/Makefile");
	add(&b, "linux-6.9/arch/x86/a.h", '0', NULL);
	add(&b, "linux-6.9/scripts/dtc/x86", '2', "../../arch/x86");
	add(&b, "linux-6.9/same", '1', "linux-6.9/arch/x86/a.h");
	add(&b, "linux-6.9/dangling", '2', "arch/nowhere");
	assert_done(unpack(&b, &t, &err), &err);
	assert_string_equal(t.version, "6.9.1-rc3");
	assert_true(t.ours && t.hold >= 0 && str_starts(t.path, *state));
	holds(&t, "Makefile", MAKEFILE);
	holds(&t, "same", "x");
	holds(&t, "scripts/dtc/x86/a.h", "x");
	is_link(&t, "scripts/dtc/x86", "../../arch/x86");
	is_link(&t, "dangling", "arch/nowhere");
	assert_true(src_cached_find("sources", KEY, &again));
	assert_string_equal(again.digest, t.digest);
	assert_string_equal(again.path, t.path);
	src_tree_release(&t);
	src_tree_release(&again);
}

/* The same content has the same digest without a folder at the top. */
static void test_no_top(void **state)
{
	auto_str struct str a = { 0 }, b = { 0 };
	struct src_tree t = SRC_TREE_NONE;
	auto_free char *cache = path_join(*state, "cache2");
	auto_err struct err err = { 0 };
	char first[65];

	add_makefile(&a, "linux/Makefile");
	add(&a, "linux/l", '2', "Makefile");
	assert_done(unpack(&a, &t, &err), &err);
	memcpy(first, t.digest, sizeof(first));
	src_tree_release(&t);
	setenv("XDG_CACHE_HOME", cache, 1);
	add(&b, "./", '5', NULL);
	add_makefile(&b, "./Makefile");
	add(&b, "./l", '2', "Makefile");
	assert_done(unpack(&b, &t, &err), &err);
	assert_string_equal(t.digest, first);
	src_tree_release(&t);
}

/* Nothing of it is in the cache afterwards. */
static void refused(void **state, struct str *b, int code, const char *words)
{
	auto_free char *sources = path_join(*state, "cache/kiln/sources"),
		       *tree = path_join(sources, KEY), *tmp = xasprintf("%s.tmp", tree);
	struct src_tree t = SRC_TREE_NONE;
	auto_err struct err err = { 0 };

	assert_int_equal(unpack(b, &t, &err), code);
	assert_contains(err.msg, words);
	assert_contains(err.msg, "linux.tar");
	assert_null(t.path);
	assert_int_not_equal(access(tree, F_OK), 0);
	assert_int_not_equal(access(tmp, F_OK), 0);
}

static void test_hostile(void **state)
{
	static const struct {
		const char *name, *target;
		char type;
		const char *words;
	} entries[] = {
		{ "/linux/x", NULL, '0', "absolute" },
		{ "linux/../../x", NULL, '0', "leads out" },
		{ "..", NULL, '5', "leads out" },
		{ "linux/x", "/etc/passwd", '2', "leads out" },
		{ "linux/x", "../../x", '2', "leads out" },
		/* inside of the archive, but out of the tree */
		{ "linux/x", "../y", '2', "leads out" },
		{ "linux/x", "/etc/passwd", '1', "absolute" },
		{ "linux/x", "../x", '1', "leads out" },
		{ "linux/x", "linux/nowhere", '1', "not in the archive" },
		{ "linux/x", NULL, '3', "device" },
		{ "linux/x", NULL, '4', "device" },
		{ "linux/x", NULL, '6', "device" },
		{ "linux/a\nb", NULL, '0', "control" },
	};

	for (size_t i = 0; i < countof(entries); i++) {
		auto_str struct str b = { 0 };

		add_makefile(&b, "linux/Makefile");
		add(&b, entries[i].name, entries[i].type, entries[i].target);
		refused(state, &b, -EPERM, entries[i].words);
	}
}

/* Each alone looks harmless. */
static void test_hostile_chains(void **state)
{
	auto_str struct str up = { 0 }, through = { 0 }, before = { 0 }, twice = { 0 },
			    loop = { 0 };
	struct src_tree t = SRC_TREE_NONE;
	auto_err struct err err = { 0 };

	add_makefile(&up, "linux/Makefile");
	add(&up, "linux/a/b/top", '2', "../..");
	add(&up, "linux/a/b/out", '2', "top/../x");
	refused(state, &up, -EPERM, "leads out");

	add_makefile(&through, "linux/Makefile");
	add(&through, "linux/a/link", '2', "..");
	add(&through, "linux/a/link/file", '0', NULL);
	refused(state, &through, -EPERM, "in which there are others");

	add_makefile(&before, "linux/Makefile");
	add(&before, "linux/a/link/file", '0', NULL);
	add(&before, "linux/a/link", '2', "..");
	refused(state, &before, -EPERM, "in which there are others");

	add_makefile(&twice, "linux/Makefile");
	add(&twice, "linux/Makefile", '2', "x");
	refused(state, &twice, -EEXIST, "there twice");

	/* harmless: nothing can be reached by it */
	add_makefile(&loop, "linux/Makefile");
	add(&loop, "linux/a", '2', "b/..");
	add(&loop, "linux/b", '2', "a/..");
	assert_done(unpack(&loop, &t, &err), &err);
	src_tree_release(&t);
}

static void test_damaged(void **state)
{
	auto_str struct str cut = { 0 }, none = { 0 }, other = { 0 }, odd = { 0 };
	static const char words[] = "VERSION = 6\033[2J\n", block[1024];

	add_makefile(&cut, "linux/Makefile");
	make_tar_entry(&cut, "linux/x", '0', NULL, block, sizeof(block));
	cut.n = 1536 + 100;
	refused(state, &cut, -EBADMSG, "cannot unpack");
	str_adds(&none, "this is no tar at all, and quite a bit of text");
	refused(state, &none, -EBADMSG, "cannot unpack");
	add(&other, "linux/README", '0', NULL);
	{
		struct src_tree t = SRC_TREE_NONE;
		auto_err struct err err = { 0 };

		assert_int_equal(unpack(&other, &t, &err), -ENOENT);
		assert_contains(err.msg, "no kernel's source");
		make_tar_entry(&odd, "linux/Makefile", '0', NULL, words, strlen(words));
		assert_int_equal(unpack(&odd, &t, &err), -EINVAL);
	}
}

/* What is there but not whole is made anew. */
static void test_damaged_cache(void **state)
{
	auto_free char *dir = path_join3(*state, "cache/kiln/sources", KEY),
		       *record = path_join(dir, "digest"), *left = xasprintf("%s.tmp/x", dir);
	auto_str struct str b = { 0 };
	struct src_tree t = SRC_TREE_NONE;
	auto_err struct err err = { 0 };

	make_text("/", left, "what a killed one left");
	make_text("/", record, "kiln source 1\nnot a digest\n6.1\n");
	assert_false(src_cached_find("sources", KEY, &t));
	add_makefile(&b, "linux/Makefile");
	assert_done(unpack(&b, &t, &err), &err);
	holds(&t, "Makefile", MAKEFILE);
	src_tree_release(&t);
	assert_int_not_equal(access(left, F_OK), 0);
}

static void test_clean(void **state)
{
	struct src_tree t = { .path = xasprintf("%s/a tree", (char *)*state), .hold = -1 };
	auto_err struct err err = { 0 };
	auto_free char *hint = xasprintf("make -C '%s' mrproper", t.path);

	make_text(t.path, "Makefile", MAKEFILE);
	make_text(t.path, "arch/arm64/include/generated/x", "");
	assert_done(src_tree_check_clean(&t, "x86", &err), &err);
	assert_int_equal(src_tree_check_clean(&t, "arm64", &err), -EBUSY);
	assert_int_equal(src_tree_check_clean(&t, NULL, &err), -EBUSY);
	assert_contains(err.hint, hint);
	make_text(t.path, ".config", "");
	assert_int_equal(src_tree_check_clean(&t, "x86", &err), -EBUSY);
	assert_contains(err.msg, "'.config'");
	src_tree_release(&t);
}

static void test_unchanged(void **state)
{
	auto_free char *dir = path_join(*state, "tree");
	struct src_spec s = { 0 };
	struct src_tree t = SRC_TREE_NONE;
	auto_err struct err err = { 0 };

	make_text(dir, "Makefile", MAKEFILE);
	assert_done(src_spec_parse(dir, NULL, &s, &err), &err);
	assert_done(src_tree_open(&s, false, NULL, &t, &err), &err);
	assert_string_equal(t.origin, dir);
	assert_false(t.ours);
	assert_int_equal(src_tree_unchanged(&t, &err), 1);
	make_text(dir, "new", "");
	assert_int_equal(src_tree_unchanged(&t, &err), 0);
	src_tree_release(&t);
	src_spec_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		home_test(test_tree),	 home_test(test_no_top),
		home_test(test_hostile), home_test(test_hostile_chains),
		home_test(test_damaged), home_test(test_damaged_cache),
		home_test(test_clean),	 home_test(test_unchanged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
