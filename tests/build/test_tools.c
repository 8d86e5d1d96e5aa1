/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a configuration needs beside a compiler, on made-up hosts; texts of tools; and the compilers that are installed. */
#include "fakes.h"

#include "base/distro.h"
#include "base/proc.h"
#include "build/launcher.h"
#include "build/words.h"

static const char *real_path;

static void find(const char *arch, const char *spec, struct bld_toolchain *ret)
{
	const struct bld_toolchain_ask ask = { .spec = spec, .arch = arch };
	auto_err struct err err = { 0 };

	assert_done(bld_toolchain_find(&ask, ret, &err), &err);
}

static void always(void **state)
{
	static const char *const programs[] = { "bin/make", "bin/flex", "bin/bison",
						"bin/bc",   "bin/awk",	"bin/cmp",
						"bin/find", "bin/grep", "bin/sed" };

	for (size_t i = 0; i < countof(programs); i++)
		fake(state, programs[i], "");
}

static char *check(void **state, const char *config)
{
	cleanup(bld_toolchain_release) struct bld_toolchain t = { 0 };
	auto_err struct err err = { 0 };
	int r;

	find("x86_64", NULL, &t);
	r = bld_tools_check(&t, config, false, &err);
	if (r == 0)
		return xstrdup("");
	assert_int_equal(r, -ENOENT);
	assert_non_null(err.hint);
	return xstrdup(err.msg);
}

/* part NULL: nothing. */
static void expect_lacks(void **state, const char *config, const char *part)
{
	auto_free char *said = check(state, config);

	if (part)
		assert_contains(said, part);
	else
		assert_string_equal(said, "");
}

static void by_config(void **state)
{
	if (!fakes_alone())
		skip();
	fake_gcc(state, "bin", "", "gcc", "x86_64-linux-gnu");
	expect_lacks(state, "", "'make'");
	expect_lacks(state, "", "'bison'");
	always(state);
	expect_lacks(state, "", NULL);
	expect_lacks(state, "# CONFIG_KERNEL_LZO is not set\nCONFIG_KERNEL_LZO_X=y\n", NULL);
	expect_lacks(state, "CONFIG_KERNEL_LZO=y\n", "'lzop'");
	expect_lacks(state, "CONFIG_KERNEL_ZSTD=y\nCONFIG_KERNEL_LZ4=y\n", "'lz4'");
	expect_lacks(state, "CONFIG_KERNEL_ZSTD=y\nCONFIG_KERNEL_LZ4=y\n", "'zstd'");
	expect_lacks(state, "CONFIG_MODULE_COMPRESS_XZ=y\n", "'xz'");
	expect_lacks(state, "CONFIG_OID_REGISTRY=m\n", "'perl'");
	expect_lacks(state, "CONFIG_RUST=y\n", "'bindgen'");
	expect_lacks(state, "CONFIG_GCC_PLUGINS=y\n", "'g++'");
}

static void versions(void **state)
{
	if (!fakes_alone())
		skip();
	fake_gcc(state, "bin", "", "gcc", "x86_64-linux-gnu");
	always(state);
	expect_lacks(state, "CONFIG_DEBUG_INFO_BTF=y\n", "'pahole'");
	fake(state, "bin/pahole", "echo v1.19");
	expect_lacks(state, "CONFIG_DEBUG_INFO_BTF=y\n", NULL);
	expect_lacks(state, "CONFIG_DEBUG_INFO_BTF=y\nCONFIG_DEBUG_INFO_DWARF5=y\n",
		     "'pahole' 1.21 (it is 1.19)");
	fake(state, "bin/pahole", "echo v1.9");
	expect_lacks(state, "CONFIG_DEBUG_INFO_BTF=y\n", "'pahole' 1.16 (it is 1.9)");
}

/* A compiler that has only what pkg-config says is in /opt/elf. */
static void headers(void **state)
{
	cleanup(bld_toolchain_release) struct bld_toolchain t = { 0 };
	auto_err struct err err = { 0 };
	if (!fakes_alone())
		skip();
	fake_gcc(state, "bin", "", "gcc", "x86_64-linux-gnu");
	fake(state, "bin/gcc-real", "");
	always(state);
	expect_lacks(state, "CONFIG_OBJTOOL=y\n", NULL);
	fake(state, "bin/gcc",
	     "case \"$*\" in\n"
	     "*gelf.h*-I/opt/elf*) exit 0 ;; *gelf.h*) exit 1 ;; *ssl.h*) exit 1 ;;\n"
	     "*-v*) echo \"Target: x86_64-linux-gnu\n"
	     "gcc version 12.2.0 \" >&2 ;;\n"
	     "esac");
	expect_lacks(state, "CONFIG_OBJTOOL=y\n", "libelf headers");
	/* what needs them is there: nobody needs them any more */
	find("x86_64", NULL, &t);
	assert_done(bld_tools_check(&t, "CONFIG_OBJTOOL=y\n", true, &err), &err);
	fake(state, "bin/pkg-config",
	     "case \"$*\" in '--cflags --libs libelf') echo -I/opt/elf -lelf ;; *) exit 1 ;; esac");
	expect_lacks(state, "CONFIG_OBJTOOL=y\n", NULL);
	expect_lacks(state, "CONFIG_OBJTOOL=y\nCONFIG_MODULE_SIG_FORMAT=y\n", "OpenSSL headers");
}

