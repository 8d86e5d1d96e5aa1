#include <linux/deep.h>
