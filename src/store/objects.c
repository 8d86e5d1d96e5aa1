/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of objects, and all of them in turn. */
#include "store/internal.h"

#include "base/path.h"

#include <errno.h>
#include <stdio.h>

static const char digits[] = "0123456789abcdef";

void sto_object_path(const struct sto_entry *e, char ret[STO_OBJECT])
{
	snprintf(ret, STO_OBJECT, "objects/%.2s/%s%s", e->hex, e->hex, e->exec ? ".x" : "");
}

bool sto_is_object(const char *folder, const char *name, bool *ret_exec)
{
	size_t n = strspn(name, digits);

	if (n != DIGEST_HEX || strncmp(name, folder, 2) != 0 ||
	    (name[n] && !str_eq(name + n, ".x")))
		return false;
	*ret_exec = name[n] != '\0';
	return true;
}

static bool is_folder(const char *name)
{
	return strlen(name) == 2 && strspn(name, digits) == 2;
}

int sto_each_object(const struct sto *s,
		    int (*each)(void *ctx, const char *folder, const char *name, struct err *err),
		    void *ctx, struct err *err)
{
	auto_strv struct strv above = { 0 };
	int r = sto_names_in(s, "objects", &above, err);

	for (size_t i = 0; r == 0 && i < above.n; i++) {
		auto_free char *path = path_join("objects", above.v[i]);
		auto_strv struct strv names = { 0 };

		if (!is_folder(above.v[i])) {
			r = each(ctx, above.v[i], NULL, err);
			continue;
		}
		r = sto_names_in(s, path, &names, err);
		for (size_t k = 0; r == 0 && k < names.n; k++)
			r = each(ctx, above.v[i], names.v[k], err);
	}
	return r;
}
