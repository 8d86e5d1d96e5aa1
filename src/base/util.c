/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/util.h"

#include "base/clock.h"

#include <errno.h>
#include <sys/random.h>

int close_fd(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return -1;
}

uint32_t random_u32(void)
{
	uint32_t n;

	/* early in a boot there may be none yet, and none is waited for */
	if (getrandom(&n, sizeof(n), GRND_NONBLOCK) != sizeof(n))
		n = (uint32_t)now_ns();
	return n;
}
