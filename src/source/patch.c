/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading patches, as git apply reads them: text around diffs is passed over, what begins like a diff must be a whole one.
 */
#include "source/patch.h"

#include "source/patch_read.h"

#include <errno.h>
#include <stdio.h>

/* What a plain diff and git's have in common behind their headers. */
static int check_file(const struct reader *r, const struct src_file_diff *f, struct err *err)
{
	size_t old = 0, new = 0;

	for (size_t i = 0; i < f->n_hunks; i++) {
		old += r->d->hunks.v[f->hunk + i].old_n;
		new += r->d->hunks.v[f->hunk + i].new_n;
	}
	if (f->change == SRC_CREATE && old)
		return err_set(err, -EINVAL, "line %u: '%s' is new, and yet depends on old lines",
			       f->line, f->new_name);
	if (f->change == SRC_DELETE && new)
		return err_set(err, -EINVAL, "line %u: '%s' is deleted, and yet has lines left",
			       f->line, f->old_name);
	if (((f->old_mode | f->new_mode) & 0170000) == 0160000)
		return err_set(err, -EINVAL,
			       "line %u: '%s' is a submodule, which a kernel tree has none of",
			       f->line, f->new_name);
	if (f->change == SRC_MODIFY && !f->n_hunks && !f->forward.kind &&
	    f->old_mode == f->new_mode)
		return err_set(err, -EINVAL, "line %u: a diff of '%s' without a change", f->line,
			       f->new_name);
	return 0;
}

/* Plain diffs. */

/* "1970-01-01 01:00:00.000000000 +0100", which diff -N has for a file that is not there. */
static bool is_epoch(const char *s, size_t n)
{
	auto_free char *text = xstrndup(s, n);
	const char *stamp = strchr(text, '\t');
	int year, month, day, hour, minute, second, zone = 0, used = 0;
	const char *rest;

	if (!stamp || sscanf(stamp + 1, "%4d-%2d-%2d %2d:%2d:%2d%n", &year, &month, &day, &hour,
			     &minute, &second, &used) != 6)
		return false;
	rest = stamp + 1 + used;
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0");
	if (sscanf(rest, " %5d", &zone) != 1 || second)
		return false;
	minute += hour * 60 - (zone / 100 * 60 + zone % 100);
	return (year == 1970 && month == 1 && day == 1 && minute == 0) ||
	       (year == 1969 && month == 12 && day == 31 && minute == 24 * 60);
}

static bool is_plain(const struct reader *r)
{
	struct reader ahead = *r;
	struct src_diff_hunk h;
	unsigned long old, new;

	if (!src_at(r, "--- "))
		return false;
	src_skip_line(&ahead);
	if (!src_at(&ahead, "+++ "))
		return false;
	src_skip_line(&ahead);
	return src_is_hunk(&ahead, &h, &old, &new);
}

/* Of two names the one that the other only adds something to: x.c of x.c.orig. */
static void settle_names(struct src_file_diff *f)
{
	char **shorter = &f->new_name, **other = &f->old_name;

	if (str_starts(f->new_name, f->old_name)) {
		shorter = &f->old_name;
		other = &f->new_name;
	}
	/* else the new one's, as git apply does */
	free(*other);
	*other = xstrdup(*shorter);
}

static int read_plain(struct reader *r, struct src_file_diff *f, struct err *err)
{
	bool old_epoch, new_epoch;
	size_t n;
	const char *s = src_peek(r, &n);
	int ret = src_header_name(r, s + 4, n - 4, true, &f->old_name, err);

	old_epoch = !f->old_name || is_epoch(s, n);
	if (ret < 0)
		return ret;
	src_skip_line(r);
	s = src_peek(r, &n);
	ret = src_header_name(r, s + 4, n - 4, true, &f->new_name, err);
	if (ret < 0)
		return ret;
	new_epoch = !f->new_name || is_epoch(s, n);
	if (!f->old_name && !f->new_name)
		return src_bad(r, err, "a diff without a file");
	src_skip_line(r);
	if (!f->old_name)
		f->old_name = xstrdup(f->new_name);
	else if (!f->new_name)
		f->new_name = xstrdup(f->old_name);
	else
		settle_names(f);
	f->change = old_epoch ? SRC_CREATE : new_epoch ? SRC_DELETE : SRC_MODIFY;
	ret = src_read_hunks(r, f, err);
	f->maybe_new = f->change == SRC_MODIFY && f->n_hunks == 1 && !r->d->hunks.v[f->hunk].old_n;
	return ret < 0 ? ret : check_file(r, f, err);
}

