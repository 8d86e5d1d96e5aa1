/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes into a record and comes out of it again. */
#include "dump.h"
#include "hw/hide.h"
#include "hw/record.h"
#include "hw/scan.h"
#include "machine.h"

#define LOG "<6>[    1.0] e1000: eth0 " MAC "\n<6>[    1.1] i915: Firmware i915/x.bin for " MAC "\n"

static int open_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void record(const char *root, bool secrets, struct hw_record *ret)
{
	const struct hw_record_opts opts = { .secrets = secrets, .log = LOG };
	auto_close int fd = open_dir(root);
	auto_err struct err err = { 0 };

	assert_done(hw_record(fd, &opts, ret, &err), &err);
}

static const char *data_of(const struct hw_record *r, const char *path)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_eq(r->v[i].path, path))
			return r->v[i].data;
	fail_msg("'%s' is not in the record", path);
	return NULL;
}

static bool is_in(const struct hw_record *r, const char *text)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcasestr(r->v[i].path, text) ||
		    memmem(r->v[i].data, r->v[i].n, text, strlen(text)))
			return true;
	return false;
}

static void test_no_secrets(void **state)
{
	auto_hw_record struct hw_record r = { 0 }, all = { 0 };
	static const char *const secrets[] = { SERIAL, MAC, "02fcdeadbe01", "02-fc-de-ad-be-01" };

	make_machine(*state);
	record(*state, false, &r);
	record(*state, true, &all);
	for (size_t i = 0; i < countof(secrets); i++) {
		assert_false(is_in(&r, secrets[i]));
		assert_true(is_in(&all, secrets[i]));
	}
	assert_string_equal(
		data_of(&r, "proc/cmdline"),
		"root=/dev/vda1 BOOTIF=00-00-00-00-00-00-00 rd.iscsi.password= quiet\n");
	assert_string_equal(data_of(&r, "proc/mountinfo"),
			    "27 1 254:0 / / rw - ext4 /dev/vda rw\n");
	assert_string_equal(data_of(&r, "kernel-log"),
			    "<6>[    1.1] i915: Firmware i915/x.bin for 00:00:00:00:00:00\n");
	assert_string_equal(data_of(&r, "proc/cpuinfo"),
			    "processor\t: 0\nmodel name\t: AMD EPYC 7B13\n\n");
}

static void scanned(const char *root, struct str *ret)
{
	auto_hw_inventory struct hw_inventory inv = { 0 };
	auto_close int fd = open_dir(root);
	auto_err struct err err = { 0 };

	assert_done(hw_scan(fd, &(struct hw_scan_opts){ 0 }, &inv, &err), &err);
	dump_inventory(&inv, ret);
}

static void unpack(const char *packed, size_t n, const char *folder, int wanted)
{
	auto_close int fd = make_fd(packed, n), dir = -1;
	auto_err struct err err = { 0 };

	assert_int_equal(mkdir_p(folder, 0755, NULL), 0);
	dir = open_dir(folder);
	assert_int_equal(hw_record_unpack(fd, dir, &err), wanted);
	assert_true(wanted == 0 || err.msg);
}

static void test_round_trip(void **state)
{
	auto_free char *a = path_join(*state, "a"), *b = path_join(*state, "b");
	auto_hw_record struct hw_record first = { 0 }, second = { 0 };
	auto_str struct str packed = { 0 }, again = { 0 }, x = { 0 }, y = { 0 };
	auto_err struct err err = { 0 };

	make_machine(a);
	record(a, false, &first);
	assert_done(hw_record_pack(&first, &packed, &err), &err);
	assert_true(hw_record_is(packed.s, packed.n));
	unpack(packed.s, packed.n, b, 0);
	scanned(a, &x);
	scanned(b, &y);
	assert_string_equal(str_c(&x), str_c(&y));
	/* a record of what came out of one is the same record */
	record(b, false, &second);
	assert_done(hw_record_pack(&second, &again, &err), &err);
	assert_int_equal(packed.n, again.n);
	assert_memory_equal(packed.s, again.s, packed.n);
}

static void hostile(const char *root, const char *name, char type, const char *link, int wanted)
{
	auto_free char *folder = path_join(root, "in");
	auto_str struct str tar = { 0 };

	make_tar_entry(&tar, name, type, link, "x", type == '0');
	make_tar_end(&tar);
	assert_true(hw_record_is(tar.s, tar.n));
	unpack(tar.s, tar.n, folder, wanted);
	assert_int_equal(rm_rf(folder, NULL), 0);
}

static void test_hostile(void **state)
{
	hostile(*state, "sys/bus/x", '0', NULL, 0);
	hostile(*state, "../x", '0', NULL, -EPERM);
	hostile(*state, "/x", '0', NULL, -EPERM);
	hostile(*state, "sys/x", '2', "../../x", -EPERM);
	hostile(*state, "sys/x", '2', "/etc", -EPERM);
	hostile(*state, "sys/x", '3', NULL, -EPERM);
	hostile(*state, "sys/x", '1', "sys/y", -EPERM);
	unpack("\x28\xb5\x2f\xfd garbage", 12, *state, -EBADMSG);
}

static void hides(const char *text, const char *wanted)
{
	auto_hidden struct hw_hidden h = { 0 };
	auto_str struct str once = { 0 }, twice = { 0 };

	hw_hide(&h, text, strlen(text), &once);
	assert_string_equal(str_c(&once), wanted);
	hw_hidden_release(&h);
	h = (struct hw_hidden){ 0 };
	hw_hide(&h, once.s, once.n, &twice);
	assert_string_equal(str_c(&twice), wanted);
}

static void test_hide(void **state)
{
	hides("a " MAC ",b", "a 00:00:00:00:00:00,b");
	hides("net/enx02fcdeadbe01 wlx02fcdeadbe02 enx02fcdeadbe01",
	      "net/enx000000000001 wlx000000000002 enx000000000001");
	hides("enx02fcdeadbe0 enx02fcdeadbe012 xenx02fcdeadbe01",
	      "enx02fcdeadbe0 enx02fcdeadbe012 xenx02fcdeadbe01");
	hides("0000:00:1f.6 12:34:56 10:20:30:40:50", "0000:00:1f.6 12:34:56 10:20:30:40:50");
	hides("80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:00:00:01",
	      "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_no_secrets),
		scratch_test(test_round_trip),
		scratch_test(test_hostile),
		cmocka_unit_test(test_hide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
