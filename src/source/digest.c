/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The digest of a tree, with an index of what its files were the last time. If all of it holds (same.c), so does its digest.
 * Where some folders have other files by the same names, those are read again and the rest holds. Else each file is asked for its
 * identity; only of those that have another one the content is read, and a folder that has the same one has the same names in
 * it and is not listed.
 *
 * Whatever was changed within two seconds before the walk began enters the index without an identity: its times could not
 * tell a second change from the first.
 */
#include "source/digest.h"

#include "source/index.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>

#define READ_SIZE    ((size_t)1 << 18)
#define FILES_MOST   ((size_t)4 << 20)
#define LINES_SIZE   ((size_t)1 << 16)
#define DEEPEST	     200
#define REPORT_EVERY 1024

struct walk {
	const struct src_progress *progress;
	struct src_index old, now;
	struct digest *digest;
	char *buf;
	char *what;	 /* for progress */
	struct str path; /* of the folder being looked at, below the tree; ends with '/' */
	int64_t began_ns;
	size_t seen, depth;
	bool changed;	  /* something is to be remembered */
	bool other;	  /* and the digest is another */
	bool recalled;	  /* most of it was known */
	bool started;	  /* reading has begun, which may take long */
	struct str lines; /* on their way into the digest */
};

static void walk_release(struct walk *w)
{
	src_index_release(&w->old);
	src_index_release(&w->now);
	digest_free(w->digest);
	free(w->buf);
	free(w->what);
	str_release(&w->path);
	str_release(&w->lines);
}

struct child {
	const char *name;	     /* in the old index, or in `names` of its folder's list */
	const struct src_entry *old; /* of that name; NULL */
	struct stat st;
};
struct children {
	struct child *v;
	size_t n, cap;
	struct str names; /* of a folder that was listed */
	bool listed;
};
static void children_release(struct children *c)
{
	free(c->v);
	str_release(&c->names);
}

/*
 * Not part of a source: what git, editors, patch and indexers of code leave, and Python in a tree whose scripts kbuild
 * calls. What kbuild makes in a tree itself does count: kiln builds elsewhere, and who builds in the tree may mean it.
 */
static bool is_left_out(const char *name, bool top)
{
	static const char *const anywhere[] = { ".git",	 "__pycache__", "*.pyc", "*~",	  "*.orig",
						"*.rej", ".#*",		"#*#",	 ".*.sw?" };
	static const char *const at_top[] = { "tags",
					      "TAGS",
					      "cscope.*",
					      "ncscope.*",
					      "GPATH",
					      "GTAGS",
					      "GRTAGS",
					      "GSYMS",
					      ".vscode",
					      ".idea",
					      ".clangd",
					      ".cache",
					      "compile_commands.json" };

	for (size_t i = 0; i < countof(anywhere); i++)
		if (fnmatch(anywhere[i], name, 0) == 0)
			return true;
	for (size_t i = 0; top && i < countof(at_top); i++)
		if (fnmatch(at_top[i], name, 0) == 0)
			return true;
	return false;
}

static char type_of(const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return 'D';
	if (S_ISLNK(st->st_mode))
		return 'L';
	if (!S_ISREG(st->st_mode))
		return 'S';
	return st->st_mode & S_IXUSR ? 'X' : 'F';
}

/* As paths sort: the name of a folder has a '/' behind it. */
static int compare_names(const char *a, bool a_dir, const char *b, bool b_dir)
{
	size_t i = 0;
	uint8_t x, y;

	while (a[i] && a[i] == b[i])
		i++;
	x = a[i] || !a_dir ? (uint8_t)a[i] : '/';
	y = b[i] || !b_dir ? (uint8_t)b[i] : '/';
	return (int)x - (int)y;
}

static int by_name(const void *a, const void *b)
{
	const struct child *x = a, *y = b;

	return compare_names(x->name, S_ISDIR(x->st.st_mode), y->name, S_ISDIR(y->st.st_mode));
}

static void report(struct walk *w)
{
	if (++w->seen % REPORT_EVERY == 0 && w->started && w->progress)
		w->progress->report(w->progress->ctx, w->what, w->seen, MAX(w->old.n, w->seen));
}

/* Work that needs SHA-256 and room to read into; most calls never come here. */
static int start_reading(struct walk *w, struct err *err)
{
	int r = 0;

	w->started = true;
	if (!w->buf)
		w->buf = xmalloc(READ_SIZE);
	if (!w->digest)
		r = digest_new(&w->digest, err);
	return r;
}

