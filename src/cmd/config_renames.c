/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/config_renames.h"

#include "base/path.h"

int config_renames_open(struct config_renames *r, const char *file, struct out *out,
			struct err *err)
{
	r->out = out;
	if (!file)
		return 0;
	r->tried = true;
	return kc_renames_load(&r->table, file, err);
}

const struct kc_renames *config_renames_table(struct config_renames *r)
{
	auto_free char *path = NULL;
	auto_err struct err err = { 0 };
	int ret;

	if (r->tried)
		return &r->table;
	r->tried = true;
	ret = dir_own_file("renames/linux.yaml", &path, &err);
	if (ret == 0)
		ret = kc_renames_load(&r->table, path, &err);
	if (ret < 0)
		out_warn(r->out, "renamed symbols are not known: %s", err.msg);
	return &r->table;
}

void config_renamed(struct config_renames *r, const struct config_tree *t, const char *name,
		    struct kc_renamed *ret)
{
	kc_renames_find(config_renames_table(r), t->tree, t->version, t->srcarch, name, ret);
}

static bool is_on(struct kc_conf *c, const struct kc_renamed *r)
{
	for (size_t i = 0; r->entry->kind == KC_RENAMED && i < r->names.n; i++) {
		struct kc_sym *s = kc_sym_find(c->tree, r->names.v[i]);

		kc_calc(c, s);
		if (kc_is_tri(s) && kc_tri_of(c, s) != KC_N)
			return true;
	}
	return false;
}

void config_explain_renamed(struct config_renames *r, const struct config_tree *t,
			    struct kc_conf *c, const struct kc_wish *w, struct kc_explanation *e,
			    struct kc_renamed *ret)
{
	const bool missing = e->reason == KC_NO_SUCH_SYMBOL;

	*ret = (struct kc_renamed){ 0 };
	/* without a value it has no symbol */
	if (!missing && (e->reason != KC_HOLDS || e->now))
		return;
	config_renamed(r, t, w->name, ret);
	if (!ret->entry || (!missing && !is_on(c, ret)))
		return;
	e->reason = KC_NO_SUCH_SYMBOL;
	kc_explain_renamed(e, w, ret);
}

void config_renames_release(struct config_renames *r)
{
	kc_renames_release(&r->table);
}
