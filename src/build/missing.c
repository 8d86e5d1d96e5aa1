/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packages are those of the distribution in the container where there is one. */
#include "build/missing.h"

#include <errno.h>

void bld_missing_add(struct bld_missing *m, const char *what, const char *need)
{
	if (strv_has(&m->what, what))
		return;
	strv_add(&m->what, what);
	strv_add(&m->needs, need);
}

void bld_missing_release(struct bld_missing *m)
{
	strv_release(&m->what);
	strv_release(&m->needs);
}

static char *list(const struct bld_missing *m, const struct distro *d)
{
	struct str b = { 0 };

	for (size_t i = 0; i < m->what.n; i++) {
		auto_strv struct strv names = { 0 };

		str_addf(&b, "%s%s", i ? ", " : "", m->what.v[i]);
		if (!distro_packages(d, m->needs.v[i], &names))
			continue;
		for (size_t k = 0; k < names.n; k++)
			str_addf(&b, "%s%s",
				 k	       ? " "
				 : names.n > 1 ? " (packages "
					       : " (package ",
				 names.v[k]);
		str_addc(&b, ')');
	}
	return str_take(&b);
}

static int hint(const struct bld_missing *m, const struct bld_place *p, struct err *err)
{
	/* images are made by root, and so is a host's package installed as */
	auto_free char *command =
		distro_install(&p->distro, p->kind == BLD_HERE ? geteuid() : 0, m->needs.v);

	if (p->kind == BLD_CONTAINER)
		return err_hint(err, -ENOENT, "make an image that has them: %s", command);
	if (p->kind == BLD_FLAKE)
		return err_hint(err, -ENOENT, "add them to the packages of its development shell");
	return err_hint(err, -ENOENT, "%s", command);
}

int bld_missing_check(const struct bld_missing *m, const char *who, struct bld_place *p,
		      struct err *err)
{
	auto_free char *all = NULL;
	int r;

	if (!m->what.n)
		return 0;
	r = bld_place_distro(p, err);
	if (r < 0)
		return r;
	all = list(m, &p->distro);
	err_set(err, -ENOENT, "%s lacks %s", who, all);
	return hint(m, p, err);
}