static int cannot_read(const struct walk *w, const char *name, struct err *err)
{
	return err_sys(err, "cannot read '%s%s'", str_c(&w->path), name);
}

/* The file as it is when opened; ret->id is zero where it changed meanwhile. */
static int read_file(struct walk *w, int dirfd, const char *name, struct src_entry *ret,
		     struct err *err)
{
	auto_close int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct file_id before, after;
	struct stat st;
	ssize_t n;
	int r = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return cannot_read(w, name, err);
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EAGAIN, "'%s%s' was changed while it was read",
			       str_c(&w->path), name);
	before = file_id_of(&st);
	ret->type = (uint32_t)type_of(&st);
	do {
		n = read_full(fd, w->buf, READ_SIZE);
		if (n < 0)
			return err_code(err, (int)n, "cannot read '%s%s'", str_c(&w->path), name);
		r = digest_add(w->digest, w->buf, (size_t)n, err);
	} while (r == 0 && (size_t)n == READ_SIZE);
	if (r == 0)
		r = digest_done(w->digest, ret->sum, err);
	if (fstat(fd, &st) < 0)
		return cannot_read(w, name, err);
	after = file_id_of(&st);
	ret->id = file_id_same(&before, &after) ? after : (struct file_id){ 0 };
	return r;
}

static int read_link(struct walk *w, int dirfd, const char *name, struct src_entry *ret,
		     struct err *err)
{
	ssize_t n = readlinkat(dirfd, name, w->buf, READ_SIZE);
	int r;

	if (n < 0)
		return cannot_read(w, name, err);
	r = digest_add(w->digest, w->buf, (size_t)n, err);
	return r < 0 ? r : digest_done(w->digest, ret->sum, err);
}

static void note(struct walk *w, const struct src_entry *old, const struct src_entry *now)
{
	if (!old || old->type != now->type || memcmp(old->sum, now->sum, sizeof(now->sum)) != 0)
		w->changed = w->other = true;
	else if (!file_id_same(&old->id, &now->id))
		w->changed = true;
}

/* What is known of it if it is as it was, else what is read. */
static int look_at(struct walk *w, int dirfd, const struct child *c, struct src_entry *ret,
		   struct err *err)
{
	struct src_entry e = { .id = file_id_of(&c->st), .type = (uint32_t)type_of(&c->st) };
	int r = 0;

	if (c->old && c->old->type == e.type && file_id_same(&c->old->id, &e.id)) {
		*ret = *c->old;
		return 0;
	}
	if (e.type != 'D' && e.type != 'S')
		r = start_reading(w, err);
	if (r == 0 && (e.type == 'F' || e.type == 'X'))
		r = read_file(w, dirfd, c->name, &e, err);
	else if (r == 0 && e.type == 'L')
		r = read_link(w, dirfd, c->name, &e, err);
	if (!digest_settled(&e.id, w->began_ns))
		e.id = (struct file_id){ 0 };
	/* folders count by what is in them */
	if (e.type != 'D')
		note(w, c->old, &e);
	*ret = e;
	return r;
}

/* What is gone between listing and looking was not there. */
static int add_child(struct children *c, int dirfd, const char *name, const struct src_entry *old,
		     struct walk *w, struct err *err)
{
	struct child child = { .name = name, .old = old };

	if (fstatat(dirfd, name, &child.st, AT_SYMLINK_NOFOLLOW) == 0)
		vec_push(c, child);
	else if (errno == ENOENT)
		w->changed = w->other = true;
	else
		return cannot_read(w, name, err);
	report(w);
	return 0;
}

static const struct src_entry *old_children(const struct walk *w, const struct src_entry *old)
{
	return &w->old.v[old->first];
}

/* The names are those of last time. */
static int recall_children(struct walk *w, int dirfd, const struct src_entry *old,
			   struct children *c, struct err *err)
{
	int r = 0;

	c->cap = old->n;
	c->v = xcalloc(old->n + 1, sizeof(*c->v));
	for (uint32_t i = 0; i < old->n && r == 0; i++) {
		const struct src_entry *e = old_children(w, old) + i;

		r = add_child(c, dirfd, src_index_name(&w->old, e), e, w, err);
	}
	return r;
}

static int list_names(struct walk *w, int dirfd, struct str *ret, struct err *err)
{
	int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *e;
	int r = 0;

	if (!d) {
		r = cannot_read(w, "", err);
		close_fd(copy);
		return r;
	}
	while ((errno = 0, e = readdir(d)))
		if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, "..") &&
		    !is_left_out(e->d_name, w->depth == 1))
			str_add(ret, e->d_name, strlen(e->d_name) + 1);
	if (errno)
		r = cannot_read(w, "", err);
	closedir(d);
	return r;
}

