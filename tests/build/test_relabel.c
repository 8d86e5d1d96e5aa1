/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration of another name: what conf would write, and only where nothing else is another. */
#include "../unit/unit.h"

#include "build/relabel.h"

#include <sys/stat.h>

#define OLD "CONFIG_A=y\nCONFIG_LOCALVERSION=\"-one\"\nCONFIG_B=m\n"
#define NEW "CONFIG_A=y\nCONFIG_LOCALVERSION=\"-two.2\"\nCONFIG_B=m\n"

static void put(const char *dir, const char *path, const char *text)
{
	auto_free char *file = path_join(dir, path), *parent = path_dir(file);

	assert_int_equal(mkdir_p(parent, 0755, NULL), 0);
	assert_int_equal(file_publish(file, text, strlen(text), 0644, NULL), 0);
}

static void expect(const char *dir, const char *path, const char *text)
{
	auto_free char *file = path_join(dir, path);
	auto_str struct str got = { 0 };

	assert_int_equal(file_read(AT_FDCWD, file, 1 << 16, &got, NULL), 0);
	assert_string_equal(str_c(&got), text);
}

/* What conf leaves, with strings in auto.conf in quotes or without. */
static void fill(const char *dir, const char *in_auto)
{
	put(dir, ".config", OLD);
	put(dir, "include/config/auto.conf", in_auto);
	put(dir, "include/config/auto.conf.cmd", "deps\n");
	put(dir, "include/generated/autoconf.h",
	    "#define CONFIG_A 1\n#define CONFIG_LOCALVERSION \"-one\"\n");
	put(dir, "include/generated/rustc_cfg",
	    "--cfg=CONFIG_A\n--cfg=CONFIG_LOCALVERSION=\"-one\"\n");
}

static bool is_older(const char *dir, const char *a, const char *b)
{
	auto_free char *pa = path_join(dir, a), *pb = path_join(dir, b);
	struct stat sa, sb;

	assert_int_equal(stat(pa, &sa), 0);
	assert_int_equal(stat(pb, &sb), 0);
	return sa.st_mtim.tv_sec < sb.st_mtim.tv_sec ||
	       (sa.st_mtim.tv_sec == sb.st_mtim.tv_sec && sa.st_mtim.tv_nsec < sb.st_mtim.tv_nsec);
}

static void by_name(void **state)
{
	static const char *const later[] = { "include/config/auto.conf",
					     "include/config/auto.conf.cmd",
					     "include/config/LOCALVERSION",
					     "include/generated/autoconf.h",
					     "include/generated/rustc_cfg" };
	auto_err struct err err = { 0 };

	fill(*state, "CONFIG_A=y\nCONFIG_LOCALVERSION=-one\nCONFIG_B=m\n");
	assert_int_equal(bld_relabel(*state, OLD, NEW, &err), 1);
	expect(*state, ".config", NEW);
	expect(*state, "include/config/auto.conf",
	       "CONFIG_A=y\nCONFIG_LOCALVERSION=-two.2\nCONFIG_B=m\n");
	expect(*state, "include/generated/autoconf.h",
	       "#define CONFIG_A 1\n#define CONFIG_LOCALVERSION \"-two.2\"\n");
	expect(*state, "include/generated/rustc_cfg",
	       "--cfg=CONFIG_A\n--cfg=CONFIG_LOCALVERSION=\"-two.2\"\n");
	/* make runs conf for what is older than .config */
	for (size_t i = 0; i < countof(later); i++)
		assert_false(is_older(*state, later[i], ".config"));
}

static void quoted(void **state)
{
	auto_err struct err err = { 0 };

	fill(*state, "CONFIG_LOCALVERSION=\"-one\"\n");
	assert_int_equal(bld_relabel(*state, OLD, NEW, &err), 1);
	expect(*state, "include/config/auto.conf", "CONFIG_LOCALVERSION=\"-two.2\"\n");
}

static void untouched(void **state, const char *now)
{
	auto_err struct err err = { 0 };

	assert_int_equal(bld_relabel(*state, OLD, now, &err), 0);
	expect(*state, ".config", OLD);
	expect(*state, "include/config/auto.conf", "CONFIG_LOCALVERSION=-one\n");
}

static void other_differences(void **state)
{
	fill(*state, "CONFIG_LOCALVERSION=-one\n");
	untouched(state, "CONFIG_A=m\nCONFIG_LOCALVERSION=\"-two.2\"\nCONFIG_B=m\n");
	untouched(state, "CONFIG_A=y\nCONFIG_LOCALVERSION=\"-two.2\"\nCONFIG_B=y\n");
	untouched(state, "CONFIG_A=y\nCONFIG_LOCALVERSION=\"-two\\\"\"\nCONFIG_B=m\n");
	untouched(state, "CONFIG_A=y\nCONFIG_B=m\n");
	put(*state, "include/generated/autoconf.h", "#define CONFIG_LOCALVERSION \"-other\"\n");
	untouched(state, NEW);
}

static void nothing_there(void **state)
{
	auto_err struct err err = { 0 };

	assert_int_equal(bld_relabel(*state, OLD, NEW, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(by_name),
		scratch_test(quoted),
		scratch_test(other_differences),
		scratch_test(nothing_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
