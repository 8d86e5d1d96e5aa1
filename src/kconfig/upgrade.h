/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Carrying a configuration from one tree to another, and what is to be told of it before anything is built. */
#pragma once

#include "kconfig/conffile.h"
#include "kconfig/renames.h"

enum kc_upgrade_kind {
	KC_UP_RENAMED, /* carried over: names are its new ones; n only where that is not the default there */
	KC_UP_REMOVED, /* the new tree has nothing of that name, nor what it is called now */
	KC_UP_TYPE,    /* bool, tristate, int, ... changed */
	KC_UP_FAILS,   /* it has another value in the new tree */
	KC_UP_NEW,     /* a question that the old tree does not ask */
	KC_UP_DEFAULT, /* the default changed; the configuration keeps what it has */
	KC_UP_VALUE,   /* no line says it: it follows the default, which changed */
	KC_UP_KINDS,
};
/* "renamed" and the like, for programs. */
const char *kc_upgrade_kind_name(enum kc_upgrade_kind kind);

struct kc_upgrade_item {
	enum kc_upgrade_kind kind;
	char *symbol;
	int line;	   /* of the configuration; 0: none */
	bool asked;	   /* it is no default that the old tree's configuration has anyway */
	char *was, *is;	   /* values, types, defaults, by kind; NULL: none */
	char *prompt;	   /* KC_UP_NEW */
	struct strv names; /* KC_UP_RENAMED */
	struct strv why;   /* reasons; of KC_UP_NEW the first lines of its help */
};

struct kc_upgrade {
	struct {
		struct kc_upgrade_item *v;
		size_t n, cap;
	} all;
	size_t n[KC_UP_KINDS];
	size_t carried;	      /* lines that were */
	size_t lost;	      /* of what was asked for: removed or failing */
	struct kc_conf *conf; /* the new configuration */
};

struct kc_upgrade_spec {
	const struct str *text; /* the old .config */
	const char *name;	/* its, for places */
	struct kc_conf *from;	/* it in the old tree, worked out; NULL: there is no old tree */
	const struct kc_tree *to;
	struct kc_files files;	       /* of the new tree */
	const char *version, *srcarch; /* of the new tree; NULL: unknown */
	const struct kc_renames *renames;
};

void kc_upgrade_make(const struct kc_upgrade_spec *spec, struct kc_upgrade *ret);
void kc_upgrade_release(struct kc_upgrade *u);
