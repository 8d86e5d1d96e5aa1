/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of cells: refs, IDs, beginnings of IDs. A ref is a file with an ID and a newline, written in tmp/ and renamed, so
 * it has always either its old cell or its new one.
 */
#include "store/internal.h"

#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#define NAME_LENGTH 255
#define DEPTH_MAX   16
#define TRIES	    100
#define SHORT_ID    8

void sto_refs_release(struct sto_refs *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i].name);
	free(take_ptr(r->v));
	r->n = r->cap = 0;
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* An ID is none: it would hide the cell. */
static bool is_ref_name(const char *name)
{
	size_t depth = 0;
	const char *p = name;

	if (!*name || strlen(name) > NAME_LENGTH || sto_is_id(name))
		return false;
	do {
		if (!is_alnum(*p) || ++depth > DEPTH_MAX)
			return false;
		while (is_alnum(*p) || (*p && strchr("._+-", *p)))
			p++;
	} while (*p++ == '/');
	return !p[-1];
}

static int check_name(const char *name, struct err *err)
{
	if (is_ref_name(name))
		return 0;
	err_set(err, -EINVAL, "'%s' cannot be the name of a cell", name);
	return err_hint(
		err, -EINVAL,
		"parts between slashes, each a letter or digit and then also any of . _ + -");
}

/* "" where it is none. */
static void read_ref(const struct sto *s, const char *name, char ret_id[STO_ID + 1])
{
	auto_free char *path = path_join("refs", name);
	auto_str struct str text = { 0 };

	ret_id[0] = '\0';
	if (file_read(s->fd, path, STO_ID + 1, &text, NULL) < 0 || text.n != STO_ID + 1 ||
	    text.s[STO_ID] != '\n')
		return;
	text.s[STO_ID] = '\0';
	if (sto_is_id(text.s))
		memcpy(ret_id, text.s, STO_ID + 1);
}

static int stat_ref(const struct sto *s, const char *name, struct stat *st)
{
	auto_free char *path = path_join("refs", name);

	return fstatat(s->fd, path, st, AT_SYMLINK_NOFOLLOW);
}

static int read_below(const struct sto *s, const char *above, size_t depth, struct sto_refs *refs,
		      struct err *err)
{
	auto_free char *folder = path_join("refs", above);
	auto_strv struct strv names = { 0 };
	int r = sto_names_in(s, folder, &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		auto_free char *name = *above ? path_join(above, names.v[i]) : xstrdup(names.v[i]);
		struct stat st;

		if (stat_ref(s, name, &st) < 0)
			continue; /* it was removed just now */
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX) {
			r = read_below(s, name, depth + 1, refs, err);
		} else {
			struct sto_ref *ref = vec_push(refs, ((struct sto_ref){ 0 }));

			if (S_ISREG(st.st_mode) && is_ref_name(name))
				read_ref(s, name, ref->id);
			ref->name = take_ptr(name);
		}
	}
	return r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct sto_ref *)a)->name, ((const struct sto_ref *)b)->name);
}

int sto_refs_read(const struct sto *s, struct sto_refs *ret, struct err *err)
{
	auto_refs struct sto_refs refs = { 0 };
	int r = read_below(s, "", 1, &refs, err);

	if (r < 0)
		return r;
	if (refs.n)
		qsort(refs.v, refs.n, sizeof(*refs.v), by_name);
	*ret = refs;
	refs = (struct sto_refs){ 0 };
	return 0;
}

void sto_refs_of(const struct sto_refs *r, const char *id, struct strv *ret)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_eq(r->v[i].id, id))
			strv_add(ret, r->v[i].name);
}

/* The name in tmp/, whole and synced. */
static int write_ref(const struct sto_tmp *tmp, const char *id, char **ret, struct err *err)
{
	auto_free char *path = path_join(tmp->path, "ref");
	auto_free char *line = xasprintf("%s\n", id);
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int r;

	if (fd < 0)
		return err_sys(err, "cannot create '%s'", path);
	r = write_all(fd, line, strlen(line));
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r < 0)
		return err_code(err, r, "cannot write '%s'", path);
	*ret = take_ptr(path);
	return 0;
}

/* Folders that refs were removed from go by and by, also between the two steps here. */
static int put_ref(const struct sto *s, const char *tmp, const char *name, struct err *err)
{
	auto_free char *path = path_join3(s->path, "refs", name);
	auto_free char *folder = path_dir(path);
	int r = 0;

	for (int i = 0; i < TRIES; i++) {
		r = mkdir_p(folder, 0755, NULL);
		if (r == -ENOTDIR || r == -EEXIST)
			return err_set(err, -EEXIST,
				       "'%s' cannot be a name: what stands before a '/' is one",
				       name);
		if (r == 0 && rename(tmp, path) == 0)
			return 0;
		r = r ? r : -errno;
		if (r == -EISDIR && rmdir(path) < 0)
			return err_set(err, -EEXIST, "'%s' cannot be a name: '%s/...' is one", name,
				       name);
		if (r != -ENOENT && r != -EISDIR)
			break;
	}
	return err_code(err, r, "cannot create the ref '%s'", name);
}

/* The folders of a ref, from its own up to refs. */
static int sync_folders(const struct sto *s, const char *name, struct err *err)
{
	auto_free char *folder = path_join("refs", name);
	int r = 0;

	while (r == 0 && strchr(folder, '/')) {
		*strrchr(folder, '/') = '\0';
		r = file_sync_folder(s->fd, folder, NULL);
		if (r == -ENOENT) /* removed meanwhile */
			r = 0;
	}
	return r < 0 ? err_code(err, r, "cannot write the ref '%s'", name) : 0;
}

