/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/source_tree.h"

#include "base/path.h"
#include "kconfig/env.h"

#include <errno.h>
#include <fcntl.h>

/* What a Makefile says can be anything; this goes into a table. */
static bool is_version(const char *s)
{
	return strlen(s) <= 64 && !s[strspn(s, "abcdefghijklmnopqrstuvwxyz"
					       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+_~-")];
}

int source_tree_open(const char *path, struct src_tree *ret, struct err *err)
{
	auto_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *version = NULL;
	int r;

	if (dir < 0)
		return err_sys(err, "cannot open the kernel source '%s'", path);
	r = path_check_current(err);
	if (r == 0)
		r = kc_tree_version(dir, &version, err);
	if (r < 0)
		return err_wrap(err, r, "'%s' is no kernel source", path);
	if (!is_version(version)) {
		free(version);
		return err_set(err, -EINVAL, "the version in '%s/Makefile' is none", path);
	}
	*ret = (struct src_tree){ .path = path_abs(path), .version = version, .hold = -1 };
	return 0;
}

void source_tree_release(struct src_tree *t)
{
	free(t->path);
	free(t->version);
	*t = (struct src_tree){ .hold = -1 };
}
