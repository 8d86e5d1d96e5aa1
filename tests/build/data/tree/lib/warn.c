/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/outer.h>

int warn(char *p)
{
	int i, spare;
	for (i = 0; i < sizeof(*p) + (unsigned)i; i++)
		p = 5;
	return deep(i);
}

int more(void)
{
	int also;
	return 0;
}
