/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An entry of a device table as the alias that modpost makes of it (scripts/mod/file2alias.c), for every kind of
 * MODULE_DEVICE_TABLE(kind, table).
 */
#pragma once

#include "hw/c_struct.h"

struct hw_kind;

/* "pci", "usb", "acpi", "of" ...; NULL: no such kind is known. */
const struct hw_kind *hw_kind_get(const char *name);
/* The kind of tables of a structure; NULL: none has it. */
const struct hw_kind *hw_kind_of_tag(const char *tag);
const char *hw_kind_name(const struct hw_kind *k);

typedef void hw_alias_fn(void *data, const char *alias);

/*
 * Calls fn for each alias of the entry: mostly one. -EINVAL: something in it is not known, or it is none that modpost
 * would make an alias of.
 */
int hw_kind_aliases(const struct hw_kind *k, const struct hw_c_entry *e, hw_alias_fn *fn,
		    void *data);
