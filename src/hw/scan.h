/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The devices of a machine, as sysfs has them below a root folder: of this machine ("/"), of a record (hw/record.h), or made
 * by a test. What is there is taken to be hostile (hw/root.h).
 *
 * Taken are, of each bus, devices with a modalias or a driver, USB devices (their interfaces have the modaliases) and PNP
 * devices, whose alias is made of their IDs as udev does; not ACPI's that the firmware calls absent. Then the board ("dmi"),
 * the processor ("cpu"), disks and partitions ("block") and network interfaces ("net"), but for virtual ones: of those only
 * disks with a size. A value that is larger than sysfs has them is left out and told in odd.
 */
#pragma once

#include "hw/inventory.h"
#include "hw/root.h"

struct hw_scan_opts {
	bool secrets; /* serial numbers and MAC addresses too */
	void (*seen)(void *ctx, const char *path, const struct str *content,
		     bool link); /* hw/root.h; may be NULL */
	void *ctx;
	bool step_by_step; /* hw/root.h; for tests */
};

/*
 * Devices are sorted by path. -ENODEV where root_fd has no sys/bus, -EFBIG for too many devices. *ret is an empty inventory
 * before, and is to be released in either case.
 */
int hw_scan(int root_fd, const struct hw_scan_opts *opts, struct hw_inventory *ret,
	    struct err *err);
