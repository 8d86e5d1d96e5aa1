/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding QEMU and asking it, with a shell script that answers as QEMU 7.2 does (its replies to the
 * same questions, most of the lists left out), and with the real one where it is installed.
 */
#include "scratch.h"

#include "base/file.h"
#include "vm/qemu.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#define GREETING                                                                            \
	"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}}, " \
	"\"capabilities\": [\"oob\"]}}\n{\"return\": {}}\n"
#define VERSION                                                                          \
	"{\"return\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}}, \"id\": " \
	"\"version\"}\n{\"return\": {\"arch\": \"x86_64\"}, \"id\": \"target\"}\n"
#define KVM "{\"return\": {\"enabled\": false, \"present\": true}, \"id\": \"kvm\"}\n"
#define MACHINES \
	"{\"return\": [{\"name\": \"microvm\"}, {\"name\": \"pc\"}], \"id\": \"machines\"}\n"
#define FSDEV "{\"return\": [{\"option\": \"fsdev\"}], \"id\": \"fsdev\"}\n"
#define NO_FSDEV                                                                                   \
	"{\"id\": \"fsdev\", \"error\": {\"class\": \"GenericError\", \"desc\": \"invalid option " \
	"name: fsdev\"}}\n"
#define EVENT "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"SHUTDOWN\"}\n"
#define DEVICES                                                                       \
	"{\"return\": [{\"name\": \"virtio-9p-pci\", \"parent\": \"x\"}, {\"name\": " \
	"\"virtio-serial-pci\"}], \"id\": \"devices\"}\n"
#define MEMORY "{\"return\": [{\"name\": \"memory-backend-memfd\"}], \"id\": \"memory\"}\n"

/* A cache file of a kiln that knew other fields, and says otherwise */
#define OLD_FORM                                                                                    \
	"{\"form\": 0, \"version\": \"1.0\", \"target\": \"x86_64\", \"9p\": false, \"vhost_fs\": " \
	"true, \"serial\": false, \"microvm\": true, \"memfd\": true, \"kvm\": true}"

/* A QEMU that prints `replies` and counts its starts in the file "asked". */
static char *fake_qemu(const char *replies)
{
	auto_free char *asked = scratch_path("asked");
	auto_free char *script = xasprintf(
		"#!/bin/sh\necho >>%s\ncat >/dev/null\ncat <<'END'\n%sEND\n", asked, replies);

	unlink(asked);
	return scratch_file("fake-qemu", 0755, script);
}

static size_t times_asked(void)
{
	auto_free char *asked = scratch_path("asked");
	auto_str struct str text = { 0 };

	file_read(AT_FDCWD, asked, 1000, &text, NULL);
	return text.n;
}

static struct vm_qemu find(const char *path)
{
	auto_err struct err err = { 0 };
	struct vm_qemu q;

	if (vm_qemu_find(KRN_X86_64, path, &q, &err) < 0)
		fail_msg("%s", err.msg);
	return q;
}

static void reads_the_answers(void **state)
{
	auto_free char *path = fake_qemu(GREETING VERSION KVM MACHINES FSDEV DEVICES EVENT MEMORY);
	cleanup(vm_qemu_release) struct vm_qemu q = find(path);

	assert_string_equal(q.path, path);
	assert_string_equal(q.version, "7.2.22");
	assert_int_equal(q.arch, KRN_X86_64);
	assert_true(q.has_9p && q.has_serial && q.has_microvm && q.has_memfd && q.has_kvm);
	assert_false(q.has_vhost_fs);
}

static void believes_no_9p_without_fsdev(void **state)
{
	auto_free char *path = fake_qemu(GREETING VERSION NO_FSDEV DEVICES);
	cleanup(vm_qemu_release) struct vm_qemu q = find(path);

	assert_false(q.has_9p || q.has_kvm || q.has_memfd || q.has_microvm);
	assert_true(q.has_serial);
}

static char *cache_file(void)
{
	auto_free char *dir = scratch_path("cache/kiln/probe");
	DIR *d = opendir(dir);
	const struct dirent *e;
	char *found = NULL;

	assert_non_null(d);
	while ((e = readdir(d))) {
		if (str_starts(e->d_name, "qemu-") && str_ends(e->d_name, ".json"))
			found = xasprintf("cache/kiln/probe/%s", e->d_name);
	}
	closedir(d);
	assert_non_null(found);
	return found;
}

