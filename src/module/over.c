/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Modules that become part of what a cell of the store has. A cell never changes, so they and a copy of all that lies below its
 * lib/modules/RELEASE are a cell of their own, named by content, and one ref says which such cell holds now: a guest that runs
 * keeps the one that it began with, and a kill leaves the old one. In the store the copies are links to the same objects.
 *
 * Put together in the scratch folder, since the name follows from the content.
 */
#include "module/parts.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/path.h"
#include "build/copy.h"
#include "kernel/modules.h"

#include <errno.h>
#include <fcntl.h>

#define NAME_LENGTH 100
#define HEAD	    "kiln modules 1\nbelow "

struct work {
	struct mod_build *m;
	const struct mod_over *over;
	struct mod_laid laid;
	char *folder;	  /* lib/modules/RELEASE */
	char *old;	  /* the folder of the cell that holds now; NULL: none */
	int hold_old;	  /* keeps it */
	struct strv mine; /* names of the modules built now, as the kernel knows them */
	struct strv displaced;
};

char *mod_over_name(const char *source)
{
	static const char *const ends[] = { ".rpm",	".tar.gz",  ".tgz", ".tar.xz",
					    ".tar.bz2", ".tar.zst", ".tar" };
	auto_free char *abs = path_abs(source);
	const char *base = path_base(abs);
	size_t n = strlen(base);
	char *name;

	for (size_t i = 0; i < countof(ends); i++)
		if (str_ends(base, ends[i]) && n > strlen(ends[i])) {
			n -= strlen(ends[i]);
			break;
		}
	name = xstrndup(base, MIN(n, (size_t)NAME_LENGTH));
	for (char *p = name; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.",
			    *p) ||
		    (p == name && *p == '.'))
			*p = '_';
	if (!*name) {
		free(name);
		return xstrdup("modules");
	}
	return name;
}

/* As the kernel knows it: the file's name up to its .ko, with '_' for '-'. */
static char *module_name(const char *path)
{
	const char *base = path_base(path), *end = strstr(base, ".ko");
	char *name = xstrndup(base, end ? (size_t)(end - base) : strlen(base));

	for (char *p = name; *p; p++)
		if (*p == '-')
			*p = '_';
	return name;
}

/* Of what was built before, all but what is built anew: by its name, or as the same module. */
static bool want_old(void *ctx, const char *path, mode_t type)
{
	struct work *w = ctx;
	size_t n = strlen(w->over->name);
	auto_free char *name = NULL;

	if (strncmp(path, w->over->name, n) == 0 && (!path[n] || path[n] == '/'))
		return false;
	if (S_ISDIR(type))
		return true;
	name = module_name(path);
	if (!krn_is_module(path) || strv_has(&w->mine, name)) {
		strv_addf(&w->displaced, "%s/updates/%s", w->folder, path);
		return false;
	}
	return true;
}

static int copy_old(struct work *w, struct err *err)
{
	auto_free char *updates = path_join(w->folder, "updates");
	auto_free char *from = w->old ? path_join(w->old, updates) : NULL;
	auto_free char *to = path_join(w->laid.dir, updates);

	return from ? bld_copy_tree(&(struct bld_copy){ .from = from,
							.to = to,
							.want = want_old,
							.ctx = w,
							.links = BLD_LINKS_INSIDE },
				    "", err)
		    : 0;
}

/* depmod has written its files for both. */
static bool want_own(void *ctx, const char *path, mode_t type)
{
	return !str_starts(path, "modules.") && !str_eq(path, "updates");
}

static int copy_own(const struct work *w, struct err *err)
{
	const char *from = w->m->spec->cell->modules;
	auto_free char *to = path_join(w->laid.dir, w->folder);

	return from ? bld_copy_tree(&(struct bld_copy){ .from = from,
							.to = to,
							.want = want_own,
							.links = BLD_LINKS_INSIDE },
				    "", err)
		    : 0;
}

