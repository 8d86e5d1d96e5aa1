/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths as text, and finding programs. */
#include "base/path.h"

#include <errno.h>
#include <sys/stat.h>

char *path_join(const char *a, const char *b)
{
	size_t n = strlen(a);

	while (n > 1 && a[n - 1] == '/')
		n--;
	b += strspn(b, "/");
	if (!*b)
		return xstrndup(a, n);
	if (!n)
		return xstrdup(b);
	return xasprintf("%.*s%s%s", (int)n, a, a[n - 1] == '/' ? "" : "/", b);
}

char *path_join3(const char *a, const char *b, const char *c)
{
	auto_free char *ab = path_join(a, b);

	return path_join(ab, c);
}

const char *path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *path_dir(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	while (slash > path && slash[-1] == '/')
		slash--;
	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

char *path_abs(const char *path)
{
	auto_free char *cwd = NULL;
	struct str b = { 0 };

	if (*path != '/') {
		cwd = getcwd(NULL, 0);
		str_adds(&b, cwd && *cwd == '/' && cwd[1] ? cwd : "");
	}
	while (*path) {
		size_t n;

		path += strspn(path, "/");
		n = strcspn(path, "/");
		if (n && !(n == 1 && *path == '.')) {
			str_addc(&b, '/');
			str_add(&b, path, n);
		}
		path += n;
	}
	if (!b.n)
		str_addc(&b, '/');
	return str_take(&b);
}

int path_check_current(struct err *err)
{
	auto_free char *cwd = getcwd(NULL, 0);

	if (cwd && *cwd == '/')
		return 0;
	err_code(err, cwd ? -ENOENT : -errno, "cannot tell which folder this is");
	return err_hint(err, -ENOENT, "enter one that is there, or work in another by -C DIR");
}

char *path_existing(const char *path)
{
	char *p = xstrdup(path);

	while (access(p, F_OK) < 0 && !str_eq(p, "/") && !str_eq(p, ".")) {
		char *up = path_dir(p);

		free(p);
		p = up;
	}
	return p;
}

static bool is_program(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

/* An empty entry of $PATH is the current folder (POSIX, XBD 8.3). */
static char *find_along(const char *list, const char *name)
{
	for (;;) {
		size_t n = strcspn(list, ":");
		auto_free char *dir = n ? xstrndup(list, n) : xstrdup(".");
		auto_free char *path = path_join(dir, name);

		if (is_program(path))
			return take_ptr(path);
		if (!list[n])
			return NULL;
		list += n + 1;
	}
}

int path_find_program(const char *name, const char *const *extra, char **ret_path)
{
	const char *list = getenv("PATH");
	char *found = NULL;

	if (!*name)
		return -ENOENT;
	if (strchr(name, '/')) {
		if (!is_program(name))
			return -ENOENT;
		*ret_path = xstrdup(name);
		return 0;
	}
	found = find_along(list && *list ? list : "/usr/local/bin:/usr/bin:/bin", name);
	for (; !found && extra && *extra; extra++)
		found = find_along(*extra, name);
	if (!found)
		return -ENOENT;
	*ret_path = found;
	return 0;
}
