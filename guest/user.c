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
	char line[1024], *p[7];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		if (split(line, p, 7) < 7 || (strcmp(p[0], who) != 0 && strcmp(p[2], who) != 0))
			continue;
		found = true;
		ret->uid = (uid_t)strtoul(p[2], NULL, 10);
		ret->gid = (gid_t)strtoul(p[3], NULL, 10);
		snprintf(ret->name, sizeof(ret->name), "%s", p[0]);
		snprintf(ret->home, sizeof(ret->home), "%s", p[5]);
		snprintf(ret->shell, sizeof(ret->shell), "%s", p[6]);
	}
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
	char line[4096], *g[4];

	u->groups[u->n_groups++] = u->gid;
	while (f && u->n_groups < 64 && fgets(line, sizeof(line), f)) {
		if (split(line, g, 4) == 4 && in_list(g[3], u->name))
			u->groups[u->n_groups++] = (gid_t)strtoul(g[2], NULL, 10);
	}
	if (f)
		fclose(f);
}

int user_find(const char *who, struct user *ret)
{
	char *end;

	*ret = (struct user){ .name = "root", .home = "/root", .shell = "/bin/sh" };
	if (find_passwd(who ? who : "0", ret)) {
		find_groups(ret);
		return 0;
	}
	if (!who)
		return 0;
	ret->uid = ret->gid = (uid_t)strtoul(who, &end, 10);
	snprintf(ret->name, sizeof(ret->name), "%s", who);
	snprintf(ret->home, sizeof(ret->home), "/");
	return *who && !*end ? 0 : -1;
}
