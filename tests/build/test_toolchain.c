/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Toolchains on made-up hosts: what is found, how make is called with it, and what is said where it is not. */
#include "fakes.h"

#include "build/ask.h"

static void find_at(const char *arch, const char *spec, const char *launcher,
		    struct bld_toolchain *ret)
{
	const struct bld_toolchain_ask ask = { .spec = spec, .arch = arch, .launcher = launcher };
	auto_err struct err err = { 0 };

	assert_done(bld_toolchain_find(&ask, ret, &err), &err);
}

static void expect_make(const char *arch, const char *spec, const char *launcher, const char *line)
{
	cleanup(bld_toolchain_release) struct bld_toolchain t = { 0 };
	auto_free char *got = NULL;

	find_at(arch, spec, launcher, &t);
	got = make_line(&t);
	assert_string_equal(got, line);
}

static void expect_error(const char *arch, const char *spec, const char *launcher, int code,
			 const char *words)
{
	const struct bld_toolchain_ask ask = { .spec = spec, .arch = arch, .launcher = launcher };
	cleanup(bld_toolchain_release) struct bld_toolchain t = { 0 };
	auto_err struct err err = { 0 };

	assert_int_equal(bld_toolchain_find(&ask, &t, &err), code);
	assert_contains(err.msg, words);
	assert_null(t.name);
}

#define WORDS                                                              \
	"\tTarget: x86_64-linux-gnu\n"                                     \
	"\tConfigured with: -v --enable-cet --with-abi=m64\n"              \
	"\tThread model: posix\n"                                          \
	"\tgcc version 12.2.0 (Debian 12.2.0-14)\n"                        \
	"\tGNU C17 (Debian 12.2.0-14) version 12.2.0 (x86_64-linux-gnu)\n" \
	"\tcompiled by GNU C version 12.2.0, GMP version 6.2.1\n"

static void native(void **state)
{
	static const char probe[] = "kiln toolchain 1\n"
				    "cc\n" WORDS "banner\n\tgcc (Debian 12.2.0-14) 12.2.0\n"
				    "ld\n\tGNU ld (GNU Binutils for Debian) 2.40\n"
				    "ar\n\tGNU ar (GNU Binutils for Debian) 2.40\n"
				    "nm\n\tGNU nm (GNU Binutils for Debian) 2.40\n"
				    "objcopy\n\tGNU objcopy (GNU Binutils for Debian) 2.40\n"
				    "objdump\n\tGNU objdump (GNU Binutils for Debian) 2.40\n"
				    "readelf\n\tGNU readelf (GNU Binutils for Debian) 2.40\n"
				    "strip\n\tGNU strip (GNU Binutils for Debian) 2.40\n"
				    "as\n\tGNU assembler (GNU Binutils for Debian) 2.40\n"
				    "\tThis assembler was configured for a target of 'x'.\n"
				    "host as\n\tGNU assembler (GNU Binutils for Debian) 2.40\n"
				    "\tThis assembler was configured for a target of 'x'.\n"
				    "host ld\n\tGNU ld (GNU Binutils for Debian) 2.40\n"
				    "host cc\n" WORDS;
	cleanup(bld_toolchain_release) struct bld_toolchain t = { 0 };

	fake_gcc(state, "bin", "", "gcc", "x86_64-linux-gnu");
	find_at("x86_64", NULL, NULL, &t);
	assert_string_equal(str_c(&t.probe), probe);
	assert_string_equal(t.name, "gcc 12.2.0");
	assert_string_equal(t.spec, "gcc");
	assert_string_equal(t.cc, "gcc");
	assert_int_equal(t.kind, BLD_GCC);
	assert_int_equal(t.wrap.n, 0);
	assert_int_equal(t.jobs, 0);
	expect_make("x86_64", "gcc", "none", "ARCH=x86_64");
	expect_make("i386", "gcc", NULL, "ARCH=i386");
}

