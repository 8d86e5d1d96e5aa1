/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256 by OpenSSL's EVP, loaded on first use. Results are 64 lower-case hex digits. */
#pragma once

#include "base/err.h"

#define DIGEST_HEX 64

int digest_fd(int fd, char ret_hex[DIGEST_HEX + 1], struct err *err);
int digest_bytes(const void *data, size_t n, char ret_hex[DIGEST_HEX + 1], struct err *err);
/*
 * The digest of an open file from its beginning (name is for messages), remembered in the cache
 * folder by the file's identity (device, inode, size, mtime, ctime), so that an unchanged file is
 * read once. A file changed within the last two seconds is read each time: its times could not tell
 * a second change from the first.
 */
int digest_fd_cached(int fd, const char *name, char ret_hex[DIGEST_HEX + 1], struct err *err);
/* The same for a file by its path. */
int digest_file_cached(const char *path, char ret_hex[DIGEST_HEX + 1], struct err *err);
