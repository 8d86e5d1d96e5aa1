/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices of made machines, and of folders that were made to do harm. */
#include "dump.h"
#include "hw/scan.h"
#include "machine.h"

static void scan(const char *root, const struct hw_scan_opts *opts, struct str *ret)
{
	auto_close int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_hw_inventory struct hw_inventory inv = { 0 };
	auto_err struct err err = { 0 };

	assert_done(hw_scan(fd, opts, &inv, &err), &err);
	dump_inventory(&inv, ret);
}

static void test_machine(void **state)
{
	auto_free char *file = path_join(getenv("KILN_TEST_DATA"), "machine.scan");
	auto_str struct str is = { 0 }, slowly = { 0 }, wanted = { 0 };
	auto_err struct err err = { 0 };

	make_machine(*state);
	scan(*state, &(struct hw_scan_opts){ 0 }, &is);
	scan(*state, &(struct hw_scan_opts){ .step_by_step = true }, &slowly);
	assert_done(file_read(AT_FDCWD, file, 1 << 20, &wanted, &err), &err);
	assert_string_equal(str_c(&is), str_c(&wanted));
	assert_string_equal(str_c(&slowly), str_c(&wanted));
}

static void test_secrets(void **state)
{
	auto_str struct str b = { 0 };

	make_machine(*state);
	scan(*state, &(struct hw_scan_opts){ .secrets = true }, &b);
	assert_contains(str_c(&b),
			"name: Dell Inc. PowerEdge\n\talias: dmi:bvnDellInc.:bvr2.4:pnPowerEdge:\n"
			"\tsecret: " SERIAL);
	assert_contains(str_c(&b), "net enx02fcdeadbe01\n");
	assert_contains(str_c(&b), "secret: " MAC);
}

/* Where the modalias or its folder is elsewhere, by a link, or is no file, the device counts as one without. */
static void hostile(const char *root, bool step_by_step)
{
	const struct hw_scan_opts opts = { .step_by_step = step_by_step };
	auto_str struct str b = { 0 };

	scan(root, &opts, &b);
	assert_string_equal(str_c(&b),
			    "pci 0000:00:09.0\n"
			    "\tpath: devices/pci0000:00/0000:00:09.0\n"
			    "\talias: pci:v1\n"
			    "\talias: pci:v2\n"
			    "odd 0: 'sys/devices/pci0000:00/huge/modalias': too large for sysfs\n");
}

static void test_hostile(void **state)
{
	const char *root = *state;
	auto_free char *outside = path_join(root, "outside"), *inside = path_join(root, "inside");
	auto_free char *fifo = path_join(inside, "sys/devices/pci0000:00/fifo/modalias");
	auto_free char *huge = xcalloc(1, 5001), *away = path_join(outside, "device");

	make_text(outside, "device/modalias", "pci:v0BAD\n");
	memset(huge, 'x', 5000);
	make_text(inside, "sys/devices/pci0000:00/huge/modalias", huge);
	make_text(inside, "sys/devices/pci0000:00/0000:00:09.0/modalias", "pci:v1\033\n\npci:v2");
	make_text(inside, "sys/devices/pci0000:00/fifo/x", "");
	assert_int_equal(mkfifo(fifo, 0644), 0);
	make_link(inside, "sys/devices/pci0000:00/linked/modalias",
		  "../../../../../outside/device/modalias");
	make_link(inside, "sys/devices/pci0000:00/folder", away);
	make_link(inside, "sys/devices/pci0000:00/loop", "loop");
	make_text(inside, "sys/devices/pci0000:00/dir/modalias/x", "");
	make_link(inside, "sys/bus/pci/devices/0000:00:09.0",
		  "../../../devices/pci0000:00/0000:00:09.0");
	make_link(inside, "sys/bus/pci/devices/again", "/sys/devices/pci0000:00/0000:00:09.0");
	make_link(inside, "sys/bus/pci/devices/huge", "../../../devices/pci0000:00/huge");
	make_link(inside, "sys/bus/pci/devices/fifo", "../../../devices/pci0000:00/fifo");
	make_link(inside, "sys/bus/pci/devices/linked", "../../../devices/pci0000:00/linked");
	make_link(inside, "sys/bus/pci/devices/folder", "../../../devices/pci0000:00/folder");
	make_link(inside, "sys/bus/pci/devices/loop", "../../../devices/pci0000:00/loop");
	make_link(inside, "sys/bus/pci/devices/dir", "../../../devices/pci0000:00/dir");
	make_link(inside, "sys/bus/pci/devices/away", away);
	make_link(inside, "sys/bus/pci/devices/up", "../../../../../outside/device");
	make_link(inside, "sys/bus/pci/devices/top", "../../../..");
	make_text(inside, "sys/bus/pci/devices/file", "");
	hostile(inside, false);
	hostile(inside, true);
}

static void test_nothing(void **state)
{
	auto_close int fd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_hw_inventory struct hw_inventory inv = { 0 };
	auto_err struct err err = { 0 };

	assert_int_equal(hw_scan(fd, &(struct hw_scan_opts){ 0 }, &inv, &err), -ENODEV);
	assert_contains(err.msg, "sys/bus");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_machine),
		scratch_test(test_secrets),
		scratch_test(test_hostile),
		scratch_test(test_nothing),
	};
	auto_str struct str b = { 0 };

	/* FOLDER: a machine made there is printed, for machine.scan */
	if (argc < 2)
		return cmocka_run_group_tests(tests, NULL, NULL);
	make_machine(argv[1]);
	scan(argv[1], &(struct hw_scan_opts){ 0 }, &b);
	fputs(str_c(&b), stdout);
	return 0;
}
