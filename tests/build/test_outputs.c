/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is taken out of a build folder: which targets, which files, and the same bytes each time. */
#include "small.h"

#include "build/copy.h"
#include "build/step.h"

#include <signal.h>
#include <sys/resource.h>

static void targets(const char *arch, const char *config, const char *want)
{
	auto_strv struct strv got = { 0 };
	auto_str struct str line = { 0 };

	bld_outputs_targets(arch, config, &got);
	for (size_t i = 0; i < got.n; i++)
		str_addf(&line, "%s%s", i ? " " : "", got.v[i]);
	assert_string_equal(str_c(&line), want);
}

static void test_targets(void **state)
{
	targets("x86_64", "CONFIG_MODULES=y\nCONFIG_OF_EARLY_FLATTREE=y\n", "bzImage modules");
	targets("i386", "# CONFIG_MODULES is not set\n", "bzImage");
	targets("arm64", "CONFIG_MODULES=y\nCONFIG_OF_EARLY_FLATTREE=y\n",
		"Image Image.gz modules dtbs");
	targets("arm64", "CONFIG_EFI_ZBOOT=y\n", "Image vmlinuz.efi");
	targets("riscv", "CONFIG_XIP_KERNEL=y\n", "xipImage");
	targets("loongarch", "CONFIG_EFI_STUB=y\n", "vmlinux.efi");
	targets("powerpc", "", "vmlinux zImage");
	targets("s390", "", "bzImage");
	targets("alpha", "CONFIG_MODULES=y\n", "all modules");
}

static void tool(char *const *make, char *const *wrap, bool host, const char *want)
{
	struct bld_kbuild_spec spec = { .make = make, .wrap = wrap };
	auto_strv struct strv got = { 0 };
	auto_free char *line = NULL;

	bld_tool(&spec, "strip", host, &got);
	line = strv_quoted(got.v);
	assert_string_equal(line, want);
}

static void test_tool(void **state)
{
	char *cross[] = { (char *)"ARCH=arm64", (char *)"CROSS_COMPILE=a-b-", NULL };
	char *llvm[] = { (char *)"LLVM=1", NULL };
	char *version[] = { (char *)"LLVM=-14", NULL };
	char *own[] = { (char *)"STRIP=/x/s", (char *)"LLVM=1", NULL };
	char *folder[] = { (char *)"LLVM=/opt/llvm/bin/", NULL };
	char *wrap[] = { (char *)"podman", (char *)"run", NULL };

	tool(NULL, NULL, false, "strip");
	tool(cross, NULL, false, "a-b-strip");
	tool(cross, NULL, true, "strip");
	tool(llvm, wrap, false, "podman run llvm-strip");
	tool(version, NULL, true, "llvm-strip-14");
	tool(own, NULL, false, "/x/s");
	tool(folder, NULL, false, "/opt/llvm/bin/llvm-strip");
}

static void put(const char *dir, const char *path, const char *text, mode_t mode)
{
	auto_free char *file = path_join(dir, path), *parent = path_dir(file);

	assert_int_equal(mkdir_p(parent, 0755, NULL), 0);
	assert_int_equal(file_publish(file, text, strlen(text), mode, NULL), 0);
}

static void put_link(const char *dir, const char *path, const char *target)
{
	auto_free char *file = path_join(dir, path), *parent = path_dir(file);

	assert_int_equal(mkdir_p(parent, 0755, NULL), 0);
	assert_int_equal(symlink(target, file), 0);
}

static void is_mode(const char *dir, const char *path, mode_t mode)
{
	auto_free char *file = path_join(dir, path);
	struct stat st;

	if (lstat(file, &st) < 0)
		fail_msg("'%s' is missing", file);
	assert_int_equal(st.st_mode, mode);
}

static bool is_there(const char *dir, const char *path)
{
	auto_free char *file = path_join(dir, path);
	struct stat st;

	return lstat(file, &st) == 0;
}

/* Modes are two, links do not lead out, and a mask counts for nothing. */
static void test_copy(void **state)
{
	auto_free char *from = path_join(*state, "from dir"), *to = path_join(*state, "to");
	auto_free char *outside = path_join(*state, "outside");
	struct bld_copy c = { .from = from, .to = to };
	auto_err struct err err = { 0 };
	mode_t mask = umask(077);

	put(*state, "outside", "o", 0600);
	put(from, "a/plain", "1", 0600);
	put(from, "a/program", "2", 0700);
	put(from, "empty", "", 0640);
	put_link(from, "a/inside", "../empty");
	put_link(from, "a/out", "../../outside");
	put_link(from, "a/absolute", outside);
	put_link(from, "a/nowhere", "/nonesuch");
	assert_done(bld_copy_tree(&c, "", &err), &err);
	/* once more over what is there */
	assert_done(bld_copy_tree(&c, "", &err), &err);
	umask(mask);
	is_mode(to, "a/plain", S_IFREG | 0644);
	is_mode(to, "a/program", S_IFREG | 0755);
	is_mode(to, "empty", S_IFREG | 0644);
	is_mode(to, "a/inside", S_IFLNK | 0777);
	is_mode(to, "a/out", S_IFREG | 0644);
	is_mode(to, "a/absolute", S_IFREG | 0644);
	assert_false(is_there(to, "a/nowhere"));
	c.links = BLD_LINKS_KEEP;
	assert_done(bld_copy_tree(&c, "a", &err), &err);
	is_mode(to, "a/out", S_IFLNK | 0777);
	assert_done(bld_copy_tree(&c, "nonesuch", &err), &err);
}

