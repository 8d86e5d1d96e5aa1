/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A copy of the source, without what kbuild left there when somebody built in it: times of copies say nothing about what is
 * newer. An object without its .cmd file is made anew where there is a source for it, and taken as it is where there is none.
 */
#include "module/parts.h"

#include "base/path.h"
#include "build/copy.h"
#include "kernel/larchive.h"
#include "kernel/tree.h"

#include <errno.h>
#include <fcntl.h>

static bool is_left_over(const char *path)
{
	static const char *const ends[] = { ".ko", ".mod", ".mod.c", ".mod.o", ".o.d" };
	static const char *const names[] = { ".git", ".svn", ".tmp_versions", "modules.order",
					     "Module.symvers" };
	const char *name = path_base(path);

	for (size_t i = 0; i < countof(names); i++)
		if (str_eq(name, names[i]))
			return true;
	for (size_t i = 0; i < countof(ends); i++)
		if (str_ends(name, ends[i]))
			return true;
	return *name == '.' && str_ends(name, ".cmd");
}

/* Once it is to end nothing is wanted any more, which is told behind the copy. */
static bool want(void *ctx, const char *path, mode_t type)
{
	return !is_left_over(path) && mod_check_ended(ctx, NULL) == 0;
}

struct unpack {
	const struct mod_build *m;
	const struct la *la;
	struct krn_tree tree;
};

/* What the entry declares was counted; the map of a sparse file can hold more. */
static int copy_data(struct unpack *u, struct archive *a, int fd, uint64_t declared,
		     struct err *err)
{
	uint64_t written = 0;

	for (;;) {
		const void *data;
		size_t n;
		la_int64_t offset;
		int r = u->la->archive_read_data_block(a, &data, &n, &offset);

		if (r == ARCHIVE_EOF)
			return 0;
		if (r != ARCHIVE_OK)
			return err_set(err, -EBADMSG, "%s", la_error(u->la, a));
		written += n;
		if (offset < 0 || (uint64_t)offset + n > declared || written > declared)
			return err_set(err, -EFBIG, "it is larger than its header says");
		if (lseek(fd, offset, SEEK_SET) < 0)
			return err_sys(err, "cannot write");
		r = write_all(fd, data, n);
		if (r < 0)
			return err_code(err, r, "cannot write");
	}
}

static int put_file(struct unpack *u, struct archive *a, struct archive_entry *e, const char *path,
		    struct err *err)
{
	auto_close int fd = -1;
	int r = krn_tree_file(&u->tree, path, &fd, err);

	if (r == 0)
		r = copy_data(u, a, fd, (uint64_t)MAX(u->la->archive_entry_size(e), 0), err);
	if (r == 0 && fchmod(fd, u->la->archive_entry_perm(e) & 0100 ? 0755 : 0644) < 0)
		r = err_sys(err, "cannot write");
	return r < 0 ? err_wrap(err, r, "entry '%s'", path) : 0;
}

static int put_hardlink(struct unpack *u, const char *path, const char *link, struct err *err)
{
	auto_free char *target = NULL;
	int r = krn_tree_path(link, &target, err);

	return r < 0 ? r : krn_tree_hardlink(&u->tree, path, target, err);
}

static int put(struct unpack *u, struct archive *a, struct archive_entry *e, struct err *err)
{
	const char *name = u->la->archive_entry_pathname(e);
	const char *link = u->la->archive_entry_hardlink(e);
	auto_free char *path = NULL;
	int r = name ? krn_tree_path(name, &path, err)
		     : err_set(err, -EBADMSG, "an entry without a name");

	if (r < 0)
		return r;
	if (is_left_over(path))
		return 0;
	if (link)
		return put_hardlink(u, path, link, err);
	switch (u->la->archive_entry_filetype(e)) {
	case AE_IFDIR:
		return krn_tree_dir(&u->tree, path, err);
	case AE_IFREG:
		return put_file(u, a, e, path, err);
	case AE_IFLNK:
		return krn_tree_symlink(&u->tree, path, u->la->archive_entry_symlink(e) ?: "/",
					err);
	default:
		return err_set(err, -EPERM, "entry '%s' is a device, pipe or socket", path);
	}
}

static int each_entry(struct unpack *u, struct archive *a, struct err *err)
{
	int ret = 0;

	while (ret == 0) {
		struct archive_entry *e;
		int r = u->la->archive_read_next_header(a, &e);

		if (r == ARCHIVE_EOF)
			return krn_tree_finish(&u->tree, err);
		/* ARCHIVE_WARN: an entry that can be used, such as one with a name not in UTF-8 */
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return err_set(err, -EBADMSG, "%s", la_error(u->la, a));
		ret = krn_tree_count(&u->tree, (uint64_t)MAX(u->la->archive_entry_size(e), 0), err);
		if (ret == 0)
			ret = mod_check_ended(u->m, err);
		if (ret == 0)
			ret = put(u, a, e, err);
	}
	return ret;
}

static int unpack_fd(struct unpack *u, int fd, uint64_t size, struct err *err)
{
	auto_free struct la_range *range = xcalloc(1, sizeof(*range));
	auto_la struct la_auto a = { u->la, u->la->archive_read_new() };

	range->fd = fd;
	range->end = size;
	u->la->archive_read_support_filter_gzip(a.a);
	u->la->archive_read_support_filter_xz(a.a);
	u->la->archive_read_support_filter_lzma(a.a);
	u->la->archive_read_support_filter_bzip2(a.a);
	u->la->archive_read_support_filter_zstd(a.a);
	u->la->archive_read_support_filter_rpm(a.a);
	u->la->archive_read_support_format_tar(a.a);
	u->la->archive_read_support_format_cpio(a.a);
	if (la_open_range(u->la, a.a, range) != ARCHIVE_OK)
		return err_set(err, -EBADMSG, "%s", la_error(u->la, a.a));
	return each_entry(u, a.a, err);
}

static int unpack(struct mod_build *m, int fd, uint64_t size, struct err *err)
{
	struct unpack u = {
		.m = m,
		.tree = { .fd = -1, .max_bytes = KRN_TREE_BYTES, .max_entries = KRN_TREE_ENTRIES }
	};
	int r = la_load(&u.la, err);

	if (r == 0)
		r = mkdir_p(m->tree, 0755, err);
	if (r < 0)
		return r;
	u.tree.fd = open(m->tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (u.tree.fd < 0)
		return err_sys(err, "cannot open '%s'", m->tree);
	r = unpack_fd(&u, fd, size, err);
	krn_tree_release(&u.tree);
	close_fd(u.tree.fd);
	if (r < 0) {
		r = err_wrap(err, r, "cannot unpack '%s'", m->spec->source);
		if (r == -EBADMSG)
			err_hint(err, r, "give a folder, an rpm or a tarball that is whole");
	}
	return r;
}

int mod_fetch(struct mod_build *m, struct err *err)
{
	auto_close int fd = open(m->spec->source, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	auto_free char *from = path_abs(m->spec->source);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "cannot read '%s'", m->spec->source);
	if (S_ISDIR(st.st_mode))
		return bld_copy_tree(&(struct bld_copy){ .from = from,
							 .to = m->tree,
							 .want = want,
							 .ctx = m,
							 .links = BLD_LINKS_KEEP },
				     "", err);
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "'%s' is neither a folder nor a file",
			       m->spec->source);
	return unpack(m, fd, (uint64_t)st.st_size, err);
}
