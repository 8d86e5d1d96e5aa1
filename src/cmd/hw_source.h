/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the verbs of `kiln hw` get an inventory from: this machine, a root folder, a record or a listing. */
#pragma once

#include "cmd/cmd.h"
#include "hw/inventory.h"

struct hw_source_opts {
	const char *from; /* a record or a listing; "-": standard input; NULL: none */
	const char *root; /* the folder that has sys and proc; NULL: "/" */
	bool secrets;
};

/* The options for a struct hw_source_opts at that offset. */
/* clang-format off */
#define HW_SOURCE_OPTS(at)                                                                                                     \
	{ "from", 0, OPT_STRING, (at) + offsetof(struct hw_source_opts, from), "FILE",                                         \
	  "not this machine: a record, or what lspci, lsusb or lsmod printed; - is standard input", .complete = OC_FILE },      \
	{ "root", 0, OPT_STRING, (at) + offsetof(struct hw_source_opts, root), "DIR",                                          \
	  "the folder with sys and proc in it, instead of /", .complete = OC_DIR },                                            \
	{ "with-secrets", 0, OPT_FLAG, (at) + offsetof(struct hw_source_opts, secrets), NULL,                                  \
	  "serial numbers and MAC addresses too" }
/* clang-format on */

/*
 * The inventory, with names. Lines that were not understood, and devices of which the text has names alone, are told.
 * -EBADMSG where nothing at all was understood. cmd: for usage errors. *ret is released by the caller.
 */
int hw_source_read(struct out *out, const struct cmd *cmd, const struct hw_source_opts *opts,
		   struct hw_inventory *ret, struct err *err);
