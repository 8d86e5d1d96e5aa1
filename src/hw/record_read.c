/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record from elsewhere, which may be any archive at all: kernel/tree.h sees to it that it does no harm. */
#include "hw/record.h"

#include "kernel/larchive.h"
#include "kernel/tree.h"

#include <errno.h>

#define RECORD_BYTES   (UINT64_C(64) << 20)
#define RECORD_ENTRIES UINT64_C(1000000)

bool hw_record_is(const void *data, size_t n)
{
	static const struct {
		size_t at;
		const char *bytes;
	} marks[] = {
		{ 0, "\x28\xb5\x2f\xfd" },
		{ 0, "\xfd"
		     "7zXZ" },
		{ 0, "\x1f\x8b" },
		{ 0, "BZh" },
		{ 257, "ustar" },
	};

	for (size_t i = 0; i < countof(marks); i++) {
		size_t length = strlen(marks[i].bytes);

		if (n >= marks[i].at + length &&
		    memcmp((const char *)data + marks[i].at, marks[i].bytes, length) == 0)
			return true;
	}
	return false;
}

struct job {
	const struct la *la;
	struct archive *a;
	struct krn_tree tree;
};

static int put(struct job *j, struct archive_entry *e, const char *path, struct err *err)
{
	const char *target = j->la->archive_entry_symlink(e);
	unsigned int type = j->la->archive_entry_filetype(e);
	auto_close int fd = -1;
	int r;

	if (type == AE_IFDIR)
		return krn_tree_dir(&j->tree, path, err);
	if (type == AE_IFLNK && target && *target)
		return krn_tree_symlink(&j->tree, path, target, err);
	if (type != AE_IFREG || j->la->archive_entry_hardlink(e))
		return err_set(err, -EPERM, "entry '%s' is neither a file nor a link", path);
	r = krn_tree_file(&j->tree, path, &fd, err);
	if (r == 0)
		r = la_copy_data(j->la, j->a, fd, (uint64_t)MAX(j->la->archive_entry_size(e), 0),
				 err);
	return r < 0 ? err_wrap(err, r, "entry '%s'", path) : 0;
}

static int entry(void *ctx, struct archive_entry *e, struct err *err)
{
	struct job *j = ctx;
	const char *name = j->la->archive_entry_pathname(e);
	auto_free char *path = NULL;
	int r = krn_tree_count(&j->tree, (uint64_t)MAX(j->la->archive_entry_size(e), 0), err);

	if (r == 0 && !name)
		return err_set(err, -EBADMSG, "an entry without a name");
	if (r == 0)
		r = krn_tree_path(name, &path, err);
	return r < 0 || !*path ? r : put(j, e, path, err);
}

int hw_record_unpack(int fd, int folder, struct err *err)
{
	auto_free struct la_range *range = xcalloc(1, sizeof(*range));
	struct job j = { .tree = { .fd = folder,
				   .max_bytes = RECORD_BYTES,
				   .max_entries = RECORD_ENTRIES,
				   .links_up = true } };
	off_t size = lseek(fd, 0, SEEK_END);
	int r = la_load(&j.la, err);

	if (r < 0)
		return r;
	auto_la struct la_auto a = { j.la, j.la->archive_read_new() };

	j.a = a.a;
	range->fd = fd;
	range->end = size > 0 ? (uint64_t)size : 0;
	r = la_each_of_tar(j.la, j.a, range, entry, &j, err);
	if (r == 0)
		r = krn_tree_finish(&j.tree, err);
	krn_tree_release(&j.tree);
	return r;
}
