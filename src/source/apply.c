/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole patch on the files of a tree: all of it or nothing. As in git, renames and copies are from files as they were
 * before the patch; what changes one file twice finds it as the first change left it.
 */
#include "source/files.h"
#include "source/hunk.h"

#include <errno.h>

void src_misses_release(struct src_misses *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->v[i].file);
		free(m->v[i].why);
	}
	free(m->v);
	*m = (struct src_misses){ 0 };
}

/* One file's part of a patch, seen the way it is applied. */
struct change {
	enum src_change what;
	const char *old_name, *new_name;
	unsigned old_mode, new_mode;
	const struct src_blob *blob, *back;
	const struct src_file_diff *f;
};

struct applying {
	struct src_files *files;
	const struct src_diff *d;
	bool reverse;
	struct map next;    /* what the patch makes: struct src_file, !present where it removes */
	struct map removed; /* names that it takes away somewhere */
	struct src_misses *misses;
	bool ok;
	unsigned long moved;
};

static void next_free(void *p)
{
	struct src_file *f = p;

	if (f)
		free(f->lines.v);
	free(f);
}

static void miss(struct applying *a, const char *file, unsigned number, unsigned long line,
		 char *why)
{
	a->ok = false;
	if (a->misses)
		vec_push(a->misses, ((struct src_miss){ .file = xstrdup(file),
							.number = number,
							.line = (unsigned)line,
							.why = take_ptr(why) }));
	free(why);
}

static struct change change_of(const struct applying *a, size_t i)
{
	static const enum src_change back[] = {
		[SRC_MODIFY] = SRC_MODIFY, [SRC_CREATE] = SRC_DELETE, [SRC_DELETE] = SRC_CREATE,
		[SRC_RENAME] = SRC_RENAME, [SRC_COPY] = SRC_COPY,
	};
	const struct src_file_diff *f = &a->d->files.v[i];

	if (!a->reverse)
		return (struct change){ f->change,   f->old_name, f->new_name, f->old_mode,
					f->new_mode, &f->forward, &f->reverse, f };
	return (struct change){ back[f->change], f->new_name, f->old_name, f->new_mode,
				f->old_mode,	 &f->reverse, &f->forward, f };
}

/* A copy taken back takes the new file away. */
static bool removes(const struct applying *a, const struct change *c)
{
	return c->what == SRC_DELETE || c->what == SRC_RENAME ||
	       (c->what == SRC_COPY && a->reverse);
}

/* The file a change starts from. */
static int before(struct applying *a, const struct change *c, const struct src_file **ret,
		  struct err *err)
{
	const struct src_file *now = map_get(&a->next, c->old_name);

	if (now && c->what != SRC_RENAME && c->what != SRC_COPY) {
		*ret = now;
		return 0;
	}
	return src_files_get(a->files, c->old_name, ret, err);
}

/* Whether something is in the way of a new file: 1, 0 or an error. *ret_what: in words. */
static int in_the_way(struct applying *a, const char *name, const char **ret_what, struct err *err)
{
	const struct src_file *there = map_get(&a->next, name);
	const char *slash = name;
	int r = 0;

	if (!there)
		r = src_files_get(a->files, name, &there, err);
	if (r < 0)
		return r;
	*ret_what = there->folder ? "a folder is there" : "the file is there already";
	if (there->folder || (there->present && (there->changed || !map_has(&a->removed, name))))
		return 1;
	while ((slash = strchr(slash, '/'))) {
		auto_free char *part = xstrndup(name, (size_t)(slash++ - name));

		r = src_files_get(a->files, part, &there, err);
		if (r < 0)
			return r;
		*ret_what = "a part of its path is a file or a link";
		if (there->present && !map_has(&a->removed, part))
			return 1;
	}
	return 0;
}

static void apply_hunks(struct applying *a, const struct change *c, struct src_file *file)
{
	long added = 0;

	for (size_t i = 0; i < c->f->n_hunks; i++) {
		struct src_hunk_sides h;
		unsigned long moved;

		src_hunk_sides(a->d, &a->d->hunks.v[c->f->hunk + i], a->reverse, &h);
		if (!src_hunk_apply(&file->lines, &h, &moved)) {
			miss(a, c->old_name, (unsigned)i + 1, h.before_pos,
			     a->misses ? src_hunk_why(&file->lines, &h, added) : NULL);
			continue;
		}
		a->moved += moved;
		added += (long)h.n_after - (long)h.n_before;
	}
}

static void set_content(struct applying *a, struct src_file *file, struct str *text)
{
	file->lines.n = 0;
	src_lines_split(&file->lines, str_c(text), text->n);
	strv_take(&a->files->texts, str_take(text));
}

/* It is right where the way back leads from what it makes to what was there. */
static void apply_blob(struct applying *a, const struct change *c, struct src_file *file)
{
	auto_str struct str old = { 0 }, new = { 0 }, back = { 0 };

	src_file_text(file, &old);
	if (src_blob_apply(c->blob, str_c(&old), old.n, &new) &&
	    src_blob_apply(c->back, str_c(&new), new.n, &back) && back.n == old.n &&
	    !memcmp(str_c(&back), str_c(&old), old.n))
		set_content(a, file, &new);
	else
		miss(a, c->old_name, 0, 0,
		     xstrdup("its bytes are others than the binary patch was made for"));
}

