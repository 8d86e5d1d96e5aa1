/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading packages as streams: nothing but the wanted files ever touches the disk. A .deb is an ar
 * archive whose members are compressed tars; the inner reader pulls from the outer one.
 */
#include "kernel/package.h"

#include "base/file.h"
#include "kernel/bytes.h"
#include "kernel/larchive.h"

#include <errno.h>
#include <fcntl.h>

#define CONTROL_MAX (1 << 20)

struct job {
	const struct la *la;
	const char *name;
	struct krn_tree *tree;
	struct krn_pkg pkg;
	bool data; /* the files were reached */
};

void krn_pkg_release(struct krn_pkg *p)
{
	free(p->name);
	free(p->depends);
	*p = (struct krn_pkg){ 0 };
}

/* A compressed tar with Alpine's control entries in front. */
static bool is_apk(int fd)
{
	const struct la *la;
	auto_free struct la_range *r = NULL;
	struct archive_entry *e;

	if (la_load(&la, NULL) < 0)
		return false;
	r = xcalloc(1, sizeof(*r));
	r->fd = fd;
	r->end = UINT64_C(1) << 20;
	auto_la struct la_auto a = { la, la->archive_read_new() };

	la->archive_read_support_filter_gzip(a.a);
	la->archive_read_support_format_tar(a.a);
	if (la_open_range(la, a.a, r) != ARCHIVE_OK ||
	    la->archive_read_next_header(a.a, &e) != ARCHIVE_OK || !la->archive_entry_pathname(e))
		return false;
	return str_starts(la->archive_entry_pathname(e), ".SIGN.") ||
	       str_eq(la->archive_entry_pathname(e), ".PKGINFO");
}

enum krn_pkg_format krn_pkg_format(int fd)
{
	uint8_t head[32];
	struct bytes b = { head, bytes_pread(fd, head, sizeof(head), 0), false };

	if (bytes_eq(&b, 0, "!<arch>\ndebian-binary", 21))
		return KRN_PKG_DEB;
	if (bytes_eq(&b, 0, "\xed\xab\xee\xdb", 4))
		return KRN_PKG_RPM;
	if (bytes_eq(&b, 0, "\x1f\x8b", 2) && is_apk(fd))
		return KRN_PKG_APK;
	return KRN_PKG_NONE;
}

/*
 * Modules and what lies directly in /boot; links to headers and sources lead out and are of no use.
 */
static bool wanted(const char *path)
{
	const char *p = path;

	if (str_skip(&p, "boot/"))
		return !strchr(p, '/');
	if (!str_skip(&p, "lib/modules/"))
		return false;
	p = strchr(p, '/');
	return !p || (!str_eq(p, "/build") && !str_eq(p, "/source"));
}

static uint64_t size_of(const struct job *j, struct archive_entry *e)
{
	return (uint64_t)MAX(j->la->archive_entry_size(e), 0);
}

static int put_file(struct job *j, struct archive *a, struct archive_entry *e, const char *path,
		    struct err *err)
{
	auto_close int fd = -1;
	int r = krn_tree_file(j->tree, path, &fd, err);

	if (r < 0)
		return r;
	r = la_copy_data(j->la, a, fd, size_of(j, e), err);
	return r < 0 ? err_wrap(err, r, "entry '%s'", path) : 0;
}

/* usr/lib/modules and lib/modules are one place. */
static const char *home(const char *path)
{
	return str_starts(path, "usr/lib/modules/") ? path + 4 : path;
}

static int put(struct job *j, struct archive *a, struct archive_entry *e, const char *path,
	       struct err *err)
{
	const char *link = j->la->archive_entry_hardlink(e);
	auto_free char *target = NULL;

	if (link && krn_tree_path(link, &target, err) < 0)
		return -EPERM;
	if (target)
		return krn_tree_hardlink(j->tree, path, home(target), err);
	switch (j->la->archive_entry_filetype(e)) {
	case AE_IFDIR:
		return krn_tree_dir(j->tree, path, err);
	case AE_IFREG:
		return put_file(j, a, e, path, err);
	case AE_IFLNK:
		return krn_tree_symlink(j->tree, path, j->la->archive_entry_symlink(e) ?: "/", err);
	default:
		return 0;
	}
}

