/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A series read, and tried on trees. Each patch is parsed once, whatever number of trees it is tried on. */
#include "source/series.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/path.h"
#include "source/files.h"
#include "source/series_list.h"

#include <errno.h>
#include <fcntl.h>

static void patch_release(struct src_patch *p)
{
	free(p->path);
	free(p->name);
	free(p->subject);
	free(p->since);
	free(p->until);
	free(p->bad);
	free(p->bad_hint);
	src_diff_free(p->diff);
}

void src_series_release(struct src_series *s)
{
	for (size_t i = 0; i < s->n; i++)
		patch_release(&s->v[i]);
	free(s->v);
	*s = (struct src_series){ 0 };
}

static void set_range(struct src_patch *p, const struct src_listed *l)
{
	const char *since = l->ranged ? l->since : p->diff ? p->diff->since : NULL;
	const char *until = l->ranged ? l->until : p->diff ? p->diff->until : NULL;

	p->since = since ? xstrdup(since) : NULL;
	p->until = until ? xstrdup(until) : NULL;
}

static int read_patch(const struct src_listed *l, struct src_patch *p, struct err *err)
{
	auto_str struct str text = { 0 };
	auto_err struct err why = { 0 };
	int r = file_read(AT_FDCWD, l->path, SRC_PATCH_MAX, &text, err);

	if (r == 0)
		r = digest_bytes(str_c(&text), text.n, p->digest, err);
	if (r < 0)
		return r;
	p->path = path_abs(l->path);
	p->name = xstrdup(l->name);
	if (src_diff_parse(&text, &p->diff, &why) < 0) {
		p->bad = take_ptr(why.msg);
		p->bad_hint = take_ptr(why.hint);
	} else if (p->diff->subject) {
		p->subject = xstrdup(p->diff->subject);
	}
	set_range(p, l);
	return 0;
}

int src_series_read(char *const *paths, size_t n, struct src_series *ret, struct err *err)
{
	struct src_series s = { 0 };
	struct src_list l = { 0 };
	int r = path_check_current(err);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = src_list_add(&l, paths[i], err);
	for (size_t i = 0; r == 0 && i < l.n; i++)
		r = read_patch(&l.v[i], vec_push(&s, (struct src_patch){ 0 }), err);
	src_list_release(&l);
	if (r < 0)
		src_series_release(&s);
	else
		*ret = s;
	return r;
}

const char *src_outcome_name(enum src_outcome o)
{
	static const char *const names[] = {
		[SRC_APPLIES] = "applies",	    [SRC_ALREADY] = "already applied",
		[SRC_REBASE] = "needs rebase",	    [SRC_BAD] = "bad format",
		[SRC_NOT_FOR_IT] = "other version",
	};

	return names[o];
}

static void verdict_release(struct src_verdict *v)
{
	for (size_t i = 0; i < v->failed.n; i++) {
		free(v->failed.v[i].file);
		free(v->failed.v[i].why);
	}
	free(v->failed.v);
	free(v->why);
}

void src_verdicts_release(struct src_verdicts *v)
{
	for (size_t i = 0; i < v->n; i++)
		verdict_release(&v->v[i]);
	free(v->v);
	*v = (struct src_verdicts){ 0 };
}

static void take_misses(struct src_verdict *v, struct src_misses *m)
{
	for (size_t i = 0; i < m->n; i++)
		vec_push(&v->failed, ((struct src_hunk){ .file = take_ptr(m->v[i].file),
							 .number = m->v[i].number,
							 .line = m->v[i].line,
							 .why = take_ptr(m->v[i].why) }));
}

/* Whether the patch can be taken back, with less moving than it could be applied with (SIZE_MAX: it cannot). */
static int is_there(struct src_files *f, const struct src_diff *d, unsigned long moved,
		    struct err *err)
{
	unsigned long back;
	int r = moved ? src_files_apply(f, d, true, false, NULL, &back, err) : 0;

	return r > 0 ? back < moved : r;
}

/* A patch that applies is in f then. */
static int judge(struct src_files *f, const struct src_diff *d, struct src_verdict *v,
		 struct err *err)
{
	struct src_misses misses = { 0 };
	int there, applies = src_files_apply(f, d, false, false, &misses, &v->moved, err);

	there = applies < 0 ? applies : is_there(f, d, applies ? v->moved : SIZE_MAX, err);
	v->outcome = there > 0 ? SRC_ALREADY : applies > 0 ? SRC_APPLIES : SRC_REBASE;
	if (there >= 0 && v->outcome == SRC_REBASE)
		take_misses(v, &misses);
	src_misses_release(&misses);
	if (there >= 0 && v->outcome == SRC_APPLIES)
		there = src_files_apply(f, d, false, true, NULL, &v->moved, err);
	if (v->outcome != SRC_APPLIES)
		v->moved = 0;
	return MIN(there, 0);
}

static char *range_words(const struct src_patch *p)
{
	return xasprintf("%s%s%s%s%s", p->since ? "since " : "", p->since ? p->since : "",
			 p->since && p->until ? " " : "", p->until ? "until " : "",
			 p->until ? p->until : "");
}

static int try_patch(const struct src_patch *p, const struct src_tree *t, struct src_files *f,
		     struct src_verdict *v, struct err *err)
{
	if (!p->diff) {
		v->outcome = SRC_BAD;
		v->why = xstrdup(p->bad);
		return 0;
	}
	if (t->version && !str_kernel_in(t->version, p->since, p->until)) {
		v->outcome = SRC_NOT_FOR_IT;
		v->why = range_words(p);
		return 0;
	}
	return judge(f, p->diff, v, err);
}

int src_series_try(const struct src_series *s, const struct src_tree *t, struct src_verdicts *ret,
		   struct err *err)
{
	struct src_verdicts all = { .good = true };
	struct src_files f;
	int r = src_files_init(&f, t->path, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < s->n; i++) {
		struct src_verdict *v = vec_push(&all, (struct src_verdict){ 0 });

		r = try_patch(&s->v[i], t, &f, v, err);
		all.good &= v->outcome != SRC_REBASE && v->outcome != SRC_BAD;
	}
	src_files_release(&f);
	if (r < 0)
		src_verdicts_release(&all);
	else
		*ret = all;
	return r;
}
