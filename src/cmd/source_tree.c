/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/source_tree.h"

#include "base/path.h"

int source_tree_open(const char *path, struct src_tree *ret, struct err *err)
{
	char *version;
	int r = path_check_current(err);

	if (r == 0)
		r = src_version(path, &version, err);
	if (r < 0)
		return r;
	*ret = (struct src_tree){ .path = path_abs(path), .version = version, .hold = -1 };
	return 0;
}

void source_tree_release(struct src_tree *t)
{
	free(t->path);
	free(t->version);
	*t = (struct src_tree){ .hold = -1 };
}
