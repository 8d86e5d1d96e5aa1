/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be installed: its files, its entry, and the next state, held against what is there. */
#include "install/plan.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/path.h"
#include "install/loader.h"
#include "kernel/find.h"
#include "kernel/modules.h"

#include <errno.h>
#include <fcntl.h>

#define LIST_MAX (64 << 20) /* modules.dep */

#define RELEASE_MAX 128

/* Names. */

/* It becomes a part of paths, of loaders' files and of lines for a shell. */
static int check_release(const struct krn *k, struct err *err)
{
	const char *s = k->release;

	if (!s) {
		err_set(err, -EINVAL, "the release of '%s' is not known: its image does not say it",
			k->spec);
		return err_hint(err, -EINVAL, "kiln inspect says why");
	}
	if (!krn_is_release(s) || strlen(s) > RELEASE_MAX || strstr(s, "..") ||
	    s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+_-")]) {
		err_set(err, -EINVAL, "'%s' cannot be a part of file names", s);
		return err_hint(err, -EINVAL, "build it with another CONFIG_LOCALVERSION");
	}
	return 0;
}

/* "6.15.3" -> "6-15" as stal/IX has it; all: "6-15-3", where another one has that name. */
static char *stalix_name(const char *release, bool all)
{
	char *name = xstrdup(release);
	int parts = 0;

	for (char *p = name; *p; p++) {
		bool digit = *p >= '0' && *p <= '9';

		if (!digit && !all && ++parts == 2) {
			*p = '\0';
			break;
		}
		if (!digit && strchr(".+_", *p))
			*p = '-';
	}
	return name;
}

static bool is_free(const struct ins_job *j, const char *rel, const char *release)
{
	const struct ins_state *now = &j->c.file.now;

	for (size_t i = 0; i < now->kernels.n; i++)
		if (strv_has(&now->kernels.v[i].paths, rel))
			return str_eq(now->kernels.v[i].release, release);
	return !ins_has(&j->c.place, rel);
}

static void name_files(const struct ins_job *j, char **ret_image, char **ret_initrd)
{
	const char *release = j->k->release;
	auto_free char *name = NULL, *path = NULL;

	if (j->spec->layout == INS_BOOT) {
		*ret_image = xasprintf("boot/vmlinuz-%s", release);
		*ret_initrd = xasprintf("boot/initrd.img-%s", release);
		return;
	}
	name = stalix_name(release, false);
	path = xasprintf("bin/kernel-%s", name);
	if (!is_free(j, path, release)) {
		free(name);
		name = stalix_name(release, true);
	}
	*ret_image = xasprintf("bin/kernel-%s", name);
	*ret_initrd = xasprintf("bin/initrd-%s", name);
}

/* What belongs to the kernel. */

static struct ins_piece *add_piece(struct ins_job *j, int how, const char *from, char *rel)
{
	return vec_push(&j->pieces,
			((struct ins_piece){ how, from ? xstrdup(from) : NULL, rel, { 0 } }));
}

static void add_config(struct ins_job *j)
{
	auto_str struct str text = { 0 };
	struct ins_piece *p;

	if (krn_config(j->k, &text, NULL) < 0 || !text.n) {
		strv_add(&j->res.notes, "its configuration is not known, and none is installed");
		return;
	}
	p = add_piece(j, INS_TEXT, NULL, xasprintf("boot/config-%s", j->k->release));
	p->text = text;
	text = (struct str){ 0 };
}

/* A build folder has it at its top; beside an installed image it has the release behind its name. */
static void add_map(struct ins_job *j)
{
	auto_free char *dir = path_dir(j->k->image);
	auto_free char *path = j->k->build ? path_join(j->k->build, "System.map")
					   : xasprintf("%s/System.map-%s", dir, j->k->release);

	if (access(path, R_OK) == 0)
		add_piece(j, INS_COPY, path, xasprintf("boot/System.map-%s", j->k->release));
}

/* A build folder's modules get their signatures when they are installed by the kernel's own Makefile. */
static int check_signing(struct ins_job *j, struct err *err)
{
	auto_str struct str config = { 0 };

	if (!j->k->build || krn_config(j->k, &config, NULL) < 0)
		return 0;
	if (strstr(str_c(&config), "\nCONFIG_MODULE_SIG_FORCE=y\n")) {
		err_set(err, -EINVAL,
			"this kernel takes signed modules alone (CONFIG_MODULE_SIG_FORCE), and those of a build folder are not signed yet");
		return err_hint(err, -EINVAL, "make bindeb-pkg, then install the package it makes");
	}
	if (strstr(str_c(&config), "\nCONFIG_MODULE_SIG=y\n"))
		strv_add(
			&j->res.notes,
			"the modules of a build folder are not signed: the kernel will say that it is tainted");
	return 0;
}

