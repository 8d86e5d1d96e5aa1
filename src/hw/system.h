/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a machine is besides its devices, as facts "KEY:VALUE" of an inventory. Keys:
 *
 *	root-fs:ext4		type of the file system at /	root-dev:/dev/nvme0n1p2	what it is on (/proc/self/mountinfo)
 *	fs:vfat			of each other that is mounted from a disk
 *	console:ttyS0		of the command line, and those that are active	md:raid1, dm:LVM, dm:CRYPT	disk stacks
 *	cpu-vendor:AuthenticAMD, cpu-family:25, cpu-model:33, cpu-flag:hypervisor (the first processor)
 *	cpus:0-15		that are possible	firmware:efi, firmware:acpi, firmware:devicetree
 *	hypervisor:xen		of /sys/hypervisor
 */
#pragma once

#include "hw/inventory.h"
#include "hw/root.h"

/* ret: its cpu is known already. */
void hw_system(struct hw_root *r, struct hw_inventory *ret);
/* The value of the first fact of a key; NULL: there is none. */
const char *hw_fact_get(const struct hw_inventory *inv, const char *key);
bool hw_fact_has(const struct hw_inventory *inv, const char *key, const char *value);
