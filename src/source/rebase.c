/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One patch after the other onto the branch kiln-rebase. What was done is saved behind each, and what stops in the middle is
 * found again by git's own state: CHERRY_PICK_HEAD, and entries of the index that are not merged.
 */
#include "source/rebase.h"

#include "base/file.h"
#include "base/path.h"
#include "source/files.h"
#include "source/rebase_parts.h"

#include <errno.h>
#include <fcntl.h>

const char *src_carry_name(enum src_carry c)
{
	static const char *const names[] = {
		[SRC_CARRY_OPEN] = "not done",	 [SRC_UNCHANGED] = "unchanged",
		[SRC_CARRIED] = "carried",	 [SRC_RESOLVED] = "resolved by hand",
		[SRC_IN_IT] = "already applied", [SRC_LEFT_OUT] = "other version",
	};

	return names[c];
}

static void forget_conflicts(struct src_rebase *r)
{
	for (size_t i = 0; i < r->conflicts.n; i++) {
		free(r->conflicts.v[i].file);
		free(r->conflicts.v[i].why);
	}
	r->conflicts.n = 0;
}

void src_rebase_release(struct src_rebase *r)
{
	forget_conflicts(r);
	free(r->conflicts.v);
	for (size_t i = 0; i < r->patches.n; i++) {
		free(r->patches.v[i].before);
		free(r->patches.v[i].after);
	}
	free(r->patches.v);
	free(r->dir);
	free(r->output);
	free(r->version);
	*r = (struct src_rebase){ 0 };
}

/* The beginning. */

static int not_old(const struct src_patch *p, const struct src_verdict *v,
		   const struct src_tree *from, struct err *err)
{
	const struct src_hunk *h = v->failed.v;

	if (h->number)
		err_set(err, -EINVAL, "'%s' does not apply to '%s': %s:%u: %s", p->name, from->path,
			h->file, h->line, h->why);
	else
		err_set(err, -EINVAL, "'%s' does not apply to '%s': %s: %s", p->name, from->path,
			h->file, h->why);
	return err_hint(err, -EINVAL, "--from is the tree that the series was made for");
}

/* On the old tree each must apply, or be in it. */
static int check_old(const struct src_series *s, const struct src_tree *from,
		     struct src_verdicts *v, struct err *err)
{
	int r = src_series_try(s, from, v, err);

	for (size_t i = 0; r == 0 && i < s->n; i++) {
		if (v->v[i].outcome == SRC_BAD)
			r = err_set(err, -EINVAL, "'%s' is no patch: %s", s->v[i].name,
				    s->v[i].bad);
		else if (v->v[i].outcome == SRC_REBASE)
			r = not_old(&s->v[i], &v->v[i], from, err);
	}
	return r;
}

static int check_empty(const char *dir, struct err *err)
{
	auto_strv struct strv names = { 0 };
	int r = file_names(AT_FDCWD, dir, &names, err);

	if (r < 0 || !names.n)
		return r;
	err_set(err, -ENOTEMPTY, "the folder '%s' is not empty", dir);
	if (src_rebase_is_there(dir))
		err_hint(err, -ENOTEMPTY, "a rebase was begun there: --continue goes on with it");
	return -ENOTEMPTY;
}

int src_rebase_begin(struct src_rebase *ret, const struct src_series *s,
		     const struct src_tree *from, const struct src_tree *to, const char *dir,
		     const char *output, struct err *err)
{
	struct src_rebase r = { .dir = path_abs(dir) };
	struct src_scratch g = { .dir = r.dir };
	struct src_verdicts v = { 0 };
	int result = check_old(s, from, &v, err);

	if (result == 0)
		result = check_empty(dir, err);
	if (result == 0)
		result = src_scratch_init(r.dir, err);
	if (result == 0)
		result = src_rebase_import(r.dir, s, &v, from->path, to->path, err);
	if (result == 0)
		result = src_scratch_git(&g, NULL, NULL, err, "reset", "-q", "--hard", NULL);
	src_verdicts_release(&v);
	r.output = output ? path_abs(output) : NULL;
	r.version = to->version ? xstrdup(to->version) : NULL;
	for (size_t i = 0; i < s->n; i++)
		vec_push(&r.patches, (struct src_carried){ 0 });
	if (result == 0)
		result = src_rebase_save(&r, s, err);
	if (result < 0)
		src_rebase_release(&r);
	else
		*ret = r;
	return result;
}

