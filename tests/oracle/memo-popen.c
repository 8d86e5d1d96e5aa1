/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into the kernel's conf: popen() remembers what a command wrote, in files of the folder $KILN_MEMO. conf asks
 * compilers some hundred things in each run, the same ones for all configurations of an architecture; the oracle
 * compares thousands of runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t hash(const char *s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * UINT64_C(0x100000001b3);
	return h;
}

static void run(const char *command, const char *to)
{
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(to, O_WRONLY | O_CREAT | O_EXCL, 0600);

		if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
			_exit(127);
		unsetenv("LD_PRELOAD");
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

FILE *popen(const char *command, const char *type)
{
	char path[4096], tmp[4200];

	snprintf(path, sizeof(path), "%s/%016llx", getenv("KILN_MEMO"),
		 (unsigned long long)hash(command));
	if (access(path, R_OK) != 0) {
		snprintf(tmp, sizeof(tmp), "%s.%d", path, (int)getpid());
		run(command, tmp);
		rename(tmp, path);
	}
	return fopen(path, "r");
}

int pclose(FILE *f)
{
	return fclose(f);
}
