/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects carried over to another release: only those of which two were seen to differ by it alone, and that make would keep. */
#include "../unit/unit.h"

#include "build/carry.h"

#include <sys/stat.h>
#include <time.h>

#define ONE   "6.1.9-guest-000000000001"
#define TWO   "6.1.9-guest-0000000000a2"
#define THREE "6.1.9-guest-b00000000003"

#define CMD                                         \
	"cmd_dir/x.o := gcc -c -o dir/x.o x.c\n\n"  \
	"source_dir/x.o := SRC/x.c\n\n"             \
	"deps_dir/x.o := \\\n"                      \
	"    $(wildcard include/config/THING) \\\n" \
	"  SRC/x.h \\\n"                            \
	"  include/generated/utsrelease.h \\\n\n"   \
	"dir/x.o: $(deps_dir/x.o)\n\n"              \
	"$(deps_dir/x.o):\n"                        \
	"#SYMVER thing 0x12345678\n"                \
	"\ndir/x.o: $(wildcard ./tools/objtool/objtool)\n"

struct folder {
	const char *dir;
	char *build, *tree;
};

static void put_bytes(const struct folder *f, const char *path, const char *data, size_t n)
{
	auto_free char *file = path_join(f->build, path), *parent = path_dir(file);

	assert_int_equal(mkdir_p(parent, 0755, NULL), 0);
	assert_int_equal(file_publish(file, data, n, 0644, NULL), 0);
}

static void put(const struct folder *f, const char *path, const char *text)
{
	put_bytes(f, path, text, strlen(text));
}

/* Seconds before (or after, if negative) now. */
static void make_old(const char *path, int seconds)
{
	struct timespec t[2];

	clock_gettime(CLOCK_REALTIME, &t[0]);
	t[0].tv_sec -= seconds;
	t[1] = t[0];
	assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
}

static void set_age(const struct folder *f, const char *path, int seconds)
{
	auto_free char *file = path_join(f->build, path);

	make_old(file, seconds);
}

static bool has(const struct folder *f, const char *path, const char *text)
{
	auto_free char *file = path_join(f->build, path);
	auto_str struct str got = { 0 };

	assert_int_equal(file_read(AT_FDCWD, file, 1 << 16, &got, NULL), 0);
	return memmem(got.s, got.n, text, strlen(text));
}

/* What make leaves of one object. The bytes around are not text. */
static void put_object(const struct folder *f, const char *word, const char *more, int age)
{
	char data[256] = "\x7f"
			 "ELF";
	int n = snprintf(data + 8, sizeof(data) - 8, "%s and %s%s", word, word, more);

	put_bytes(f, "dir/x.o", data, (size_t)n + 16);
	set_age(f, "dir/x.o", age);
	set_age(f, "dir/.x.o.cmd", age);
}

static void put_release(const struct folder *f, const char *release, int age)
{
	auto_free char *line = xasprintf("%s\n", release);
	auto_free char *header = xasprintf("#define UTS_RELEASE \"%s\"\n", release);

	put(f, "include/config/kernel.release", line);
	put(f, "include/generated/utsrelease.h", header);
	set_age(f, "include/generated/utsrelease.h", age);
}

static void put_source(const struct folder *f, const char *name, int age)
{
	auto_free char *path = path_join(f->tree, name);

	assert_int_equal(file_publish(path, "x\n", 2, 0644, NULL), 0);
	make_old(path, age);
}

static void put_cmd(const struct folder *f, const char *text)
{
	auto_str struct str cmd = { 0 };

	for (const char *p = text; *p; p++)
		if (!strncmp(p, "SRC", 3)) {
			str_adds(&cmd, f->tree);
			p += 2;
		} else {
			str_addc(&cmd, *p);
		}
	put(f, "dir/.x.o.cmd", str_c(&cmd));
}

static void folder_release(struct folder *f)
{
	free(f->build);
	free(f->tree);
}

/* A folder in which ONE was made a while ago. */
static struct folder begin(void **state)
{
	struct folder f = { .dir = *state };

	f.build = path_join(f.dir, "build");
	f.tree = path_join(f.dir, "tree");
	assert_int_equal(rm_rf(f.build, NULL), 0);
	assert_int_equal(mkdir_p(f.tree, 0755, NULL), 0);
	put_source(&f, "x.c", 5000);
	put_source(&f, "x.h", 5000);
	put_cmd(&f, CMD);
	put_release(&f, ONE, 2000);
	put_object(&f, ONE, "", 1000);
	return f;
}
#define auto_folder cleanup(folder_release)

/* make, which compiles it for that release, behind a look; times are as if all took a while */
static void compile(const struct folder *f, const char *release, const char *word, const char *more)
{
	struct bld_carry *c = bld_carry_begin(f->build, f->tree, release);

	assert_non_null(c);
	put_release(f, release, -10);
	put_object(f, word, more, -20);
	bld_carry_end(c);
	set_age(f, "include/generated/utsrelease.h", 200);
	set_age(f, "dir/x.o", 100);
	set_age(f, "dir/.x.o.cmd", 100);
}

static bool is_carried(const struct folder *f, const char *release)
{
	struct bld_carry *c = bld_carry_begin(f->build, f->tree, release);
	bool carried;

	assert_non_null(c);
	carried = has(f, "dir/x.o", release);
	bld_carry_end(c);
	return carried;
}

static int64_t time_of(const struct folder *f, const char *path)
{
	auto_free char *file = path_join(f->build, path);
	struct stat st;

	assert_int_equal(stat(file, &st), 0);
	return st.st_mtim.tv_sec * (int64_t)1000000000 + st.st_mtim.tv_nsec;
}