static void same_as_first(const struct vm_qemu *first, const char *path, size_t asked)
{
	cleanup(vm_qemu_release) struct vm_qemu q = find(path);

	assert_int_equal(times_asked(), asked);
	assert_string_equal(q.path, first->path);
	assert_string_equal(q.version, first->version);
	assert_true(q.has_9p && q.has_serial && !q.has_vhost_fs && !q.has_kvm);
}

static void asks_once(void **state)
{
	static const char *const broken[] = {
		"", "{", "[]", "{\"form\": 1}", "\xff\xff", OLD_FORM
	};
	auto_free char *dir = scratch_path("cache/kiln/probe");
	auto_free char *path = NULL, *cache = NULL;
	cleanup(vm_qemu_release) struct vm_qemu q = { 0 };

	rm_rf(dir, NULL);
	path = fake_qemu(GREETING VERSION FSDEV DEVICES);
	q = find(path);
	assert_int_equal(times_asked(), 1);
	same_as_first(&q, path, 1);
	cache = cache_file();
	for (size_t i = 0; i < countof(broken); i++) {
		free(scratch_file(cache, 0600, broken[i]));
		same_as_first(&q, path, i + 2);
		/* and the file is good again */
		same_as_first(&q, path, i + 2);
	}
}

static void asks_a_changed_program_anew(void **state)
{
	auto_free char *path = fake_qemu(GREETING VERSION), *again = NULL;
	cleanup(vm_qemu_release) struct vm_qemu a = find(path), b = { 0 };

	assert_false(a.has_kvm);
	again = fake_qemu(GREETING VERSION KVM);
	b = find(again);
	assert_true(b.has_kvm);
}

static void expect_error(enum krn_arch arch, const char *program, int code, const char *words)
{
	auto_err struct err err = { 0 };
	struct vm_qemu q;

	assert_int_equal(vm_qemu_find(arch, program, &q, &err), code);
	if (!strstr(err.msg, words))
		fail_msg("'%s' does not say '%s'", err.msg, words);
	assert_int_equal(err.code, code);
}

static void refuses_what_is_no_qemu(void **state)
{
	auto_free char *mute = scratch_file("mute", 0755, "#!/bin/sh\nexit 0\n");
	auto_free char *foreign =
		scratch_file("foreign", 0755, "#!/bin/sh\necho 'bad option -M' >&2\nexit 2\n");
	auto_free char *junk = scratch_file("junk", 0755, "#!/bin/sh\nhead -c 5000 /dev/zero\n");
	auto_free char *x86 = fake_qemu(GREETING VERSION);

	expect_error(KRN_X86_64, mute, -EPROTO, "does not speak QMP (exit status 0)");
	expect_error(KRN_X86_64, foreign, -EPROTO, "(exit status 2): bad option -M");
	expect_error(KRN_X86_64, junk, -EPROTO, "does not speak QMP");
	expect_error(KRN_X86_64, "/nowhere/qemu", -ENOENT, "no program '/nowhere/qemu'");
	expect_error(KRN_ARM64, x86, -EINVAL, "is for x86_64 guests, not arm64");
}

static void names_the_package(void **state)
{
	auto_free char *path = xstrdup(getenv("PATH"));
	auto_err struct err err = { 0 };
	struct vm_qemu q;
	int rc;

	setenv("PATH", "/nonexistent", 1);
	rc = vm_qemu_find(KRN_S390, NULL, &q, &err);
	setenv("PATH", path, 1);
	assert_int_equal(rc, -ENOENT);
	assert_non_null(strstr(err.msg, "qemu-system-s390x"));
	assert_non_null(strstr(err.hint, "apt-get install -y qemu-system-misc"));
}

TEST_OR_SKIP(asks_the_real_one)
{
	auto_err struct err err = { 0 };
	cleanup(vm_qemu_release) struct vm_qemu q = { 0 }, again = { 0 };
	int rc = vm_qemu_find(KRN_X86_64, NULL, &q, &err);

	if (rc == -ENOENT) {
		print_message("%s\n", err.msg);
		return false;
	}
	assert_int_equal(rc, 0);
	/* no QEMU for x86_64 is built without these */
	assert_true(q.path[0] == '/' && q.version && q.has_serial);
	again = find(NULL);
	assert_string_equal(again.version, q.version);
	assert_int_equal(again.has_9p, q.has_9p);
	assert_int_equal(again.has_vhost_fs, q.has_vhost_fs);
	return true;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_answers),
		cmocka_unit_test(believes_no_9p_without_fsdev),
		cmocka_unit_test(asks_once),
		cmocka_unit_test(asks_a_changed_program_anew),
		cmocka_unit_test(refuses_what_is_no_qemu),
		cmocka_unit_test(names_the_package),
		cmocka_unit_test(asks_the_real_one),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
