/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state file says what is, and during a change also what is to be. Which of the two holds is told by the serial in the
 * loader's file, whose rename is the switch; so the state file need not be changed in the same moment. Files that only the
 * state that does not hold has are garbage, and go with the end of this change or the beginning of the next.
 */
#include "install/switch.h"

#include "base/file.h"
#include "base/path.h"
#include "install/loader.h"

#include <errno.h>
#include <fcntl.h>

#define TEXT_MAX  (1 << 20)
#define LOCK_FILE "var/lib/kiln/install.lock"

static void add_paths(const struct ins_state *s, struct strv *ret)
{
	for (size_t i = 0; i < s->kernels.n; i++)
		strv_extend(ret, s->kernels.v[i].paths.v);
}

void ins_paths_only(const struct ins_state *a, const struct ins_state *b, struct strv *ret)
{
	auto_strv struct strv of_a = { 0 }, of_b = { 0 };

	add_paths(a, &of_a);
	add_paths(b, &of_b);
	for (size_t i = 0; i < of_a.n; i++)
		if (!strv_has(&of_b, of_a.v[i]) && !strv_has(ret, of_a.v[i]))
			strv_add(ret, of_a.v[i]);
}

/* The loader's file as it is; "" if it is not there. */
static int read_loader(const struct ins_change *c, enum ins_loader loader, struct str *ret,
		       struct err *err)
{
	auto_free char *rel = ins_loader_file(&c->place, loader);
	auto_free char *path = NULL;
	int r;

	if (!rel)
		return 0;
	r = ins_path(&c->place, rel, &path, err);
	if (r < 0 || access(path, F_OK) < 0)
		return r;
	return file_read(AT_FDCWD, path, TEXT_MAX, ret, err);
}

/* Whether a change that was under way had come to its rename. */
static int settle(struct ins_change *c, struct err *err)
{
	struct ins_file *f = &c->file;
	auto_str struct str text = { 0 };
	int r;

	if (!f->under_way)
		return 0;
	r = read_loader(c, f->next.loader, &text, err);
	if (r < 0)
		return r;
	if (f->next.loader != INS_NONE && ins_loader_serial(str_c(&text)) == f->next.serial) {
		ins_paths_only(&f->now, &f->next, &f->garbage);
		ins_state_release(&f->now);
		f->now = f->next;
		f->next = (struct ins_state){ 0 };
	} else {
		ins_paths_only(&f->next, &f->now, &f->garbage);
		ins_state_release(&f->next);
	}
	f->under_way = false;
	return 0;
}

static bool is_owned(const struct ins_state *s, const char *path)
{
	for (size_t i = 0; i < s->kernels.n; i++)
		if (strv_has(&s->kernels.v[i].paths, path))
			return true;
	return false;
}

/* What a kernel's own entry says follows from the state; a new kernel's is written before the switch. */
static int refresh_entries(const struct ins_change *c, struct err *err)
{
	const struct ins_state *s = &c->file.now;
	int r = 0;

	for (size_t i = 0; i < s->kernels.n && r == 0; i++) {
		const struct ins_kernel *k = &s->kernels.v[i];
		auto_free char *rel = ins_loader_entry_path(s->loader, k->id);
		auto_free char *path = rel ? path_join(c->place.root, rel) : NULL;
		auto_str struct str is = { 0 }, wanted = { 0 };

		if (!rel)
			return 0;
		ins_loader_entry(&c->place, k, &wanted);
		if (file_read(AT_FDCWD, path, TEXT_MAX, &is, NULL) < 0 ||
		    !str_eq(str_c(&is), str_c(&wanted)))
			r = ins_write_file(&c->place, rel, &wanted, err);
	}
	return r;
}

/*
 * Entries go before the files that they name: they stand first in a kernel's paths. What cannot be removed (a mount below it, an
 * immutable file) stays on the list with what follows it: the switch is done, and the next change tries again.
 */
static int sweep(struct ins_change *c, struct err *err)
{
	struct strv *g = &c->file.garbage, left = { 0 };
	int entries = refresh_entries(c, err);

	if (entries < 0)
		return entries;
	for (size_t i = 0; i < g->n; i++)
		if (left.n ||
		    (!is_owned(&c->file.now, g->v[i]) && ins_remove(&c->place, g->v[i], NULL) < 0))
			strv_add(&left, g->v[i]);
	strv_release(g);
	*g = left;
	return ins_file_write(c->file_path, &c->file, err);
}

