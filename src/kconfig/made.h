/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration made from a base and wishes on it: the one way that all who ask for lines go. */
#pragma once

#include "kconfig/conffile.h"
#include "kconfig/modes.h"
#include "kconfig/part.h"

/* A zeroed struct holds none. */
struct kc_made {
	struct kc_conf *conf; /* worked out */
	struct kc_conf
		*asked;	 /* before what is not visible was dropped: what kc_fixer_new() wants */
	bool checked;	 /* it was, between the two */
	struct str text; /* of .config */
};

/* read: what the base's text says, which must outlive ret; NULL: nothing. fill: how the rest is filled. */
void kc_make(const struct kc_tree *tree, const struct kc_files *files, const struct kc_conf *read,
	     enum kc_fill fill, const struct kc_wishes *wishes, struct kc_made *ret);
void kc_made_release(struct kc_made *m);
