/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * YAML that a user writes, as nodes that know their place: for files with names of the user's own for keys and with "one
 * thing or a list of them", which a schema (base/yaml.h) cannot say. libyaml, opened on first use. What does not belong there
 * is an error with file, line, column and the nearest name that does.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct yn_doc;

/* A node: as long as its document. A zeroed one is none. */
struct yn {
	const struct yn_doc *doc;
	int at;
};

/* At most 4 MiB, one document, 100 deep. An empty file has no root. name is for messages. */
int yn_read(const char *path, struct yn_doc **ret, struct err *err);
int yn_parse(const char *text, size_t n, const char *name, struct yn_doc **ret, struct err *err);
void yn_free(struct yn_doc *doc);
struct yn yn_root(const struct yn_doc *doc);
unsigned yn_line(struct yn node); /* from 1 */
bool yn_is_mapping(struct yn node);

/* -EINVAL with "FILE:LINE:COLUMN: " in front of the words. */
int yn_bad(struct yn node, struct err *err, const char *fmt, ...) PRINTF(3, 4);

/* A key that a mapping may have, and what takes its value. */
struct yn_key {
	const char *name;
	int (*take)(struct yn value, void *to, struct err *err);
	size_t offset; /* of what `take` fills, in what yn_take() is given */
	bool required;
};
/* A mapping by a table of keys. An unknown key, one that stands twice, one that is missing: -EINVAL. */
int yn_take(struct yn node, const struct yn_key *keys, size_t n, void *to, struct err *err);

/* A mapping with keys of the user's own, in the order of the file. name is the key's text. */
int yn_each_key(struct yn node,
		int (*take)(const char *name, struct yn key, struct yn value, void *ctx,
			    struct err *err),
		void *ctx, struct err *err);
/* The entries of a list; what is no list counts as a list of itself, and nothing ("key:") as an empty one. */
int yn_each(struct yn node, int (*take)(struct yn entry, void *ctx, struct err *err), void *ctx,
	    struct err *err);

/* For struct yn_key. A text without control characters. */
int yn_take_text(struct yn value, void *to, struct err *err); /* char *, not empty */
int yn_take_texts(struct yn value, void *to,
		  struct err *err); /* struct strv: a text, or a list of them */
int yn_take_bool(struct yn value, void *to, struct err *err); /* bool: true or false */
int yn_take_node(struct yn value, void *to, struct err *err); /* struct yn: looked at later */
