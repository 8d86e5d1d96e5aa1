/* SPDX-License-Identifier: GPL-2.0-or-later */
extern int elsewhere(int);
int start(void)
{
	return elsewhere(3);
}
