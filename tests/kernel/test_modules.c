/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loading order with and without depmod's files, and what the guest is shown. */
#include "home.h"
#include "make.h"

#include "kernel/kernel.h"
#include "kernel/modules.h"
#include "vm/initrd.h"

#include <elf.h>

static void put_module(const char *scratch, const char *path, const char *modinfo, size_t n)
{
	auto_str struct str b = { 0 };

	make_module(&b, modinfo, n);
	make_file(scratch, path, b.s, b.n);
}

/* Loads names and compares the file names without folders, in order. */
static void loads(const struct krn *k, const char *const *names, size_t n, const char *files,
		  const char *missing)
{
	auto_strv struct strv got = { 0 };
	auto_strv struct strv lost = { 0 };
	auto_str struct str a = { 0 };
	auto_str struct str b = { 0 };
	auto_err struct err err = { 0 };

	assert_done(krn_modules_closure(k, names, n, &got, &lost, &err), &err);
	for (size_t i = 0; i < got.n; i++) {
		assert_int_equal(access(got.v[i], R_OK), 0);
		str_addf(&a, "%s%s", i ? " " : "", path_base(got.v[i]));
	}
	for (size_t i = 0; i < lost.n; i++)
		str_addf(&b, "%s%s", i ? " " : "", lost.v[i]);
	assert_string_equal(str_c(&a), files);
	assert_string_equal(str_c(&b), missing);
}

static const char *const wanted[] = { "virtio-net", "9p", "overlay", "nonesuch" };

/* As depmod 30 writes it: all that a module needs, the first to load last. */
static void test_by_dep(void **state)
{
	auto_free char *modules = path_join(*state, "m");
	struct krn k = { .kind = KRN_INSTALLED, .modules = modules };

	make_text(
		*state, "m/modules.dep",
		"kernel/virtio_ring.ko:\n"
		"kernel/virtio.ko: kernel/virtio_ring.ko\n"
		"kernel/net_failover.ko.xz: kernel/failover.ko\n"
		"kernel/failover.ko:\n"
		"kernel/virtio_net.ko: kernel/net_failover.ko.xz kernel/failover.ko kernel/virtio.ko "
		"kernel/virtio_ring.ko\n"
		"kernel/crc-x.ko:\n"
		"kernel/fs/9p.ko: kernel/virtio.ko kernel/virtio_ring.ko\n"
		"../evil.ko:\n");
	make_text(*state, "m/modules.builtin", "kernel/fs/overlayfs/overlay.ko\n");
	make_text(*state, "m/modules.softdep",
		  "# Soft\nsoftdep 9p pre: crypto-crc32c missing-one post: failover\n");
	make_text(*state, "m/modules.alias",
		  "alias pci:v0001* virtio_net\nalias crypto-crc32c crc_x\n");
	static const char *const files[] = {
		"virtio_ring.ko", "virtio.ko", "net_failover.ko.xz", "failover.ko", "virtio_net.ko",
		"crc-x.ko",	  "fs/9p.ko"
	};

	for (size_t i = 0; i < countof(files); i++) {
		auto_free char *path = path_join("m/kernel", files[i]);

		make_text(*state, path, "x");
	}
	make_text(*state, "evil.ko", "x");
	loads(&k, wanted, countof(wanted),
	      "virtio_ring.ko virtio.ko failover.ko net_failover.ko.xz virtio_net.ko crc-x.ko 9p.ko",
	      "nonesuch");
	loads(&k, (const char *const[]){ "evil" }, 1, "", "evil");
}

#define INFO(s) s, sizeof(s)

static void put_build(const char *scratch)
{
	make_text(scratch, "b/modules.order",
		  "lib/ring.o\nnet/virtio-net.o\nfs/9p.o\nlib/base.ko\n");
	make_text(scratch, "b/modules.builtin", "kernel/fs/overlay.ko\n");
	put_module(scratch, "b/lib/ring.ko", INFO("license=GPL\0depends=\0name=ring"));
	put_module(scratch, "b/lib/base.ko", INFO("license=GPL\0depends=ring\0name=base"));
	put_module(scratch, "b/net/virtio-net.ko", INFO("depends=ring\0name=virtio_net"));
	put_module(scratch, "b/fs/9p.ko", INFO("depends=overlay\0softdep=pre: base\0name=9p"));
	put_module(scratch, "b/fs/stale.ko", INFO("depends=\0name=stale"));
}

