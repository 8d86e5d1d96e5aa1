/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a machine needs in its kernel: the driver of each device, and what no device table tells (data/hardware/needs.yaml),
 * each with the reason. data/hardware/needs.yaml has one key, `needs`, a list of rules:
 *
 *	- when: ["console:ttyS*"]	any of these fits a fact of the machine (hw/system.h), a modalias of a device, or
 *					"module:NAME" of a driver that was found; without it always. '*' stands for anything
 *	  unless: ["console:tty0"]	none of these does
 *	  static: true			only for a kernel without modules
 *	  arch: [x86]			folders below arch/; all without it
 *	  symbols: [SERIAL_8250_CONSOLE, "PREEMPT=n"]	y where no value is given
 *	  modules: [sd_mod]		as in /proc/modules
 *	  reason: one sentence
 */
#pragma once

#include "hw/match.h"
#include "hw/symbols.h"
#include "hw/system.h"

struct hw_needs_spec {
	const struct hw_inventory *inv;
	const struct hw_matches *found; /* for each device of inv */
	const struct hw_index *index;
	const char *srcarch;
	bool is_static; /* no modules: the root file system and what it is on are wanted, too */
	bool unbound;	/* devices that nothing drives on the machine, where others are driven */
};

struct hw_needs {
	struct {
		struct hw_wanted *v;
		size_t n, cap;
	} wanted;
	size_t left_out; /* devices that nothing drives there */
	struct strv
		odd; /* what could not be found, in words: a driver that is bound and none of the tree */
	struct arena arena;
};

/* What the drivers of the devices need. */
void hw_needs_devices(const struct hw_needs_spec *s, struct hw_needs *ret);
/* What no device tells. Errors are those of the file of rules. */
int hw_needs_rules(const struct hw_needs_spec *s, struct hw_needs *ret, struct err *err);
void hw_needs_release(struct hw_needs *n);

/* "00:1f.6 Ethernet controller [8086:15be] via pci" */
char *hw_device_text(const struct hw_device *d);
/* The match whose driver the device has on the machine, else the first that takes such a device by itself; NULL: none. */
const struct hw_match *hw_device_match(const struct hw_device *d, const struct hw_matches *m);
