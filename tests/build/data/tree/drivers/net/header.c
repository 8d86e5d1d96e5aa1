#include <linux/not-there.h>
int x;
