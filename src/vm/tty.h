/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user's terminal: raw while the guest has it, and surely put back. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Puts the terminal at fd into raw mode; the former mode comes back at tty_restore() or exit(). */
void vm_tty_raw(int fd);
void vm_tty_restore(void);
/* False in the background of an interactive shell, where reading or setting the terminal would stop kiln. */
bool vm_tty_is_ours(int fd);
/* Rows and columns; 24 x 80 where they are unknown. */
void vm_tty_size(int fd, uint16_t *ret_rows, uint16_t *ret_cols);
