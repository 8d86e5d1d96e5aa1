/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What kbuild makes for a configuration, by what the tree's Kbuild files and Makefiles say; read, nothing is run
 * (Documentation/kbuild/makefiles.rst, scripts/Makefile.build, scripts/Makefile.lib).
 *
 * Each object is there with the symbol that asks for it and the line that says so. An object that a composite one is made of
 * (foo-y, foo-objs) has that one as its whole; that of a folder has the folder as its folder: to know all that an object hangs
 * on, go up by these.
 *
 * Without a configuration all are there that one could ask for, and each as often as there are lines that may name it, with
 * what that takes (kbuild/modules.h puts them together).
 */
#pragma once

#include "base/err.h"
#include "base/map.h"
#include "kbuild/cond.h"
#include "kbuild/make.h"

enum kb_object_kind {
	KB_OBJECT_FOLDER,    /* "drivers/net/": obj-y and obj-m with a slash, subdir-y */
	KB_OBJECT_SINGLE,    /* from one source file */
	KB_OBJECT_COMPOSITE, /* linked from several others */
	KB_OBJECT_PROGRAM,   /* for the host */
	KB_OBJECT_FILE,	     /* always-y, extra-y, targets: what else kbuild makes */
};
enum kb_object_how { KB_OBJECT_MODULE, KB_OBJECT_BUILTIN, KB_OBJECT_LIB };

struct kb_object {
	const char
		*path; /* below the build folder: "drivers/net/dummy.o"; a folder ends in a slash */
	enum kb_object_kind kind;
	enum kb_object_how how; /* of a part of a composite: as that one */
	const char *symbol;	/* that asks for it, without CONFIG_; NULL: always */
	const char *file;	/* "drivers/net/Makefile" */
	int line;
	const struct kb_cond
		*cond; /* without a configuration: what the line hangs on; symbol is NULL */
	size_t whole;  /* index + 1 of the composite object; 0: none */
	size_t folder; /* index + 1 of the folder; 0: the tree itself */
};

struct kb_object_list {
	struct kb_object *v;
	size_t n, cap;
	struct arena arena; /* of all strings */
	struct kb_open open;
	struct kb_mk_rules rules; /* of objects whose source is not beside them */
};

struct kb_objects_spec {
	const char *tree;    /* absolute */
	const char *srcarch; /* "x86", "arm64": a folder of arch/ */
	const char *config;  /* text of .config; NULL: without one */
};

/* -ENOENT where it is no tree of a kernel, or not of that architecture; else it does not fail. */
int kb_object_list(const struct kb_objects_spec *spec, struct kb_object_list *ret, struct err *err);
void kb_object_list_release(struct kb_object_list *l);
/* What a single object is made from, without ".c", ".S" or ".rs", below the tree; of the list's arena. */
const char *kb_object_source(struct kb_object_list *l, const char *path);