/* kernel.org's and Debian's prefixes; Debian's wins where both are there. */
static void cross(void **state)
{
	cleanup(bld_toolchain_release) struct bld_toolchain t = { 0 };

	fake_gcc(state, "bin", "", "gcc", "x86_64-linux-gnu");
	fake_gcc(state, "bin", "aarch64-linux-", "gcc", "aarch64-linux");
	expect_make("arm64", NULL, NULL, "ARCH=arm64 CROSS_COMPILE=aarch64-linux-");
	fake_gcc(state, "bin", "aarch64-linux-gnu-", "gcc", "aarch64-linux-gnu");
	find_at("arm64", NULL, NULL, &t);
	assert_string_equal(t.make.v[1], "CROSS_COMPILE=aarch64-linux-gnu-");
	assert_string_equal(t.name, "aarch64-linux-gnu-gcc 12.2.0");
	assert_string_equal(t.hostcc, "gcc");
	assert_contains(str_c(&t.probe), "\nhost cc\n\tTarget: x86_64-linux-gnu\n");
	expect_make("arm64", "aarch64-linux-", NULL, "ARCH=arm64 CROSS_COMPILE=aarch64-linux-");
	expect_make("x86_64", NULL, NULL, "ARCH=x86_64");
}

static void versioned(void **state)
{
	fake_gcc(state, "bin", "", "gcc", "x86_64-linux-gnu");
	fake_gcc(state, "bin", "", "gcc-12", "x86_64-linux-gnu");
	fake_gcc(state, "bin", "aarch64-linux-gnu-", "gcc-11", "aarch64-linux-gnu");
	expect_make("x86_64", "gcc-12", NULL, "ARCH=x86_64 CC=gcc-12");
	expect_make("arm64", "gcc-11", NULL,
		    "ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- CC=aarch64-linux-gnu-gcc-11");
	expect_make("arm64", "aarch64-linux-gnu-gcc-11", NULL,
		    "ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- CC=aarch64-linux-gnu-gcc-11");
}

static void by_path(void **state)
{
	auto_free char *tool = path_join(*state, "opt/aarch64-linux-gcc"),
		       *lone = path_join(*state, "lone/gcc"), *line = NULL, *want = NULL;
	cleanup(bld_toolchain_release) struct bld_toolchain t = { 0 }, alone = { 0 };

	fake_gcc(state, "bin", "", "gcc", "x86_64-linux-gnu");
	fake_gcc(state, "opt", "aarch64-linux-", "gcc", "aarch64-linux");
	find_at("arm64", tool, NULL, &t);
	line = make_line(&t);
	want = xasprintf("ARCH=arm64 CROSS_COMPILE=%s/opt/aarch64-linux-", (char *)*state);
	assert_string_equal(line, want);
	assert_null(strstr(str_c(&t.probe), "/opt"));

	fake(state, "lone/gcc", "exec \"${0%/*}/../bin/gcc\" \"$@\"");
	find_at("x86_64", lone, NULL, &alone);
	assert_int_equal(alone.make.n, 2);
	assert_true(str_starts(alone.make.v[1], "CC=/") && str_ends(alone.make.v[1], "/lone/gcc"));
}

/* Wherever it is installed: the same packages, the same text. */
static void probe_is_stable(void **state)
{
	cleanup(bld_toolchain_release) struct bld_toolchain a = { 0 }, b = { 0 };
	auto_free char *moved = path_join(*state, "elsewhere/gcc");

	fake_gcc(state, "bin", "", "gcc", "x86_64-linux-gnu");
	fake_gcc(state, "elsewhere", "", "gcc", "x86_64-linux-gnu");
	find_at("x86_64", NULL, NULL, &a);
	setenv("LANG", "de_DE.UTF-8", 1);
	find_at("x86_64", moved, NULL, &b);
	unsetenv("LANG");
	assert_string_equal(str_c(&a.probe), str_c(&b.probe));
}

#define CLANG_14                                                                            \
	"ARCH=arm64 LLVM=-14 CC=%sclang-14 HOSTCC=%sclang-14 LD=ld.lld-14 AR=llvm-ar-14 "   \
	"NM=llvm-nm-14 OBJCOPY=llvm-objcopy-14 OBJDUMP=llvm-objdump-14 "                    \
	"READELF=llvm-readelf-14 STRIP=llvm-strip-14 HOSTCXX=clang++-14 HOSTAR=llvm-ar-14 " \
	"HOSTLD=ld.lld-14"

