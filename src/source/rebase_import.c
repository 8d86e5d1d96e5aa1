/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commits that a rebase begins with, as one stream for git fast-import (git-fast-import(1)): for each patch the old tree
 * without and with it, and the new tree.
 */
#include "base/path.h"
#include "source/files.h"
#include "source/rebase_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#define MOVED_MAX 20

struct import {
	struct str out;
	struct map marks; /* by the content: struct mark */
	const struct strv *paths;
	unsigned n;
};

/* Content that git has already is the same struct src_file: one that is changed is another. */
struct mark {
	const struct src_file *file;
	unsigned number;
};

static void add_quoted(struct str *b, const char *path)
{
	str_addc(b, '"');
	for (; *path; path++) {
		if (*path == '"' || *path == '\\')
			str_addc(b, '\\');
		str_addc(b, *path);
	}
	str_addc(b, '"');
}

static unsigned blob(struct import *m, const char *path, const struct src_file *file)
{
	struct mark *mark = map_get(&m->marks, path);
	auto_str struct str text = { 0 };

	if (mark && mark->file == file)
		return mark->number;
	if (!mark) {
		mark = xnew(struct mark);
		map_set(&m->marks, path, mark);
	}
	*mark = (struct mark){ file, ++m->n };
	src_file_text(file, &text);
	str_addf(&m->out, "blob\nmark :%u\ndata %zu\n", m->n, text.n);
	str_add(&m->out, str_c(&text), text.n);
	str_addc(&m->out, '\n');
	return m->n;
}

/* A commit with all files as f has them. from: NULL, or the ref it stands on. */
static int commit(struct import *m, const char *ref, const char *from, const char *message,
		  struct src_files *f, struct err *err)
{
	auto_str struct str tree = { 0 };

	for (size_t i = 0; i < m->paths->n; i++) {
		const char *path = m->paths->v[i];
		const struct src_file *file;
		int r = src_files_get(f, path, &file, err);

		if (r < 0)
			return r;
		if (!file->present)
			continue;
		str_addf(&tree, "M %o :%u ", file->mode, blob(m, path, file));
		add_quoted(&tree, path);
		str_addc(&tree, '\n');
	}
	str_addf(&m->out, "commit %s\ncommitter kiln <kiln@localhost> 0 +0000\ndata %zu\n%s\n", ref,
		 strlen(message), message);
	if (from)
		str_addf(&m->out, "from %s\n", from);
	str_adds(&m->out, "deleteall\n");
	str_add(&m->out, str_c(&tree), tree.n);
	str_addc(&m->out, '\n');
	return 0;
}

/* The old tree without and with patch i. What it has already is taken back for a moment. */
static int commit_patch(struct import *m, struct src_files *f, const struct src_patch *p, size_t i,
			enum src_outcome outcome, struct err *err)
{
	auto_free char *before = xasprintf("refs/kiln/before/%zu", i + 1);
	auto_free char *after = xasprintf("refs/kiln/patch/%zu", i + 1);
	bool there = outcome == SRC_ALREADY;
	unsigned long moved;
	int r = there ? src_files_apply(f, p->diff, true, true, NULL, &moved, err) : 1;

	if (r > 0)
		r = commit(m, before, NULL, "before", f, err);
	if (r == 0)
		r = src_files_apply(f, p->diff, false, true, NULL, &moved, err);
	/* what could be taken back by moving may not go in again at its own place */
	if (r == 0)
		return err_set(err, -EINVAL, "'%s' is in the old tree at another place", p->name);
	return r < 0 ? r : commit(m, after, before, p->subject ? p->subject : p->name, f, err);
}

static int import_old(struct import *m, const struct src_series *s, const struct src_verdicts *v,
		      const char *tree, struct err *err)
{
	struct src_files f;
	int r = src_files_init(&f, tree, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < s->n; i++)
		if (v->v[i].outcome == SRC_APPLIES || v->v[i].outcome == SRC_ALREADY)
			r = commit_patch(m, &f, &s->v[i], i, v->v[i].outcome, err);
	src_files_release(&f);
	return r;
}

static int import_new(struct import *m, const char *tree, struct err *err)
{
	struct src_files f;
	int r = src_files_init(&f, tree, err);

	if (r < 0)
		return r;
	map_release(&m->marks, free);
	r = commit(m, "refs/heads/kiln-rebase", NULL, "the new tree", &f, err);
	str_adds(&m->out, "reset refs/kiln/new\nfrom refs/heads/kiln-rebase\n\n");
	src_files_release(&f);
	return r;
}

/* Files of the same name anywhere below fd (closed here). */
static void find_named(int fd, const char *at, const char *name, struct strv *ret)
{
	DIR *d = fdopendir(fd);
	const struct dirent *e;

	if (!d)
		close_fd(fd);
	while (d && ret->n < MOVED_MAX && (e = readdir(d))) {
		auto_free char *path = *at ? path_join(at, e->d_name) : xstrdup(e->d_name);
		int sub;

		if (e->d_name[0] == '.')
			continue;
		if (e->d_type == DT_REG && str_eq(e->d_name, name))
			strv_add(ret, path);
		if (e->d_type != DT_DIR)
			continue;
		sub = openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub >= 0)
			find_named(sub, path, name, ret);
	}
	if (d)
		closedir(d);
}

/* Of a file that the new tree lacks, those that it may have become: git tells by what is in them. */
static int add_moved(struct strv *paths, const char *path, struct src_files *old,
		     struct src_files *new, const char *tree, struct err *err)
{
	auto_strv struct strv found = { 0 };
	const struct src_file *there = NULL, *was = NULL;
	int fd, r = src_files_get(new, path, &there, err);

	if (r == 0)
		r = src_files_get(old, path, &was, err);
	if (r < 0 || there->present || !was->present)
		return r;
	fd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "cannot open '%s'", tree);
	find_named(fd, "", path_base(path), &found);
	for (size_t i = 0; found.n < MOVED_MAX && i < found.n; i++)
		if (!strv_has(paths, found.v[i]))
			strv_add(paths, found.v[i]);
	return 0;
}

static int collect(const struct src_series *s, const char *from, const char *to, struct strv *paths,
		   struct err *err)
{
	struct src_files old = { .root = -1 }, new = { .root = -1 };
	struct map seen = { 0 };
	size_t n;
	int r;

	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < s->v[i].diff->files.n; k++) {
			const struct src_file_diff *f = &s->v[i].diff->files.v[k];

			if (!map_set(&seen, f->old_name, &seen))
				strv_add(paths, f->old_name);
			if (!map_set(&seen, f->new_name, &seen))
				strv_add(paths, f->new_name);
		}
	map_release(&seen, NULL);
	r = src_files_init(&old, from, err);
	if (r == 0)
		r = src_files_init(&new, to, err);
	n = paths->n;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_moved(paths, paths->v[i], &old, &new, to, err);
	src_files_release(&old);
	src_files_release(&new);
	return r;
}

int src_rebase_import(const char *dir, const struct src_series *s, const struct src_verdicts *v,
		      const char *from, const char *to, struct err *err)
{
	auto_strv struct strv paths = { 0 };
	struct import m = { .paths = &paths };
	struct src_scratch g = { .dir = dir, .input = &m.out };
	int r = collect(s, from, to, &paths, err);

	if (r == 0)
		r = import_old(&m, s, v, from, err);
	if (r == 0)
		r = import_new(&m, to, err);
	if (r == 0)
		r = src_scratch_git(&g, NULL, NULL, err, "fast-import", "--quiet", NULL);
	map_release(&m.marks, free);
	str_release(&m.out);
	return r;
}
