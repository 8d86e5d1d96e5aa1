/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a kernel's tarball. Whatever they are, nothing may appear outside the folder given, and what becomes the
 * tree has nothing but folders, files, and links of which none leads out of it.
 */
#include "fuzz.h"
#include "scratch.h"

#include "base/path.h"
#include "source/parts.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sys/mman.h>

static char top[PATH_MAX]; /* for look(), which is given no context */

static int look(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	auto_free char *real = S_ISLNK(st->st_mode) ? realpath(path, NULL) : NULL;

	fuzz_need(S_ISDIR(st->st_mode) || S_ISREG(st->st_mode) || S_ISLNK(st->st_mode));
	fuzz_need(!real || str_eq(real, top) ||
		  (str_starts(real, top) && real[strlen(top)] == '/'));
	return 0;
}

static void check_outside(void)
{
	DIR *d = opendir(fuzz_scratch());
	const struct dirent *e;

	fuzz_need(d != NULL);
	while ((e = readdir(d)))
		fuzz_need(e->d_name[0] == '.' || str_eq(e->d_name, "in") ||
			  str_eq(e->d_name, "tree"));
	closedir(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *raw = fuzz_empty_dir("in"), *tree = fuzz_empty_dir("tree"), *real = NULL;
	auto_close int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct src_archive a = { .fd = fd, .name = "fuzz" };
	auto_err struct err err = { 0 };

	if (fd < 0 || write_all(fd, data, size) < 0)
		abort();
	if (src_unpack_to(&a, raw, tree, &err) < 0) {
		fuzz_need(err.msg != NULL);
	} else {
		real = realpath(tree, NULL);
		fuzz_need(real != NULL);
		snprintf(top, sizeof(top), "%s", real);
		fuzz_need(nftw(tree, look, 16, FTW_PHYS) == 0);
	}
	check_outside();
	return 0;
}
