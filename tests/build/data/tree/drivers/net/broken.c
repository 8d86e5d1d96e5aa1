/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <linux/outer.h>

struct device;

int probe(struct device *d)
{
	int n = missing(d);
	return d->name + undeclared_thing;
}