static int add_file(const char *at, const char *path, struct str *text, struct err *err)
{
	auto_close int fd = open(at, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char hex[DIGEST_HEX + 1];
	int r = fd < 0 ? err_sys(err, "cannot read '%s'", at) : digest_fd(fd, hex, err);

	if (r == 0)
		str_addf(text, "%s %s\n", hex, path);
	return r;
}

/* What lies in dir, below it path: a line a file, in order. Links lead to what is there, or are of the kernel's own. */
static int add_below(const char *dir, const char *path, struct str *text, struct err *err)
{
	auto_free char *folder = *path ? path_join(dir, path) : xstrdup(dir);
	auto_strv struct strv names = { 0 };
	int r = file_names(AT_FDCWD, folder, &names, err);

	for (size_t i = 0; i < names.n && r == 0; i++) {
		auto_free char *below = *path ? path_join(path, names.v[i]) : xstrdup(names.v[i]);
		auto_free char *at = path_join(dir, below);
		struct stat st;

		if (lstat(at, &st) < 0)
			return err_sys(err, "cannot read '%s'", at);
		if (S_ISDIR(st.st_mode))
			r = add_below(dir, below, text, err);
		else if (S_ISREG(st.st_mode))
			r = add_file(at, below, text, err);
	}
	return r;
}

static int identify(const struct work *w, char ret_id[STO_ID + 1], struct err *err)
{
	auto_str struct str text = { 0 };
	int r;

	str_addf(&text, HEAD "%s\n", w->over->cell);
	r = add_below(w->laid.dir, "", &text, err);
	return r < 0 ? r : digest_text(str_c(&text), ret_id, err);
}

static int put_cell(const struct work *w, const char *id, struct err *err)
{
	auto_free char *from = path_join(w->laid.dir, "lib"), *to = NULL;
	struct sto_stage *stage = NULL;
	int r = sto_stage_begin(w->over->store, id, &stage, err);

	if (r < 0)
		return r;
	to = path_join(sto_stage_path(stage), "lib");
	r = bld_move(from, to, err);
	if (r < 0) {
		sto_stage_abort(stage);
		return r;
	}
	return sto_stage_commit(stage, NULL, err);
}

/* A cell without a ref is held as soon as it is there; gc may come in between, and the cell is only old enough much later. */
static int put_in_store(const struct work *w, struct mod_over_result *ret, struct err *err)
{
	struct sto *s = w->over->store;
	auto_close int hold = -1;
	char id[STO_ID + 1];
	int r = identify(w, id, err);

	if (r == 0 && sto_use(s, id, &hold, NULL) < 0) {
		r = put_cell(w, id, err);
		if (r == 0)
			r = sto_use(s, id, &hold, err);
	}
	if (r == 0)
		r = sto_over_set(s, w->over->cell, id, err);
	return r < 0 ? r : sto_cell_path(s, id, &ret->path);
}

static int fill(struct work *w, bool force, struct mod_findings *found, struct mod_over_result *ret,
		struct err *err)
{
	int r = mod_lay(w->m, &w->laid, found, err);

	if (r < 0 || (found->n && !force))
		return r;
	for (size_t i = 0; i < w->laid.files.n; i++)
		strv_take(&w->mine, module_name(w->laid.files.v[i]));
	r = copy_old(w, err);
	if (r == 0)
		r = mod_index(w->m, &w->laid, err);
	if (r == 0)
		r = copy_own(w, err);
	if (r == 0)
		r = mod_check_ended(w->m, err);
	if (r == 0)
		r = put_in_store(w, ret, err);
	if (r == 0) {
		strv_extend(&ret->files, w->laid.files.v);
		strv_extend(&ret->displaced, w->displaced.v);
	}
	return r;
}

static int find_old(struct work *w, struct err *err)
{
	char id[STO_ID + 1];
	int r;

	if (sto_over_get(w->over->store, w->over->cell, id) < 0)
		return 0;
	r = sto_use(w->over->store, id, &w->hold_old, err);
	return r < 0 ? r : sto_cell_path(w->over->store, id, &w->old);
}

static void work_release(struct work *w)
{
	mod_laid_release(&w->laid);
	free(w->folder);
	free(w->old);
	close_fd(w->hold_old);
	strv_release(&w->mine);
	strv_release(&w->displaced);
}

int mod_publish_over(struct mod_build *m, const struct mod_over *over, bool force,
		     struct mod_findings *found, struct mod_over_result *ret, struct err *err)
{
	struct work w = { .m = m, .over = over, .hold_old = -1 };
	auto_close int lock = -1;
	int r;

	w.folder = path_join("lib/modules", m->spec->cell->release);
	w.laid.dir = path_join(m->scratch.tmp, "over");
	w.laid.updates = path_join3(w.folder, "updates", over->name);
	r = sto_over_lock(over->store, &lock, err);
	if (r == 0)
		r = find_old(&w, err);
	if (r == 0)
		r = fill(&w, force, found, ret, err);
	work_release(&w);
	return r;
}

void mod_over_result_release(struct mod_over_result *r)
{
	free(r->path);
	strv_release(&r->files);
	strv_release(&r->displaced);
	*r = (struct mod_over_result){ 0 };
}
