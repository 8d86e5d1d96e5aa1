/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this folder share: how each kind of source becomes a tree in the cache. */
#pragma once

#include "kernel/resolve.h"
#include "source/source.h"

/* The same for src/kernel; NULL for NULL. */
const struct krn_progress *src_krn_progress(const struct src_progress *p, struct krn_progress *buf);

/* Whether it is taken by libcurl: "https://", "http://", "file://". */
bool src_is_url(const char *s);
bool src_is_sha256(const char *s);

/*
 * download.c. A URL as a file in the cache, downloaded at most once for one sha256 (NULL: any content). max: bytes. *ret_hold
 * keeps it there. -EBADMSG: another digest; what came is kept as *.bad. -ENOENT offline, or where the server says 404.
 */
struct src_download {
	const char *url;
	const char *sha256; /* NULL */
	const char *tag;    /* part of the key, or NULL: another file for the same URL */
	uint64_t max;
	bool offline;
	const struct src_progress *progress;
};
int src_download(const struct src_download *d, char **ret_path, int *ret_hold, struct err *err);
/* Puts a download aside that proved wrong, as PATH.bad. *ret_bad is where it is. */
int src_download_bad(const char *path, char **ret_bad, struct err *err);

/* gpg.c. Whether sign is a good signature of a key in keyring over what fd holds, uncompressed. -EBADMSG if not. */
int src_gpg_verify(int fd, const char *name, const char *sign, const char *keyring,
		   const struct src_progress *progress, struct err *err);

/* unpack.c. A kernel's tar, of which sha256 is the digest, as a tree in the cache; no more than found if it is there. */
int src_unpack(int fd, const char *name, const char *sha256, const struct src_progress *progress,
	       struct src_tree *ret, struct err *err);

struct src_archive {
	int fd;
	const char *name; /* for people */
	const struct src_progress *progress;
};
/* The same without the cache: raw, an empty folder, gets what the archive has; the kernel's folder of it becomes tree. */
int src_unpack_to(const struct src_archive *s, const char *raw, const char *tree, struct err *err);

/*
 * cached.c. The tree KIND/KEY of the cache ("sources", "patched"): false if it is not there (whole). Fills in path, digest, version,
 * ours, hold.
 */
bool src_cached_find(const char *kind, const char *key, struct src_tree *ret);
/* Makes it: fill writes it to the folder `tree`, which is there and empty. Another kiln may have made it meanwhile. */
struct src_fill {
	int (*fill)(void *ctx, const char *tmp, const char *tree, struct err *err);
	void *ctx;
};
int src_cached_make(const char *kind, const char *key, const struct src_fill *f,
		    const struct src_progress *progress, struct src_tree *ret, struct err *err);

/* tarball.c, git.c, debian.c: the kinds. root: where /usr/src and dpkg's records are looked for, "/". */
int src_tarball_open(const struct src_spec *spec, bool offline, const struct src_progress *progress,
		     struct src_tree *ret, struct err *err);
int src_git_open(const struct src_spec *spec, bool offline, const struct src_progress *progress,
		 struct src_tree *ret, struct err *err);
int src_debian_open(const char *package, const char *root, const struct src_progress *progress,
		    struct src_tree *ret, struct err *err);