/* Whether the file is of the kind that the patch has it for; a mode alone must be the old one, or nothing would change. */
static bool mode_fits(struct applying *a, const struct change *c, const struct src_file *file)
{
	bool alone = c->what == SRC_MODIFY && !c->f->n_hunks && !c->f->forward.kind;

	if (c->old_mode && (c->old_mode ^ file->mode) & 0170000) {
		miss(a, c->old_name, 0, 0,
		     xstrdup(file->mode == 0120000 ? "it is a symbolic link"
						   : "it is no symbolic link"));
		return false;
	}
	if (alone && (c->old_mode ^ file->mode) & 0100) {
		miss(a, c->old_name, 0, 0,
		     xstrdup(file->mode & 0100 ? "it is executable" : "it is not executable"));
		return false;
	}
	return true;
}

static void put(struct applying *a, const char *name, struct src_file *file)
{
	file->changed = true;
	next_free(map_set(&a->next, name, file));
}

static void put_absent(struct applying *a, const char *name)
{
	const struct src_file *now = map_get(&a->next, name);

	if (!now || !now->present || !now->changed)
		put(a, name, xnew(struct src_file));
}

static struct src_file *copy_of(const struct src_file *file)
{
	struct src_file *copy = xnew(struct src_file);

	copy->mode = file->mode;
	copy->lines.n = copy->lines.cap = file->lines.n;
	copy->lines.v = file->lines.n
				? xmemdup(file->lines.v, file->lines.n * sizeof(*file->lines.v))
				: NULL;
	/* which hunk made a line counts among the hunks of one diff */
	for (size_t i = 0; i < copy->lines.n; i++)
		copy->lines.v[i].fixed = false;
	return copy;
}

static bool same_text(const struct src_file *a, const struct src_file *b)
{
	auto_str struct str one = { 0 }, two = { 0 };

	src_file_text(a, &one);
	src_file_text(b, &two);
	return one.n == two.n && !memcmp(str_c(&one), str_c(&two), one.n);
}

/* What comes of the change goes to next. */
static int finish(struct applying *a, const struct change *c, struct src_file *file,
		  struct err *err)
{
	const struct src_file *old;
	int r = 0;

	if (c->what == SRC_DELETE) {
		if (file->lines.n && a->ok)
			miss(a, c->old_name, 0, 0,
			     xstrdup("it has lines that the patch, which deletes it, does not"));
		next_free(file);
		/* also one that the patch made before */
		next_free(map_set(&a->next, c->old_name, NULL));
		put_absent(a, c->old_name);
		return 0;
	}
	if (c->what == SRC_COPY && a->reverse) {
		r = src_files_get(a->files, c->new_name, &old, err);
		if (r == 0 && (!old->present || !same_text(old, file)) && a->ok)
			miss(a, c->old_name, 0, 0, xstrdup("it is no copy"));
		next_free(file);
		put_absent(a, c->old_name);
		return r;
	}
	file->present = true;
	put(a, c->new_name, file);
	if (c->what == SRC_RENAME)
		put_absent(a, c->old_name);
	return 0;
}

static int apply_change(struct applying *a, struct change *c, struct err *err)
{
	const struct src_file *old = NULL;
	struct src_file *file;
	const char *what;
	int r = c->what == SRC_CREATE ? 0 : before(a, c, &old, err);

	if (r < 0)
		return r;
	if (old && !old->present) {
		if (!c->f->maybe_new || a->reverse) {
			miss(a, c->old_name, 0, 0,
			     xstrdup(old->folder ? "it is a folder" : "no such file"));
			return 0;
		}
		c->what = SRC_CREATE;
		old = NULL;
	}
	if (c->what == SRC_CREATE || c->what == SRC_RENAME ||
	    (c->what == SRC_COPY && !a->reverse)) {
		r = in_the_way(a, c->new_name, &what, err);
		if (r > 0)
			miss(a, c->new_name, 0, 0, xstrdup(what));
		if (r != 0)
			return MIN(r, 0);
	}
	if (old && !mode_fits(a, c, old))
		return 0;
	file = old ? copy_of(old) : xnew(struct src_file);
	if (!old)
		file->mode = 0100644;
	if (c->new_mode)
		file->mode = c->new_mode;
	if (c->blob->kind)
		apply_blob(a, c, file);
	else
		apply_hunks(a, c, file);
	return finish(a, c, file, err);
}

/* What the patch makes becomes what is there. */
static void keep_all(struct applying *a)
{
	for (size_t i = 0; i < a->next.n; i++)
		next_free(map_set(&a->files->by_path, a->next.v[i].key,
				  take_ptr(a->next.v[i].value)));
}

int src_files_apply(struct src_files *f, const struct src_diff *d, bool reverse, bool keep,
		    struct src_misses *ret_misses, unsigned long *ret_moved, struct err *err)
{
	struct applying a = {
		.files = f, .d = d, .reverse = reverse, .misses = ret_misses, .ok = true
	};
	const size_t n = d->files.n;
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		struct change c = change_of(&a, i);

		if (removes(&a, &c))
			map_set(&a.removed, c.old_name, &a);
	}
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct change c = change_of(&a, reverse ? n - 1 - i : i);

		r = apply_change(&a, &c, err);
	}
	if (r == 0 && a.ok && keep)
		keep_all(&a);
	*ret_moved = a.moved;
	map_release(&a.next, next_free);
	map_release(&a.removed, NULL);
	return r < 0 ? r : a.ok;
}
