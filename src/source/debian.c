/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tarball that a package such as linux-source-6.1 installs below /usr/src. Which version of the package it is stands
 * in dpkg's records (/var/lib/dpkg/status, deb-control(5)), read as text: asking dpkg would take longer than all else.
 */
#include "source/parts.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>

#define STATUS_MAX ((size_t)256 << 20)

static const char *const suffixes[] = { ".tar.xz", ".tar.zst", ".tar.bz2", ".tar.gz" };

/* The value of a field in the stanza at p, up to the end of its line. */
static char *field(const char *p, const char *name)
{
	size_t n = strlen(name);

	for (; *p && *p != '\n'; p += strcspn(p, "\n"), p += *p == '\n') {
		const char *value = p + n;

		if (strncmp(p, name, n) != 0 || *value++ != ':')
			continue;
		value += strspn(value, " \t");
		return xstrndup(value, strcspn(value, "\n"));
	}
	return NULL;
}

/* NULL if the package is not installed. */
static char *installed_version(const char *root, const char *package)
{
	auto_free char *path = path_join(root, "var/lib/dpkg/status");
	auto_free char *head = xasprintf("Package: %s\n", package), *status = NULL;
	auto_str struct str text = { 0 };
	const char *p;

	if (file_read(AT_FDCWD, path, STATUS_MAX, &text, NULL) < 0)
		return NULL;
	p = str_c(&text);
	while ((p = strstr(p, head)) && p != text.s && p[-1] != '\n')
		p++;
	status = p ? field(p, "Status") : NULL;
	return status && str_ends(status, " installed") ? field(p, "Version") : NULL;
}

/* Other kernels' sources that are there, for the hint. */
static void add_others(const char *root, struct strv *ret)
{
	auto_free char *dir = path_join(root, "usr/src");
	auto_strv struct strv names = { 0 };

	file_names(AT_FDCWD, dir, &names, NULL);
	for (size_t i = 0; i < names.n; i++) {
		const char *tar = strstr(names.v[i], ".tar.");

		if (tar && str_starts(names.v[i], "linux-source-"))
			strv_addf(ret, "debian:%.*s", (int)(tar - names.v[i]), names.v[i]);
	}
}

static int not_installed(const char *root, const char *package, struct err *err)
{
	auto_strv struct strv others = { 0 };
	auto_str struct str hint = { 0 };

	str_addf(&hint, "apt-get install %s", package);
	add_others(root, &others);
	for (size_t i = 0; i < others.n; i++)
		str_addf(&hint, "%s%s", i ? ", " : "\nthere are: ", others.v[i]);
	err_set(err, -ENOENT, "the package '%s' is not installed: there is no /usr/src/%s.tar.xz",
		package, package);
	return err_hint(err, -ENOENT, "%s", hint.s);
}

static int open_tarball(const char *root, const char *package, char **ret_path, int *ret_fd,
			struct err *err)
{
	for (size_t i = 0; i < countof(suffixes); i++) {
		auto_free char *path = xasprintf("%s/usr/src/%s%s", str_eq(root, "/") ? "" : root,
						 package, suffixes[i]);
		int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

		if (fd < 0 && errno != ENOENT)
			return err_sys(err, "cannot open '%s'", path);
		if (fd >= 0) {
			*ret_path = take_ptr(path);
			*ret_fd = fd;
			return 0;
		}
	}
	return not_installed(root, package, err);
}

int src_debian_open(const char *package, const char *root, const struct src_progress *progress,
		    struct src_tree *ret, struct err *err)
{
	auto_free char *path = NULL, *version = NULL;
	auto_close int fd = -1;
	char sha256[65];
	int r = open_tarball(root, package, &path, &fd, err);

	if (r == 0)
		r = digest_fd_cached(fd, path, sha256, err);
	if (r == 0)
		r = src_unpack(fd, path_base(path), sha256, progress, ret, err);
	if (r < 0)
		return r;
	version = installed_version(root, package);
	ret->origin = version ? xasprintf("%s %s", package, version) : xstrdup(package);
	return 0;
}
