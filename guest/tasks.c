/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the processes of the guest are doing, for a user whose deadline has passed. */
#include "guest/guest.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define KTHREADD 2

struct task {
	char name[32];
	char state;
	int parent;
	char function[64]; /* of the kernel, in which it waits; "" unknown */
};

static void read_small(const char *pid, const char *file, char *text, size_t size)
{
	char path[64];
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%.16s/%s", pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, size - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = 0;
}

/* /proc/PID/stat is "PID (NAME) STATE PARENT ..."; the name may have anything in it. */
static bool read_task(const char *pid, struct task *ret)
{
	char text[512], *name, *end;

	read_small(pid, "stat", text, sizeof(text));
	name = strchr(text, '(');
	end = strrchr(text, ')');
	if (!name || !end || sscanf(end + 1, " %c %d", &ret->state, &ret->parent) != 2)
		return false;
	*end = 0;
	snprintf(ret->name, sizeof(ret->name), "%s", name + 1);
	read_small(pid, "wchan", ret->function, sizeof(ret->function));
	if (ret->function[0] == '0')
		ret->function[0] = 0;
	return true;
}

/* The kernel's own threads are of interest only where they are stuck. */
static bool matters(int pid, const struct task *t)
{
	return pid != getpid() && pid != KTHREADD && (t->parent != KTHREADD || t->state == 'D');
}

void tasks_describe(char *text, size_t size)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	size_t n = 0;

	*text = 0;
	while (d && n < size && (e = readdir(d))) {
		int pid = atoi(e->d_name);
		struct task t;

		if (pid > 0 && read_task(e->d_name, &t) && matters(pid, &t))
			n += (size_t)snprintf(text + n, size - n, "%s%s[%d] %c%s%s", n ? ", " : "",
					      t.name, pid, t.state, t.function[0] ? " " : "",
					      t.function);
	}
	if (d)
		closedir(d);
}