/* Both are sorted, so that one walk over both finds what belongs together. */
static void match_old(const struct walk *w, const struct src_entry *old, struct children *c)
{
	uint32_t k = 0;

	for (size_t i = 0; i < c->n && k < old->n; i++) {
		struct child *child = &c->v[i];
		int order = 1;

		for (; k < old->n && order > 0; k += order > 0) {
			const struct src_entry *e = old_children(w, old) + k;

			order = compare_names(child->name, S_ISDIR(child->st.st_mode),
					      src_index_name(&w->old, e), e->type == 'D');
		}
		if (order == 0)
			child->old = old_children(w, old) + k++;
	}
}

static int list_children(struct walk *w, int dirfd, const struct src_entry *old, struct children *c,
			 struct err *err)
{
	int r = list_names(w, dirfd, &c->names, err);

	c->listed = true;
	for (size_t at = 0; at < c->names.n && r == 0; at += strlen(c->names.s + at) + 1)
		r = add_child(c, dirfd, c->names.s + at, NULL, w, err);
	if (r < 0)
		return r;
	if (c->n)
		qsort(c->v, c->n, sizeof(*c->v), by_name);
	if (old)
		match_old(w, old, c);
	if (!old || old->n != c->n)
		w->changed = w->other = true;
	return 0;
}

/* Appends the entries of a folder, and says so in its own one. */
static int put_children(struct walk *w, int dirfd, size_t folder, const struct children *c,
			struct err *err)
{
	size_t first = w->now.n;
	int r = 0;

	if (first + c->n > FILES_MOST)
		return err_set(err, -EFBIG, "more than %zu files, which is no kernel's source",
			       FILES_MOST);
	w->now.v[folder].first = (uint32_t)first;
	w->now.v[folder].n = (uint32_t)c->n;
	for (size_t i = 0; i < c->n && r == 0; i++) {
		struct src_entry e = { 0 };

		r = look_at(w, dirfd, &c->v[i], &e, err);
		e.name = (uint32_t)w->now.names.n;
		e.first = e.n = 0;
		str_add(&w->now.names, c->v[i].name, strlen(c->v[i].name) + 1);
		vec_push(&w->now, e);
	}
	return r;
}

static int walk_folder(struct walk *w, int dirfd, size_t folder, const struct src_entry *old,
		       struct err *err);

static int enter(struct walk *w, int dirfd, size_t folder, const struct src_entry *old,
		 struct err *err)
{
	const char *name = src_index_name(&w->now, &w->now.v[folder]);
	auto_close int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	size_t before = w->path.n;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return cannot_read(w, name, err);
	if (w->depth >= DEEPEST)
		return err_set(err, -ELOOP, "'%s%s' lies deeper than %d folders", str_c(&w->path),
			       name, DEEPEST);
	w->now.v[folder].id = file_id_of(&st);
	str_addf(&w->path, "%s/", name);
	r = walk_folder(w, fd, folder, old, err);
	w->path.n = before;
	w->path.s[before] = '\0';
	return r;
}

static int walk_folder(struct walk *w, int dirfd, size_t folder, const struct src_entry *old,
		       struct err *err)
{
	cleanup(children_release) struct children c = { 0 };
	struct src_entry *own = &w->now.v[folder];
	int r;

	w->depth++;
	if (!digest_settled(&own->id, w->began_ns))
		own->id = (struct file_id){ 0 };
	if (old && own->id.ino && file_id_same(&old->id, &own->id))
		r = recall_children(w, dirfd, old, &c, err);
	else
		r = list_children(w, dirfd, old, &c, err);
	/* the next time it need not be listed */
	if (!old || !file_id_same(&old->id, &own->id))
		w->changed = true;
	if (r == 0)
		r = put_children(w, dirfd, folder, &c, err);
	for (size_t i = 0; i < c.n && r == 0; i++) {
		size_t at = w->now.v[folder].first + i;
		const struct src_entry *was = c.v[i].old;

		if (w->now.v[at].type == 'D')
			r = enter(w, dirfd, at, was && was->type == 'D' ? was : NULL, err);
	}
	w->depth--;
	return r;
}

/* The same digest as line by line: a call for each would cost more than what is worked out. */
static int flush_lines(struct walk *w, size_t from, struct err *err)
{
	int r;

	if (w->lines.n < from)
		return 0;
	r = digest_add(w->digest, w->lines.s, w->lines.n, err);
	w->lines.n = 0;
	return r;
}

