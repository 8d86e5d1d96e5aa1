/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a record. Whatever they are, nothing may appear outside of the folder given, and what is scanned of it is an
 * inventory that can be recorded again.
 */
#include "fuzz.h"
#include "scratch.h"

#include "hw/record.h"
#include "hw/scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>

static void check_outside(void)
{
	DIR *d = opendir(fuzz_scratch());
	const struct dirent *e;

	fuzz_need(d != NULL);
	while ((e = readdir(d)))
		fuzz_need(e->d_name[0] == '.' || str_eq(e->d_name, "in"));
	closedir(d);
}

static void scan(int folder, bool step_by_step)
{
	const struct hw_scan_opts opts = { .step_by_step = step_by_step };
	auto_hw_inventory struct hw_inventory inv = { 0 };
	auto_hw_record struct hw_record r = { 0 };
	auto_err struct err err = { 0 };

	if (hw_scan(folder, &opts, &inv, &err) < 0) {
		fuzz_need(err.msg != NULL);
		return;
	}
	for (size_t i = 0; i < inv.n; i++)
		fuzz_need(inv.v[i].bus && inv.v[i].addr && inv.v[i].path && inv.v[i].parent <= i);
	fuzz_need(hw_record(folder, &(struct hw_record_opts){ .log = "" }, &r, &err) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *in = fuzz_empty_dir("in");
	auto_close int fd = memfd_create("fuzz", MFD_CLOEXEC);
	auto_close int folder = open(in, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_err struct err err = { 0 };

	if (fd < 0 || folder < 0 || write_all(fd, data, size) < 0)
		abort();
	if (hw_record_unpack(fd, folder, &err) < 0)
		fuzz_need(err.msg != NULL);
	/* also what a damaged one has left: it is a folder like any other */
	scan(folder, false);
	scan(folder, true);
	check_outside();
	return 0;
}
