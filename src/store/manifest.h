/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a cell has, as a text:
 *
 *	kiln manifest 1
 *	cell ID
 *	d 755 - - boot
 *	f 444 11 SHA-256 boot/config
 *	f 555 12 SHA-256 usr/src/tool
 *	l 777 - - usr/src/link target
 *	end SHA-256-of-all-before
 *
 * Fields are divided by one blank; in paths and targets a blank, a backslash and control characters are \ooo. A folder
 * stands before what is in it, and what is in it before what follows it: paths are sorted by bytes, '/' before all others.
 */
#pragma once

#include "base/digest.h"
#include "base/map.h"
#include "base/str.h"
#include "store/store.h"

#define STO_MANIFEST	 ".kiln/manifest"
#define STO_MANIFEST_MAX ((size_t)64 << 20)
#define STO_TIME	 1 /* mtime of all that is in a cell */

enum sto_type { STO_DIR = 'd', STO_FILE = 'f', STO_LINK = 'l' };

struct sto_entry {
	enum sto_type type;
	bool exec; /* of files, as hex and size */
	uint64_t size;
	char hex[DIGEST_HEX + 1];
	const char *path;   /* below the cell */
	const char *target; /* of links, else NULL */
	/* only of what sto_scan() found */
	mode_t mode;
	dev_t dev;
	ino_t ino;
	nlink_t nlink;
	bool known; /* all of it, and its object was there: see sto_stage_prepare() */
};

/* Strings are the arena's. A zeroed struct is empty. */
struct sto_manifest {
	struct arena arena;
	struct sto_entry *v;
	size_t n, cap;
};
void sto_manifest_release(struct sto_manifest *m);
#define auto_manifest cleanup(sto_manifest_release)

/* What was scanned with it has its strings. */
struct sto_before {
	struct sto_manifest m;
	struct map folders; /* path to its entry */
};
void sto_before_release(struct sto_before *b);

/* Calls each for all files. */
void sto_manifest_files(const struct sto_manifest *m,
			void (*each)(void *ctx, const char *path, const struct sto_object *o),
			void *ctx);
/* The order of paths in a manifest, as strcmp(). */
int sto_path_order(const char *a, const char *b);

/* Appends the text. The entries must be sorted. */
int sto_manifest_write(const struct sto_manifest *m, const char *id, struct str *ret,
		       struct err *err);
/* Takes exactly what sto_manifest_write() makes, for that cell; else -EBADMSG with words. */
int sto_manifest_parse(const char *text, size_t n, const char *id, struct sto_manifest *ret,
		       struct err *err);

/*
 * All that lies in an open folder, sorted, without digests. open_up: folders that may not be read or written are made so,
 * as they are about to be taken over. before: what lay there once; of a folder that still has the time STO_TIME, which it had
 * then, what was known is taken as it was. NULL: all is looked at. What is no file, folder or link is -EINVAL.
 */
int sto_scan(int fd, bool open_up, const struct sto_before *before, struct sto_manifest *ret,
	     struct err *err);