/* What git says. */

static int rev(const struct src_rebase *r, const char *name, char **ret, struct err *err)
{
	struct src_scratch g = { .dir = r->dir };
	auto_str struct str out = { 0 };
	int status, result;

	result = src_scratch_git(&g, &status, &out, err, "rev-parse", "-q", "--verify", name, NULL);
	if (result < 0)
		return result;
	*ret = status ? NULL : xstrndup(str_c(&out), strcspn(str_c(&out), "\n"));
	return 0;
}

static void add_conflict(struct src_rebase *r, const char *file, unsigned line, const char *why)
{
	vec_push(&r->conflicts,
		 ((struct src_conflict){
			 .file = xstrdup(file), .line = line, .why = xstrdup(why) }));
}

/* Places with "<<<<<<<" in a file of the repository. */
static size_t find_marks(struct src_rebase *r, const char *file, const char *why)
{
	auto_free char *path = path_join(r->dir, file);
	auto_str struct str text = { 0 };
	size_t found = 0;
	unsigned line = 1;

	if (file_read(AT_FDCWD, path, SRC_FILE_MAX, &text, NULL) < 0)
		return 0;
	for (const char *p = str_c(&text); *p; p += *p == '\n', line++) {
		if (str_starts(p, "<<<<<<< ")) {
			add_conflict(r, file, line, why);
			found++;
		}
		p += strcspn(p, "\n");
	}
	return found;
}

/* Which of base, ours (2: the new tree) and theirs (3: the patch) there are. */
static const char *why_of(unsigned stages)
{
	switch (stages) {
	case 1 << 1 | 1 << 2:
		return "the patch deletes it, and in the new tree it is another";
	case 1 << 1 | 1 << 3:
		return "the new tree does not have this file";
	case 1 << 2 | 1 << 3:
		return "the patch makes this file, and the new tree has one of that name";
	default:
		return "the patch and the new tree change the same lines";
	}
}

static void close_file(struct src_rebase *r, const char *file, unsigned stages)
{
	const char *why = why_of(stages);

	if (!*file || find_marks(r, file, why))
		return;
	/* both sides are there, and nobody left a mark: a binary file, or one that was edited already */
	if (stages == (1 << 1 | 1 << 2 | 1 << 3))
		why = "no marks are in it; git add says that it is resolved";
	add_conflict(r, file, 0, why);
}

/* "MODE SHA STAGE\tPATH" with NULs between. */
static int find_unmerged(struct src_rebase *r, struct err *err)
{
	struct src_scratch g = { .dir = r->dir };
	auto_str struct str out = { 0 };
	const char *file = "", *p, *end;
	unsigned stages = 0;
	int result = src_scratch_git(&g, NULL, &out, err, "ls-files", "-u", "-z", NULL);

	forget_conflicts(r);
	p = str_c(&out);
	end = p + out.n;
	for (; result == 0 && p < end; p += strlen(p) + 1) {
		const char *tab = strchr(p, '\t');

		if (!tab || tab - p < 1)
			break;
		if (!str_eq(tab + 1, file)) {
			close_file(r, file, stages);
			file = tab + 1;
			stages = 0;
		}
		stages |= 1u << ((tab[-1] - '0') & 3);
	}
	close_file(r, file, stages);
	return result;
}

