/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which drivers are for a device: its modaliases held against the aliases of an index.
 *
 * Of several that match one binds: the kernel asks drivers in the order in which they were registered, and takes the first
 * whose probe succeeds. What decides there is not in the tables, but how they are written tells most of it: a driver for this
 * very device comes before one for its class. What the tables do not tell is in data/hardware/order.yaml, with the reasons.
 * Those that are as good then are in the order of their names, which means nothing: of two such the first to be loaded binds.
 */
#pragma once

#include "hw/c_cond.h"
#include "hw/index.h"
#include "hw/inventory.h"

struct hw_match {
	const struct hw_ix_record *record;
	const struct hw_index *index; /* that it is of */
	const char *alias;	      /* the device's, that it matches */
	unsigned exact;		      /* characters of the pattern that are no wildcard */
	const char
		*yields; /* why others come before it, whatever their patterns; NULL: none does */
	bool stays_out;	 /* and it does not bind to this device even where it is alone */
};

struct hw_matches {
	struct hw_match *v; /* the best first; of a module the best alone */
	size_t n, cap;
};

struct hw_order;

/* What data/hardware/order.yaml says, or another file of that form. -EINVAL: not of that form (base/yaml.h). */
int hw_order_read(struct hw_order **ret, struct err *err);
int hw_order_read_file(const char *path, struct hw_order **ret, struct err *err);
void hw_order_free(struct hw_order *o);

/*
 * Appends what matches; hw_matches_sort() puts them in order, each module and driver once; order may be NULL. 'y', 'm', 'n' of
 * a symbol by value; NULL: any configuration.
 */
void hw_match_device(const struct hw_index *ix, const struct hw_device *d, hw_cond_value_fn *value,
		     const void *ctx, struct hw_matches *ret);
void hw_matches_sort(struct hw_matches *m, const struct hw_device *d, const struct hw_order *order);
/* Whether a record is there with these values. */
bool hw_ix_holds(const struct hw_index *ix, const struct hw_ix_record *r, hw_cond_value_fn *value,
		 const void *ctx);
void hw_matches_release(struct hw_matches *m);

/* Whether a pattern of an alias fits a modalias, of which a '*' is a number that is not known. '-' and '_' are one. */
bool hw_alias_fits(const char *pattern, const char *alias);
/* Compares as the lists of an index are sorted: by bytes, with '-' as '_'. */
int hw_alias_cmp(const char *a, const char *b);

/*
 * A driver of a tree by its name as sysfs has it, on that bus, else one that says no bus; '-' and '_' are one. NULL: there is
 * none.
 */
const struct hw_ix_record *hw_driver_find(const struct hw_index *ix, const char *bus,
					  const char *name);

/* The name of the driver that a record is for, as sysfs has it: never NULL. */
const char *hw_match_driver(const struct hw_match *m);
const char *hw_match_module(const struct hw_match *m);
