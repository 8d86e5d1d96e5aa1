/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trees in the cache: KIND/KEY/tree and, beside it, KIND/KEY/digest with what else is known of it. The folder is
 * published whole and synced (kernel/cache.h), so that it being there is the proof that all of it is.
 */
#include "source/parts.h"

#include "base/file.h"
#include "base/path.h"
#include "kconfig/env.h"
#include "kernel/cache.h"
#include "source/digest.h"

#include <errno.h>
#include <fcntl.h>

#define RECORD_MAX 4096

static const char magic[] = "kiln source 1";

const struct krn_progress *src_krn_progress(const struct src_progress *p, struct krn_progress *buf)
{
	if (!p)
		return NULL;
	*buf = (struct krn_progress){ p->report, p->ctx };
	return buf;
}

/* What a Makefile says can be anything; this goes into names and messages. */
static bool is_version(const char *s)
{
	return *s && strlen(s) <= 64 &&
	       !s[strspn(s, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+_~-")];
}

int src_version(const char *path, char **ret, struct err *err)
{
	auto_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_free char *version = NULL;
	int r;

	if (fd < 0)
		return err_sys(err, "cannot open the tree '%s'", path);
	r = kc_tree_version(fd, &version, NULL);
	if (r < 0) {
		err_set(err, r, "'%s' is no kernel's source: there is no Makefile with a VERSION",
			path);
		return err_hint(err, r, "the folder with Kbuild, Makefile and arch is wanted");
	}
	if (!is_version(version))
		return err_set(err, -EINVAL, "the version in '%s/Makefile' is none", path);
	*ret = take_ptr(version);
	return 0;
}

/* "kiln source 1", the digest, the version: a line each. */
static bool read_record(const char *dir, struct src_tree *t)
{
	auto_free char *path = path_join(dir, "digest"), *copy = NULL;
	auto_str struct str text = { 0 };
	char *lines[3], *save = NULL;

	if (file_read(AT_FDCWD, path, RECORD_MAX, &text, NULL) < 0)
		return false;
	copy = xstrdup(str_c(&text));
	for (size_t i = 0; i < countof(lines); i++)
		lines[i] = strtok_r(i ? NULL : copy, "\n", &save);
	if (!lines[2] || !str_eq(lines[0], magic) || !src_is_sha256(lines[1]) ||
	    !is_version(lines[2]))
		return false;
	memcpy(t->digest, lines[1], sizeof(t->digest));
	t->version = xstrdup(lines[2]);
	return true;
}

static int write_record(const char *dir, const char *tree, const struct src_progress *progress,
			struct err *err)
{
	auto_free char *path = path_join(dir, "digest"), *version = NULL;
	auto_str struct str text = { 0 };
	char digest[65];
	int r = src_version(tree, &version, err);

	if (r == 0)
		r = src_digest_once(tree, progress, digest, err);
	if (r < 0)
		return r;
	str_addf(&text, "%s\n%s\n%s\n", magic, digest, version);
	return file_publish(path, text.s, text.n, 0644, err);
}

bool src_cached_find(const char *kind, const char *key, struct src_tree *ret)
{
	struct src_tree t = { .ours = true, .hold = -1 };
	auto_free char *dir = NULL;

	if (krn_cached_path(kind, key, &dir, NULL) < 0)
		return false;
	t.hold = krn_cached_hold(dir);
	t.path = path_join(dir, "tree");
	if (t.hold < 0 || !read_record(dir, &t) || access(t.path, X_OK) < 0) {
		src_tree_release(&t);
		return false;
	}
	*ret = t;
	return true;
}

static int make(struct krn_cached *c, const struct src_fill *f, const struct src_progress *progress,
		struct err *err)
{
	auto_free char *tree = path_join(c->tmp, "tree");
	int r = mkdir_p(tree, 0755, err);

	if (r == 0)
		r = f->fill(f->ctx, c->tmp, tree, err);
	if (r == 0)
		r = write_record(c->tmp, tree, progress, err);
	if (r == 0 && progress)
		progress->report(progress->ctx, "writing to the disk", 0, 0);
	return r < 0 ? r : krn_cached_commit(c, true, err);
}

int src_cached_make(const char *kind, const char *key, const struct src_fill *f,
		    const struct src_progress *progress, struct src_tree *ret, struct err *err)
{
	auto_cached struct krn_cached c = KRN_CACHED_NONE;
	struct krn_progress buf;
	int r;

	if (src_cached_find(kind, key, ret))
		return 0;
	r = krn_cached_begin(&c, kind, key, src_krn_progress(progress, &buf), err);
	if (r < 0)
		return r;
	/* another kiln may have done it while this one waited */
	if (src_cached_find(kind, key, ret))
		return 0;
	r = make(&c, f, progress, err);
	if (r == 0 && !src_cached_find(kind, key, ret))
		r = err_set(err, -EIO, "'%s' vanished while it was made", c.dir);
	return r;
}
