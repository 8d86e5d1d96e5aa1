/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256 by OpenSSL's EVP, loaded on first use. Results are 64 lower-case hex digits. */
#pragma once

#include "base/err.h"
#include "base/file.h"

#define DIGEST_HEX   64
#define DIGEST_BYTES 32

/* One that is worked out piece by piece; freed with digest_free() (NULL is fine). */
struct digest;
int digest_new(struct digest **ret, struct err *err);
int digest_add(struct digest *d, const void *data, size_t n, struct err *err);
/* Of what was added since digest_new() or the last digest_done(). */
int digest_done(struct digest *d, uint8_t ret[DIGEST_BYTES], struct err *err);
void digest_free(struct digest *d);
void digest_to_hex(const uint8_t digest[DIGEST_BYTES], char ret_hex[DIGEST_HEX + 1]);
/* Of a text, at once. */
int digest_text(const char *text, char ret_hex[DIGEST_HEX + 1], struct err *err);

/* From where fd stands to its end. */
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

/*
 * Whether a file of this identity has rested long enough (two seconds before now, CLOCK_REALTIME in
 * nanoseconds) for its times to tell any later change.
 */
bool digest_settled(const struct file_id *id, int64_t now_ns);
int64_t digest_now_ns(void);
