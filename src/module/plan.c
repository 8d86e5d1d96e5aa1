/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the kind of a module to the calls that build it. */
#include "module/parts.h"

#include "base/path.h"

#include <errno.h>

struct mod_step *mod_add_step(struct mod_build *m, const char *cwd)
{
	return vec_push(&m->steps, ((struct mod_step){ .cwd = xstrdup(cwd) }));
}

/*
 * What is missing as a symbol is only warned of: it is told with its reason by mod_check_modules(), and of all modules, not of
 * the first.
 */
static void plan_kbuild(struct mod_build *m)
{
	struct mod_step *step = mod_add_step(m, m->top);

	strv_adds(&step->argv, "make", "-C", m->spec->cell->sdk, NULL);
	strv_addf(&step->argv, "M=%s", m->top);
	strv_addf(&step->argv, "-j%u", m->spec->jobs);
	strv_extend(&step->argv, m->make.v);
	strv_add(&step->argv, "modules");
}

static int check_tools(const struct mod_recipe *r, struct err *err)
{
	auto_str struct str missing = { 0 };

	for (unsigned i = 0; i < r->n_tools; i++) {
		auto_free char *path = NULL;

		if (path_find_program(r->tools[i], NULL, &path) < 0)
			str_addf(&missing, "%s%s", missing.n ? ", " : "", r->tools[i]);
	}
	if (!missing.n)
		return 0;
	err_set(err, -ENOENT, "the recipe '%s' needs programs that are not here: %s", r->name,
		str_c(&missing));
	return err_hint(err, -ENOENT,
			"install them; on most distributions a package has the program's name");
}

/* The configuration first: with a kernel that is none for it nobody needs to install programs. */
static int check_recipe(const struct mod_build *m, struct mod_findings *found, struct err *err)
{
	auto_free char *who = xasprintf("the recipe '%s'", m->recipe.name);

	for (unsigned i = 0; i < m->recipe.n_config; i++)
		mod_check_config(m->spec->cell, who, m->recipe.config[i], found);
	return found->n ? 0 : check_tools(&m->recipe, err);
}

static int plan_recipe(struct mod_build *m, struct mod_findings *found, struct err *err)
{
	auto_free char *arch = xstrdup(strchr(m->spec->cell->make.v[0], '=') + 1);
	struct mod_recipe_vars vars = { .tree = m->top,
					.sdk = m->spec->cell->sdk,
					.release = m->spec->cell->release,
					.arch = arch,
					.destdir = m->destdir,
					.jobs = m->spec->jobs,
					.make = &m->make };
	int r = check_recipe(m, found, err);

	for (unsigned i = 0; i < m->recipe.n_steps && r == 0; i++) {
		const struct mod_recipe_step *s = &m->recipe.steps[i];
		auto_free char *cwd = s->in ? path_join(m->top, s->in) : xstrdup(m->top);

		r = mod_recipe_words(&m->recipe, s, &vars, &mod_add_step(m, cwd)->argv, err);
	}
	return r;
}

int mod_plan(struct mod_build *m, struct mod_findings *found, struct err *err)
{
	switch (m->kind) {
	case MOD_KBUILD:
		plan_kbuild(m);
		return 0;
	case MOD_DKMS:
		return mod_plan_dkms(m, found, err);
	case MOD_RECIPE:
		return plan_recipe(m, found, err);
	}
	return -EINVAL;
}
