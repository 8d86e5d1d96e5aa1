/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files: reading with a stated maximum, publishing whole or not at all, folders, locks.
 *
 * Publishing: write to a temporary in the same folder, fsync, rename. A crash leaves either the old
 * file or the new one, and at worst a temporary named ".NAME.tmp-XXXXXX" beside it. What is there and no file (a device)
 * is never replaced: -EEXIST.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <sys/stat.h>

/* Reads a whole file of at most max bytes (-EFBIG above). dirfd may be AT_FDCWD. */
int file_read(int dirfd, const char *path, size_t max, struct str *ret, struct err *err);
/* Writes all n bytes to fd, waiting where it would block. */
int write_all(int fd, const void *data, size_t n);
/*
 * Copies what is left of `in` to `out`. The file system may share the blocks; the second always reads and writes. 0 or a
 * negative errno.
 */
int file_copy(int in, int out);
int file_copy_plain(int in, int out);
/* Reads until n bytes or end of file; returns the count or a negative errno. */
ssize_t read_full(int fd, void *data, size_t n);

/* A file being written that does not exist yet under its own name. */
struct publish {
	int fd;
	char *tmp;
	char *path;
};
int publish_begin(struct publish *p, const char *path, mode_t mode, struct err *err);
/* fsync (only if durable), rename. The struct is released either way. */
int publish_commit(struct publish *p, bool durable, struct err *err);
/* Removes the temporary; fine on a struct already committed or zeroed with fd = -1. */
void publish_abort(struct publish *p);
/* Whether that is the name of what was on its way to its place: a killed process leaves it. */
bool publish_is_left(const char *name);
#define PUBLISH_NONE ((struct publish){ .fd = -1 })
#define auto_publish cleanup(publish_abort)
/* All of it at once. */
int file_publish(const char *path, const void *data, size_t n, mode_t mode, struct err *err);
/*
 * The same for a place that a user named: a link stays one and what it leads to is replaced; a device or a pipe is
 * written into. A new file has the mode that the umask allows, an old one keeps its own.
 */
int file_write_out(const char *path, const void *data, size_t n, struct err *err);

int mkdir_p(const char *path, mode_t mode, struct err *err);
/*
 * Removes a tree without following links or entering what is mounted in it (-EXDEV, bind mounts
 * included). A missing path is fine.
 */
int rm_rf(const char *path, struct err *err);

/*
 * Whether fd is where something is mounted: 1 or 0, -1 where the kernel does not tell (before Linux 5.8).
 * A bind mount shows the same device as its surroundings, so the device alone does not.
 */
int mount_root(int fd);

/* Whether two names lead to one file that is there, by links too. */
bool file_same(const char *a, const char *b);

/* What identifies the state of a file without reading it. */
struct file_id {
	uint64_t dev, ino, size;
	int64_t mtime_ns, ctime_ns;
};
struct file_id file_id_of(const struct stat *st);
bool file_id_same(const struct file_id *a, const struct file_id *b);
/* Appends "dev-ino-size-mtime-ctime" in hex. */
void str_add_file_id(struct str *b, const struct file_id *id);

/*
 * Takes an exclusive lock on path (created where missing), waiting for it. It is given up by closing
 * *ret_fd, and with the process.
 */
int file_lock(const char *path, int *ret_fd, struct err *err);
/* The same without waiting: -EAGAIN, without words, while another has it. */
int file_try_lock(const char *path, int *ret_fd, struct err *err);
/* Both, shared with all who take it so; a file that may only be read will do. */
int file_lock_shared(const char *path, int *ret_fd, struct err *err);
int file_try_lock_shared(const char *path, int *ret_fd, struct err *err);
/* Whether a lock still keeps others out: who removes its file lets them make a new one. */
bool file_lock_holds(int fd);

/* The names in a folder to the disk; file systems that cannot do that are fine. */
int file_sync_folder(int dirfd, const char *path, struct err *err);

/* The names in a folder, without "." and "..", in the order of their bytes. A link at its end is followed. */
int file_names(int dirfd, const char *path, struct strv *ret, struct err *err);
