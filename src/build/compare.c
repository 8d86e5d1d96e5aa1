/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/compare.h"

#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
#include "build/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#define CHUNK 65536

struct pair {
	const char *a, *b;
	struct strv *differ;
};

static int compare(const struct pair *p, const char *sub, const char *skip, struct err *err);

static int add_names(const char *dir, struct map *to, struct err *err)
{
	auto_strv struct strv names = { 0 };
	int r = file_names(AT_FDCWD, dir, &names, err);

	for (size_t i = 0; i < names.n && r == 0; i++)
		map_set(to, names.v[i], to);
	return r;
}

/* 1: the same; 0: not. */
static int same_content(const char *a, const char *b, struct err *err)
{
	auto_close int fa = open(a, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	auto_close int fb = open(b, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	auto_free char *one = xmalloc(CHUNK), *two = xmalloc(CHUNK);
	ssize_t n, m;

	if (fa < 0 || fb < 0)
		return err_sys(err, "cannot read '%s'", fa < 0 ? a : b);
	do {
		n = read_full(fa, one, CHUNK);
		m = read_full(fb, two, CHUNK);
		if (n < 0 || m < 0)
			return err_code(err, (int)MIN(n, m), "cannot read '%s'", n < 0 ? a : b);
		if (n != m || memcmp(one, two, (size_t)n) != 0)
			return 0;
	} while (n == CHUNK);
	return 1;
}

static bool same_link(const char *a, const char *b)
{
	char one[PATH_MAX], two[PATH_MAX];
	ssize_t n = readlink(a, one, sizeof(one)), m = readlink(b, two, sizeof(two));

	return n >= 0 && n == m && memcmp(one, two, (size_t)n) == 0;
}

static int compare_one(const struct pair *p, const char *sub, struct err *err)
{
	auto_free char *a = path_join(p->a, sub), *b = path_join(p->b, sub);
	struct stat sa, sb;
	int same = 0;

	if (lstat(a, &sa) < 0 || lstat(b, &sb) < 0 ||
	    (sa.st_mode & S_IFMT) != (sb.st_mode & S_IFMT))
		same = 0;
	else if (S_ISDIR(sa.st_mode))
		return compare(p, sub, NULL, err);
	else if (S_ISLNK(sa.st_mode))
		same = same_link(a, b);
	else
		same = (sa.st_mode & 0100) == (sb.st_mode & 0100) ? same_content(a, b, err) : 0;
	if (same == 0)
		strv_add(p->differ, sub);
	return MIN(same, 0);
}

static int compare(const struct pair *p, const char *sub, const char *skip, struct err *err)
{
	auto_free char *a = path_join(p->a, sub), *b = path_join(p->b, sub);
	struct map names = { 0 };
	int r = add_names(a, &names, err);

	if (r == 0)
		r = add_names(b, &names, err);
	for (size_t i = 0; i < names.n && r == 0; i++) {
		const char *name = names.v[i].key;
		auto_free char *at = path_join(sub, name);

		if (!skip || !str_starts(name, skip))
			r = compare_one(p, at, err);
	}
	map_release(&names, NULL);
	return r;
}

int bld_compare(const char *a, const char *b, const char *skip, struct strv *ret_differ,
		struct err *err)
{
	const struct pair p = { a, b, ret_differ };
	int r = compare(&p, "", skip, err);

	strv_sort(ret_differ);
	return r;
}
