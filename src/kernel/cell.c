/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernels in the store: a cell has the form of a root folder with one kernel installed. */
#include "kernel/find.h"

#include "store/store.h"

#include <errno.h>

static int use(struct sto *s, const char *id, struct krn *k, char **ret_path, struct err *err)
{
	int hold = -1, r = sto_use(s, id, &hold, err);

	if (r < 0)
		return r;
	vec_push(&k->held, hold);
	r = sto_cell_path(s, id, ret_path);
	return r < 0 ? err_set(err, r, "the cell '%.12s' was removed just now", id) : 0;
}

/* With modules that were built for it later: that cell has its own ones too. */
static int find_in(const char *path, const char *over, struct krn *k)
{
	auto_strv struct strv releases = { 0 };
	char *modules;
	int r;

	krn_installed_releases(path, &releases);
	if (!releases.n)
		return -ENOEXEC;
	r = krn_installed_find(path, releases.v[0], k);
	modules = r == 0 && over ? krn_installed_modules(over, releases.v[0]) : NULL;
	if (modules) {
		free(k->modules);
		k->modules = modules;
	}
	return r;
}

int krn_cell_find(const char *name, struct krn *k, struct err *err)
{
	auto_free char *path = NULL, *over = NULL;
	char id[STO_ID + 1], modules[STO_ID + 1];
	struct sto *s;
	int r = sto_open(NULL, false, &s, err);

	if (r < 0)
		return r;
	r = sto_find(s, name, id, err);
	if (r == 0)
		r = use(s, id, k, &path, err);
	if (r == 0 && sto_over_get(s, id, modules) == 0)
		r = use(s, modules, k, &over, err);
	sto_close(s);
	if (r < 0)
		return r;
	r = find_in(path, over, k);
	return r == -ENOEXEC
		       ? err_set(err, r, "the cell '%s' has no kernel's image: '%s'", name, path)
		       : r;
}

void krn_cell_names(struct strv *ret)
{
	struct sto *s;

	if (sto_open(NULL, false, &s, NULL) < 0)
		return;
	sto_names(s, ret, NULL);
	sto_close(s);
}
