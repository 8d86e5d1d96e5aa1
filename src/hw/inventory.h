/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What hardware a machine has: devices with the modaliases that the kernel gives them, and what else decides on drivers.
 * Taken from a root folder (sysfs and procfs below a descriptor) or from text that another tool printed.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct hw_device {
	/* "pci", "usb", "acpi", "platform", "i2c", "hid", "virtio", "dmi", "cpu" ...: the folder of sys/bus, or what the
	 * modalias begins with */
	const char *bus;
	const char *
		addr; /* its name on the bus: "0000:00:1f.6", "1-1:1.0"; of text: as it stands there */
	const char *path; /* below sys/: "devices/pci0000:00/0000:00:1f.6"; NULL: of text */
	const char *
		name; /* for a person, "Intel Corporation Ethernet Connection (13) I219-V"; NULL: unknown */
	const char *kind; /* "Ethernet controller"; NULL: unknown */
	/*
	 * Modaliases, what the kernel would ask modprobe for. Of text that tells only some fields, each of the others is '*', so
	 * that there are patterns on both sides: "pci:v00008086d00001572sv*sd*bc02sc00i*", "usb:v046DpC52Bd*dc*dsc*dp*ic*isc*ip*in*".
	 */
	const char *const *alias;
	size_t n_alias;
	const char *driver; /* bound to it; NULL: none, or not told */
	const char *const
		*module; /* the driver's, or that the text says could drive it ("Kernel modules") */
	size_t n_module;
	size_t parent; /* index + 1 of the nearest device above it; 0: none */
	int revision;  /* of the chip, and 1; 0: not known */
	int line;      /* of the text; 0: none */
	const char
		*secret; /* serial number or MAC address; NULL: not asked for, or there is none */
};

/* A line of the text that was not understood, or a file that was not taken. */
struct hw_odd_line {
	const char *text; /* made printable; the path of a file */
	int line;	  /* 0: a file */
	const char *why;  /* NULL: it is like none that is known */
};

/* An x86 processor, as /proc/cpuinfo has it, or its modalias (which has no stepping). */
struct hw_cpu {
	enum { HW_CPU_OTHER, HW_CPU_INTEL, HW_CPU_AMD } vendor;
	unsigned family, model, stepping;
	bool has_stepping;
	bool guest; /* below a hypervisor, as its flags say */
};

struct hw_inventory {
	struct hw_device *v;
	size_t n, cap;
	struct hw_cpu cpu;
	const char *log; /* what a record has of the kernel's log; NULL: nothing */
	struct {
		const char **v; /* names as in /proc/modules */
		size_t n, cap;
	} loaded;
	/*
	 * What else decides on a configuration, as "KEY:VALUE" (hw/system.h says which): "root-fs:ext4", "console:ttyS0". Of text
	 * there are none.
	 */
	struct {
		const char **v;
		size_t n, cap;
	} facts;
	struct {
		struct hw_odd_line *v;
		size_t n, cap;
	} odd;
	struct arena arena; /* of all strings */
};

/* More is not taken: the work ends with -EFBIG. */
#define HW_DEVICES_MOST 100000
/* What is odd beyond that is not told. */
#define HW_ODD_MOST 1000

/* A new device, all zero; valid until the next one. */
int hw_inventory_add(struct hw_inventory *inv, struct hw_device **ret, struct err *err);
void hw_inventory_odd(struct hw_inventory *inv, const char *text, size_t n, int line,
		      const char *why);
/* Text from outside, made printable, without blanks around it; NULL for what has nothing else. */
const char *hw_inventory_text(struct hw_inventory *inv, const char *text, size_t n);
/* What to set alias or module to: the strings of v, copied. NULL for none. */
const char *const *hw_inventory_texts(struct hw_inventory *inv, const struct strv *v);
/* Adds a module that is loaded. */
void hw_inventory_loaded(struct hw_inventory *inv, const char *name, size_t n);

void hw_inventory_release(struct hw_inventory *inv);
#define auto_hw_inventory cleanup(hw_inventory_release)
