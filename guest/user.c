/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Users from the guest's /etc/passwd and /etc/group. Read by hand: a static glibc would want the
 * guest's NSS modules for it.
 */
#include "guest/guest.h"

#include <grp.h>
#include <stdlib.h>

/* Cuts line at its colons; returns the number of fields, at most max. */
static int split(char *line, char **ret, int max)
{
	int n = 0;

	line[strcspn(line, "\n")] = 0;
	while (n < max) {
		ret[n++] = line;
		line = strchr(line, ':');
		if (!line)
			break;
		*line++ = 0;
	}
	return n;
}

static bool find_passwd(const char *who, struct user *ret)
{
	FILE *f = fopen("/etc/passwd", "re");
	char *line = NULL, *p[7];
	size_t size = 0;
	bool found = false;

	while (f && !found && getline(&line, &size, f) >= 0) {
		if (split(line, p, 7) < 7 || (strcmp(p[0], who) != 0 && strcmp(p[2], who) != 0))
			continue;
		found = true;
		ret->uid = (uid_t)strtoul(p[2], NULL, 10);
		ret->gid = (gid_t)strtoul(p[3], NULL, 10);
		snprintf(ret->name, sizeof(ret->name), "%s", p[0]);
		snprintf(ret->home, sizeof(ret->home), "%s", p[5]);
		snprintf(ret->shell, sizeof(ret->shell), "%s", p[6]);
	}
	free(line);
	if (f)
		fclose(f);
	return found;
}

static bool in_list(char *list, const char *name)
{
	for (char *save, *m = strtok_r(list, ",", &save); m; m = strtok_r(NULL, ",", &save))
		if (strcmp(m, name) == 0)
			return true;
	return false;
}

static void find_groups(struct user *u)
{
	FILE *f = fopen("/etc/group", "re");
	char *line = NULL, *g[4];
	size_t size = 0;

	u->groups[u->n_groups++] = u->gid;
	while (f && getline(&line, &size, f) >= 0) {
		if (split(line, g, 4) < 4 || !in_list(g[3], u->name))
			continue;
		if (u->n_groups == (int)(sizeof(u->groups) / sizeof(u->groups[0]))) {
			note("user '%s' is in more groups than are kept (%d)", u->name,
			     u->n_groups);
			break;
		}
		u->groups[u->n_groups++] = (gid_t)strtoul(g[2], NULL, 10);
	}
	free(line);
	if (f)
		fclose(f);
}

int user_find(const char *who, struct user *ret)
{
	unsigned long id;
	char *end;

	*ret = (struct user){ .name = "root", .home = "/root", .shell = "/bin/sh" };
	if (find_passwd(who ? who : "0", ret)) {
		find_groups(ret);
		return 0;
	}
	if (!who)
		return 0;
	id = strtoul(who, &end, 10);
	/* (uid_t)-1 is nobody's, and what is larger would wrap around to somebody's. */
	if (*who < '0' || *who > '9' || *end || id >= UINT32_MAX)
		return -1;
	ret->uid = ret->gid = (uid_t)id;
	snprintf(ret->name, sizeof(ret->name), "%s", who);
	snprintf(ret->home, sizeof(ret->home), "/");
	return 0;
}
