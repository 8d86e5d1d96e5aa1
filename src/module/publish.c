/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Modules in a folder of the user's: laid out in a temporary one beside it, and renamed. A kill leaves what was there before,
 * and at worst the temporary.
 */
#include "module/parts.h"

#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

struct overlay {
	struct mod_build *m;
	const char *to;
	char *tmp;
	struct mod_laid laid; /* in tmp */
};

/* Whether a folder has that name in it, and else at most names that begin with prefix. */
static bool has_only(const char *dir, const char *name, const char *prefix)
{
	auto_strv struct strv names = { 0 };
	bool found = false;

	if (file_names(AT_FDCWD, dir, &names, NULL) < 0)
		return false;
	for (size_t i = 0; i < names.n; i++) {
		const bool is_it = str_eq(names.v[i], name);

		if (!is_it && !(prefix && str_starts(names.v[i], prefix)))
			return false;
		found |= is_it;
	}
	return found;
}

/* Nothing but lib/modules/RELEASE/updates and depmod's files: what this made. */
static bool is_ours(const struct overlay *o)
{
	const char *release = o->m->spec->cell->release;
	auto_free char *lib = path_join(o->to, "lib"), *modules = path_join(lib, "modules");
	auto_free char *folder = path_join(modules, release);

	return has_only(o->to, "lib", NULL) && has_only(lib, "modules", NULL) &&
	       has_only(modules, release, NULL) && has_only(folder, "updates", "modules.");
}

static int in_the_way(const struct overlay *o, struct err *err)
{
	err_set(err, -EEXIST, "'%s' is there and holds something else", o->to);
	return err_hint(err, -EEXIST, "name another folder with --to, or remove this one");
}

/* Renames o->tmp to o->to; what was there and is ours is removed behind it. */
static int put_in_place(struct overlay *o, struct err *err)
{
	if (rename(o->tmp, o->to) == 0) {
		free(take_ptr(o->tmp));
		return 0;
	}
	if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
		return err_sys(err, "cannot put the modules to '%s'", o->to);
	if (!is_ours(o))
		return in_the_way(o, err);
	/* what lies in tmp from here on is the old one, which mod_publish() removes */
	if (renameat2(AT_FDCWD, o->tmp, AT_FDCWD, o->to, RENAME_EXCHANGE) < 0)
		return err_sys(err, "cannot put the modules to '%s'", o->to);
	return 0;
}

static int fill(struct overlay *o, bool force, struct mod_findings *found, struct err *err)
{
	int r = mod_lay(o->m, &o->laid, found, err);

	if (r < 0 || (found->n && !force)) {
		strv_release(&o->laid.files);
		return r;
	}
	r = mod_index(o->m, &o->laid, err);
	if (r == 0)
		r = mod_check_ended(o->m, err);
	return r < 0 ? r : put_in_place(o, err);
}

static int begin(struct overlay *o, struct err *err)
{
	auto_free char *to = path_abs(o->to), *dir = path_dir(to);
	int r = mkdir_p(dir, 0777, err);

	if (r < 0)
		return r;
	o->tmp = xasprintf("%s/.%s.tmp-XXXXXX", dir, path_base(to));
	if (!mkdtemp(o->tmp)) {
		r = err_sys(err, "cannot create a folder in '%s'", dir);
		free(take_ptr(o->tmp));
		return r;
	}
	o->laid.dir = xstrdup(o->tmp);
	return chmod(o->tmp, 0755) < 0 ? err_sys(err, "cannot write '%s'", o->tmp) : 0;
}

int mod_publish(struct mod_build *m, const char *to, bool force, struct mod_findings *found,
		struct strv *ret_files, struct err *err)
{
	struct overlay o = {
		.m = m,
		.to = to,
		.laid.updates = path_join3("lib/modules", m->spec->cell->release, "updates"),
	};
	int r = begin(&o, err);

	if (r == 0)
		r = fill(&o, force, found, err);
	if (o.tmp)
		rm_rf(o.tmp, NULL);
	if (r == 0)
		strv_extend(ret_files, o.laid.files.v);
	mod_laid_release(&o.laid);
	free(o.tmp);
	return r;
}
