/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Raw mode. What was changed is kept in one place, since a process has at most one terminal. */
#include "vm/tty.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;
static int changed = -1;

bool vm_tty_is_ours(int fd)
{
	pid_t front = tcgetpgrp(fd);

	/* One that is not this session's has no job control. */
	return front < 0 || front == getpgrp();
}

void vm_tty_raw(int fd)
{
	struct termios raw;

	if (changed >= 0 || tcgetattr(fd, &before) < 0)
		return;
	raw = before;
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSADRAIN, &raw) < 0)
		return;
	changed = fd;
	atexit(vm_tty_restore);
}

void vm_tty_restore(void)
{
	if (changed >= 0)
		tcsetattr(changed, TCSADRAIN, &before);
	changed = -1;
}

void vm_tty_size(int fd, uint16_t *ret_rows, uint16_t *ret_cols)
{
	struct winsize ws = { 0 };

	if (ioctl(fd, TIOCGWINSZ, &ws) < 0 || !ws.ws_row || !ws.ws_col) {
		ws.ws_row = 24;
		ws.ws_col = 80;
	}
	*ret_rows = ws.ws_row;
	*ret_cols = ws.ws_col;
}
