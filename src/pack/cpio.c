/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The newc archive: a header of fixed-width hex fields, the name, the data, each padded to 4 bytes.
 */
#include "pack/cpio.h"

#include <sys/stat.h>

static void pad(struct cpio *c, size_t to)
{
	static const char zeros[512];

	str_add(&c->data, zeros, ALIGN_UP(c->data.n, to) - c->data.n);
}

static void entry(struct cpio *c, const char *name, mode_t mode, const void *data, size_t n,
		  unsigned major, unsigned minor)
{
	/* A folder's link count is 2; the kernel looks at it only for hard links of files. */
	unsigned links = S_ISDIR(mode) ? 2 : 1;

	str_addf(&c->data, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", c->inode,
		 mode, 0, 0, links, 0, (unsigned)n, 0, 0, major, minor, (unsigned)strlen(name) + 1,
		 0);
	str_add(&c->data, name, strlen(name) + 1);
	pad(c, 4);
	str_add(&c->data, data, n);
	pad(c, 4);
}

void cpio_dir(struct cpio *c, const char *name, mode_t mode)
{
	c->inode++;
	entry(c, name, S_IFDIR | mode, "", 0, 0, 0);
}

void cpio_file(struct cpio *c, const char *name, mode_t mode, const void *data, size_t n)
{
	c->inode++;
	entry(c, name, S_IFREG | mode, data, n, 0, 0);
}

void cpio_node(struct cpio *c, const char *name, mode_t mode, unsigned major, unsigned minor)
{
	c->inode++;
	entry(c, name, mode, "", 0, major, minor);
}

void cpio_end(struct cpio *c)
{
	c->inode = 0;
	entry(c, "TRAILER!!!", 0, "", 0, 0, 0);
	pad(c, 512);
}

void cpio_release(struct cpio *c)
{
	str_release(&c->data);
}
