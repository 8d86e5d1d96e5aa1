/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Removing what is damaged. Refs go before their cells, cells before the objects: killed in between it leaves fewer
 * faults, and none that was not there before.
 */
#include "store/verify.h"

#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>

static bool any_in_use(const struct sto *s, const struct strv *ids)
{
	for (size_t i = 0; i < ids->n; i++)
		if (sto_cell_in_use(s, ids->v[i]))
			return true;
	return false;
}

static int remove_refs(const struct sto *s, const struct sto_refs *refs, const char *id,
		       struct err *err)
{
	auto_strv struct strv names = { 0 };

	sto_refs_of(refs, id, &names);
	for (size_t i = 0; i < names.n; i++) {
		auto_free char *path = path_join("refs", names.v[i]);

		if (unlinkat(s->fd, path, 0) < 0 && errno != ENOENT)
			return err_sys(err, "cannot remove the ref '%s'", names.v[i]);
	}
	return 0;
}

static int remove_cells(const struct sto *s, const struct sto_flaw *flaw, struct err *err)
{
	auto_refs struct sto_refs refs = { 0 };
	int r = sto_refs_read(s, &refs, err);

	for (size_t i = 0; r == 0 && i < flaw->ids.n; i++) {
		if (!sto_has_cell(s, flaw->ids.v[i]))
			continue;
		r = remove_refs(s, &refs, flaw->ids.v[i], err);
		if (r == 0)
			r = sto_cell_remove(s, flaw->ids.v[i], err);
	}
	return r < 0 ? r : file_sync_folder(s->fd, "cells", err);
}

static int mend(const struct sto *s, const struct sto_flaw *flaw, struct sto_fault *fault,
		struct err *err)
{
	auto_free char *path = path_join(s->path, fault->path);
	int r = 0;

	if (flaw->how == STO_MEND_MODE) {
		/* what it is in may be gone by now */
		if (fchmodat(s->fd, fault->path, flaw->mode, 0) < 0 && errno != ENOENT)
			return err_sys(err, "cannot set the mode of '%s'", path);
	} else if (any_in_use(s, &flaw->ids)) {
		return 0;
	} else {
		r = remove_cells(s, flaw, err);
		if (r == 0)
			r = rm_rf(path, err);
	}
	fault->mended = r == 0;
	return r;
}

int sto_mend(const struct sto *s, const struct sto_flaw *flaws, struct sto_faults *faults,
	     struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < faults->n; i++)
		r = mend(s, &flaws[i], &faults->v[i], err);
	return r;
}
