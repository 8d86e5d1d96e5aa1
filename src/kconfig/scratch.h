/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folders where compilers leave what they make when they are only asked what they can. They lie where the commands run
 * and have names of their own (SCRATCH_NAME and more). Each is locked while it is in use: one that nobody holds was left
 * by a process that was killed.
 */
#pragma once

#define SCRATCH_NAME ".tmp_kiln-"

/*
 * Makes one. Returns what holds it, for scratch_remove, or -1 where it cannot be made; a program that is to write there
 * then fails, as it would with a shell.
 */
int scratch_make(int dirfd, const char *name);
/* Removes it with the files in it; fd is closed. Fine with -1. */
void scratch_remove(int dirfd, const char *name, int fd);
/* Removes those that nobody holds. */
void scratch_sweep(int dirfd);
