/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mod_open() and publishing are made of. */
#pragma once

#include "module/module.h"

/* -EINTR once it is to end. */
int mod_check_ended(const struct mod_build *m, struct err *err);

/* Parts of mod_open(). */

/* Copies or unpacks m->spec->source to m->tree. */
int mod_fetch(struct mod_build *m, struct err *err);
/* Sets m->top, m->kind and m->recipe. */
int mod_find(struct mod_build *m, struct err *err);
/* Adds steps and files. */
int mod_plan(struct mod_build *m, struct mod_findings *found, struct err *err);
int mod_plan_dkms(struct mod_build *m, struct mod_findings *found, struct err *err);
/* A step whose words (NULL-terminated list, last argument NULL) are added by the caller. */
struct mod_step *mod_add_step(struct mod_build *m, const char *cwd);

/* Parts of publishing. */

struct mod_laid {
	char *dir;	   /* a folder, or where it will be */
	char *updates;	   /* "lib/modules/RELEASE/updates..." */
	struct strv files; /* of modules, below dir */
};
/* Puts what was built into DIR/UPDATES, without debug information, and checks it there. */
int mod_lay(struct mod_build *m, struct mod_laid *l, struct mod_findings *found, struct err *err);
/* depmod's files, for what lies in DIR/lib/modules/RELEASE and the kernel's own modules. */
int mod_index(const struct mod_build *m, const struct mod_laid *l, struct err *err);
void mod_laid_release(struct mod_laid *l);