static void probe(void **state)
{
	cleanup(bld_toolchain_release) struct bld_toolchain t = { 0 };
	auto_str struct str text = { 0 };
	auto_err struct err err = { 0 };

	if (!fakes_alone())
		skip();
	fake_gcc(state, "bin", "", "gcc", "x86_64-linux-gnu");
	always(state);
	fake(state, "bin/xz", "echo \"xz (XZ Utils) 5.4.1\nliblzma 5.4.1\nmore\"");
	find("x86_64", NULL, &t);
	assert_done(
		bld_tools_probe(&t, "CONFIG_KERNEL_XZ=y\nCONFIG_DEBUG_INFO_BTF=y\n", &text, &err),
		&err);
	assert_string_equal(str_c(&text),
			    "pahole\n\tmissing\nxz\n\txz (XZ Utils) 5.4.1\n\tliblzma 5.4.1\n");
}

static void words(void **state)
{
	static const char clang[] = "Fedora clang version 17.0.6 (Fedora 17.0.6-2)\nTarget: x\n"
				    "Thread model: posix\nInstalledDir: /usr/bin\n";
	auto_str struct str text = { 0 };
	auto_free char *version = bld_words_version(clang),
		       *kmod = bld_words_number("kmod version 30"),
		       *pahole = bld_words_number("v1.24"),
		       *dotted = bld_words_number("a. 1. b 2.3.");

	bld_words_compiler(clang, &text);
	assert_string_equal(str_c(&text), "\tFedora clang version 17.0.6 (Fedora 17.0.6-2)\n"
					  "\tTarget: x\n\tThread model: posix\n");
	assert_string_equal(version, "17.0.6");
	assert_true(bld_words_clang(clang));
	assert_false(bld_words_clang("gcc version 12\n"));
	assert_null(bld_words_target("Target: \n"));
	assert_null(kmod);
	assert_string_equal(pahole, "1.24");
	assert_string_equal(dotted, "1");
	str_clear(&text);
	bld_words_tool("\n\nThis is perl 5\nmore\n", &text);
	assert_string_equal(str_c(&text), "\tThis is perl 5\n");
}

static void packages(void **state)
{
	static const char *const needs[] = { "gcc-12", "clang-14",  "ld.lld-14", "flex",
					     "flex",   "virtiofsd", "nowhere",	 NULL };
	const struct distro bookworm = distro_of("ID=debian\nVERSION_CODENAME=bookworm\n"),
			    rocky = distro_of("ID=rocky\nID_LIKE=\"rhel centos fedora\"\n"),
			    none = distro_of("ID=plan9\n");
	auto_free char *a = distro_install(&bookworm, 0, (char *const *)needs),
		       *b = distro_install(&rocky, 1000, (char *const *)needs + 3),
		       *c = distro_install(&none, 0, (char *const *)needs + 5);

	assert_string_equal(a, "apt-get install -y gcc-12 clang-14 lld-14 flex qemu-system-common\n"
			       "install the package that has 'nowhere'");
	assert_string_equal(b, "sudo dnf install -y flex virtiofsd\n"
			       "install the package that has 'nowhere'");
	assert_string_equal(c, "install the package that has 'virtiofsd', 'nowhere'");
	assert_string_equal(bookworm.codename, "bookworm");
}

static bool real(const char *program)
{
	auto_free char *path = NULL;

	setenv("PATH", real_path, 1);
	if (path_find_program(program, NULL, &path) == 0)
		return true;
	print_message("skipped: there is no %s\n", program);
	return false;
}

/* Twice: asked, then remembered. */
static void expect_real(const char *arch, const char *spec, const char *target)
{
	cleanup(bld_toolchain_release) struct bld_toolchain a = { 0 }, b = { 0 };

	find(arch, spec, &a);
	find(arch, spec, &b);
	assert_string_equal(str_c(&a.probe), str_c(&b.probe));
	assert_contains(str_c(&a.probe), target);
	assert_contains(str_c(&a.probe), "\nld\n\t");
	assert_contains(str_c(&a.probe), "\nstrip\n\t");
	assert_null(strstr(str_c(&a.probe), "/usr"));
}

