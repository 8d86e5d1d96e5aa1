/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a kernel tree comes from, and the tree. A folder of the user's is used as it is and never changed; everything
 * else lies unpacked in the cache, once.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

enum src_kind { SRC_DIR, SRC_TARBALL, SRC_GIT, SRC_DEBIAN };

struct src_spec {
	enum src_kind kind;
	char *text;    /* as it was written */
	char *where;   /* an absolute path, a URL, the name of a package */
	char *ref;     /* git: branch, tag or commit; "HEAD" where none was given */
	char *sha256;  /* of the file as it is downloaded, 64 lower-case digits; NULL */
	char *keyring; /* file for gpgv; NULL: signatures are not looked at */
	char *sign; /* path or URL of the .sign (over the uncompressed tar); NULL: where with .sign for its suffix */
};

/*
 * "dir:PATH", "tarball:PATH-or-URL", "git:URL#REF", "debian:linux-source-6.1"; a path alone is what is found there.
 * Relative paths are below base (NULL: the current folder); "~/" is the shell's. sha256, keyring and sign are left to the
 * caller, see below. Words for what is wrong (-EINVAL); nothing is looked at but a path alone (-ENOENT).
 */
int src_spec_parse(const char *text, const char *base, struct src_spec *ret, struct err *err);
/* What proves a tarball; each may be NULL. -EINVAL where the source is none, or sha256 is no digest. */
int src_spec_prove(struct src_spec *s, const char *base, const char *sha256, const char *keyring,
		   const char *sign, struct err *err);
void src_spec_release(struct src_spec *s);

/* What long work reports to; may be NULL. total 0: not known. */
struct src_progress {
	void (*report)(void *ctx, const char *what, uint64_t done, uint64_t total);
	void *ctx;
};

struct src_tree {
	char *path; /* absolute */
	char digest
		[65]; /* of its content, see source/digest.h; the same for the same content from anywhere */
	char *version; /* as make kernelversion prints it: "6.1.176", "6.12.0-rc3" */
	char *origin; /* for people: "linux-source-6.1 6.1.176-1", "v6.12.3 (8b1f...)", "/src/linux" */
	bool ours;    /* lies in the cache and does not change; else a folder of the user's */
	int hold;     /* keeps it in the cache; -1 */
	struct src_unwritten *unwritten; /* see src_tree_remember() */
};
#define SRC_TREE_NONE ((struct src_tree){ .hold = -1 })

/*
 * The tree of a source: found, or downloaded, verified, unpacked. Resumes what was left of a download. What a URL without
 * sha256 gave once is taken again as long as it is in the cache; a branch of a remote repository is asked for each time,
 * unless offline. offline: nothing is downloaded, and what is not there is an error that says so. Errors: -ENOENT not there,
 * -EBADMSG a digest or a signature that is wrong (a download is kept beside as *.bad and never used), -EPERM a hostile archive.
 */
int src_tree_open(const struct src_spec *spec, bool offline, const struct src_progress *progress,
		  struct src_tree *ret, struct err *err);
void src_tree_release(struct src_tree *t);
/*
 * Writes down what the next src_tree_open() is quicker by, where that is not done yet. src_tree_release() does it at the latest; a
 * caller who has started something that takes long has the time for it then.
 */
void src_tree_remember(struct src_tree *t);
struct src_unwritten;
void src_unwritten_write(struct src_unwritten *u); /* releases it; NULL is fine */
/*
 * Whether a tree of the user's is still what it was when it was opened: after a build that began with it. 1 or 0. Cheap:
 * only what has changed since is read.
 */
int src_tree_unchanged(const struct src_tree *t, struct err *err);
/*
 * The same, asked by a process of its own while the caller goes on. What changes between the two calls may be missed. The
 * second, which has to be called where the first was, waits for the answer, and asks itself where there is none.
 */
pid_t src_tree_ask_unchanged(const struct src_tree *t);
int src_tree_is_unchanged(pid_t asked, const struct src_tree *t, struct err *err);
/*
 * Whether kbuild would build it in another folder (O=): it refuses a tree with a .config, include/config or
 * arch/SRCARCH/include/generated (target outputmakefile of the Makefile). srcarch NULL: any. -EBUSY with the hint
 * `make -C DIR mrproper`.
 */
int src_tree_check_clean(const struct src_tree *t, const char *srcarch, struct err *err);

/* The version of the tree at path, as make kernelversion prints it. -ENOENT: it is no kernel's source. */
int src_version(const char *path, char **ret, struct err *err);