static void test_by_order(void **state)
{
	auto_free char *build = path_join(*state, "b");
	struct krn k = { .kind = KRN_FOLDER, .modules = build, .build = build };

	put_build(*state);
	loads(&k, wanted, countof(wanted), "ring.ko virtio-net.ko base.ko 9p.ko", "nonesuch");
	loads(&k, (const char *const[]){ "stale" }, 1, "", "stale");
}

static void test_no_modules(void **state)
{
	struct krn k = { .kind = KRN_FILE };
	char *view = (char *)"x";
	const char *note;

	loads(&k, wanted, 2, "", "virtio_net 9p");
	assert_int_equal(krn_modules_view(&k, NULL, &view, &note, NULL), 0);
	assert_null(view);
}

static char *view_of(struct krn *k)
{
	auto_err struct err err = { 0 };
	const char *note;
	char *view = NULL;

	assert_done(krn_modules_view(k, NULL, &view, &note, &err), &err);
	assert_non_null(view);
	krn_let_go(k);
	return view;
}

static void read_view(const char *view, const char *name, struct str *ret)
{
	auto_free char *path = path_join(view, name);
	auto_err struct err err = { 0 };

	assert_done(file_read(AT_FDCWD, path, 1 << 20, ret, &err), &err);
}

static bool have_depmod(void)
{
	static const char *const extra[] = { "/usr/sbin", "/sbin", NULL };
	auto_free char *path = NULL;

	return path_find_program("depmod", extra, &path) == 0;
}

static void test_view_of_build(void **state)
{
	auto_free char *build = path_join(*state, "b");
	struct krn k = {
		.kind = KRN_FOLDER, .modules = build, .build = build, .release = (char *)"6.9.1-own"
	};
	auto_free char *first = NULL;
	auto_free char *again = NULL;
	auto_free char *renewed = NULL;
	auto_str struct str text = { 0 };
	auto_str struct str dep = { 0 };

	put_build(*state);
	first = view_of(&k);
	assert_true(str_ends(first, "/lib/modules/6.9.1-own"));
	read_view(first, "modules.order", &text);
	assert_string_equal(
		str_c(&text),
		"kernel/lib/ring.ko\nkernel/net/virtio-net.ko\nkernel/fs/9p.ko\nkernel/lib/base.ko\n");
	str_clear(&text);
	read_view(first, "kernel/fs/9p.ko", &text);
	assert_true(text.n > 0);
	if (have_depmod()) {
		read_view(first, "modules.dep", &dep);
		assert_contains(str_c(&dep), "kernel/net/virtio-net.ko:");
		assert_null(strstr(str_c(&dep), "stale"));
	}
	again = view_of(&k);
	assert_string_equal(first, again);
	put_module(*state, "b/fs/9p.ko", INFO("depends=ring\0name=9p, and rebuilt"));
	renewed = view_of(&k);
	assert_string_not_equal(first, renewed);
}

