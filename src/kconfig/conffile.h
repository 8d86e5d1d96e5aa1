/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of a configuration as scripts/kconfig/confdata.c reads and writes them: .config, a defconfig, auto.conf
 * and what goes with it. Byte for byte.
 */
#pragma once

#include "kconfig/conf.h"

/* Larger files are no configurations. */
#define KC_MAX_CONFIG (64 << 20)

enum kc_source {
	KC_FROM_USER, /* .config: what the user wants */
	KC_FROM_AUTO, /* auto.conf: what was built last */
};

/* Where files lie and how they are called. */
struct kc_files {
	int dirfd;	    /* relative names count from here; AT_FDCWD is fine */
	char *const *env;   /* KCONFIG_CONFIG, srctree, ... */
	const char *prefix; /* "CONFIG_" */
	/* "configuration written to .config": NULL for silence */
	void (*message)(void *ctx, const char *text);
	void (*gone)(void *ctx, const char *name); /* a symbol of auto.conf that is no more */
	void *ctx;
};

/* $KCONFIG_CONFIG or ".config". */
const char *kc_conf_name(const struct kc_files *f);
/* The prefix of symbols, from $CONFIG_ or "CONFIG_". */
const char *kc_conf_prefix(char *const *env);

/*
 * Reads a file; what was read before from the same source is forgotten. A line that cannot be taken is told of and
 * counted in *ret_warnings. A negative errno where the file cannot be read.
 */
int kc_conf_read_file(struct kc_conf *c, const struct kc_files *f, const char *name,
		      enum kc_source source, unsigned *ret_warnings);
/* The same for a text; name is for warnings. Returns their number. */
unsigned kc_conf_read_text(struct kc_conf *c, const struct kc_files *f, const struct str *text,
			   const char *name);
/* The same behind what was read before, of which nothing is forgotten, and nothing was worked out yet. */
unsigned kc_conf_read_more(struct kc_conf *c, const struct kc_files *f, const struct str *text,
			   const char *name);
/* The first for kc_conf_name(), or the first readable one of $KCONFIG_DEFCONFIG_LIST. */
int kc_conf_read_default(struct kc_conf *c, const struct kc_files *f, unsigned *ret_warnings);
/* A line of a bool or a tristate, behind those that were read. */
void kc_conf_take(struct kc_conf *c, struct kc_sym *s, enum kc_tri tri);
/* Behind either: works all out, sees whether it differs from what was read, drops what older kernels drop. */
void kc_conf_check_read(struct kc_conf *c, unsigned warnings);

/* The text of .config. */
void kc_conf_text(struct kc_conf *c, const char *prefix, struct str *out);
/* Writes it to kc_conf_name(), the former file to NAME.old. */
int kc_conf_write(struct kc_conf *c, const struct kc_files *f, struct err *err);
/* What differs from the defaults. */
void kc_conf_minimal(struct kc_conf *c, const char *prefix, struct str *out);
/* Behind either, where KCONFIG_WARN_CHANGED_INPUT wants it: says which of the user's values came out otherwise. */
void kc_warn_changed(struct kc_conf *c, const struct kc_files *f);
/* "CONFIG_X=value", n as "=n". */
void kc_conf_line(const struct kc_conf *c, const char *prefix, const struct kc_sym *s,
		  struct str *out);

/* auto.conf, autoconf.h, rustc_cfg, auto.conf.cmd, include/config/NAME; only if missing unless always. */
int kc_conf_write_auto(struct kc_conf *c, const struct kc_files *f, bool always, struct err *err);