/* Marks of a conflict in what was declared resolved. */
static int find_left(struct src_rebase *r, struct err *err)
{
	struct src_scratch g = { .dir = r->dir };
	auto_str struct str out = { 0 };
	int result = src_scratch_git(&g, NULL, &out, err, "diff", "--name-only", "-z",
				     "--no-renames", "HEAD", NULL);
	const char *p = str_c(&out), *end = p + out.n;

	forget_conflicts(r);
	for (; result == 0 && p < end; p += strlen(p) + 1)
		find_marks(r, p, "marks of the conflict are left");
	return result;
}

/* One patch. */

static void done(struct src_rebase *r, enum src_carry how, char *before, char *after)
{
	struct src_carried *c = &r->patches.v[r->next++];

	free(c->before);
	free(c->after);
	*c = (struct src_carried){ .how = how, .before = before, .after = after };
}

static int commit_all(const struct src_rebase *r, const struct src_patch *p, struct err *err)
{
	struct src_scratch g = { .dir = r->dir };
	int result = src_scratch_git(&g, NULL, NULL, err, "add", "-A", "-f", ".", NULL);

	return result < 0 ? result
			  : src_scratch_git(&g, NULL, NULL, err, "commit", "-q", "--allow-empty",
					    "--no-verify", "--cleanup=verbatim", "-m",
					    p->subject ? p->subject : p->name, NULL);
}