/* An installed folder that depmod never saw is left as it is; the view has the index. */
TEST_OR_SKIP(test_view_of_foreign)
{
	auto_free char *modules = path_join(*state, "lib/modules/6.9.1");
	auto_free char *untouched = path_join(modules, "modules.dep");
	struct krn k = { .kind = KRN_INSTALLED, .modules = modules, .release = (char *)"6.9.1" };
	auto_free char *view = NULL;
	auto_str struct str dep = { 0 };

	if (!have_depmod()) {
		print_message("there is no depmod\n");
		return false;
	}
	make_text(*state, "lib/modules/6.9.1/modules.order", "kernel/a.ko\n");
	put_module(*state, "lib/modules/6.9.1/kernel/a.ko", INFO("depends=\0name=a"));
	view = view_of(&k);
	assert_string_not_equal(view, modules);
	read_view(view, "modules.dep", &dep);
	assert_string_equal(str_c(&dep), "kernel/a.ko:\n");
	assert_int_not_equal(access(untouched, F_OK), 0);
	make_text(*state, "lib/modules/6.9.1/modules.dep.bin", "");
	free(view);
	view = view_of(&k);
	/* empty: what a loss of power left */
	assert_string_not_equal(view, modules);
	make_text(*state, "lib/modules/6.9.1/modules.dep.bin", "index");
	free(view);
	view = view_of(&k);
	assert_string_equal(view, modules);
	return true;
}

/* SCRATCH/bin/depmod, the only program in $PATH. */
static void put_depmod(const char *scratch, const char *script)
{
	auto_free char *bin = path_join(scratch, "bin");
	auto_free char *path = path_join(bin, "depmod");

	make_text(scratch, "bin/depmod", script);
	assert_int_equal(chmod(path, 0755), 0);
	setenv("PATH", bin, 1);
}

static void package_view(const char *scratch, const char *depmod, const char **ret_note)
{
	auto_free char *modules = path_join(scratch, "p/lib/modules/6.9.1");
	struct krn k = { .kind = KRN_PACKAGE, .modules = modules, .release = (char *)"6.9.1" };
	auto_free char *path = xstrdup(getenv("PATH"));
	auto_err struct err err = { 0 };
	char *view = NULL;
	int r;

	make_text(scratch, "p/lib/modules/6.9.1/modules.order", "kernel/a.ko\n");
	put_depmod(scratch, depmod);
	r = krn_modules_view(&k, NULL, &view, ret_note, &err);
	setenv("PATH", path, 1);
	assert_done(r, &err);
	assert_string_equal(view, modules);
	free(view);
}

/* kmod since version 30 can be built to look below usr (--with-module-directory). */
static void test_view_by_depmod_of_usr(void **state)
{
	auto_free char *made = path_join(*state, "p/lib/modules/6.9.1/modules.dep");
	const char *note;

	package_view(*state, "#!/bin/sh\n: >\"$2/usr/lib/modules/$3/modules.dep\"\n", &note);
	assert_null(note);
	assert_int_equal(access(made, F_OK), 0);
}

/* A program without its interpreter is as good as none. */
static void test_view_without_depmod(void **state)
{
	auto_free char *mark = path_join(*state, "p/depmod");
	const char *note;

	package_view(*state, "#!/no/such/interpreter\n", &note);
	assert_non_null(note);
	assert_contains(note, "modprobe will not work");
	assert_int_not_equal(access(mark, F_OK), 0);
}

static void test_read(void **state)
{
	static const struct {
		const char *suffix;
		const char *argv[4];
	} comps[] = { { "", { NULL } },
		      { ".gz", { "gzip", "-n" } },
		      { ".xz", { "xz" } },
		      { ".zst", { "zstd", "-q", "-c" } } };
	auto_str struct str module = { 0 };

	make_module(&module, INFO("name=a"));
	for (size_t i = 0; i < countof(comps); i++) {
		auto_free char *name = xasprintf("a.ko%s", comps[i].suffix);
		auto_free char *path = path_join(*state, name);
		auto_str struct str packed = { 0 };
		auto_str struct str back = { 0 };
		auto_err struct err err = { 0 };

		if (!comps[i].argv[0])
			str_add(&packed, module.s, module.n);
		else if (!make_compressed(&packed, &module, comps[i].argv))
			continue;
		make_file(*state, name, packed.s, packed.n);
		assert_done(krn_module_read(path, &back, &err), &err);
		assert_int_equal(back.n, module.n);
		assert_memory_equal(back.s, module.s, module.n);
	}
}

