/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * This host, as far as kiln asks about it: a root folder, a person and a few questions, given and
 * not taken, so that a test brings a host of its own.
 */
#pragma once

#include "vm/accel.h"

#include <sys/types.h>

struct host;

/*
 * What cannot be read from files. Each is called at most a few times and may start programs under a
 * deadline.
 */
struct host_ops {
	int (*qemu)(const struct host *h, enum krn_arch arch, struct vm_qemu *ret, struct err *err);
	int (*accel)(const struct host *h, const struct vm_qemu *q, struct vm_accel_verdict *ret,
		     struct err *err);
	/* the first line of `PROGRAM --version`; a status other than 0 is an error */
	int (*version)(const struct host *h, const char *program, char **ret, struct err *err);
	/* 0 if this user can make a user namespace, else a negative errno */
	int (*userns)(const struct host *h);
	/* free bytes for this user in dir, or where it would be made */
	int (*space)(const struct host *h, const char *dir, uint64_t *ret);
};

struct host {
	int root; /* folder that stands for / */
	enum krn_arch arch;
	const char *release; /* of the running kernel */
	const char *path;    /* $PATH, seen from root */
	const char *user;
	const char *home;	 /* seen from root */
	const char *runtime_dir; /* $XDG_RUNTIME_DIR or what it would be, seen from root */
	const char *cache_dir;	 /* kiln's */
	const char *data_dir;
	uid_t uid;	   /* effective */
	const gid_t *gids; /* of this process, all */
	size_t n_gids;
	uint64_t memlock; /* RLIMIT_MEMLOCK in bytes, UINT64_MAX if unlimited */
	bool fresh;	  /* prove again what is remembered */
	const struct host_ops *ops;
	void *ctx;	    /* of ops */
	struct arena arena; /* of what the members above point to */
};

/* The real one. */
int host_init(struct host *h, struct err *err);
void host_release(struct host *h);

/* Paths are absolute, seen from h->root. */
bool host_exists(const struct host *h, const char *path);
/* A text file of at most 8 MiB; false (and *ret empty) if it cannot be read. */
bool host_read(const struct host *h, const char *path, struct str *ret);
/* Number of entries of a folder; 0 if there is none. */
size_t host_count(const struct host *h, const char *dir);
/*
 * Along h->path, then the sbin folders (not in every user's PATH), then extra (NULL-terminated, or
 * NULL). NULL if absent.
 */
char *host_program(const struct host *h, const char *name, const char *const *extra);

enum host_member {
	HOST_NO_GROUP, /* there is no such group */
	HOST_NO_MEMBER,
	HOST_NEXT_LOGIN, /* a member, but this process was logged in before */
	HOST_MEMBER,
};
enum host_member host_member_of(const struct host *h, const char *group);
