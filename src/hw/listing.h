/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What other tools print of a machine, as an inventory. Each line is told by its form, so that several outputs may stand in
 * one file: lspci (as it is, with -n, -nn, -k, -v, and -mm and -vmm with any of these; busybox's), lsusb, lsmod and
 * /proc/modules, and modaliases, one a line. Lines that begin with '#' and empty ones are passed over, and so are what
 * lspci -v adds; each other line that is like none of these is in odd.
 *
 * A PCI device has an alias where the text has its numbers; fields that it does not tell are '*' (hw/inventory.h).
 * lspci leaves out a subsystem or programming interface that is 0: where it shows any of another device, a missing one is 0,
 * but for the subsystem of a bridge, which older ones did not look for.
 */
#pragma once

#include "hw/inventory.h"

#define HW_LISTING_BYTES (16 << 20)

/* *ret is an empty inventory before, and is to be released in either case. -EFBIG for too much text or too many devices. */
int hw_listing(const char *text, size_t n, struct hw_inventory *ret, struct err *err);