static void sweep_temporaries(const struct ins_change *c)
{
	auto_free char *rel = ins_loader_file(&c->place, c->file.now.loader);

	ins_remove_temporaries(&c->place, INS_FILE);
	if (rel)
		ins_remove_temporaries(&c->place, rel);
	for (size_t i = 0; i < c->file.now.kernels.n; i++)
		for (size_t n = 0; n < c->file.now.kernels.v[i].paths.n; n++)
			ins_remove_temporaries(&c->place, c->file.now.kernels.v[i].paths.v[n]);
}

static int take_lock(struct ins_change *c, struct err *err)
{
	auto_free char *path = NULL, *dir = NULL;
	int r = ins_path(&c->place, LOCK_FILE, &path, err);

	if (r < 0)
		return r;
	dir = path_dir(path);
	r = mkdir_p(dir, 0755, err);
	return r < 0 ? r : file_lock(path, &c->lock, err);
}

/* Above what the loader's file says too: that may be of a state that was moved away. */
uint64_t ins_change_serial(const struct ins_change *c, enum ins_loader loader)
{
	auto_str struct str text = { 0 };
	uint64_t there =
		read_loader(c, loader, &text, NULL) == 0 ? ins_loader_serial(str_c(&text)) : 0;

	/* what a hand has written there may be anything */
	return MAX(c->file.now.serial, there < UINT32_MAX ? there : 0) + 1;
}

int ins_change_begin(struct ins_change *c, const char *root, bool write, struct err *err)
{
	bool leftovers;
	int r;

	*c = (struct ins_change){ .lock = -1 };
	r = ins_place_open(&c->place, root, err);
	if (r == 0)
		r = ins_path(&c->place, INS_FILE, &c->file_path, err);
	if (r == 0 && write)
		r = take_lock(c, err);
	if (r == 0)
		r = ins_file_read(c->file_path, &c->file, err);
	if (r < 0)
		return r;
	leftovers = c->file.under_way || c->file.garbage.n;
	r = settle(c, err);
	if (r < 0 || !write)
		return r;
	sweep_temporaries(c);
	return leftovers ? sweep(c, err) : 0;
}

int ins_change_announce(struct ins_change *c, struct err *err)
{
	c->file.under_way = true;
	return ins_file_write(c->file_path, &c->file, err);
}

/* The first entry of a system that has no extlinux.conf needs one that reads kiln's. */
static int write_extlinux_conf(const struct ins_change *c, struct err *err)
{
	static const char conf[] = "boot/extlinux/extlinux.conf";
	auto_str struct str text = { 0 };

	if (c->file.next.loader != INS_EXTLINUX || ins_has(&c->place, conf))
		return 0;
	str_adds(&text, "PROMPT 1\nTIMEOUT 50\nINCLUDE kiln.conf\n");
	return ins_write_file(&c->place, conf, &text, err);
}

static int rename_loader(struct ins_change *c, struct err *err)
{
	auto_free char *rel = ins_loader_file(&c->place, c->file.next.loader);
	auto_str struct str old = { 0 }, text = { 0 };
	int r = read_loader(c, c->file.next.loader, &old, err);

	if (r < 0 || !rel)
		return r;
	ins_loader_text(&c->place, &c->file.next, str_c(&old), &text);
	r = write_extlinux_conf(c, err);
	return r < 0 ? r : ins_write_file(&c->place, rel, &text, err);
}

int ins_change_switch(struct ins_change *c, struct err *err)
{
	struct ins_file *f = &c->file;
	int r = rename_loader(c, err);

	if (r < 0)
		return r;
	ins_paths_only(&f->now, &f->next, &f->garbage);
	ins_state_release(&f->now);
	f->now = f->next;
	f->next = (struct ins_state){ 0 };
	f->under_way = false;
	/* Of no loader this is the switch. */
	if (f->now.loader == INS_NONE && f->garbage.n) {
		r = ins_file_write(c->file_path, f, err);
		if (r < 0)
			return r;
	}
	return sweep(c, err);
}

/* The rename may have been done by what then failed. */
void ins_change_undo(struct ins_change *c)
{
	if (settle(c, NULL) == 0)
		sweep(c, NULL);
}

void ins_change_end(struct ins_change *c)
{
	ins_place_release(&c->place);
	ins_file_release(&c->file);
	free(take_ptr(c->file_path));
	c->lock = close_fd(c->lock);
}
