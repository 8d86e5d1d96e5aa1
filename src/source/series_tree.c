/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree with a series in it: patched/KEY of the cache, where KEY is made from the tree's digest and those of the patches
 * that apply. What lies there: cached.c.
 */
#include "source/series.h"

#include "base/digest.h"
#include "source/files.h"
#include "source/parts.h"
#include "source/tree_copy.h"

#include <errno.h>
#include <fcntl.h>

/* begins the text that keys are digests of */
static const char magic[] = "kiln patched 2\n";

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

struct job {
	const struct src_series *series;
	const struct src_verdicts *verdicts;
	const struct src_tree *from;
	const struct src_progress *progress;
};

static int fill(void *ctx, const char *tmp, const char *tree, struct err *err)
{
	const struct job *j = ctx;
	auto_close int root = -1;
	struct src_files f;
	int r = src_tree_copy(j->from->path, tree, j->from->ours, j->progress, err);

	if (r == 0)
		r = check_unchanged(j->from, err);
	if (r == 0)
		r = src_files_init(&f, tree, err);
	if (r < 0)
		return r;
	root = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = root < 0 ? err_sys(err, "cannot open '%s'", tree) : 0;
	if (r == 0)
		r = apply_all(j->series, j->verdicts, &f, j->from->path, err);
	if (r == 0)
		r = src_files_write(&f, root, err);
	src_files_release(&f);
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
	ret->unwritten = NULL; /* one of them does that */
	return 0;
}

int src_series_tree(const struct src_series *s, const struct src_verdicts *v,
		    const struct src_tree *t, const struct src_progress *progress,
		    struct src_tree *ret, struct err *err)
{
	struct job j = { s, v, t, progress };
	const struct src_fill how = { fill, &j };
	char key[DIGEST_HEX + 1];
	size_t n = n_applied(v);
	int r;

	if (!v->good || v->n != s->n)
		return err_set(err, -EINVAL, "not all patches apply to '%s'", t->path);
	if (!n)
		return same_tree(t, ret, err);
	r = key_of(s, v, t->digest, key, err);
	if (r == 0)
		r = src_cached_make("patched", key, &how, progress, ret, err);
	if (r == 0)
		ret->origin = xasprintf("%s + %zu patch%s", t->origin ? t->origin : t->path, n,
					n == 1 ? "" : "es");
	return r;
}