static int entry(struct job *j, struct archive *a, struct archive_entry *e, struct err *err)
{
	const char *name = j->la->archive_entry_pathname(e);
	auto_free char *path = NULL;
	int r;

	if (!name)
		return err_set(err, -EBADMSG, "an entry without a name");
	r = krn_tree_path(name, &path, err);
	if (r < 0)
		return r;
	r = la_refuse_special(j->la->archive_entry_filetype(e), path, err);
	if (r < 0)
		return r;
	return wanted(home(path)) ? put(j, a, e, home(path), err) : 0;
}

static int read_text(struct job *j, struct archive *a, struct str *ret, struct err *err)
{
	la_ssize_t n;

	do {
		n = j->la->archive_read_data(a, str_room(ret, 4096), 4096);
		if (n < 0)
			return err_set(err, -EBADMSG, "%s", la_error(j->la, a));
		ret->n += (size_t)n;
		if (ret->n > CONTROL_MAX)
			return err_set(err, -EFBIG, "its control file is too large");
	} while (n > 0);
	str_addc(ret, '\n');
	return 0;
}

/*
 * The value behind "key", folded onto one line; continuation lines begin with a blank. NULL if it
 * is not there.
 */
static char *field(const char *text, const char *key)
{
	auto_str struct str b = { 0 };
	const char *p = text;

	while (p && !str_skip(&p, key))
		p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL;
	if (!p)
		return NULL;
	p += strspn(p, " \t");
	for (; *p; p++) {
		if (*p == '\n' && p[1] != ' ' && p[1] != '\t')
			break;
		if ((unsigned char)*p >= ' ')
			str_addc(&b, *p);
	}
	return str_take(&b);
}

static int control(struct job *j, struct archive *a, const char *name, const char *depends,
		   struct err *err)
{
	auto_str struct str text = { 0 };
	int r = read_text(j, a, &text, err);

	if (r < 0)
		return r;
	krn_pkg_release(&j->pkg);
	j->pkg.name = field(str_c(&text), name);
	j->pkg.depends = field(str_c(&text), depends);
	return 0;
}

/* What is passed over costs time to decompress too. */
static int count(struct job *j, struct archive_entry *e, struct err *err)
{
	return krn_tree_count(j->tree, size_of(j, e), err);
}

/* Goes through a tar or cpio stream; with `control_only` just up to the control file of a .deb. */
static int each_entry(struct job *j, struct archive *a, bool control_only, struct err *err)
{
	for (;;) {
		struct archive_entry *e;
		int r = j->la->archive_read_next_header(a, &e);
		const char *name;

		if (r == ARCHIVE_EOF)
			return 0;
		/* ARCHIVE_WARN: an entry that can be used, such as one with a name not in UTF-8. */
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return err_set(err, -EBADMSG, "%s", la_error(j->la, a));
		r = count(j, e, err);
		if (r < 0)
			return r;
		name = j->la->archive_entry_pathname(e);
		if (control_only && (str_eq(name, "./control") || str_eq(name, "control")))
			return control(j, a, "Package:", "Depends:", err);
		if (control_only)
			continue;
		if (str_eq(name, ".PKGINFO"))
			r = control(j, a, "pkgname =", "depend =", err);
		else
			r = entry(j, a, e, err);
		if (r < 0)
			return r;
	}
}

struct nested {
	const struct la *la;
	struct archive *outer;
	uint8_t buf[64 * 1024];
};

static la_ssize_t nested_read(struct archive *a, void *ctx, const void **ret)
{
	struct nested *n = ctx;

	*ret = n->buf;
	return n->la->archive_read_data(n->outer, n->buf, sizeof(n->buf));
}