int sto_ref_set(struct sto *s, const char *name, const char *id, struct err *err)
{
	auto_tmp struct sto_tmp tmp = STO_TMP_NONE;
	auto_free char *path = NULL;
	auto_close int lock = -1;
	int r = check_name(name, err);

	if (r == 0)
		r = sto_tmp_begin(s, "ref", &tmp, err);
	if (r == 0)
		r = write_ref(&tmp, id, &path, err);
	if (r == 0)
		r = sto_lock(s, false, NULL, &lock, err);
	if (r < 0)
		return r;
	if (!sto_is_id(id) || !sto_has_cell(s, id))
		return err_set(err, -ENOENT, "the cell '%.12s' is not in the store", id);
	r = put_ref(s, path, name, err);
	return r < 0 ? r : sync_folders(s, name, err);
}

/* The hint of an error that is set: the refs that may have been meant. */
static int hint_nearest(const struct sto *s, const char *name, int r, struct err *err)
{
	auto_refs struct sto_refs refs = { 0 };
	auto_strv struct strv names = { 0 };
	const char *nearest;

	if (!err || sto_refs_read(s, &refs, NULL) < 0)
		return r;
	for (size_t i = 0; i < refs.n; i++)
		strv_add(&names, refs.v[i].name);
	nearest = str_nearest(name, (const char *const *)names.v, names.n);
	return nearest ? err_hint(err, r, "did you mean '%s'?", nearest)
		       : err_hint(err, r, "'kiln store list' tells what there is");
}

static int no_ref(const struct sto *s, const char *name, struct err *err)
{
	err_set(err, -ENOENT, "there is no ref '%s'", name);
	return hint_nearest(s, name, -ENOENT, err);
}

int sto_ref_get(const struct sto *s, const char *name, char ret_id[STO_ID + 1], struct err *err)
{
	struct stat st;

	if (!is_ref_name(name) || stat_ref(s, name, &st) < 0 || !S_ISREG(st.st_mode))
		return no_ref(s, name, err);
	read_ref(s, name, ret_id);
	return 0;
}

int sto_ref_remove(struct sto *s, const char *name, struct err *err)
{
	auto_free char *path = path_join("refs", name);
	int r;

	if (!is_ref_name(name))
		return no_ref(s, name, err);
	if (unlinkat(s->fd, path, 0) < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EISDIR
			       ? no_ref(s, name, err)
			       : err_sys(err, "cannot remove the ref '%s'", name);
	r = sync_folders(s, name, err);
	while (r == 0 && strchr(strchr(path, '/') + 1, '/')) {
		*strrchr(path, '/') = '\0';
		if (unlinkat(s->fd, path, AT_REMOVEDIR) < 0)
			break;
	}
	return r;
}

static int find_ref(const struct sto *s, const char *name, char ret_id[STO_ID + 1], struct err *err)
{
	char id[STO_ID + 1];
	struct stat st;

	if (!is_ref_name(name) || stat_ref(s, name, &st) < 0 || !S_ISREG(st.st_mode))
		return -ENOENT;
	read_ref(s, name, id);
	if (*id && sto_has_cell(s, id)) {
		memcpy(ret_id, id, sizeof(id));
		return 0;
	}
	err_set(err, -EBADMSG, "the ref '%s' leads to no cell", name);
	return err_hint(err, -EBADMSG, "'kiln store rm %s' removes it", name);
}

static int find_id(const struct sto *s, const char *name, char ret_id[STO_ID + 1], struct err *err)
{
	auto_strv struct strv ids = { 0 };
	const char *found = NULL;
	int r;

	if (strlen(name) < SHORT_ID || strspn(name, "0123456789abcdef") != strlen(name))
		return -ENOENT;
	r = sto_cell_ids(s, &ids, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ids.n; i++) {
		if (!str_starts(ids.v[i], name))
			continue;
		if (found)
			return err_set(err, -EINVAL, "several cells begin with '%s': %.16s, %.16s",
				       name, found, ids.v[i]);
		found = ids.v[i];
	}
	if (!found)
		return -ENOENT;
	memcpy(ret_id, found, STO_ID + 1);
	return 0;
}

int sto_find(const struct sto *s, const char *name, char ret_id[STO_ID + 1], struct err *err)
{
	int r = find_ref(s, name, ret_id, err);

	if (r == -ENOENT)
		r = find_id(s, name, ret_id, err);
	if (r != -ENOENT)
		return r;
	err_set(err, r, "there is no cell '%s' in the store", name);
	return hint_nearest(s, name, r, err);
}

int sto_names(const struct sto *s, struct strv *ret, struct err *err)
{
	auto_refs struct sto_refs refs = { 0 };
	auto_strv struct strv ids = { 0 }, modules = { 0 };
	char below[STO_ID + 1];
	int r = sto_refs_read(s, &refs, err);

	if (r == 0)
		r = sto_cell_ids(s, &ids, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < refs.n; i++)
		strv_add(sto_over_below(refs.v[i].name, below) ? &modules : ret,
			 sto_over_below(refs.v[i].name, below) ? refs.v[i].id : refs.v[i].name);
	for (size_t i = 0; i < ids.n; i++)
		if (!strv_has(&modules, ids.v[i]))
			strv_addf(ret, "%.12s", ids.v[i]);
	return 0;
}
