/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a package. Whatever they are, nothing may appear outside the folder given. */
#include "fuzz.h"
#include "scratch.h"

#include "base/path.h"
#include "kernel/package.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>

#define OUTPUT_MAX (1 << 20)

/* SCRATCH/in is where the package goes. */
static int open_in(void)
{
	auto_free char *in = fuzz_empty_dir("in");

	return open(in, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void check_outside(void)
{
	DIR *d = opendir(fuzz_scratch());
	const struct dirent *e;

	fuzz_need(d != NULL);
	while ((e = readdir(d)))
		fuzz_need(e->d_name[0] == '.' || str_eq(e->d_name, "in"));
	closedir(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_close int fd = memfd_create("fuzz", MFD_CLOEXEC);
	auto_close int dir = open_in();
	struct krn_tree tree = { .fd = dir, .max_bytes = OUTPUT_MAX, .max_entries = 200 };
	auto_err struct err err = { 0 };
	struct krn_pkg pkg = { 0 };

	if (fd < 0 || dir < 0 || write_all(fd, data, size) < 0)
		abort();
	if (krn_pkg_unpack(fd, "fuzz", &tree, NULL, &pkg, &err) < 0)
		fuzz_need(err.msg != NULL);
	else
		free(krn_pkg_kernel_dependency(&pkg));
	krn_pkg_release(&pkg);
	krn_tree_release(&tree);
	check_outside();
	return 0;
}
