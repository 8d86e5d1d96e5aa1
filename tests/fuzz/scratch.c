/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scratch.h"

#include "base/file.h"
#include "base/path.h"

#include <stdlib.h>
#include <sys/stat.h>

static char *scratch;

static void remove_scratch(void)
{
	rm_rf(scratch, NULL);
	free(scratch);
}

const char *fuzz_scratch(void)
{
	const char *tmp = getenv("TMPDIR");

	if (scratch)
		return scratch;
	scratch = xasprintf("%s/kiln-fuzz-XXXXXX", tmp && *tmp ? tmp : "/dev/shm");
	if (!mkdtemp(scratch))
		abort();
	atexit(remove_scratch);
	return scratch;
}

char *fuzz_empty_dir(const char *name)
{
	char *dir = path_join(fuzz_scratch(), name);

	if (rm_rf(dir, NULL) < 0 || mkdir(dir, 0700) < 0)
		abort();
	return dir;
}
