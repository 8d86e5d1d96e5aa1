/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hardware a machine has: devices with the modaliases that the kernel gives them, and what else decides on drivers.
 * Taken from a root folder (sysfs and procfs below a descriptor) or from text that another tool printed.
 */
#pragma once

#include "base/err.h"
#include "base/mem.h"

struct hw_device {
	/* "pci", "usb", "acpi", "platform", "i2c", "hid", "virtio", "dmi", "cpu" ...: the folder of sys/bus, or what the
	 * modalias begins with */
	const char *bus;
	const char *
		addr; /* its name on the bus: "0000:00:1f.6", "1-1:1.0"; of text: as it stands there */
	const char *path; /* below sys/: "devices/pci0000:00/0000:00:1f.6"; NULL: of text */
	const char *
		name; /* for a person, "Intel Corporation Ethernet Connection (13) I219-V"; NULL: unknown */
	const char *kind;	  /* "Ethernet controller"; NULL: unknown */
	const char *const *alias; /* modaliases, what the kernel would ask modprobe for */
	size_t n_alias;
	const char *driver;	   /* bound to it; NULL: none, or not told */
	const char *const *module; /* that the text says could drive it ("Kernel modules") */
	size_t n_module;
	size_t parent; /* index + 1 of the nearest device above it; 0: none */
	int line;      /* of the text; 0: none */
};

/* A line of the text that was not understood. */
struct hw_odd_line {
	const char *text;
	int line;
	const char *why; /* NULL: it is like none that is known */
};

struct hw_inventory {
	struct hw_device *v;
	size_t n, cap;
	struct {
		const char **v; /* names as in /proc/modules */
		size_t n, cap;
	} loaded;
	struct {
		struct hw_odd_line *v;
		size_t n, cap;
	} odd;
	struct arena arena; /* of all strings */
};

void hw_inventory_release(struct hw_inventory *inv);
#define auto_hw_inventory cleanup(hw_inventory_release)