/* git's. */

static int mode(const struct reader *r, const char *s, size_t n, unsigned *ret, struct err *err)
{
	unsigned v = 0;

	while (n && s[n - 1] == ' ')
		n--;
	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '7' || n > 6)
			return src_bad(r, err, "a mode that is none");
		v = v * 8 + (unsigned)(s[i] - '0');
	}
	if ((v & 0170000) != 0100000 && v != 0120000 && v != 0160000)
		return src_bad(r, err, "a mode that is none");
	*ret = v;
	return 0;
}

/* "index OLD..NEW MODE": the mode where it does not change. */
static int index_mode(const struct reader *r, const char *s, size_t n, struct src_file_diff *f,
		      struct err *err)
{
	const char *blank = memchr(s, ' ', n);
	int ret;

	if (!blank)
		return 0;
	ret = mode(r, blank + 1, n - (size_t)(blank + 1 - s), &f->old_mode, err);
	if (ret == 0 && !f->new_mode)
		f->new_mode = f->old_mode;
	return ret;
}

/* A name that "diff --git" and "---" or "+++" both have must be one. */
static int file_line(const struct reader *r, const char *s, size_t n, char **name, bool is_null,
		     struct err *err)
{
	auto_free char *now = NULL;
	int ret = src_header_name(r, s, n, true, &now, err);

	if (ret < 0)
		return ret;
	if (!now != is_null)
		return src_bad(r, err,
			       is_null ? "a file where /dev/null is expected"
				       : "/dev/null for a file that is there");
	if (!now)
		return 0;
	if (*name && !str_eq(*name, now))
		return src_bad(r, err, "another name than the lines before have");
	free(*name);
	*name = take_ptr(now);
	return 0;
}

enum git_line {
	OLD_FILE,
	NEW_FILE,
	OLD_MODE,
	NEW_MODE,
	DELETED,
	CREATED,
	COPY_FROM,
	COPY_TO,
	RENAME_FROM,
	RENAME_TO,
	SIMILAR,
	INDEX,
};
static const struct {
	const char *text;
	enum git_line what;
} git_lines[] = {
	{ "--- ", OLD_FILE },
	{ "+++ ", NEW_FILE },
	{ "old mode ", OLD_MODE },
	{ "new mode ", NEW_MODE },
	{ "deleted file mode ", DELETED },
	{ "new file mode ", CREATED },
	{ "copy from ", COPY_FROM },
	{ "copy to ", COPY_TO },
	{ "rename from ", RENAME_FROM },
	{ "rename to ", RENAME_TO },
	{ "rename old ", RENAME_FROM },
	{ "rename new ", RENAME_TO },
	{ "similarity index ", SIMILAR },
	{ "dissimilarity index ", SIMILAR },
	{ "index ", INDEX },
};

static int change_is(const struct reader *r, struct src_file_diff *f, enum src_change c,
		     struct err *err)
{
	if (f->change != SRC_MODIFY && f->change != c)
		return src_bad(r, err, "one file is changed in two ways");
	f->change = c;
	return 0;
}

static int git_line(const struct reader *r, enum git_line what, const char *s, size_t n,
		    struct src_file_diff *f, struct err *err)
{
	int ret = 0;

