/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is removed from a build folder that a killed build left, by folders with files of chosen times. */
#include "../unit/unit.h"

#include "base/boot_id.h"
#include "build/kbuild.h"
#include "build/mark.h"

#include <sys/stat.h>

/* A file with some content, of so many milliseconds behind the beginning. */
static void put(const char *dir, const char *name, const char *content, int ms)
{
	auto_free char *path = path_join(dir, name), *parent = path_dir(path);
	const time_t begin = 1700000000;
	struct timespec t[2];
	auto_err struct err err = { 0 };

	ms += 10000; /* some are of before */
	t[0] = t[1] = (struct timespec){ begin + ms / 1000, (long)(ms % 1000) * 1000000 };
	assert_done(mkdir_p(parent, 0755, &err), &err);
	assert_done(file_publish(path, content, strlen(content), 0644, &err), &err);
	assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
}

static void mark(const char *dir, bool this_boot)
{
	auto_str struct str id = { 0 };

	if (this_boot)
		assert_int_equal(boot_id(&id, NULL), 0);
	str_adds(&id, "\n");
	put(dir, BLD_MARK, str_c(&id), 0);
}

static bool has(const char *dir, const char *name)
{
	auto_free char *path = path_join(dir, name);

	return !access(path, F_OK);
}

static void need(const char *dir, const char *name, bool there)
{
	if (has(dir, name) != there)
		fail_msg("%s is %s", name, there ? "gone" : "still there");
}

static void mend(const char *dir)
{
	auto_err struct err err = { 0 };

	assert_done(bld_kbuild_mend(dir, &err), &err);
	need(dir, BLD_MARK, false);
}

/* Made and told of, well before the end. */
static void put_whole(const char *dir, const char *name, int ms)
{
	auto_free char *parent = path_dir(name);
	auto_free char *cmd = xasprintf("%s/.%s.cmd", parent, path_base(name));

	put(dir, name, "x", ms);
	put(dir, cmd, "x", ms + 5);
}

static void nothing_to_mend(void **state)
{
	auto_free char *none = path_join(*state, "none");

	mend(*state);
	mend(none);
	put(*state, "lib/half.o", "x", 1000);
	mend(*state);
	need(*state, "lib/half.o", true);
}

static void killed(void **state)
{
	const char *d = *state;

	put(d, "lib/older.o", "x", -5000); /* without a .cmd; of an earlier build, none of ours */
	put_whole(d, "lib/before.o", -4000);
	mark(d, true);
	put_whole(d, "lib/done.o", 1000);
	put(d, "lib/.half.o.cmd", "x", -3000); /* an earlier build's */
	put(d, "lib/half.o", "x", 2000);
	put(d, "lib/untold.o", "x", 2500);
	put(d, "lib/generated.h", "x", 3000);
	put(d, "include/config/auto.conf", "x", 9500);
	put(d, ".config", "x", 9500);
	put(d, "lib/late.h", "x", 9000);
	put(d, "kiln-metadata.json", "x", 9500);
	put_whole(d, "lib/last.o", 9900);
	mend(d);
	need(d, "lib/older.o", true);
	need(d, "lib/before.o", true);
	need(d, "lib/.before.o.cmd", true);
	need(d, "lib/done.o", true);
	need(d, "lib/.done.o.cmd", true);
	need(d, "lib/half.o", false);
	need(d, "lib/.half.o.cmd", false);
	need(d, "lib/untold.o", false);
	need(d, "lib/generated.h", true);
	need(d, "include/config/auto.conf", true);
	need(d, ".config", true);
	need(d, "kiln-metadata.json", true);
	need(d, "lib/late.h", false);
	need(d, "lib/last.o", false);
	need(d, "lib/.last.o.cmd", false);
}

/* objtool behind the .cmd: newer is usual then, and only the last seconds count. */
static void usually_newer(void **state)
{
	const char *d = *state;

	mark(d, true);
	for (int i = 0; i < 30; i++) {
		auto_free char *o = xasprintf("lib/%d.o", i), *cmd = xasprintf("lib/.%d.o.cmd", i);

		put(d, cmd, "x", 100 * i);
		put(d, o, "x", 100 * i + 20);
	}
	put_whole(d, "lib/end.o", 60000);
	mend(d);
	need(d, "lib/0.o", true);
	need(d, "lib/29.o", true);
	need(d, "lib/end.o", false);
}

static void power_lost(void **state)
{
	const char *d = *state;

	mark(d, false);
	put_whole(d, "lib/early.o", 1000);
	put(d, "lib/empty.h", "", 1000);
	put_whole(d, "lib/minute.o", 240000);
	put(d, "include/config/auto.conf", "x", 240000);
	put_whole(d, "lib/last.o", 300000);
	mend(d);
	need(d, "lib/early.o", true);
	need(d, "lib/empty.h", false);
	need(d, "lib/minute.o", false);
	need(d, "include/config/auto.conf", false);
	need(d, "lib/last.o", false);
}