/* A member of a .deb: control.tar.* or data.tar.*, itself an archive. */
static int member(struct job *j, struct archive *outer, bool is_control, struct err *err)
{
	auto_free struct nested *n = xmalloc(sizeof(*n));
	int r;

	n->la = j->la;
	n->outer = outer;
	auto_la struct la_auto a = { j->la, j->la->archive_read_new() };

	la_add_filters(j->la, a.a);
	j->la->archive_read_support_format_tar(a.a);
	r = j->la->archive_read_open(a.a, n, NULL, nested_read, NULL);
	if (r != ARCHIVE_OK) {
		const char *why = j->la->archive_error_string(outer);

		return err_set(err, -EBADMSG, "%s", why ?: la_error(j->la, a.a));
	}
	return each_entry(j, a.a, is_control, err);
}

static int unpack_deb(struct job *j, struct archive *a, struct err *err)
{
	for (;;) {
		struct archive_entry *e;
		int r = j->la->archive_read_next_header(a, &e);
		const char *name;
		bool is_control;

		if (r == ARCHIVE_EOF)
			return 0;
		if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
			return err_set(err, -EBADMSG, "%s", la_error(j->la, a));
		name = j->la->archive_entry_pathname(e) ?: "";
		is_control = str_starts(name, "control.tar");
		if (!is_control && !str_starts(name, "data.tar"))
			continue;
		r = member(j, a, is_control, err);
		if (r < 0)
			return err_wrap(err, r, "%s", name);
		j->data |= !is_control;
	}
}

static int unpack_flat(struct job *j, struct archive *a, struct err *err)
{
	j->data = true;
	return each_entry(j, a, false, err);
}

static int open_package(struct job *j, struct archive *a, struct la_range *r, struct err *err)
{
	enum krn_pkg_format format = krn_pkg_format(r->fd);

	if (format == KRN_PKG_DEB) {
		j->la->archive_read_support_format_ar(a);
	} else {
		la_add_filters(j->la, a);
		j->la->archive_read_support_filter_rpm(a);
		j->la->archive_read_support_format_tar(a);
		j->la->archive_read_support_format_cpio(a);
	}
	if (la_open_range(j->la, a, r) != ARCHIVE_OK)
		return err_set(err, -EBADMSG, "%s", la_error(j->la, a));
	return format == KRN_PKG_DEB ? unpack_deb(j, a, err) : unpack_flat(j, a, err);
}

static int unpack(struct job *j, struct la_range *r, struct err *err)
{
	auto_la struct la_auto a = { j->la, j->la->archive_read_new() };
	int ret = open_package(j, a.a, r, err);

	if (ret == 0 && !j->data)
		ret = err_set(err, -EBADMSG, "there is no data.tar in it");
	return ret < 0 ? ret : krn_tree_finish(j->tree, err);
}

int krn_pkg_unpack(int fd, const char *name, struct krn_tree *tree,
		   const struct krn_progress *progress, struct krn_pkg *ret, struct err *err)
{
	auto_free struct la_range *range = xcalloc(1, sizeof(*range));
	struct job j = { .name = name, .tree = tree };
	auto_free char *what = xasprintf("unpacking %s", name);
	off_t size = lseek(fd, 0, SEEK_END);
	int r = la_load(&j.la, err);

	if (r < 0)
		return r;
	range->fd = fd;
	range->end = size > 0 ? (uint64_t)size : 0;
	range->progress = progress;
	range->what = what;
	r = unpack(&j, range, err);
	if (r < 0) {
		krn_pkg_release(&j.pkg);
		r = err_wrap(err, r, "cannot unpack '%s'", name);
		if (r == -EBADMSG)
			err_hint(err, r, "the package is damaged or incomplete; get it again");
		return r;
	}
	*ret = j.pkg;
	return 0;
}

char *krn_pkg_kernel_dependency(const struct krn_pkg *p)
{
	const char *d = p->depends;

	while (d && *d) {
		size_t n = strcspn(d, " ,|(");

		if (n && str_starts(d, "linux-image-"))
			return xstrndup(d, n);
		d += strcspn(d, ",|");
		d += strspn(d, ",| ");
	}
	return NULL;
}
