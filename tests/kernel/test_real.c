/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Distributions' own packages: each linux-image-*.deb in the folder $KILN_TEST_KERNELS (from
 * `apt-get download`). The module order is held against modprobe's.
 */
#include "home.h"

#include "base/clock.h"
#include "base/proc.h"
#include "kernel/modules.h"

#include <dirent.h>

static const char *const names[] = { "virtio_pci", "virtio_console", "overlay", "virtiofs",
				     "ext4" };

/* modprobe's own answer for one name: "insmod PATH" lines in order. */
static bool modprobe_says(const struct krn *k, const char *base, const char *name, struct strv *ret)
{
	static const char *const extra[] = { "/usr/sbin", "/sbin", NULL };
	auto_free char *program = NULL;
	auto_proc_result struct proc_result res = { 0 };

	if (path_find_program("modprobe", extra, &program) < 0)
		return false;
	char *argv[] = { program,      (char *)"-d", (char *)base,	  (char *)"-S",
			 k->release,   (char *)"-C", (char *)"/dev/null", (char *)"--show-depends",
			 (char *)name, NULL };

	assert_int_equal(
		proc_run(&(struct proc_spec){ .argv = argv }, NULL, 0, 1 << 20, &res, NULL), 0);
	for (const char *p = str_c(&res.out); *p;) {
		if (str_skip(&p, "insmod "))
			strv_take(ret, xstrndup(p, strcspn(p, " \n")));
		p += strcspn(p, "\n");
		p += *p == '\n';
	}
	return true;
}

static size_t place(const struct strv *v, const char *path)
{
	for (size_t i = 0; i < v->n; i++)
		if (str_eq(path_base(v->v[i]), path_base(path)))
			return i;
	fail_msg("'%s' is missing", path);
	return 0;
}

/*
 * Everything modprobe would load is there, and no module stands before what modprobe loads before
 * it.
 */
static void same_order(const struct krn *k, const char *modules, const char *name)
{
	auto_free char *up = path_dir(modules);
	auto_free char *lib = path_dir(up);
	auto_free char *base = path_dir(lib);
	auto_strv struct strv want = { 0 };
	auto_strv struct strv got = { 0 };
	auto_strv struct strv missing = { 0 };
	auto_err struct err err = { 0 };

	assert_done(krn_modules_closure(k, &name, 1, &got, &missing, &err), &err);
	assert_int_equal(missing.n, 0);
	if (!modprobe_says(k, base, name, &want))
		return;
	assert_int_equal(got.n, want.n);
	for (size_t i = 0; i < want.n; i++)
		place(&got, want.v[i]);
	if (want.n)
		assert_string_equal(path_base(got.v[got.n - 1]), path_base(want.v[want.n - 1]));
}

static void check_kernel(const char *deb)
{
	auto_err struct err err = { 0 };
	struct krn k = { 0 };
	struct krn_image info;
	auto_str struct str config = { 0 };
	auto_free char *vmlinux = NULL;
	auto_free char *view = NULL;
	const char *note;

	assert_done(krn_resolve(deb, "/nonexistent", KRN_ARCH_UNKNOWN, NULL, &k, &err), &err);
	print_message("%s: %s\n", path_base(deb), k.info.version);
	assert_int_equal(k.kind, KRN_PACKAGE);
	assert_true(str_starts(k.info.version, k.release));
	assert_contains(path_base(deb), k.release);
	assert_done(krn_vmlinux(&k, NULL, &vmlinux, &info, &err), &err);
	if (k.info.arch == KRN_X86_64)
		assert_true(info.format == KRN_ELF && info.pvh);
	assert_done(krn_config(&k, &config, &err), &err);
	assert_contains(str_c(&config), "\nCONFIG_MODULES=y\n");
	assert_done(krn_modules_view(&k, NULL, &view, &note, &err), &err);
	for (size_t i = 0; i < countof(names); i++)
		same_order(&k, view, names[i]);
	krn_release(&k);
}

/*
 * kernel/resolve.h's promise for a run with everything in the cache; generous, as machines differ.
 */
static void check_speed(const char *deb)
{
	uint64_t begin, best = UINT64_MAX;

	for (int i = 0; i < 5; i++) {
		auto_free char *vmlinux = NULL;
		auto_free char *view = NULL;
		const char *note;
		struct krn_image info;
		struct krn k;

		begin = now_ns();
		assert_int_equal(krn_resolve(deb, "/nonexistent", KRN_ARCH_UNKNOWN, NULL, &k, NULL),
				 0);
		assert_int_equal(krn_vmlinux(&k, NULL, &vmlinux, &info, NULL), 0);
		assert_int_equal(krn_modules_view(&k, NULL, &view, &note, NULL), 0);
		best = MIN(best, now_ns() - begin);
		krn_release(&k);
	}
	print_message("warm: %.2f ms\n", (double)best / 1e6);
	assert_true(best < 50 * NSEC_PER_MSEC);
}

static void test_packages(void **state)
{
	const char *dir = getenv("KILN_TEST_KERNELS");
	DIR *d = opendir(dir);
	const struct dirent *e;
	size_t n = 0;

	assert_non_null(d);
	while ((e = readdir(d))) {
		auto_free char *path = path_join(dir, e->d_name);

		if (!str_starts(e->d_name, "linux-image-") || !str_ends(e->d_name, ".deb"))
			continue;
		/* A metapackage has no release in its name. */
		if (e->d_name[strlen("linux-image-")] < '0' ||
		    e->d_name[strlen("linux-image-")] > '9') {
			auto_err struct err err = { 0 };
			struct krn k;

			assert_int_equal(krn_resolve(path, "/", KRN_ARCH_UNKNOWN, NULL, &k, &err),
					 -ENOEXEC);
			assert_contains(err.msg, "metapackage");
			continue;
		}
		check_kernel(path);
		sleep(3); /* files younger than two seconds are not trusted to be unchanged */
		check_speed(path);
		n++;
	}
	closedir(d);
	assert_true(n > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { home_test(test_packages) };
	const char *dir = getenv("KILN_TEST_KERNELS");

	if (!dir || !*dir) {
		printf("KILN_TEST_KERNELS does not name a folder with linux-image-*.deb files\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
