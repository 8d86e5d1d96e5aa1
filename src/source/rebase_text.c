/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A patch written back. All that a person wrote stays: the mail's headers, its text, notes behind "---", the signature. The
 * diffstat and the diffs are git's, with options that leave nothing to settings or to how many objects there are.
 */
#include "base/file.h"
#include "source/rebase_parts.h"

#include <errno.h>
#include <fcntl.h>

/* " lib/a.c | 2 +-", " 1 file changed, ...", " create mode 100644 x" */
static bool is_stat_line(const char *line)
{
	static const char *const words[] = { " create mode ", " delete mode ", " mode change ",
					     " rename ",      " copy ",	       " rewrite " };

	if (*line != ' ')
		return false;
	if (strstr(line, " | ") || strstr(line, " changed, ") || str_ends(line, " changed"))
		return true;
	for (size_t i = 0; i < countof(words); i++)
		if (str_starts(line, words[i]))
			return true;
	return false;
}

/* What other tools write in front of "---": it names the old diff's files. */
static bool is_diff_line(const char *line)
{
	return str_starts(line, "diff -") || str_starts(line, "Index: ") ||
	       str_starts(line, "=========");
}

/* The head line by line, without its diffstat; *ret_stat: where a new one belongs, SIZE_MAX: it had none. */
static void copy_head(const struct src_diff *d, struct str *ret, size_t *ret_stat)
{
	const char *p = d->text.s, *end = p + d->head_n;
	bool behind = false, was_stat = false;

	*ret_stat = SIZE_MAX;
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((nl ?: end) - p);
		auto_free char *line = xstrndup(p, n);

		p += n + (nl != NULL);
		if (behind && is_stat_line(line)) {
			if (*ret_stat == SIZE_MAX)
				*ret_stat = ret->n;
			was_stat = true;
			continue;
		}
		/* the empty line behind it is written with the new one */
		if (!is_diff_line(line) && !(was_stat && !*line))
			str_addf(ret, "%s\n", line);
		was_stat = false;
		behind |= str_eq(line, "---");
	}
}

static int put_stat(const struct src_rebase *r, const struct src_carried *c, struct str *head,
		    size_t at, struct err *err)
{
	struct src_scratch g = { .dir = r->dir };
	auto_str struct str stat = { 0 }, all = { 0 };
	int result;

	if (at == SIZE_MAX)
		return 0;
	result = src_scratch_git(&g, NULL, &stat, err, "diff-tree", "-r", "-M", "--stat=72",
				 "--summary", "--no-color", c->before, c->after, NULL);
	if (result < 0)
		return result;
	str_add(&all, head->s, at);
	str_add(&all, str_c(&stat), stat.n);
	str_addc(&all, '\n');
	str_adds(&all, head->s + at);
	str_release(head);
	*head = all;
	all = (struct str){ 0 };
	return 0;
}

/* "-- \n2.39.5\n" and what follows. */
static const char *signature(const struct src_diff *d)
{
	const char *p = d->text.s + d->head_n, *at, *found = "";

	while ((at = strstr(p, "\n-- \n"))) {
		found = at + 1;
		p = at + 1;
	}
	/* not the taking away of a line "- " */
	return strstr(found, "\n@@ ") || strstr(found, "\ndiff ") ? "" : found;
}

static int rewrite(const struct src_rebase *r, const struct src_diff *d,
		   const struct src_carried *c, struct str *ret, struct err *err)
{
	struct src_scratch g = { .dir = r->dir };
	auto_str struct str diff = { 0 };
	size_t stat;
	int result;

	copy_head(d, ret, &stat);
	result = put_stat(r, c, ret, stat, err);
	if (result == 0)
		result = src_scratch_git(&g, NULL, &diff, err, "diff-tree", "-r", "-p", "-M",
					 "--binary", "--abbrev=12", "-U3", "--no-color",
					 "--no-ext-diff", "--no-textconv", "--src-prefix=a/",
					 "--dst-prefix=b/", "--diff-algorithm=myers", c->before,
					 c->after, NULL);
	if (result < 0)
		return result;
	str_add(ret, str_c(&diff), diff.n);
	str_adds(ret, signature(d));
	return 0;
}

int src_rebase_text(const struct src_rebase *r, const struct src_series *s, size_t i,
		    struct str *ret, struct err *err)
{
	const struct src_carried *c = &r->patches.v[i];

	if (c->how == SRC_CARRIED || c->how == SRC_RESOLVED)
		return rewrite(r, s->v[i].diff, c, ret, err);
	return file_read(AT_FDCWD, s->v[i].path, SRC_PATCH_MAX, ret, err);
}