/* A signed module, one of whose sections has this name, is the unsigned one with a section that has none. */
static void strips(const char *section)
{
	static const char marker[] = "~Module signature appended~\n";
	static const char tail[] = "signature"
				   "\1\0\2\0\0\0\0\0\0\0\0\11";
	auto_str struct str plain = { 0 }, signed_one = { 0 };
	Elf64_Ehdr *eh;
	Elf64_Shdr *sh;

	make_module(&plain, INFO("name=a"));
	eh = (Elf64_Ehdr *)plain.s;
	sh = (Elf64_Shdr *)(plain.s + eh->e_shoff);
	/* Behind the rest: names are found by their distance from the table's begin. */
	sh[1].sh_name = (Elf64_Word)(plain.n - sh[eh->e_shstrndx].sh_offset);
	str_add(&plain, section, strlen(section) + 1);
	str_add(&signed_one, plain.s, plain.n);
	str_add(&signed_one, tail, sizeof(tail) - 1);
	str_adds(&signed_one, marker);
	krn_module_strip(&signed_one);
	assert_int_equal(signed_one.n, plain.n);
	eh = (Elf64_Ehdr *)plain.s;
	sh = (Elf64_Shdr *)(plain.s + eh->e_shoff);
	sh[1].sh_name = 0;
	assert_memory_equal(signed_one.s, plain.s, plain.n);
	for (size_t n = 0; n < plain.n; n++) {
		auto_free char *copy = xmemdup(plain.s, n);
		struct str part = { .s = copy, .n = n };

		krn_module_strip(&part);
		assert_int_equal(part.n, n);
	}
}

/* What is no signature, and what is no section, is left as it is. */
static void test_strip(void **state)
{
	strips(".BTF");
	strips("_ftrace_eval_map");
}

/* A module of an installed kernel that was replaced goes into the next boot. */
static void test_initrd(void **state)
{
	auto_free char *modules = path_join(*state, "m"), *guest = path_join(*state, "guest");
	struct krn k = { .kind = KRN_INSTALLED, .modules = modules, .key = "0123" };
	auto_strv struct strv names = { 0 };
	struct vm_initrd_spec spec = { .kernel = &k, .modules = &names, .guest = guest };
	auto_free char *first = NULL, *again = NULL, *renewed = NULL;
	auto_err struct err err = { 0 };

	strv_add(&names, "a");
	make_text(*state, "guest", "init");
	make_text(*state, "m/modules.dep", "kernel/a.ko:\n");
	put_module(*state, "m/kernel/a.ko", INFO("name=a"));
	assert_done(vm_initrd_make(&spec, &first, &err), &err);
	assert_done(vm_initrd_make(&spec, &again, &err), &err);
	assert_string_equal(first, again);
	put_module(*state, "m/kernel/a.ko", INFO("name=a, and replaced"));
	assert_done(vm_initrd_make(&spec, &renewed, &err), &err);
	assert_string_not_equal(first, renewed);
}

static void test_initrd_hint(void **state)
{
	auto_free char *build = path_join(*state, "my build"), *guest = path_join(*state, "guest");
	struct krn k = { .kind = KRN_FOLDER, .modules = build, .build = build, .key = "0123" };
	auto_strv struct strv names = { 0 };
	struct vm_initrd_spec spec = {
		.kernel = &k, .modules = &names, .guest = guest, .must_have = true
	};
	auto_free char *path = NULL;
	auto_err struct err err = { 0 };

	strv_add(&names, "a");
	make_text(*state, "guest", "init");
	make_text(*state, "my build/modules.order", "");
	assert_int_equal(vm_initrd_make(&spec, &path, &err), -ENOENT);
	assert_contains(err.hint, "make -C '/");
	assert_contains(err.hint, "/my build' modules");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		home_test(test_by_dep),
		home_test(test_by_order),
		home_test(test_no_modules),
		home_test(test_view_of_build),
		home_test(test_view_of_foreign),
		home_test(test_view_by_depmod_of_usr),
		home_test(test_view_without_depmod),
		home_test(test_read),
		home_test(test_strip),
		home_test(test_initrd),
		home_test(test_initrd_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
