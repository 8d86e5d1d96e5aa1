/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tarball as a tree. kernel/tree.h sees to it that nothing is written outside, whatever the archive says; here it is read,
 * and the one folder that a kernel's tarball has at its top is taken off. Files get the time at which they are unpacked:
 * with the archive's a make that had built another tree in the same build folder would think its objects newer.
 */
#include "source/parts.h"

#include "base/file.h"
#include "base/path.h"
#include "kernel/larchive.h"
#include "kernel/tree.h"

#include <errno.h>
#include <fcntl.h>

/* Linux 6.12: 93,000 entries, 1.6 GB. Vendors' trees have more. */
#define TREE_BYTES   (UINT64_C(16) << 30)
#define TREE_ENTRIES UINT64_C(1000000)

struct job {
	const struct la *la;
	struct archive *a;
	struct krn_tree *tree;
	mode_t mask; /* the umask: what it takes off is put back, so that trees are the same for all */
};

static mode_t current_umask(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return mask;
}

static int put_file(struct job *j, struct archive_entry *e, const char *path, struct err *err)
{
	const bool executable = j->la->archive_entry_perm(e) & 0100;
	auto_close int fd = -1;
	int r = krn_tree_file(j->tree, path, &fd, err);

	if (r == 0)
		r = la_copy_data(j->la, j->a, fd, (uint64_t)MAX(j->la->archive_entry_size(e), 0),
				 err);
	if (r < 0)
		return err_wrap(err, r, "entry '%s'", path);
	if ((executable || j->mask & 0644) && fchmod(fd, executable ? 0755 : 0644) < 0)
		return err_sys(err, "cannot set the mode of '%s'", path);
	return 0;
}

static int put(struct job *j, struct archive_entry *e, const char *path, struct err *err)
{
	const char *link = j->la->archive_entry_hardlink(e), *target;
	unsigned int type = j->la->archive_entry_filetype(e);
	int r = la_refuse_special(type, path, err);

	if (r < 0)
		return r;
	if (link)
		return krn_tree_hardlink(j->tree, path, link, err);
	if (type == AE_IFDIR)
		return krn_tree_dir(j->tree, path, err);
	if (type == AE_IFREG)
		return put_file(j, e, path, err);
	target = j->la->archive_entry_symlink(e);
	if (type != AE_IFLNK || !target || !*target)
		return err_set(err, -EBADMSG, "entry '%s' is of no known kind", path);
	return krn_tree_symlink(j->tree, path, target, err);
}

static int entry(void *ctx, struct archive_entry *e, struct err *err)
{
	struct job *j = ctx;
	const char *name = j->la->archive_entry_pathname(e);
	auto_free char *path = NULL;
	int r = krn_tree_count(j->tree, (uint64_t)MAX(j->la->archive_entry_size(e), 0), err);

	if (r < 0)
		return r;
	if (!name)
		return err_set(err, -EBADMSG, "an entry without a name");
	r = krn_tree_path(name, &path, err);
	if (r < 0)
		return r;
	return *path ? put(j, e, path, err) : 0;
}

static int unpack_below(const struct src_archive *s, struct krn_tree *tree, struct err *err)
{
	auto_free struct la_range *range = xcalloc(1, sizeof(*range));
	auto_free char *what = xasprintf("unpacking %s", s->name);
	struct krn_progress buf;
	struct job j = { .tree = tree, .mask = current_umask() };
	off_t size = lseek(s->fd, 0, SEEK_END);
	int r = la_load(&j.la, err);

	if (r < 0)
		return r;
	range->fd = s->fd;
	range->end = size > 0 ? (uint64_t)size : 0;
	range->progress = src_krn_progress(s->progress, &buf);
	range->what = what;
	auto_la struct la_auto a = { j.la, j.la->archive_read_new() };

	j.a = a.a;
	return la_each_of_tar(j.la, j.a, range, entry, &j, err);
}

int src_unpack_to(const struct src_archive *s, const char *raw, const char *tree, struct err *err)
{
	auto_close int top = open(raw, O_RDONLY | O_DIRECTORY | O_CLOEXEC), inner = -1;
	struct krn_tree t = {
		.fd = top, .max_bytes = TREE_BYTES, .max_entries = TREE_ENTRIES, .links_up = true
	};
	auto_free char *name = NULL, *from = NULL;
	int r;

	if (top < 0)
		return err_sys(err, "cannot open '%s'", raw);
	r = unpack_below(s, &t, err);
	if (r == 0)
		r = krn_tree_strip(&t, &inner, &name, err);
	if (r == 0)
		r = krn_tree_finish(&t, err);
	krn_tree_release(&t);
	if (r < 0)
		return r;
	from = name ? path_join(raw, name) : xstrdup(raw);
	/* as the archive has it, or the folder of a kiln's own for its content alone */
	if (chmod(from, 0755) < 0 || rename(from, tree) < 0)
		return err_sys(err, "cannot put '%s' in place", tree);
	return 0;
}

static int fill(void *ctx, const char *tmp, const char *tree, struct err *err)
{
	const struct src_archive *s = ctx;
	auto_free char *raw = path_join(tmp, "raw");
	int r = mkdir_p(raw, 0755, err);

	if (r == 0)
		r = src_unpack_to(s, raw, tree, err);
	if (r == 0)
		r = rm_rf(raw, err);
	if (r < 0)
		r = err_wrap(err, r, "cannot unpack '%s'", s->name);
	if (r == -EBADMSG)
		err_hint(err, r, "the archive is damaged or incomplete; get it again");
	return r;
}

int src_unpack(int fd, const char *name, const char *sha256, const struct src_progress *progress,
	       struct src_tree *ret, struct err *err)
{
	struct src_archive s = { fd, name, progress };
	struct src_fill f = { fill, &s };

	return src_cached_make("sources", sha256, &f, progress, ret, err);
}
