/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernels in the store: a cell has the form of a root folder with one kernel installed. */
#include "kernel/find.h"

#include "store/store.h"

#include <errno.h>

int krn_cell_find(const char *name, struct krn *k, struct err *err)
{
	auto_strv struct strv releases = { 0 };
	auto_free char *path = NULL;
	char id[STO_ID + 1];
	struct sto *s;
	int hold = -1, r = sto_open(NULL, false, &s, err);

	if (r < 0)
		return r;
	r = sto_find(s, name, id, err);
	if (r == 0)
		r = sto_use(s, id, &hold, err);
	if (r == 0)
		r = sto_cell_path(s, id, &path);
	sto_close(s);
	if (hold >= 0)
		vec_push(&k->held, hold);
	if (r < 0)
		return r;
	krn_installed_releases(path, &releases);
	if (releases.n)
		return krn_installed_find(path, releases.v[0], k);
	return err_set(err, -ENOEXEC, "the cell '%s' has no kernel's image: '%s'", name, path);
}
