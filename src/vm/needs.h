/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a kernel must have for what a run wants of it, held against its configuration before
 * anything is booted. The table is in needs.c; data/parts/guest.config turns all of it on.
 */
#pragma once

#include "base/str.h"
#include "kconfig/dotconfig.h"

enum vm_feature {
	VM_BASE = 1 << 0, /* any run at all */
	VM_9P = 1 << 1,
	VM_VIRTIOFS = 1 << 2,
	VM_COW = 1 << 3, /* an overlay over a read-only share */
	VM_NET = 1 << 4,
	VM_DISK = 1 << 5,
	VM_TTY = 1 << 6,
	VM_PCI = 1 << 7,
	VM_MMIO = 1 << 8, /* virtio without PCI: microvm */
	VM_SCRIPT = 1 << 9,
};

struct vm_needs {
	struct strv options; /* "CONFIG_9P_FS": asked for by a feature, and neither y nor m */
	struct strv modules; /* names of modules to load, where the configuration says m or is
				unknown */
};

/*
 * features: bits of enum vm_feature. config NULL: unknown, so nothing is missing and everything may
 * be a module.
 */
void vm_needs_check(const struct dotconfig *config, unsigned features, struct vm_needs *ret);
void vm_needs_release(struct vm_needs *n);
#define auto_needs cleanup(vm_needs_release)
