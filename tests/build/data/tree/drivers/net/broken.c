#include <linux/outer.h>

struct device;

int probe(struct device *d)
{
	int n = missing(d);
	return d->name + undeclared_thing;
}
