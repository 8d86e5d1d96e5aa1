/* SPDX-License-Identifier: GPL-2.0-or-later */
static inline int deep(unsigned int n)
{
	int unused_here;
	if (n < 0)
		return 1;
	return 0;
}
