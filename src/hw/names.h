/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What devices are called, by the lists of libpci (pci.ids) and of udev (hwdb). */
#pragma once

#include "hw/inventory.h"

/*
 * Gives a name, and those on PCI a kind, to devices that have none. Where a list is missing, or a device is not in it, PCI and USB
 * devices are called by their numbers ("8086:0d57"), others stay without.
 */
void hw_names(struct hw_inventory *inv);
