/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Modules that were built for a cell when it was there already. Cells never change, so these are a cell of their own, and a
 * ref that no name of a kernel can be leads to it: the ID of the one below and "/modules".
 */
#include "store/internal.h"

#include "base/file.h"
#include "base/path.h"

#include <errno.h>

static char *name_of(const char *id)
{
	return xasprintf("%s" STO_OVER, id);
}

bool sto_over_below(const char *ref, char ret_id[STO_ID + 1])
{
	if (strlen(ref) != STO_ID + strlen(STO_OVER) || !str_eq(ref + STO_ID, STO_OVER))
		return false;
	memcpy(ret_id, ref, STO_ID);
	ret_id[STO_ID] = '\0';
	return sto_is_id(ret_id);
}

int sto_over_get(const struct sto *s, const char *below, char ret_id[STO_ID + 1])
{
	auto_free char *name = name_of(below);
	char id[STO_ID + 1];

	if (!sto_is_id(below) || sto_ref_get(s, name, id, NULL) < 0 || !*id || !sto_has_cell(s, id))
		return -ENOENT;
	memcpy(ret_id, id, sizeof(id));
	return 0;
}

int sto_over_set(struct sto *s, const char *below, const char *id, struct err *err)
{
	auto_free char *name = name_of(below);

	if (!sto_is_id(below) || !sto_has_cell(s, below))
		return err_set(err, -ENOENT, "the cell '%.12s' is not in the store", below);
	return sto_ref_set(s, name, id, err);
}

int sto_over_remove(struct sto *s, const char *below, struct err *err)
{
	auto_free char *name = name_of(below);

	return sto_ref_remove(s, name, err);
}

int sto_over_lock(const struct sto *s, int *ret_fd, struct err *err)
{
	auto_free char *path = path_join(s->path, "modules.lock");

	return file_lock(path, ret_fd, err);
}
