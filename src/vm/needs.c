/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of what a run needs. Sources: the options' own Kconfig entries in the kernel, and what
 * PID 1 does (guest/mounts.c, guest/port.c).
 */
#include "vm/needs.h"

static const struct need {
	unsigned features; /* asked for by any of these */
	const char *option;
	const char *module; /* what it is called as a module; NULL: it cannot be one */
} needs[] = {
	/* clang-format off */
	{ VM_BASE,     "BLK_DEV_INITRD", NULL },
	{ VM_BASE,     "BINFMT_ELF",     NULL },
	{ VM_BASE,     "DEVTMPFS",       NULL },
	{ VM_BASE,     "PROC_FS",        NULL },
	{ VM_BASE,     "SYSFS",          NULL },
	{ VM_BASE,     "TMPFS",          NULL },
	{ VM_BASE,     "PRINTK",         NULL },
	{ VM_PCI,      "PCI",            NULL },
	{ VM_PCI,      "VIRTIO_PCI",     "virtio_pci" },
	{ VM_MMIO,     "VIRTIO_MMIO",    "virtio_mmio" },
	{ VM_BASE,     "VIRTIO_CONSOLE", "virtio_console" },
	{ VM_TTY,      "TTY",            NULL },
	{ VM_TTY,      "UNIX98_PTYS",    NULL },
	{ VM_SCRIPT,   "BINFMT_SCRIPT",  "binfmt_script" },
	{ VM_9P,       "NET",            NULL },
	{ VM_9P,       "NET_9P",         "9pnet" },
	{ VM_9P,       "NET_9P_VIRTIO",  "9pnet_virtio" },
	{ VM_9P,       "9P_FS",          "9p" },
	{ VM_VIRTIOFS, "FUSE_FS",        "fuse" },
	{ VM_VIRTIOFS, "VIRTIO_FS",      "virtiofs" },
	{ VM_COW,      "OVERLAY_FS",     "overlay" },
	{ VM_NET,      "INET",           NULL },
	{ VM_NET,      "VIRTIO_NET",     "virtio_net" },
	{ VM_DISK,     "VIRTIO_BLK",     "virtio_blk" },
	/* clang-format on */
};

void vm_needs_check(const struct dotconfig *config, unsigned features, struct vm_needs *ret)
{
	for (size_t i = 0; i < countof(needs); i++) {
		const struct need *n = &needs[i];
		const char *value = config ? dotconfig_get(config, n->option) : "m";

		if (!(n->features & features) || str_eq(value, "y"))
			continue;
		if (str_eq(value, "m") && n->module)
			strv_add(&ret->modules, n->module);
		else if (config)
			strv_addf(&ret->options, "CONFIG_%s", n->option);
	}
}

void vm_needs_release(struct vm_needs *n)
{
	strv_release(&n->options);
	strv_release(&n->modules);
}
