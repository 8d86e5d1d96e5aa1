/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree with a series in it: patched/KEY of the cache, where KEY is made from the tree's digest and those of the patches
 * that apply. Beside KEY/tree lies KEY/record, with the digest of what it holds and its version.
 */
#include "base/digest.h"
#include "base/file.h"
#include "base/path.h"
#include "kconfig/env.h"
#include "kernel/cache.h"
#include "kernel/resolve.h"
#include "source/digest.h"
#include "source/files.h"
#include "source/series.h"
#include "source/tree_copy.h"

#include <errno.h>
#include <fcntl.h>

#define KIND	   "patched"
#define RECORD_MAX 4096

static const char magic[] = "kiln patched 1\n";

static size_t n_applied(const struct src_verdicts *v)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++)
		n += v->v[i].outcome == SRC_APPLIES;
	return n;
}

static int key_of(const struct src_series *s, const struct src_verdicts *v, const char *tree,
		  char ret_key[DIGEST_HEX + 1], struct err *err)
{
	auto_str struct str text = { 0 };

	str_addf(&text, "%s%s\n", magic, tree);
	for (size_t i = 0; i < s->n; i++)
		if (v->v[i].outcome == SRC_APPLIES)
			str_addf(&text, "%s\n", s->v[i].digest);
	return digest_bytes(text.s, text.n, ret_key, err);
}

/* Digest and version, a line each. */
static bool read_record(const char *dir, struct src_tree *t)
{
	auto_free char *path = path_join(dir, "record");
	auto_str struct str text = { 0 };
	const char *p;

	if (file_read(AT_FDCWD, path, RECORD_MAX, &text, NULL) < 0)
		return false;
	p = str_c(&text);
	if (!str_skip(&p, magic) || strcspn(p, "\n") != DIGEST_HEX || !p[DIGEST_HEX])
		return false;
	memcpy(t->digest, p, DIGEST_HEX);
	p += DIGEST_HEX + 1;
	t->version = xstrndup(p, strcspn(p, "\n"));
	return *t->version;
}

static int write_record(const char *dir, const char *tree, const struct src_progress *progress,
			struct err *err)
{
	auto_free char *path = path_join(dir, "record"), *version = NULL;
	auto_close int fd = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_str struct str text = { 0 };
	char digest[DIGEST_HEX + 1];
	int r = fd < 0 ? err_sys(err, "cannot open '%s'", tree) : 0;

	if (r == 0)
		r = kc_tree_version(fd, &version, err);
	if (r == 0)
		r = src_digest(tree, progress, digest, err);
	if (r < 0)
		return r;
	str_addf(&text, "%s%s\n%s\n", magic, digest, version);
	return file_publish(path, text.s, text.n, 0644, err);
}

/* False if it is not there. */
static bool find(const char *key, struct src_tree *ret)
{
	struct src_tree t = { .ours = true, .hold = -1 };
	auto_free char *dir = NULL;

	if (krn_cached_path(KIND, key, &dir, NULL) < 0)
		return false;
	t.hold = krn_cached_hold(dir);
	if (t.hold < 0 || !read_record(dir, &t)) {
		t.hold = close_fd(t.hold);
		free(t.version);
		return false;
	}
	t.path = path_join(dir, "tree");
	*ret = t;
	return true;
}

/* What the patches make, in memory. */
static int apply_all(const struct src_series *s, const struct src_verdicts *v, struct src_files *f,
		     const char *tree, struct err *err)
{
	unsigned long moved;
	int r;

	for (size_t i = 0; i < s->n; i++) {
		if (v->v[i].outcome != SRC_APPLIES)
			continue;
		r = src_files_apply(f, s->v[i].diff, false, true, NULL, &moved, err);
		if (r < 0)
			return r;
		if (r == 0)
			return err_set(err, -ESTALE,
				       "'%s' was changed: '%s' applied and does not now", tree,
				       s->v[i].name);
	}
	return 0;
}

/* A folder of the user's can change while it is copied: then the copy is not what its key says. */
static int check_unchanged(const struct src_tree *t, struct err *err)
{
	int r = t->ours ? 1 : src_tree_unchanged(t, err);

	if (r != 0)
		return MIN(r, 0);
	err_set(err, -ESTALE, "'%s' was changed while it was copied", t->path);
	return err_hint(err, -ESTALE, "run this again when nothing writes there");
}

static int fill(const struct src_series *s, const struct src_verdicts *v, const struct src_tree *t,
		const char *tmp, const struct src_progress *progress, struct err *err)
{
	auto_free char *tree = path_join(tmp, "tree");
	auto_close int root = -1;
	struct src_files f;
	int r = mkdir_p(tree, 0755, err);

	if (r == 0)
		r = src_tree_copy(t->path, tree, t->ours, progress, err);
	if (r == 0)
		r = check_unchanged(t, err);
	if (r == 0)
		r = src_files_init(&f, tree, err);
	if (r < 0)
		return r;
	root = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = root < 0 ? err_sys(err, "cannot open '%s'", tree) : 0;
	if (r == 0)
		r = apply_all(s, v, &f, t->path, err);
	if (r == 0)
		r = src_files_write(&f, root, err);
	src_files_release(&f);
	return r < 0 ? r : write_record(tmp, tree, progress, err);
}

static int make(const struct src_series *s, const struct src_verdicts *v, const struct src_tree *t,
		const char *key, const struct src_progress *progress, struct src_tree *ret,
		struct err *err)
{
	auto_cached struct krn_cached c = KRN_CACHED_NONE;
	struct krn_progress waiting = { 0 };
	int r;

	if (progress)
		waiting = (struct krn_progress){ progress->report, progress->ctx };
	r = krn_cached_begin(&c, KIND, key, progress ? &waiting : NULL, err);
	if (r < 0)
		return r;
	/* another kiln may have made it while this one waited */
	if (find(key, ret))
		return 0;
	r = fill(s, v, t, c.tmp, progress, err);
	if (r == 0)
		r = krn_cached_commit(&c, true, err);
	if (r == 0 && !find(key, ret))
		r = err_set(err, -EIO, "'%s' vanished while it was made", c.dir);
	return r;
}

static int same_tree(const struct src_tree *t, struct src_tree *ret, struct err *err)
{
	int hold = t->hold < 0 ? -1 : fcntl(t->hold, F_DUPFD_CLOEXEC, 0);

	if (t->hold >= 0 && hold < 0)
		return err_sys(err, "cannot hold '%s'", t->path);
	*ret = *t;
	ret->path = xstrdup(t->path);
	ret->version = t->version ? xstrdup(t->version) : NULL;
	ret->origin = t->origin ? xstrdup(t->origin) : NULL;
	ret->hold = hold;
	return 0;
}

int src_series_tree(const struct src_series *s, const struct src_verdicts *v,
		    const struct src_tree *t, const struct src_progress *progress,
		    struct src_tree *ret, struct err *err)
{
	char key[DIGEST_HEX + 1];
	size_t n = n_applied(v);
	int r;

	if (!v->good || v->n != s->n)
		return err_set(err, -EINVAL, "not all patches apply to '%s'", t->path);
	if (!n)
		return same_tree(t, ret, err);
	r = key_of(s, v, t->digest, key, err);
	if (r == 0 && !find(key, ret))
		r = make(s, v, t, key, progress, ret, err);
	if (r == 0)
		ret->origin = xasprintf("%s + %zu patch%s", t->origin ? t->origin : t->path, n,
					n == 1 ? "" : "es");
	return r;
}