/* A second build does not make the first one's traces look like those of an orderly one. */
/* Killed before its first object: all that was begun is doubtful. */
static void killed_early(void **state)
{
	mark(*state, true);
	put(*state, "scripts/half.h", "x", 100);
	put(*state, "include/config/auto.conf", "x", 200);
	mend(*state);
	need(*state, "scripts/half.h", false);
	need(*state, "include/config/auto.conf", true);
}

static void mark_stays(void **state)
{
	struct stat was, is;
	auto_free char *path = path_join(*state, BLD_MARK);

	mark(*state, true);
	assert_int_equal(stat(path, &was), 0);
	assert_int_equal(bld_mark_set(*state, NULL), 1);
	assert_int_equal(stat(path, &is), 0);
	assert_int_equal(was.st_mtime, is.st_mtime);
	bld_mark_end(*state);
	need(*state, BLD_MARK, false);
	need(*state, BLD_UNSYNCED, true);
	assert_int_equal(bld_mark_set(*state, NULL), 0);
	need(*state, BLD_MARK, true);
}

/* make ended in order, the host went down before the disk had it all: the first build since then counts. */
static void power_lost_behind_the_end(void **state)
{
	const char *d = *state;

	put_whole(d, "lib/older.o", -5000);
	mark(d, false);
	bld_mark_end(d);
	put(d, BLD_MARK, "another\n", 20000);
	bld_mark_end(d);
	put_whole(d, "lib/early.o", 1000);
	put(d, "lib/empty.h", "", 2000);
	put_whole(d, "lib/last.o", 300000);
	mend(d);
	need(d, BLD_UNSYNCED, false);
	need(d, "lib/older.o", true);
	need(d, "lib/early.o", true);
	need(d, "lib/empty.h", false);
	need(d, "lib/last.o", false);
}

/* As long as the host runs all is in memory; and a build that is killed says nothing of those before it. */
static void unsynced_and_up(void **state)
{
	const char *d = *state;

	mark(d, true);
	bld_mark_end(d);
	put(d, "lib/empty.h", "", 1000);
	put_whole(d, "lib/last.o", 300000);
	mend(d);
	need(d, "lib/empty.h", true);
	need(d, "lib/last.o", true);
	need(d, BLD_UNSYNCED, true);
	put(d, BLD_MARK, "", 310000); /* of no boot: as power_lost() has it */
	put_whole(d, "lib/killed.o", 320000);
	mend(d);
	need(d, "lib/last.o", true);
	need(d, "lib/killed.o", false);
	need(d, BLD_UNSYNCED, false);
}

/* On the disk by somebody else's sync, where that was of the same one. */
static void synced(void **state)
{
	const char *d = *state;

	mark(d, false);
	bld_mark_end(d);
	bld_mark_synced(d, "/proc");
	need(d, BLD_UNSYNCED, true);
	bld_mark_synced(d, d);
	need(d, BLD_UNSYNCED, false);
	put_whole(d, "lib/last.o", 300000);
	mend(d);
	need(d, "lib/last.o", true);
}

/* All that was made since the tree may have changed, told of or not; nothing of before, and not the configuration. */
static void doubted(void **state)
{
	auto_err struct err err = { 0 };

	put_whole(*state, "kernel/old.o", -5000);
	put_whole(*state, "kernel/new.o", 2000);
	put(*state, "kernel/half.o", "x", 3000);
	put(*state, "usr/include/x.h", "x", 3000);
	put(*state, ".config", "x", 3000);
	put(*state, "kiln-build.log", "x", 3000);
	put(*state, "include/config/auto.conf", "x", 3000);
	assert_done(bld_kbuild_doubt(*state, INT64_C(1700000010) * 1000000000, &err), &err);
	need(*state, "kernel/old.o", true);
	need(*state, "kernel/new.o", false);
	need(*state, "kernel/.new.o.cmd", false);
	need(*state, "kernel/half.o", false);
	need(*state, "usr/include/x.h", false);
	need(*state, ".config", true);
	need(*state, "kiln-build.log", true);
	need(*state, "include/config/auto.conf", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(nothing_to_mend), scratch_test(killed),
		scratch_test(usually_newer),   scratch_test(power_lost),
		scratch_test(killed_early),    scratch_test(mark_stays),
		scratch_test(doubted),	       scratch_test(power_lost_behind_the_end),
		scratch_test(unsynced_and_up), scratch_test(synced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
