/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a kernel is made from, in one canonical text, and its SHA-256: the identity. Two builds of one identity give the same
 * bytes. What does not reach the bytes (where it is built, with how many jobs, when) is not in it.
 */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "base/str.h"

struct bld_inputs {
	const char *source;	    /* digest of the tree's content, without patches */
	const char *version;	    /* of the tree */
	const struct strv *patches; /* digests of those that apply, in order */
	const char *arch;	    /* make's ARCH */
	const char
		*config; /* text of .config; its LOCALVERSION lines and its headings do not count */
	const char *tools;     /* bld_tools_probe() */
	const char *toolchain; /* struct bld_toolchain's probe */
	char *const *env;      /* "KBUILD_BUILD_USER=kiln" ...; NULL-terminated, sorted */
	const char *label;     /* what the release says behind the version */
	bool debug_info;
};

/* The text, a line "NAME VALUE" for each input, those of the toolchain indented. For people, and for telling what differs. */
int bld_identity_text(const struct bld_inputs *in, struct str *ret, struct err *err);
int bld_identity(const struct bld_inputs *in, char ret_hex[DIGEST_HEX + 1], struct err *err);

/*
 * The .config that is built: CONFIG_LOCALVERSION="-LABEL-" and 12 digits of the identity, LOCALVERSION_AUTO off. The label is
 * shortened where the release (version and all) would have more than 64 characters, uname's limit.
 */
char *bld_config_named(const char *config, const char *version, const char *label, const char *id);
/* What stands between the quotes of CONFIG_LOCALVERSION's line, *ret_n bytes of the text itself; "" where there is none. */
const char *bld_localversion(const char *config, size_t *ret_n);
/* The release of a kernel with that .config, as far as it and the version say: files localversion* of the tree can add to it. */
char *bld_release(const char *config, const char *version);
/* The label: a LOCALVERSION that the configuration asks for, without the dash in front, else `name` (slashes become dashes). */
char *bld_label(const char *config, const char *name);