TEST_OR_SKIP(real_gcc)
{
	auto_free char *said = NULL;

	if (!real("gcc") || !real("x86_64-linux-gnu-gcc"))
		return false;
	expect_real("x86_64", NULL, "Target: x86_64-linux-gnu\n");
	said = check(state, "CONFIG_OBJTOOL=y\n");
	assert_null(strstr(said, "C library headers"));
	return true;
}

TEST_OR_SKIP(real_clang)
{
	if (!real("clang") || !real("ld.lld") || !real("llvm-ar"))
		return false;
	expect_real("x86_64", "clang", "\nbanner\n\t");
	expect_real("arm64", "clang", "\tTarget: aarch64-unknown-linux-gnu\n");
	return true;
}

TEST_OR_SKIP(real_cross)
{
	if (!real("aarch64-linux-gnu-gcc") || !real("gcc"))
		return false;
	expect_real("arm64", NULL, "Target: aarch64-linux-gnu\n");
	return true;
}

/* Compiles tree/x.c in a build folder, with the folders taken out as kiln takes them out; the object's bytes. */
static void compile(void **state, const char *folder, const char *launcher, struct str *ret)
{
	const struct bld_toolchain_ask ask = { .arch = "x86_64", .launcher = launcher };
	cleanup(bld_toolchain_release) struct bld_toolchain t = { 0 };
	auto_free char *dir = path_join(*state, folder), *object = path_join(dir, "x.o"),
		       *shell = NULL;
	auto_proc_result struct proc_result r = { 0 };
	auto_strv struct strv argv = { 0 }, env = { 0 };
	struct proc_spec spec = { .cwd = dir };
	auto_err struct err err = { 0 };

	assert_done(bld_toolchain_find(&ask, &t, &err), &err);
	bld_toolchain_env(&t, NULL, &env);
	strv_addf(&env, "CCACHE_STATSLOG=%s/ccache.log", (char *)*state);
	assert_int_equal(mkdir_p(dir, 0755, NULL), 0);
	shell = xasprintf(
		"echo '#define G 2' >gen.h; %s gcc -g -O2 -Wp,-MMD,.x.d -I. "
		"-ffile-prefix-map=%s=. -ffile-prefix-map=%s/tree/= -c -o x.o %s/tree/x.c",
		launcher ?: "", dir, (char *)*state, (char *)*state);
	strv_adds(&argv, "/bin/sh", "-c", shell, NULL);
	spec.argv = argv.v;
	spec.env = env.v;
	assert_done(proc_run(&spec, NULL, 0, 1 << 16, &r, &err), &err);
	assert_int_equal(r.status, 0);
	str_clear(ret);
	assert_done(file_read(AT_FDCWD, object, 1 << 20, ret, &err), &err);
}

/* ccache's cache is below HOME, the scratch folder. One variant's objects serve the next, and are those that are made without ccache, also where the user's own settings differ. */
TEST_OR_SKIP(real_ccache)
{
	auto_free char *source = path_join(*state, "tree/x.c"),
		       *log = path_join(*state, "ccache.log");
	auto_str struct str plain = { 0 }, one = { 0 }, two = { 0 };
	auto_free char *dir = path_dir(source);
	static const char text[] = "#include \"gen.h\"\nconst char *f = __FILE__;\nint g = G;\n";
	size_t asked, had;

	if (!real("ccache") || !real("gcc") || !real("x86_64-linux-gnu-gcc"))
		return false;
	assert_int_equal(mkdir_p(dir, 0755, NULL), 0);
	assert_int_equal(file_publish(source, text, strlen(text), 0644, NULL), 0);
	setenv("CCACHE_BASEDIR", *state, 1);
	compile(state, "plain", NULL, &plain);
	compile(state, "one", "ccache", &one);
	compile(state, "two", "ccache", &two);
	unsetenv("CCACHE_BASEDIR");
	assert_int_equal(plain.n, one.n);
	assert_memory_equal(plain.s, one.s, plain.n);
	assert_int_equal(plain.n, two.n);
	assert_memory_equal(plain.s, two.s, plain.n);
	assert_int_equal(bld_ccache_read_log(log, &asked, &had, NULL), 0);
	assert_int_equal(asked, 2);
	assert_int_equal(had, 1);
	assert_int_equal(bld_ccache_read_log(source, &asked, &had, NULL), 0);
	assert_int_equal(asked, 0);
	return true;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fakes_test(by_config),	 fakes_test(versions),	 fakes_test(headers),
		fakes_test(probe),	 fakes_test(words),	 fakes_test(packages),
		fakes_test(real_gcc),	 fakes_test(real_clang), fakes_test(real_cross),
		fakes_test(real_ccache),
	};

	real_path = xstrdup(getenv("PATH"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
