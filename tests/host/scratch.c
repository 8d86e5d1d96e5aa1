/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scratch.h"

#include "base/file.h"
#include "base/path.h"

#include <sys/stat.h>

static char *folder;

int scratch_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	auto_free char *cache = NULL, *data = NULL;

	folder = path_join(tmp && *tmp ? tmp : "/var/tmp", "kiln-test-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	cache = scratch_path("cache");
	data = scratch_path("data");
	setenv("XDG_CACHE_HOME", cache, 1);
	setenv("XDG_DATA_HOME", data, 1);
	return 0;
}

int scratch_teardown(void **state)
{
	int rc = rm_rf(folder, NULL);

	freep(&folder);
	return rc;
}

char *scratch_path(const char *name)
{
	auto_free char *path = path_join(folder, name);
	auto_free char *dir = path_dir(path);

	assert_int_equal(mkdir_p(dir, 0755, NULL), 0);
	return take_ptr(path);
}

char *scratch_file(const char *name, mode_t mode, const char *text)
{
	auto_free char *path = scratch_path(name);

	assert_int_equal(file_publish(path, text, strlen(text), mode, NULL), 0);
	assert_int_equal(chmod(path, mode), 0);
	return take_ptr(path);
}