/* One line for each file and link of a folder, those of folders where their names stand. */
static int add_lines(struct walk *w, const struct src_entry *folder, struct str *path,
		     struct err *err)
{
	size_t before = path->n;
	int r = 0;

	for (uint32_t i = 0; i < folder->n && r == 0; i++) {
		const struct src_entry *e = &w->now.v[folder->first + i];
		char line[1 + DIGEST_HEX + 1];

		str_adds(path, src_index_name(&w->now, e));
		line[0] = (char)e->type;
		digest_to_hex(e->sum, line + 1);
		if (e->type == 'D') {
			str_addc(path, '/');
			r = add_lines(w, e, path, err);
		} else if (e->type != 'S') {
			str_add(&w->lines, line, 1 + DIGEST_HEX);
			str_add(&w->lines, path->s, path->n + 1);
			r = flush_lines(w, LINES_SIZE, err);
		}
		path->n = before;
		path->s[before] = '\0';
	}
	return r;
}

static int work_out(struct walk *w, struct err *err)
{
	auto_str struct str path = { 0 };
	int r = start_reading(w, err);

	str_adds(&path, "");
	if (r == 0)
		r = add_lines(w, &w->now.v[0], &path, err);
	if (r == 0)
		r = flush_lines(w, 1, err);
	return r < 0 ? r : digest_done(w->digest, w->now.total, err);
}

static int total(struct walk *w, struct err *err)
{
	if (w->other)
		return work_out(w, err);
	memcpy(w->now.total, w->old.total, sizeof(w->now.total));
	return 0;
}

static int walk_tree(struct walk *w, int fd, struct err *err)
{
	struct src_entry root = { .type = 'D' };
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return err_sys(err, "cannot read it");
	root.id = file_id_of(&st);
	str_add(&w->now.names, "", 1);
	w->now.cap = w->old.n + 1024;
	w->now.v = xcalloc(w->now.cap, sizeof(*w->now.v));
	str_room(&w->now.names, w->old.names.n);
	vec_push(&w->now, root);
	r = walk_folder(w, fd, 0, w->old.n ? &w->old.v[0] : NULL, err);
	return r < 0 ? r : total(w, err);
}

/* Mending: the index of last time with those folders looked at again that have something else. */

/* Its files as they are now in place of what they were; -ESTALE: names or folders came or went, which takes a walk. */
static int mend_children(struct walk *w, int dirfd, const struct src_entry *folder,
			 const struct children *c, uint8_t *differs)
{
	if (c->n != folder->n)
		return -ESTALE;
	for (uint32_t i = 0; i < folder->n; i++) {
		struct src_entry *now = &w->old.v[folder->first + i], e = { 0 };
		const struct src_entry was = *now;
		struct child child = c->v[i];
		struct file_id id;

		/* of that name, and a folder now as then: they are matched by both */
		if (child.old != now)
			return -ESTALE;
		child.old = &was;
		if (look_at(w, dirfd, &child, &e, NULL) < 0)
			return -ESTALE;
		/* e.id would not do: of what was changed just now it is zero, then as now */
		id = file_id_of(&child.st);
		if (e.type == 'D' && !file_id_same(&id, &was.id))
			differs[folder->first + i] = w->changed = true;
		e.name = was.name;
		e.first = was.first;
		e.n = was.n;
		*now = e;
	}
	return 0;
}