static int write_applied(const struct src_rebase *r, const struct src_patch *p, struct err *err)
{
	auto_close int root = open(r->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned long moved;
	struct src_files f;
	int result = src_files_init(&f, r->dir, err);

	if (result == 0)
		result = src_files_apply(&f, p->diff, false, true, NULL, &moved, err);
	if (result > 0)
		result = src_files_write(&f, root, err);
	src_files_release(&f);
	return result < 0 ? result : commit_all(r, p, err);
}

/* How the patch lies on the branch as it is. */
static int look(const struct src_rebase *r, const struct src_patch *p, enum src_outcome *ret,
		struct err *err)
{
	const struct src_tree now = { .path = r->dir, .version = r->version };
	const struct src_series one = { .v = (struct src_patch *)p, .n = 1 };
	struct src_verdicts v = { 0 };
	int result = src_series_try(&one, &now, &v, err);

	if (result == 0)
		*ret = v.v[0].outcome;
	src_verdicts_release(&v);
	return result;
}

/* After a commit: whether it changed anything. Takes before over. */
static int settle(struct src_rebase *r, enum src_carry how, char *before, struct err *err)
{
	struct src_scratch g = { .dir = r->dir };
	auto_free char *owned = before, *after = NULL;
	int status, result = rev(r, "HEAD", &after, err);

	if (result == 0)
		result = src_scratch_git(&g, &status, NULL, err, "diff", "--quiet", before, "HEAD",
					 NULL);
	if (result < 0)
		return result;
	done(r, status ? how : SRC_IN_IT, take_ptr(owned), take_ptr(after));
	return 1;
}

/* 1: merged; 0: conflicts. Takes before over. */
static int merge(struct src_rebase *r, const struct src_patch *p, char *before, struct err *err)
{
	struct src_scratch g = { .dir = r->dir };
	auto_free char *owned = before, *commit = NULL;
	auto_free char *ref = xasprintf("refs/kiln/patch/%zu", r->next + 1);
	int status = 0, result = rev(r, ref, &commit, err);

	if (result < 0)
		return result;
	if (!commit) {
		forget_conflicts(r);
		add_conflict(
			r, p->name, 0,
			"it does not apply, and is not for the old tree's version, so there is nothing to carry it from");
		return 0;
	}
	result = src_scratch_git(&g, &status, NULL, err, "cherry-pick", "--allow-empty",
				 "--keep-redundant-commits", "--allow-empty-message", commit, NULL);
	if (result < 0)
		return result;
	if (status == 0)
		return settle(r, SRC_CARRIED, take_ptr(owned), err);
	result = find_unmerged(r, err);
	if (result == 0 && !r->conflicts.n)
		result = err_set(err, -EIO, "git cherry-pick ended with %d and left no conflict",
				 status);
	return result;
}

/* 1: it is done. */
static int carry(struct src_rebase *r, const struct src_patch *p, struct err *err)
{
	auto_free char *before = NULL;
	enum src_outcome outcome = SRC_REBASE;
	int result = rev(r, "HEAD", &before, err);

	if (result == 0)
		result = look(r, p, &outcome, err);
	if (result < 0)
		return result;
	if (outcome == SRC_REBASE)
		return merge(r, p, take_ptr(before), err);
	if (outcome == SRC_APPLIES) {
		result = write_applied(r, p, err);
		return result < 0 ? result : settle(r, SRC_UNCHANGED, take_ptr(before), err);
	}
	done(r, outcome == SRC_ALREADY ? SRC_IN_IT : SRC_LEFT_OUT, NULL, NULL);
	return 1;
}

/* What a person did since git stopped. 1: the patch is done; 2: nothing was under way. */
static int pick_up(struct src_rebase *r, struct err *err)
{
	struct src_scratch g = { .dir = r->dir };
	struct src_carried *c = &r->patches.v[r->next];
	auto_free char *picking = NULL;
	int status, result;

	if (!c->before)
		return 2;
	result = find_unmerged(r, err);
	if (result == 0 && !r->conflicts.n)
		result = find_left(r, err);
	if (result < 0 || r->conflicts.n)
		return result;
	result = rev(r, "CHERRY_PICK_HEAD", &picking, err);
	if (result == 0 && picking) {
		result = src_scratch_git(&g, &status, NULL, err, "diff", "--quiet", "HEAD", NULL);
		if (result == 0)
			result = src_scratch_git(&g, NULL, NULL, err, "cherry-pick",
						 status ? "--continue" : "--skip", NULL);
	} else if (result == 0) {
		result = src_scratch_git(&g, &status, NULL, err, "diff", "--quiet", "HEAD", NULL);
		if (result == 0 && status)
			result =
				err_set(err, -EINVAL,
					"there are changes in '%s' that are not committed", r->dir);
	}
	return result < 0 ? result : settle(r, SRC_RESOLVED, xstrdup(c->before), err);
}

/* Git has stopped: where the branch stood is remembered, so that what a person does is told from what was there. */
static int stopped(struct src_rebase *r, const struct src_series *s, struct err *err)
{
	struct src_carried *c = &r->patches.v[r->next];

	return c->before			     ? 0
	       : rev(r, "HEAD", &c->before, err) < 0 ? -EIO
						     : src_rebase_save(r, s, err);
}

int src_rebase_tidy(const struct src_rebase *r, struct err *err)
{
	struct src_scratch g = { .dir = r->dir };
	const char *last = "refs/kiln/new";
	int status, result;

	/* git has stopped and a person has the branch; or all is done */
	if (r->next == r->patches.n || r->patches.v[r->next].before)
		return 0;
	for (size_t i = 0; i < r->next; i++)
		if (r->patches.v[i].after)
			last = r->patches.v[i].after;
	result = src_scratch_git(&g, &status, NULL, err, "cherry-pick", "--quit", NULL);
	if (result == 0)
		result = src_scratch_git(&g, NULL, NULL, err, "reset", "-q", "--hard", last, NULL);
	return result < 0 ? result
			  : src_scratch_git(&g, NULL, NULL, err, "clean", "-q", "-f", "-d", "-x",
					    NULL);
}

int src_rebase_go(struct src_rebase *r, const struct src_series *s, struct err *err)
{
	while (r->next < s->n) {
		int result = pick_up(r, err);

		if (result == 2)
			result = carry(r, &s->v[r->next], err);
		if (result == 0)
			return stopped(r, s, err);
		if (result > 0)
			result = src_rebase_save(r, s, err);
		if (result < 0)
			return result;
	}
	return 1;
}