static void once_proved(void **state)
{
	auto_folder struct folder f = begin(state);

	compile(&f, TWO, TWO, "");
	assert_true(is_carried(&f, THREE));
	assert_false(has(&f, "dir/x.o", TWO));
	assert_true(has(&f, "include/config/kernel.release", THREE "\n"));
	assert_true(has(&f, "include/generated/utsrelease.h", "\"" THREE "\""));
	/* make finds nothing to compile, and mend.c nothing half made */
	assert_true(time_of(&f, "dir/x.o") >= time_of(&f, "include/generated/utsrelease.h"));
	assert_true(time_of(&f, "dir/.x.o.cmd") >= time_of(&f, "dir/x.o"));
	/* and so on, with what was carried */
	assert_true(is_carried(&f, ONE));
	assert_true(is_carried(&f, TWO));
}

static void not_at_first(void **state)
{
	auto_folder struct folder f = begin(state);

	assert_false(is_carried(&f, TWO));
	/* nobody compiled it: that nothing changed proves nothing */
	assert_true(has(&f, "include/config/kernel.release", ONE));
	assert_false(is_carried(&f, THREE));
}

static void not_what_differs_by_more(void **state)
{
	auto_folder struct folder f = begin(state);

	compile(&f, TWO, TWO, " but");
	assert_false(is_carried(&f, THREE));
}

/* Compiled, and the same: it includes the header for nothing. That nobody compiled it would look alike. */
static void without_it(void **state)
{
	auto_folder struct folder f = begin(state);
	int64_t before;

	put_object(&f, "nothing", "", 1000);
	assert_false(is_carried(&f, TWO));
	put_release(&f, TWO, 2000);
	assert_false(is_carried(&f, THREE));
	assert_true(has(&f, "include/config/kernel.release", TWO));
	put_release(&f, ONE, 2000);
	compile(&f, TWO, "nothing", "");
	before = time_of(&f, "dir/x.o");
	assert_false(is_carried(&f, THREE));
	assert_true(has(&f, "include/config/kernel.release", THREE));
	assert_true(time_of(&f, "dir/x.o") > before);
	assert_true(has(&f, "dir/x.o", "nothing and nothing"));
}

static void not_what_make_would_compile(void **state)
{
	auto_folder struct folder f = begin(state);
	static const char *const odd[] = {
		"",
		"cmd_dir/x.o := gcc\n",
		"x\ndeps_dir/x.o := \\\n  SRC/missing.h \\\n  include/generated/utsrelease.h\n",
		"x\ndeps_dir/x.o := \\\n  $(other SRC/x.h) \\\n  include/generated/utsrelease.h\n",
		"x\ndeps_dir/x.o := \\\n  $(wildcard SRC/x.h \\\n  include/generated/utsrelease.h\n",
	};

	compile(&f, TWO, TWO, "");
	put_source(&f, "x.h", 10);
	assert_false(is_carried(&f, THREE));
	put_source(&f, "x.h", 5000);
	put(&f, "include/config/THING", "");
	assert_false(is_carried(&f, THREE));
	set_age(&f, "include/config/THING", 5000);
	put(&f, "tools/objtool/objtool", "");
	assert_false(is_carried(&f, THREE));
	set_age(&f, "tools/objtool/objtool", 5000);
	for (size_t i = 0; i < countof(odd); i++) {
		put_cmd(&f, odd[i]);
		assert_false(is_carried(&f, THREE));
	}
	/* older than the header: of a make that was killed */
	put_cmd(&f, CMD);
	set_age(&f, "dir/x.o", 300);
	assert_false(is_carried(&f, THREE));
	/* and with all that mended it is, so each of these was the reason */
	set_age(&f, "dir/x.o", 100);
	assert_true(is_carried(&f, THREE));
}

static void recordmcount(void **state)
{
	auto_folder struct folder f = begin(state);
	auto_free char *scripts = path_join(f.tree, "scripts");

	compile(&f, TWO, TWO, "");
	assert_int_equal(mkdir_p(scripts, 0755, NULL), 0);
	put_source(&f, "scripts/recordmcount.c", 10);
	assert_false(is_carried(&f, THREE));
	put_source(&f, "scripts/recordmcount.c", 5000);
	assert_true(is_carried(&f, THREE));
}

static void other_releases(void **state)
{
	auto_folder struct folder f = begin(state);

	assert_null(bld_carry_begin(f.build, f.tree, ONE));
	assert_null(bld_carry_begin(f.build, f.tree, ONE "1"));
	put(&f, "include/config/kernel.release", "");
	assert_null(bld_carry_begin(f.build, f.tree, TWO));
	assert_int_equal(rm_rf(f.build, NULL), 0);
	assert_null(bld_carry_begin(f.build, f.tree, TWO));
	bld_carry_end(NULL);
}

static void damaged_list(void **state)
{
	auto_folder struct folder f = begin(state);
	static const char *const lists[] = {
		"", "\n", " \n", "x", "no space\n\n \n", "0123 dir/x.o\n", " dir/none.o\n",
	};

	for (size_t i = 0; i < countof(lists); i++) {
		put(&f, BLD_CARRIED, lists[i]);
		assert_false(is_carried(&f, THREE));
	}
	bld_carry_forget(f.build);
	compile(&f, TWO, TWO, "");
	assert_true(is_carried(&f, THREE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(once_proved),
		scratch_test(not_at_first),
		scratch_test(not_what_differs_by_more),
		scratch_test(without_it),
		scratch_test(not_what_make_would_compile),
		scratch_test(recordmcount),
		scratch_test(other_releases),
		scratch_test(damaged_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