static void clang(void **state)
{
	auto_free char *path = path_join(*state, "opt/clang"), *want = xasprintf(CLANG_14, "", "");
	cleanup(bld_toolchain_release) struct bld_toolchain t = { 0 }, o = { 0 };

	fake_clang(state, "bin", "");
	fake_clang(state, "bin", "-14");
	fake_clang(state, "opt", "");
	find_at("arm64", "clang", NULL, &t);
	assert_int_equal(t.kind, BLD_CLANG);
	assert_string_equal(t.name, "clang 14.0.6");
	assert_string_equal(t.hostcc, "clang");
	assert_contains(str_c(&t.probe), "cc\n\tDebian clang version 14.0.6\n\tTarget: aarch64");
	assert_contains(str_c(&t.probe), "\nar\n\tDebian LLVM version 14.0.6\nnm\n");
	assert_null(strstr(str_c(&t.probe), "znver3"));
	expect_make("arm64", "clang", NULL, "ARCH=arm64 LLVM=1");
	expect_make("arm64", "clang", "none", "ARCH=arm64 LLVM=1");
	expect_make("arm64", "clang-14", NULL, want);
	find_at("arm64", path, NULL, &o);
	assert_true(str_starts(o.make.v[1], "LLVM=/") && str_ends(o.make.v[1], "/opt/"));
	assert_true(str_starts(o.make.v[2], "CC=/") && str_ends(o.make.v[2], "/opt/clang"));
	assert_true(str_ends(o.make.v[4], "/opt/ld.lld"));
}

static void launchers(void **state)
{
	cleanup(bld_toolchain_release) struct bld_toolchain c = { 0 }, d = { 0 }, i = { 0 };
	auto_free char *clang_14 =
		xasprintf("ARCH=arm64 LLVM=1 %s %s", "'CC=ccache clang'", "'HOSTCC=ccache clang'");

	fake_gcc(state, "bin", "", "gcc", "x86_64-linux-gnu");
	fake_clang(state, "bin", "");
	expect_error("x86_64", NULL, "ccache", -ENOENT, "'ccache'");
	fake(state, "bin/ccache", "echo ccache version 4.8");
	fake(state, "bin/distcc", "case $1 in -j) echo 12 ;; *) echo distcc 3.4 ;; esac");
	fake(state, "bin/icecc", "echo ICECC 1.4");
	expect_make("x86_64", NULL, "ccache", "ARCH=x86_64 'CC=ccache gcc' 'HOSTCC=ccache gcc'");
	expect_make("arm64", "clang", "ccache", clang_14);
	find_at("x86_64", NULL, "ccache", &c);
	assert_true(strv_has(&c.env, "CCACHE_BASEDIR="));
	assert_true(strv_has(&c.env, "CCACHE_NOHASHDIR=1"));
	assert_null(strstr(str_c(&c.probe), "ccache"));
	find_at("x86_64", NULL, "distcc", &d);
	assert_int_equal(d.jobs, 12);
	assert_contains(str_c(&d.probe), "launcher distcc\n");
	find_at("x86_64", NULL, "icecc", &i);
	assert_true(i.jobs >= 4);
	fake(state, "bin/distcc", "case $1 in -j) echo no hosts >&2; exit 1 ;; *) echo 3 ;; esac");
	expect_error("x86_64", NULL, "distcc", -ENOENT, "no hosts");
}

/* What the user says of ccache stays, but for what would make other objects. */
static void launcher_of_the_user(void **state)
{
	cleanup(bld_toolchain_release) struct bld_toolchain t = { 0 };
	auto_strv struct strv env = { 0 };

	fake_gcc(state, "bin", "", "gcc", "x86_64-linux-gnu");
	fake(state, "bin/ccache", "echo ccache version 4.8");
	setenv("CCACHE_BASEDIR", "/mine", 1);
	setenv("CCACHE_SLOPPINESS", "mine", 1);
	find_at("x86_64", NULL, "ccache", &t);
	bld_toolchain_env(&t, NULL, &env);
	unsetenv("CCACHE_BASEDIR");
	assert_true(strv_has(&env, "CCACHE_BASEDIR="));
	assert_false(strv_has(&env, "CCACHE_BASEDIR=/mine"));
	assert_true(strv_has(&env, "CCACHE_SLOPPINESS=mine"));
	assert_true(strv_has(&env, "CCACHE_NOHASHDIR=1"));
}

