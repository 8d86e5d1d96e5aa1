/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PID 1 of a machine that was started from its disk: tells on the console what sysfs has, and switches off. There is nobody
 * before it, so the root and /dev are as the kernel mounted them.
 *
 *	root PATH TYPE OPTIONS		what the root is: a disk or partition, by its path below /sys
 *	dev TYPE			what is mounted at /dev
 *	modules yes|no			whether the kernel can load any
 *	device BUS PATH DRIVER ALIAS	one for each of /sys/bus, with tabs between; BUS is block and net for these classes, too;
 *					"-" is none
 *	end
 *
 * Disks behind USB come seconds after the start, and nothing says that the last one was there: what the machine has is told
 * when it has not changed for a while.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#define QUIET_SECONDS 3
#define MOST_SECONDS  90

/* The last part of the path that a link leads to, or "-". */
static void link_name(const char *link, char *ret_name, size_t size)
{
	char to[PATH_MAX];
	ssize_t n = readlink(link, to, sizeof(to) - 1);
	const char *slash;

	to[n < 0 ? 0 : n] = '\0';
	slash = strrchr(to, '/');
	snprintf(ret_name, size, "%s", slash ? slash + 1 : "-");
}

/* The first line of a file, or "-". */
static void first_line(const char *file, char *ret_line, size_t size)
{
	FILE *f = fopen(file, "re");

	if (!f || !fgets(ret_line, (int)size, f))
		snprintf(ret_line, size, "-");
	ret_line[strcspn(ret_line, "\n")] = '\0';
	if (f)
		fclose(f);
}

static void tell_device(FILE *out, const char *bus, const char *folder, const char *name)
{
	char link[PATH_MAX], path[PATH_MAX], file[PATH_MAX + 16], driver[NAME_MAX + 1], alias[4096];

	snprintf(link, sizeof(link), "%s/%s", folder, name);
	if (!realpath(link, path))
		return;
	snprintf(file, sizeof(file), "%s/driver", path);
	link_name(file, driver, sizeof(driver));
	snprintf(file, sizeof(file), "%s/modalias", path);
	first_line(file, alias, sizeof(alias));
	/* Names of drivers have blanks in them ("i8042 kbd"). */
	fprintf(out, "device\t%s\t%s\t%s\t%s\n", bus, path + strlen("/sys/"), driver, alias);
}

static void tell_folder(FILE *out, const char *bus, const char *folder)
{
	struct dirent **names;
	int n = scandir(folder, &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.')
			tell_device(out, bus, folder, names[i]->d_name);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

static void tell_buses(FILE *out)
{
	char folder[PATH_MAX];
	struct dirent **names;
	int n = scandir("/sys/bus", &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		snprintf(folder, sizeof(folder), "/sys/bus/%s/devices", names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			tell_folder(out, names[i]->d_name, folder);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	tell_folder(out, "block", "/sys/class/block");
	tell_folder(out, "net", "/sys/class/net");
}

static char *devices(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	tell_buses(out);
	fclose(out);
	return text;
}

/* To be freed by the caller. */
static char *settled_devices(void)
{
	char *last = devices();

	for (int quiet = 0, i = 0; last && quiet < QUIET_SECONDS && i < MOST_SECONDS; i++) {
		char *now;

		sleep(1);
		now = devices();
		quiet = now && strcmp(now, last) == 0 ? quiet + 1 : 0;
		free(last);
		last = now;
	}
	return last;
}

/* /proc/mounts calls the root /dev/root; its number is that of a disk or partition. */
static void tell_root(const char *type, const char *options)
{
	char link[64], path[PATH_MAX];
	struct stat st;

	if (stat("/", &st) < 0)
		return;
	snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
	printf("root %s %s %s\n", realpath(link, path) ? path + strlen("/sys/") : "-", type,
	       options);
}

static void tell_mounts(void)
{
	char at[PATH_MAX], type[64], options[1024];
	FILE *f = fopen("/proc/mounts", "re");

	while (f && fscanf(f, "%*s %4095s %63s %1023s %*d %*d", at, type, options) == 3) {
		if (strcmp(at, "/") == 0)
			tell_root(type, options);
		else if (strcmp(at, "/dev") == 0)
			printf("dev %s\n", type);
	}
	if (f)
		fclose(f);
}

int main(void)
{
	char *text;

	if (mount("sysfs", "/sys", "sysfs", 0, NULL) < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0)
		printf("mount: %s\n", strerror(errno));
	text = settled_devices();
	tell_mounts();
	printf("modules %s\n", access("/proc/modules", F_OK) == 0 ? "yes" : "no");
	printf("%send\n", text ? text : "");
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	free(text);
	reboot(RB_POWER_OFF);
	return 1;
}
