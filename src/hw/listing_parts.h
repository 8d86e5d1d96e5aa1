/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the readers of listings share. */
#pragma once

#include "hw/inventory.h"

/* The numbers of a PCI device; -1: not told. */
struct hw_pci_numbers {
	size_t device; /* index in the inventory */
	long vendor, id, subvendor, subdevice, class, progif;
	bool whole; /* a subsystem that is missing is 0 */
};

struct hw_listing {
	struct hw_inventory *inv;
	struct err *err;
	int line;
	bool in_pci;  /* the lines that follow may tell of the last device, which is on PCI */
	bool in_tags; /* which lspci -vmm began */
	bool told_subsystem, told_progif; /* of any device: of others they are 0 */
	struct {
		struct hw_pci_numbers *v;
		size_t n, cap;
	} pci;
};

/*
 * Whether the line (printable, without its end) is of a form, and then it is taken: 1, 0 where it is another, -EFBIG. Each
 * of them is tried in turn.
 */
int hw_line_pci(struct hw_listing *l, const char *line);	/* "00:1f.6 ..." */
int hw_line_pci_tag(struct hw_listing *l, const char *line);	/* "Vendor:\tIntel" of -vmm */
int hw_line_pci_detail(struct hw_listing *l, const char *line); /* "\tKernel modules: e1000e" */
/* The aliases, once all lines are read. */
void hw_listing_pci_end(struct hw_listing *l);

/* Exactly so many hex digits at *p, and no further one; moves *p behind them. */
bool hw_hex(const char **p, size_t digits, long *ret);