static void missing(void **state)
{
	const struct bld_toolchain_ask ask = { .arch = "arm64", .spec = "clang" };
	cleanup(bld_toolchain_release) struct bld_toolchain t = { 0 };
	auto_err struct err err = { 0 };

	if (!fakes_alone())
		skip();
	expect_error("x86_64", "gcc-12", NULL, -ENOENT,
		     "building for x86_64 with 'gcc-12' lacks 'gcc-12'");
	fake_gcc(state, "bin", "", "gcc", "x86_64-linux-gnu");
	expect_error("arm64", NULL, NULL, -ENOENT, "lacks a compiler for arm64");
	expect_error("arm64", "gcc-12", NULL, -ENOENT, "lacks 'gcc-12'");
	expect_error("arm64", "clang", NULL, -ENOENT, "lacks 'clang'");
	fake_clang(state, "bin", "");
	fake_remove(state, "bin/ld.lld");
	fake_remove(state, "bin/llvm-nm");
	fake_remove(state, "bin/llvm-ar");
	assert_int_equal(bld_toolchain_find(&ask, &t, &err), -ENOENT);
	assert_contains(err.msg, "building for arm64 with 'clang' lacks 'ld.lld'");
	assert_contains(err.msg, "'llvm-ar'");
	assert_contains(err.msg, "'llvm-nm'");
	expect_error("arm64", "clang-15", NULL, -ENOENT, "'ld.lld-15'");
	assert_non_null(err.hint);
	fake_remove(state, "bin/as");
	fake_remove(state, "bin/objcopy");
	expect_error("x86_64", NULL, NULL, -ENOENT, "'objcopy'");
	expect_error("x86_64", NULL, NULL, -ENOENT, "'as'");
}

static void unfit(void **state)
{
	fake_gcc(state, "bin", "", "gcc", "x86_64-linux-gnu");
	fake_gcc(state, "bin", "arm-linux-gnueabi-", "gcc", "arm-linux-gnueabi");
	expect_error("arm64", "arm-linux-gnueabi-gcc", NULL, -EINVAL,
		     "'arm-linux-gnueabi-gcc' compiles for arm-linux-gnueabi, not for arm64");
	fake(state, "bin/gcc", "echo some words; echo gcc: out of order >&2; exit 4");
	expect_error("x86_64", NULL, NULL, -EINVAL, "'gcc' fails with status 4: gcc: out of order");
	fake(state, "bin/gcc", "echo hello");
	expect_error("x86_64", "./gcc", NULL, -ENOENT, "/gcc'");
}

static void refused(void **state)
{
	static const char *const specs[] = {
		"",	"icc",	 "gcc -m32", "gcc12", "g cc",	      "container:", "container:#",
		"nix:", "gcc-x", "xgcc",     "/",     "container:x#y"
	};

	for (size_t i = 0; i < countof(specs); i++)
		expect_error("x86_64", specs[i], NULL, -EINVAL, "is no toolchain");
	expect_error("x86 64", NULL, NULL, -EINVAL, "'x86 64' is no architecture");
	expect_error("", NULL, NULL, -EINVAL, "'' is no architecture");
	expect_error("../x", NULL, NULL, -EINVAL, "is no architecture");
	expect_error("x86_64", NULL, "sccache", -EINVAL, "'sccache' is no launcher");
}

static void environment(void **state)
{
	static const char *const base[] = {
		"HOME=/h",	"CROSS_COMPILE=x-", "KCFLAGS=-O3", "PATH=/a:/b",
		"LC_ALL=de_DE", "KBUILD_OUTPUT=/x", "MAKEFLAGS=e", "CPATH=/i",
		"LLVM=1",	"EDITOR=vi",	    NULL
	};
	auto_strv struct strv env = { 0 };
	auto_free char *line = NULL;

	bld_toolchain_env(NULL, (char *const *)base, &env);
	line = strv_quoted(env.v);
	assert_string_equal(line, "HOME=/h EDITOR=vi PATH=/a:/b:/usr/sbin:/sbin LC_ALL=C TZ=UTC");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fakes_test(native),    fakes_test(cross),
		fakes_test(versioned), fakes_test(by_path),
		fakes_test(clang),     fakes_test(probe_is_stable),
		fakes_test(launchers), fakes_test(launcher_of_the_user),
		fakes_test(missing),   fakes_test(unfit),
		fakes_test(refused),   fakes_test(environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