	switch (what) {
	case OLD_FILE:
		return file_line(r, s, n, &f->old_name, f->change == SRC_CREATE, err);
	case NEW_FILE:
		return file_line(r, s, n, &f->new_name, f->change == SRC_DELETE, err);
	case OLD_MODE:
		return mode(r, s, n, &f->old_mode, err);
	case NEW_MODE:
		return mode(r, s, n, &f->new_mode, err);
	case DELETED:
		ret = change_is(r, f, SRC_DELETE, err);
		return ret < 0 ? ret : mode(r, s, n, &f->old_mode, err);
	case CREATED:
		ret = change_is(r, f, SRC_CREATE, err);
		return ret < 0 ? ret : mode(r, s, n, &f->new_mode, err);
	case COPY_FROM:
	case RENAME_FROM:
		ret = change_is(r, f, what == COPY_FROM ? SRC_COPY : SRC_RENAME, err);
		return ret < 0 ? ret : src_header_name(r, s, n, false, &f->old_name, err);
	case COPY_TO:
	case RENAME_TO:
		ret = change_is(r, f, what == COPY_TO ? SRC_COPY : SRC_RENAME, err);
		return ret < 0 ? ret : src_header_name(r, s, n, false, &f->new_name, err);
	case INDEX:
		return index_mode(r, s, n, f, err);
	case SIMILAR:
		break;
	}
	return ret;
}

/* Extended headers, up to the first line that is none. */
static int git_headers(struct reader *r, struct src_file_diff *f, struct err *err)
{
	int ret = 0;

	while (ret == 0 && r->p < r->end) {
		size_t i = 0, n;
		const char *s = src_peek(r, &n);

		while (i < countof(git_lines) && !src_at(r, git_lines[i].text))
			i++;
		if (i == countof(git_lines))
			break;
		ret = git_line(r, git_lines[i].what, s + strlen(git_lines[i].text),
			       n - strlen(git_lines[i].text), f, err);
		if (ret == 0)
			src_skip_line(r);
	}
	return ret;
}

static int git_binary(struct reader *r, struct src_file_diff *f, struct err *err)
{
	unsigned begin = r->line;
	int ret;

	if (src_at(r, "Binary files ")) {
		src_bad(r, err, "a binary file without its content");
		return err_hint(err, -EINVAL,
				"make the patch with git format-patch or git diff --binary");
	}
	if (!src_at(r, "GIT binary patch\n"))
		return 0;
	src_skip_line(r);
	ret = src_blobs_read(&r->p, r->end, &r->line, f, err);
	return ret < 0 ? err_wrap(err, ret, "line %u", MAX(begin, r->line)) : 0;
}

static int read_git(struct reader *r, struct src_file_diff *f, struct err *err)
{
	auto_free char *name = NULL;
	size_t n;
	const char *s = src_peek(r, &n);
	int ret = src_git_line_name(r, s + 11, n - 11, &name, err);

	if (ret < 0)
		return ret;
	src_skip_line(r);
	ret = git_headers(r, f, err);
	if (ret < 0)
		return ret;
	if (!f->old_name && f->change != SRC_CREATE && name)
		f->old_name = xstrdup(name);
	if (!f->new_name && f->change != SRC_DELETE && name)
		f->new_name = xstrdup(name);
	if (!f->old_name && f->change == SRC_CREATE)
		f->old_name = xstrdup(f->new_name ? f->new_name : name ? name : "");
	if (!f->new_name && f->change == SRC_CREATE)
		f->new_name = xstrdup(f->old_name);
	if (!f->new_name && f->change == SRC_DELETE)
		f->new_name = xstrdup(f->old_name ? f->old_name : name ? name : "");
	if (!f->old_name && f->change == SRC_DELETE)
		f->old_name = xstrdup(f->new_name);
	if (!f->old_name || !f->new_name || !*f->old_name || !*f->new_name)
		return err_set(err, -EINVAL, "line %u: a diff that does not name its file",
			       f->line);
	if (f->change == SRC_MODIFY && !str_eq(f->old_name, f->new_name))
		return err_set(err, -EINVAL, "line %u: '%s' becomes '%s' without being renamed",
			       f->line, f->old_name, f->new_name);
	if (r->p < r->end)
		ret = git_binary(r, f, err);
	if (ret == 0 && !f->forward.kind)
		ret = src_read_hunks(r, f, err);
	return ret < 0 ? ret : check_file(r, f, err);
}

