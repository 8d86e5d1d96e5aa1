/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which modules of a tree say what: the aliases of all device tables, drivers, firmware, by module. Made once for a tree and
 * an architecture by reading its sources (hw/facts.h), kept in $XDG_CACHE_HOME/kiln/hw/KEY and mapped from there; made
 * again where a source, a Kbuild file, or a header that gave a name is another, comes or goes.
 *
 * Without a configuration: each record has the condition under which it is there (hw/c_cond.h, as text).
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <sys/types.h>

/* Places in the index's text, all NUL-terminated; 0 is "". */
typedef uint32_t hw_text;

struct hw_ix_record {
	hw_text text; /* alias, file of firmware, name of a driver, soft dependencies, or why it is odd */
	uint32_t module; /* index of it */
	hw_text table; /* "pci", "usb" ...: the kind of table, or the bus of a driver; "": MODULE_ALIAS() */
	hw_text driver; /* "": not known */
	hw_text file;	/* below the tree */
	uint32_t line;
	hw_text cond; /* "": always */
	uint32_t
		binds; /* the driver binds by it, but no module is asked for: the table is not exported */
};

struct hw_ix_module {
	hw_text name; /* as in /proc/modules */
	hw_text path; /* of its object, without ".o" */
};

#define HW_IX_LOOKERS 8

struct hw_ix_list {
	const struct hw_ix_record *v;
	size_t n;
};

struct hw_index {
	const char *text;
	size_t text_n;
	const struct hw_ix_module *module;
	size_t n_modules;
	/* sorted by text (as bytes), then module */
	struct hw_ix_list alias, firmware, driver, softdep;
	struct hw_ix_list odd; /* what was not understood */
	void *map;
	size_t mapped;
	struct str own; /* instead of map */
	/* that look whether it still holds; 0: none, or done */
	pid_t look[HW_IX_LOOKERS];
};

typedef void hw_progress_fn(void *ctx, const char *what, uint64_t done, uint64_t total);

struct hw_index_spec {
	const char *tree;    /* absolute */
	const char *srcarch; /* "x86", a folder of arch/ */
	bool again;	     /* even if there is one that holds */
	bool unconfirmed;    /* hw_index_confirm() will be called before anything is told of it */
	hw_progress_fn *progress; /* may be NULL */
	void *progress_ctx;
};

/*
 * -ENOENT: no tree of a kernel, or none with that architecture. That it cannot be kept is no error.
 *
 * To look at each of some 30,000 files takes longer than all that is asked of an index then. With spec->unconfirmed that is
 * done by other processes meanwhile.
 */
int hw_index_get(const struct hw_index_spec *spec, struct hw_index *ret, struct err *err);
/*
 * Waits for these. 1: it does not hold any more, and *ix is another one now: what was found in it has to be found again. 0: it
 * holds.
 */
int hw_index_confirm(const struct hw_index_spec *spec, struct hw_index *ix, struct err *err);
void hw_index_release(struct hw_index *ix);
#define auto_hw_index cleanup(hw_index_release)

static inline const char *hw_ix_text(const struct hw_index *ix, hw_text t)
{
	return ix->text + t;
}

/* For the parts of it. */

/* A file that the index is made of, as it was then. They are sorted by folder. */
struct hw_ix_input {
	uint64_t id[5]; /* struct file_id */
	hw_text path;
	uint32_t there; /* else it was missing, and the index does not hold once it is there */
};

/* Takes an index from its bytes: false where they are damaged in any way. They stay the caller's. */
bool hw_index_parse(const void *bytes, size_t n, struct hw_index *ret,
		    const struct hw_ix_input **ret_inputs, size_t *ret_n);
/* index_make.c: reads the tree and appends the bytes of its index. ret_keep: no file of it has changed meanwhile. */
int hw_index_make(const struct hw_index_spec *spec, struct str *ret, bool *ret_keep,
		  struct err *err);

#define HW_IX_LISTS 5
/* Of the sources that read a tree, in hexadecimal: what another kiln has read may be something else (tools/reader-id). */
extern const char hw_reader_id[17];
struct hw_ix_header {
	char magic[8];
	char reader[16];
	uint32_t text_n, n_modules, n_inputs;
	uint32_t n[HW_IX_LISTS]; /* alias, firmware, driver, softdep, odd */
				 /* then modules, the lists, inputs, text */
};
#define HW_IX_MAGIC "kilnhwix"
