/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loading the modules of the initramfs. kiln put them into loading order, so there is nothing to
 * resolve. */
#include "guest/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void modules_load(void)
{
	for (int i = 0; i < 1000; i++) {
		char path[] = GUEST_MODULES "/000.ko", *digit = path + sizeof(GUEST_MODULES) + 2;
		int fd;

		for (int rest = i; rest; rest /= 10)
			*digit-- += (char)(rest % 10);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return;
		if (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST)
			note("module %d: %s", i, strerror(errno));
		close(fd);
	}
}