/* The whole. */

static void file_diff_release(struct src_file_diff *f)
{
	free(f->old_name);
	free(f->new_name);
	free(f->forward.data);
	free(f->reverse.data);
}

void src_diff_free(struct src_diff *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->files.n; i++)
		file_diff_release(&d->files.v[i]);
	free(d->files.v);
	free(d->hunks.v);
	free(d->lines.v);
	free(d->subject);
	free(d->since);
	free(d->until);
	str_release(&d->text);
	free(d);
}

/* "From 1234... Mon Sep 17 00:00:00 2001": another mail. */
static bool is_mail_begin(const struct reader *r)
{
	static const char days[] = "Mon Tue Wed Thu Fri Sat Sun";
	size_t n;
	const char *s = src_peek(r, &n), *blank;
	char day[4] = { 0 };

	if (!src_at(r, "From "))
		return false;
	blank = memchr(s + 5, ' ', n - 5);
	if (!blank || n - (size_t)(blank - s) < 5 || blank == s + 5)
		return false;
	memcpy(day, blank + 1, 3);
	return blank[4] == ' ' && strlen(day) == 3 && strstr(days, day);
}

static bool is_diff(const struct reader *r)
{
	return src_at(r, "diff --git ") || is_plain(r);
}

static int read_file(struct reader *r, struct err *err)
{
	struct src_file_diff f = { .line = r->line };
	int ret = src_at(r, "diff --git ") ? read_git(r, &f, err) : read_plain(r, &f, err);

	if (ret < 0)
		file_diff_release(&f);
	else
		vec_push(&r->d->files, f);
	return ret;
}

static int read_files(struct reader *r, struct err *err)
{
	struct src_diff_hunk h;
	unsigned long old, new;
	int ret = 0;

	while (ret == 0 && r->p < r->end) {
		if (is_diff(r))
			ret = read_file(r, err);
		else if (src_is_hunk(r, &h, &old, &new))
			ret = src_bad(r, err, "a hunk without the names of its file before it");
		else if (r->d->files.n && is_mail_begin(r)) {
			src_bad(r, err, "a second mail begins");
			ret = err_hint(err, -EINVAL, "one patch a file: git mailsplit -oDIR FILE");
		} else
			src_skip_line(r);
	}
	if (ret == 0 && !r->d->files.n)
		ret = err_set(err, -EINVAL, "there is no diff in it");
	return ret;
}

/* A patch that went through Windows has a CR at each line end; one of a file that has them, only in hunks. */
static void strip_cr(struct str *text, size_t diff)
{
	const char *nl = memchr(text->s + diff, '\n', text->n - diff);
	size_t to = 0;

	if (!nl || nl == text->s + diff || nl[-1] != '\r')
		return;
	for (size_t i = 0; i < text->n; i++)
		if (text->s[i] != '\r' || text->s[i + 1] != '\n')
			text->s[to++] = text->s[i];
	text->n = to;
	text->s[to] = '\0';
}

static size_t find_head(struct src_diff *d)
{
	struct reader r = { .d = d, .p = d->text.s, .end = d->text.s + d->text.n, .line = 1 };

	while (r.p < r.end && !is_diff(&r))
		src_skip_line(&r);
	return (size_t)(r.p - d->text.s);
}

int src_diff_parse(struct str *text, struct src_diff **ret, struct err *err)
{
	struct src_diff *d = xnew(struct src_diff);
	struct reader r = { .d = d, .line = 1 };
	int result;

	d->text = *text;
	*text = (struct str){ 0 };
	if (!d->text.s)
		str_adds(&d->text, "");
	strip_cr(&d->text, find_head(d));
	d->head_n = find_head(d);
	r.p = d->text.s;
	r.end = r.p + d->text.n;
	result = src_diff_head(d, err);
	if (result == 0)
		result = read_files(&r, err);
	free(r.before.v);
	free(r.after.v);
	if (result < 0)
		src_diff_free(d);
	else
		*ret = d;
	return result;
}
