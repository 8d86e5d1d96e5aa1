/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration that `kiln config check` is about: of a kernel, a file, or a tree. */
#pragma once

#include "cmd/config_tree.h"
#include "kconfig/dotconfig.h"

struct check_spec {
	struct config_opts config;
	const char *file, *kernel; /* or NULL */
};

/* A zeroed struct holds none. */
struct check_subject {
	char *name;		   /* the file or kernel that is looked at */
	struct str text;	   /* as the tree understands it */
	struct config_start start; /* as it was read */
	struct dotconfig config;   /* of text */
	struct config_tree tree;   /* where there is one */
	bool with_tree, is_file;
	char *version, *arch; /* NULL: unknown */
	const char *srcarch;
};

/*
 * What is compressed is unpacked. What sets nothing is refused, and so is a configuration that says it is of another
 * architecture than --arch or the environment ask for; where they do not ask, it is looked at as one of its own.
 */
int check_subject_read(struct check_subject *s, const struct check_spec *spec, struct out *out,
		       struct err *err);
void check_subject_release(struct check_subject *s);
/* With a tree: the configuration and wishes on it. */
int check_subject_make(const struct check_subject *s, const struct kc_wishes *wishes,
		       struct config_made *ret, struct err *err);
/* Whether path is the file that is looked at, or has the same text. */
bool check_subject_is(const struct check_subject *s, const char *path);
