/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of a rebase share. */
#pragma once

#include "source/rebase.h"
#include "source/rebase_git.h"

/* The commits it begins with, in the repository. v: what became of the series on the old tree, where none may need a rebase. */
int src_rebase_import(const char *dir, const struct src_series *s, const struct src_verdicts *v,
		      const char *from, const char *to, struct err *err);

/* rebase_state.c: .git/kiln-rebase.json */
int src_rebase_save(const struct src_rebase *r, const struct src_series *s, struct err *err);
/* False: src_rebase_begin() was never done with this folder. */
bool src_rebase_is_there(const char *dir);
/* Back to where the last patch that is done left the branch, where a killed kiln may have left it in the middle of the next. */
int src_rebase_tidy(const struct src_rebase *r, struct err *err);