static int add_modules(struct ins_job *j, struct err *err)
{
	auto_free char *path = NULL;
	const char *note = NULL;
	int r = krn_modules_view(j->k, j->spec->progress, &path, &note, err);

	if (r < 0 || !path)
		return r;
	if (note)
		strv_add(&j->res.notes,
			 "there is no depmod here (package kmod): run it in the new system");
	add_piece(j, INS_MODULES, path, xasprintf("lib/modules/%s", j->k->release));
	return check_signing(j, err);
}

static int check_initrd(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(err, "cannot read the initrd '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "the initrd '%s' is no file", path);
	return 0;
}

/* The image comes last: what is there without modules looks like a kernel, what is there without image does not. */
static int collect(struct ins_job *j, char *image, char *initrd, struct err *err)
{
	int r = add_modules(j, err);

	if (r == 0 && j->spec->initrd)
		r = check_initrd(j->spec->initrd, err);
	if (r < 0)
		return r;
	if (j->spec->layout == INS_BOOT) {
		add_config(j);
		add_map(j);
	}
	if (j->spec->initrd)
		add_piece(j, INS_COPY, j->spec->initrd, xstrdup(initrd));
	add_piece(j, INS_COPY, j->k->image, xstrdup(image));
	return 0;
}

/* The next state. */

static int check_loader(const struct ins_job *j, enum ins_loader *ret, struct err *err)
{
	const struct ins_state *now = &j->c.file.now;
	enum ins_loader asked = j->spec->loader;

	if (asked == INS_AUTO)
		asked = now->kernels.n ? now->loader : ins_loader_detect(&j->c.place);
	if (now->kernels.n && asked != now->loader) {
		err_set(err, -EINVAL, "the kernels below '%s' were installed for %s, not %s",
			j->c.place.root, ins_loader_names[now->loader], ins_loader_names[asked]);
		return err_hint(
			err, -EINVAL,
			"one loader for one root: leave out --loader, or begin anew by moving %s away",
			INS_FILE);
	}
	*ret = asked;
	return 0;
}

static bool has_root(const char *cmdline)
{
	const char *p = cmdline;

	while ((p = strstr(p, "root="))) {
		if (p == cmdline || p[-1] == ' ')
			return true;
		p++;
	}
	return false;
}

static int no_root(const char *why, struct err *err)
{
	err_set(err, -EINVAL, "the kernel would not know its root: %s", why);
	return err_hint(
		err, -EINVAL,
		"--root-device PARTUUID=$(findmnt -no PARTUUID /), or --initrd with one that finds it");
}

/* The kernel itself knows no file systems' UUIDs and labels (init/do_mounts.c); an initrd does. */
static int check_root_device(const struct ins_spec *spec, const char *device, struct err *err)
{
	static const char *const initrd_only[] = { "UUID=", "LABEL=" };

	if (!*device || strpbrk(device, " \"'\\$"))
		return err_set(err, -EINVAL, "'%s' is no root device", device);
	for (size_t i = 0; i < countof(initrd_only) && !spec->initrd; i++)
		if (str_starts(device, initrd_only[i])) {
			err_set(err, -EINVAL, "root=%s is found by an initrd alone", device);
			return err_hint(err, -EINVAL, "give PARTUUID=..., or --initrd");
		}
	return 0;
}

static int choose_root(struct ins_job *j, struct ins_kernel *k, enum ins_loader loader,
		       struct err *err)
{
	if (has_root(k->cmdline)) {
		free(take_ptr(k->root_device));
		return 0;
	}
	if (k->root_device)
		return check_root_device(j->spec, k->root_device, err);
	if (k->initrd)
		return 0;
	if (loader == INS_NONE)
		return 0;
	if (loader != INS_GRUB)
		return no_root("there is neither a root device nor an initrd", err);
	if (!ins_on_root_fs(&j->c.place, k->image))
		return no_root("its image lies on another file system, so GRUB cannot tell", err);
	k->probe = true;
	return 0;
}

/* What is not said is as it is for the present default. */
static void choose_words(const struct ins_job *j, struct ins_kernel *k)
{
	const struct ins_kernel *old = ins_find(&j->c.file.now, ins_default(&j->c.file.now));
	const struct ins_spec *s = j->spec;

	k->cmdline = xstrdup(s->cmdline ? s->cmdline : old ? old->cmdline : "ro");
	if (s->root_device)
		k->root_device = xstrdup(s->root_device);
	else if (old && old->root_device)
		k->root_device = xstrdup(old->root_device);
}

static int check_length(const struct ins_job *j, struct err *err)
{
	auto_str struct str options = { 0 };
	const uint32_t max = j->k->info.cmdline_max;

	ins_loader_options(j->new, &options);
	/* what GRUB finds out itself: root=PARTUUID= and 36 characters, and BOOT_IMAGE= */
	options.n += j->new->probe ? 52 : 0;
	if (!max || options.n <= max)
		return 0;
	return err_set(err, -EINVAL, "the command line has %zu bytes, and this kernel takes %u",
		       options.n, max);
}

/* What is there under these names and is not this kernel's, as it was installed before. */
static int check_conflicts(struct ins_job *j, const struct ins_kernel *old, struct err *err)
{
	for (size_t i = 0; i < j->pieces.n; i++) {
		const char *rel = j->pieces.v[i].rel;

		if (!ins_has(&j->c.place, rel) || (old && strv_has(&old->paths, rel)))
			continue;
		err_set(err, -EEXIST, "'%s/%s' is there already, and not installed by kiln",
			str_eq(j->c.place.root, "/") ? "" : j->c.place.root, rel);
		return err_hint(
			err, -EEXIST,
			"build the kernel with another CONFIG_LOCALVERSION, or remove what is there by what installed it");
	}
	return 0;
}

static int other_build(const struct ins_kernel *old, struct err *err)
{
	err_set(err, -EEXIST, "another build of %s is installed already", old->release);
	return err_hint(
		err, -EEXIST,
		"image and modules of one release cannot be exchanged in one moment: give each build its own name,\n"
		"as make LOCALVERSION=-2 does");
}

/* Modules that were built for the kernel since are not there, and that is no reason to fail: it boots as it did. */
static void note_modules(struct ins_job *j, const struct ins_piece *p)
{
	auto_free char *now = path_join(p->from, "modules.dep");
	auto_free char *there = path_join3(j->c.place.root, p->rel, "modules.dep");
	auto_str struct str a = { 0 }, b = { 0 };

	if (file_read(AT_FDCWD, now, LIST_MAX, &a, NULL) < 0 ||
	    file_read(AT_FDCWD, there, LIST_MAX, &b, NULL) < 0 || str_eq(str_c(&a), str_c(&b)))
		return;
	strv_addf(&j->res.notes,
		  "'%s' is installed already and stays as it is; the kernel has other modules now",
		  p->rel);
}

/* Files that are there from before, and still are, stay; the initrd, which is no part of the kernel, may be another one. */
static void drop_pieces(struct ins_job *j, const struct ins_kernel *old)
{
	size_t n = 0;

	for (size_t i = 0; i < j->pieces.n; i++) {
		struct ins_piece *p = &j->pieces.v[i];

		if (strv_has(&old->paths, p->rel) && !str_eq(p->rel, old->initrd) &&
		    ins_has(&j->c.place, p->rel)) {
			if (p->how == INS_MODULES)
				note_modules(j, p);
			free(p->from);
			free(p->rel);
			str_release(&p->text);
		} else {
			j->pieces.v[n++] = *p;
		}
	}
	j->pieces.n = n;
}

/* The loader's entry first: it goes first when the kernel does. */
static void own_paths(const struct ins_job *j, struct ins_kernel *k, enum ins_loader loader)
{
	char *entry = ins_loader_entry_path(loader, k->id);

	if (entry)
		strv_take(&k->paths, entry);
	for (size_t i = 0; i < j->pieces.n; i++)
		strv_add(&k->paths, j->pieces.v[i].rel);
}

static int make_kernel(struct ins_job *j, struct ins_kernel *k, enum ins_loader loader,
		       struct err *err)
{
	auto_free char *initrd = NULL;
	char digest[DIGEST_HEX + 1];
	int r = digest_file_cached(j->k->image, digest, err);

	if (r < 0)
		return r;
	k->id = xasprintf("kiln-%s", j->k->release);
	k->release = xstrdup(j->k->release);
	k->arch = xstrdup(krn_arch_name(j->k->info.arch));
	k->digest = xstrdup(digest);
	name_files(j, &k->image, &initrd);
	if (j->spec->initrd)
		k->initrd = xstrdup(initrd);
	choose_words(j, k);
	r = collect(j, k->image, initrd, err);
	if (r == 0)
		r = choose_root(j, k, loader, err);
	if (r == 0)
		r = ins_loader_check(k, loader, err);
	own_paths(j, k, loader);
	return r;
}

/* Files of the old one that the new one does not speak of (it was installed with an initrd) are still its own. */
static void merge_paths(struct ins_kernel *k, const struct ins_kernel *old)
{
	for (size_t i = 0; i < old->paths.n; i++)
		if (!strv_has(&k->paths, old->paths.v[i]) && !str_eq(old->paths.v[i], old->initrd))
			strv_add(&k->paths, old->paths.v[i]);
}

/* Before the first change the default is the user's; it is come back to when all of kiln's are rolled back. */
static void remember_foreign(struct ins_job *j)
{
	struct ins_state *next = &j->c.file.next;
	auto_free char *rel = ins_loader_file(&j->c.place, next->loader);
	auto_free char *path = rel ? path_join(j->c.place.root, rel) : NULL;
	auto_str struct str text = { 0 };

	if (next->loader != INS_BLS || ins_default(&j->c.file.now) ||
	    file_read(AT_FDCWD, path, 1 << 20, &text, NULL) < 0)
		return;
	free(next->foreign);
	next->foreign = ins_loader_foreign(str_c(&text));
}

static const struct ins_kernel *oldest(const struct ins_state *s, const char *running)
{
	const struct ins_kernel *found = NULL;

	for (size_t i = 0; i < s->kernels.n; i++) {
		const struct ins_kernel *k = &s->kernels.v[i];

		if (str_eq(k->id, ins_default(s)) || str_eq(k->id, ins_previous(s)) ||
		    str_eq(k->release, running))
			continue;
		if (!found || k->serial < found->serial)
			found = k;
	}
	return found;
}

static void drop_old(struct ins_job *j)
{
	struct ins_state *s = &j->c.file.next;

	while (j->spec->keep && s->kernels.n > j->spec->keep) {
		const struct ins_kernel *k = oldest(s, j->spec->running);

		if (!k)
			return;
		strv_add(&j->res.removed, k->id);
		ins_drop(s, k->id);
	}
	j->new = ins_find(s, ins_default(s));
}

int ins_plan(struct ins_job *j, struct err *err)
{
	struct ins_file *f = &j->c.file;
	struct ins_kernel k = { 0 };
	const struct ins_kernel *old;
	enum ins_loader loader = INS_NONE;
	int r = check_release(j->k, err);

	if (r == 0)
		r = check_loader(j, &loader, err);
	if (r == 0)
		r = make_kernel(j, &k, loader, err);
	old = ins_find(&f->now, k.id);
	if (r == 0 && old && !str_eq(old->digest, k.digest))
		r = other_build(old, err);
	if (r == 0)
		r = check_conflicts(j, old, err);
	if (r < 0) {
		ins_kernel_release(&k);
		return r;
	}
	ins_state_copy(&f->next, &f->now);
	f->next.serial = k.serial = ins_change_serial(&j->c, loader);
	f->next.loader = loader;
	if (old) {
		drop_pieces(j, old);
		merge_paths(&k, old);
		ins_drop(&f->next, k.id);
	}
	strv_add(&f->next.history, k.id);
	vec_push(&f->next.kernels, k);
	ins_sort(&f->next);
	j->new = ins_find(&f->next, ins_default(&f->next));
	r = check_length(j, err);
	if (r < 0)
		return r;
	remember_foreign(j);
	drop_old(j);
	return 0;
}

int ins_plan_back(struct ins_job *j, struct err *err)
{
	struct ins_file *f = &j->c.file;
	const struct ins_kernel *k;

	if (!f->now.history.n) {
		err_set(err, -ENOENT, "there is nothing to go back to below '%s'", j->c.place.root);
		return err_hint(err, -ENOENT, "kiln install --list shows what is installed");
	}
	ins_state_copy(&f->next, &f->now);
	f->next.serial = ins_change_serial(&j->c, f->now.loader);
	free(f->next.history.v[--f->next.history.n]);
	f->next.history.v[f->next.history.n] = NULL;
	k = ins_find(&f->next, ins_default(&f->next));
	if (k && !ins_has(&j->c.place, k->image))
		return err_set(err, -ENOENT,
			       "the kernel before, '%s', is not there any more: no '%s'", k->id,
			       k->image);
	return 0;
}
