/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions to a host's files. Everything goes through the root descriptor; nothing here starts a
 * program.
 */
#include "host/host.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#define TEXT_MAX (8U << 20) /* modules.dep and cpuinfo pass 1 MiB on big hosts */

static const char *const sbin[] = { "/usr/local/sbin", "/usr/sbin", "/sbin", NULL };

/* openat() would take a leading slash for the real root. */
static const char *below(const char *path)
{
	while (*path == '/')
		path++;
	return *path ? path : ".";
}

bool host_exists(const struct host *h, const char *path)
{
	return faccessat(h->root, below(path), F_OK, 0) == 0;
}

bool host_read(const struct host *h, const char *path, struct str *ret)
{
	return file_read(h->root, below(path), TEXT_MAX, ret, NULL) == 0;
}

size_t host_count(const struct host *h, const char *dir)
{
	int fd = openat(h->root, below(dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	size_t n = 0;

	if (!d) {
		close_fd(fd);
		return 0;
	}
	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static bool is_program(const struct host *h, const char *path)
{
	struct stat st;

	return fstatat(h->root, below(path), &st, 0) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_mode & 0111);
}

static char *in_folder(const struct host *h, const char *dir, size_t n, const char *name)
{
	auto_free char *path = xasprintf("%.*s/%s", (int)n, dir, name);

	return *dir == '/' && is_program(h, path) ? take_ptr(path) : NULL;
}

static char *in_list(const struct host *h, const char *const *dirs, const char *name)
{
	char *found = NULL;

	for (size_t i = 0; dirs && dirs[i] && !found; i++)
		found = in_folder(h, dirs[i], strlen(dirs[i]), name);
	return found;
}

char *host_program(const struct host *h, const char *name, const char *const *extra)
{
	char *found;

	for (const char *p = h->path; *p;) {
		size_t n = strcspn(p, ":");

		found = in_folder(h, p, n, name);
		if (found)
			return found;
		p += n + (p[n] == ':');
	}
	found = in_list(h, sbin, name);
	return found ?: in_list(h, extra, name);
}

/* Whether word is one of those in a list with commas, at most up to the line's end. */
static bool in_commas(const char *list, const char *word)
{
	size_t n;

	for (const char *p = list; *p && *p != '\n'; p += n + (p[n] == ',')) {
		n = strcspn(p, ",\n");
		if (n == strlen(word) && strncmp(p, word, n) == 0)
			return true;
	}
	return false;
}

static bool has_gid(const struct host *h, uint64_t gid)
{
	for (size_t i = 0; i < h->n_gids; i++) {
		if (h->gids[i] == gid)
			return true;
	}
	return false;
}

/* A line of group(5): name:password:gid:user,user */
static bool group_line(const char *line, const char *name, uint64_t *ret_gid,
		       const char **ret_users)
{
	const char *p = line;
	char *end;

	if (!str_skip(&p, name) || *p++ != ':')
		return false;
	p = memchr(p, ':', strcspn(p, "\n"));
	if (!p)
		return false;
	*ret_gid = strtoull(p + 1, &end, 10);
	*ret_users = end + 1;
	return end != p + 1 && *end == ':';
}

enum host_member host_member_of(const struct host *h, const char *group)
{
	auto_str struct str text = { 0 };
	const char *users;
	uint64_t gid;

	host_read(h, "/etc/group", &text);
	for (const char *p = str_c(&text); *p; p += strcspn(p, "\n"), p += *p == '\n') {
		if (!group_line(p, group, &gid, &users))
			continue;
		if (has_gid(h, gid))
			return HOST_MEMBER;
		return in_commas(users, h->user) ? HOST_NEXT_LOGIN : HOST_NO_MEMBER;
	}
	return HOST_NO_GROUP;
}
