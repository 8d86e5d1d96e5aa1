/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths as text, kiln's own folders (XDG Base Directory Specification), and finding programs. */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* Joins with exactly one slash between parts; an absolute second part does not win. */
char *path_join(const char *a, const char *b);
char *path_join3(const char *a, const char *b, const char *c);
/* The part behind the last slash (the whole path if none). Points into path. */
const char *path_base(const char *path);
/* The part before the last slash: "." where there is none, "/" for a file in the root. */
char *path_dir(const char *path);
/*
 * Absolute and without "." or empty parts and trailing slashes; links are not resolved. A relative
 * path wants a current folder (path_check_current()).
 */
char *path_abs(const char *path);
/* An error where the current folder has no path: it was removed, or lies outside of the root. */
int path_check_current(struct err *err);
/* The path itself if it is there, else the nearest folder above it that is; "." or "/" in the end. */
char *path_existing(const char *path);

/*
 * kiln's folders, without a trailing slash. An empty variable counts as unset; without $HOME the
 * passwd entry is used. The results are owned by the caller.
 */
enum dir_kind {
	DIR_DATA, /* $XDG_DATA_HOME/kiln, ~/.local/share/kiln */
	DIR_CACHE, /* $XDG_CACHE_HOME/kiln, ~/.cache/kiln, else (no home to write to) $TMPDIR/kiln-UID/cache */
	DIR_RUNTIME, /* $XDG_RUNTIME_DIR/kiln, else $TMPDIR/kiln-UID; without TMPDIR in /tmp */
};
/* The folder, created with mode 0700 where missing. */
int dir_get(enum dir_kind kind, char **ret_path, struct err *err);
/* Where it is or would be; nothing is created. -ENOENT where there is no home. */
int dir_path(enum dir_kind kind, char **ret_path, struct err *err);
/* A folder below one of them, created where missing. */
int dir_sub(enum dir_kind kind, const char *sub, char **ret_path, struct err *err);

/*
 * Where a file of kiln's own lies. A program of the build folder finds it in BUILD/guest,
 * BUILD/data, BUILD/doc, SOURCE/data; every program in PREFIX/lib/kiln, PREFIX/share/kiln, PREFIX
 * being the parent of the program's folder.
 */
int dir_own_file(const char *name, char **ret_path, struct err *err);

/*
 * Finds a program: NAME with a slash as it is, else along $PATH and then extra (may be NULL, a
 * NULL-terminated list of folders). -ENOENT if there is none.
 */
int path_find_program(const char *name, const char *const *extra, char **ret_path);