static int mend_folder(struct walk *w, int fd, size_t folder, uint8_t *differs)
{
	cleanup(children_release) struct children c = { 0 };
	auto_close int dirfd = openat(fd, w->path.n ? w->path.s : ".",
				      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const struct src_entry *old = &w->old.v[folder];

	if (dirfd < 0 || list_children(w, dirfd, old, &c, NULL) < 0)
		return -ESTALE;
	return mend_children(w, dirfd, old, &c, differs);
}

static int mend_below(struct walk *w, int fd, size_t folder, uint8_t *differs)
{
	const size_t before = w->path.n;
	const struct src_entry *own = &w->old.v[folder];
	int r = 0;

	w->depth++;
	if (differs[folder])
		r = mend_folder(w, fd, folder, differs);
	for (uint32_t i = 0; i < own->n && r == 0; i++) {
		const struct src_entry *e = &w->old.v[own->first + i];

		if (e->type != 'D')
			continue;
		str_addf(&w->path, "%s/", src_index_name(&w->old, e));
		r = mend_below(w, fd, own->first + i, differs);
		w->path.n = before;
		w->path.s[before] = '\0';
	}
	w->depth--;
	return r;
}

/* The tree's own entry. */
static int mend_top(struct walk *w, int fd)
{
	struct src_entry *top = &w->old.v[0];
	const struct file_id was = top->id;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -ESTALE;
	top->id = file_id_of(&st);
	if (!digest_settled(&top->id, w->began_ns))
		top->id = (struct file_id){ 0 };
	w->changed = !file_id_same(&top->id, &was);
	return 0;
}

/*
 * 0: w->now is what the tree is, and has taken the place of w->old; else a walk is called for, to which that is of the same use as
 * before, half mended as it may be. differs: flags of folders, to which more are added.
 */
static int mend(struct walk *w, int fd, uint8_t *differs)
{
	int r = mend_top(w, fd);

	if (r == 0)
		r = mend_below(w, fd, 0, differs);
	if (r < 0) {
		/* what was mended differs no more, and the sum of all is of before */
		w->changed = w->other = true;
		w->path.n = w->depth = 0;
		return r;
	}
	w->now = w->old;
	w->old = (struct src_index){ 0 };
	r = w->other ? work_out(w, NULL) : 0;
	if (r < 0)
		src_index_release(&w->now);
	return r;
}

/* Whether that did: w->now is what the tree is, or empty where w->old is. */
static bool recall(struct walk *w, int fd, const char *index)
{
	auto_free uint8_t *differs = NULL;

	return src_index_load(index, &w->old) && src_index_look(&w->old, fd, &differs) &&
	       (!differs || mend(w, fd, differs) == 0);
}

struct src_unwritten {
	char *path;
	struct src_index x;
};

/* Not being able to remember is no error. */
static void remember(const struct src_index *x, const char *path)
{
	auto_publish struct publish p = PUBLISH_NONE;
	auto_str struct str bytes = { 0 };

	if (publish_begin(&p, path, 0600, NULL) < 0)
		return;
	src_index_format(x, &bytes);
	if (write_all(p.fd, bytes.s, bytes.n) == 0)
		publish_commit(&p, false, NULL);
}

void src_unwritten_write(struct src_unwritten *u)
{
	if (!u)
		return;
	remember(&u->x, u->path);
	src_index_release(&u->x);
	free(u->path);
	free(u);
}

/* That of a tree that was not known took a second to find out, and is not left to what may come between. */
static void keep(struct walk *w, const char *index, struct src_unwritten **ret)
{
	struct src_unwritten *u;

	if (!ret || !w->recalled) {
		remember(&w->now, index);
		return;
	}
	u = xnew(struct src_unwritten);
	*u = (struct src_unwritten){ xstrdup(index), w->now };
	w->now = (struct src_index){ 0 };
	*ret = u;
}

static int digest_of(const char *path, const char *index, bool keeps,
		     const struct src_progress *progress, char ret_hex[65],
		     struct src_unwritten **ret, struct err *err)
{
	cleanup(walk_release) struct walk w = { .progress = progress, .began_ns = digest_now_ns() };
	auto_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return err_sys(err, "cannot open the tree '%s'", path);
	w.what = xasprintf("reading %s", path);
	w.recalled = index && recall(&w, fd, index);
	if (!w.recalled)
		r = walk_tree(&w, fd, err);
	if (r < 0)
		return err_wrap(err, r, "in the tree '%s'", path);
	digest_to_hex(w.now.n ? w.now.total : w.old.total, ret_hex);
	if (index && w.changed && keeps)
		keep(&w, index, ret);
	else if (index)
		utimensat(AT_FDCWD, index, NULL, 0); /* the last use, see krn_cache_prune() */
	return 0;
}

static int digest_remembered(const char *path, bool keeps, const struct src_progress *progress,
			     char ret_hex[65], struct src_unwritten **ret, struct err *err)
{
	auto_free char *real = realpath(path, NULL), *index = NULL;

	if (!real)
		return err_sys(err, "cannot open the tree '%s'", path);
	/* without a cache all is read */
	src_index_path(real, &index, NULL);
	return digest_of(path, index, keeps, progress, ret_hex, ret, err);
}

int src_digest(const char *path, const struct src_progress *progress, char ret_hex[65],
	       struct src_unwritten **ret, struct err *err)
{
	if (ret)
		*ret = NULL;
	return digest_remembered(path, true, progress, ret_hex, ret, err);
}

int src_digest_now(const char *path, char ret_hex[65], struct err *err)
{
	return digest_remembered(path, false, NULL, ret_hex, NULL, err);
}

int src_digest_once(const char *path, const struct src_progress *progress, char ret_hex[65],
		    struct err *err)
{
	return digest_of(path, NULL, false, progress, ret_hex, NULL, err);
}
