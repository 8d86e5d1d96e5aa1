/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Help and relations of a symbol in the words of conf, with values in brackets: "FOO [=y]". */
#pragma once

#include "kconfig/conf.h"

/* Type, places, prompts, selects and implies both ways. Values must have been worked out. */
void kc_add_relations(struct kc_conf *c, struct str *out, const struct kc_sym *s);
/* The help text of an entry, and the relations of its symbol. prefix: "CONFIG_". */
void kc_add_help(struct kc_conf *c, struct str *out, const char *prefix, const struct kc_menu *m);