/* A disk that is full (here: files may not grow so far): nothing half-made is left in place. */
static void test_copy_full(void **state)
{
	auto_free char *from = path_join(*state, "from"), *to = path_join(*state, "to");
	auto_str struct str big = { 0 };
	struct rlimit was, small = { 4096, RLIM_INFINITY };
	auto_err struct err err = { 0 };

	for (size_t i = 0; i < 1000; i++)
		str_addf(&big, "line %zu of many\n", i);
	put(*state, "from", str_c(&big), 0644);
	put(*state, "to", "old", 0644);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small.rlim_max = was.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(bld_copy_file(from, to, &err), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_false(is_there(*state, "to"));
	assert_int_equal(bld_copy_file("/dev/full", to, &err), -EINVAL);
}

/* What failed, and the end of what it said. */
static void test_step(void **state)
{
	auto_free char *log = path_join(*state, "log");
	auto_close int fd = open(log, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	char *good[] = { (char *)"sh", (char *)"-c", (char *)"echo before", NULL };
	char *bad[] = { (char *)"sh", (char *)"-c", (char *)"seq 100; echo 'why not' >&2; exit 3",
			NULL };
	auto_err struct err err = { 0 };

	assert_done(bld_step_run(&(struct bld_step){ .argv = good, .log_fd = fd }, "x", &err),
		    &err);
	assert_int_equal(
		bld_step_run(&(struct bld_step){ .argv = bad, .log_fd = fd }, "'x y'", &err),
		-ECHILD);
	assert_string_equal(err.msg, "'x y' failed with status 3");
	assert_contains(err.hint, "  100\n  why not");
	assert_null(strstr(err.hint, "before"));
	assert_null(strstr(err.hint, "  86\n"));
	assert_contains(err.hint, "  87\n");
}

static void nowhere(const char *dir, const char *text)
{
	auto_free char *found = files_with(dir, text);

	if (*found)
		fail_msg("'%s' is named in:\n%s", text, found);
}

static void check_files(const char *to, const char *release)
{
	static const char *const there[] = {
		"boot/vmlinuz-%s",
		"boot/System.map-%s",
		"boot/config-%s",
		"lib/modules/%s/modules.dep.bin",
		"lib/modules/%s/modules.builtin.modinfo",
		"lib/modules/%s/kernel/drivers/net/dummy.ko",
		"usr/include/linux/version.h",
		"usr/include/asm/unistd_64.h",
		"usr/src/linux-headers-%s/.config",
		"usr/src/linux-headers-%s/Module.symvers",
		"usr/src/linux-headers-%s/scripts/mod/modpost",
		"usr/src/linux-headers-%s/scripts/module.lds",
		"usr/src/linux-headers-%s/tools/objtool/objtool",
	};
	static const char *const not [] = { "lib/modules/%s/build", "lib/modules/%s/source",
					    "debug", "boot/dtbs", "usr/include/.install" };

	for (size_t i = 0; i < countof(there) + countof(not ); i++) {
		const char *form = i < countof(there) ? there[i] : not [i - countof(there)];
		auto_str struct str path = { 0 };

		str_add(&path, form, strcspn(form, "%"));
		if (strstr(form, "%s"))
			str_addf(&path, "%s%s", release, strstr(form, "%s") + 2);
		if (is_there(to, str_c(&path)) != (i < countof(there)))
			fail_msg("'%s' is%s there", str_c(&path), i < countof(there) ? " not" : "");
	}
}

/* Of a build folder elsewhere than it was built, twice. The place of the second has what kbuild takes for patterns. */
TEST_OR_SKIP(test_small)
{
	auto_small struct small s;
	auto_free char *one = path_join(*state, "one"), *two = path_join(*state, "t w%o:");
	auto_free char *made = path_join(*state, "made"), *in_one = NULL, *in_made = NULL;
	auto_free char *release = NULL, *again = NULL;

	if (!small_copy(&s, *state, "build"))
		return false;
	small_take(&s, one, &release);
	small_take(&s, two, &again);
	assert_string_equal(release, again);
	check_files(one, release);
	same_folders(one, two);
	small_install_modules(&s, made, release);
	in_one = path_join3(one, "lib/modules", release);
	in_made = path_join3(made, "lib/modules", release);
	same_folders(in_one, in_made);
	nowhere(one, s.from);
	nowhere(one, s.build);
	nowhere(one, s.tree);
	assert_false(is_there(s.build, ".kiln-outputs"));
	return true;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets), cmocka_unit_test(test_tool),
		scratch_test(test_copy),	scratch_test(test_copy_full),
		scratch_test(test_step),	scratch_test(test_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
