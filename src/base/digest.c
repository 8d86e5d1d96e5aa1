/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SHA-256, and the memory of what files' digests were. A remembered digest is a file whose name
 * is the identity of the file it speaks of: a hit costs one open and never loads OpenSSL.
 */
#include "base/digest.h"
#include "base/clock.h"
#include "base/dl.h"
#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <time.h>

DL_FUNC(EVP_MD_CTX_new);
DL_FUNC(EVP_MD_CTX_free);
DL_FUNC(EVP_sha256);
DL_FUNC(EVP_DigestInit_ex);
DL_FUNC(EVP_DigestUpdate);
DL_FUNC(EVP_DigestFinal_ex);

static const struct dl_sym syms[] = {
	DL_SYM(EVP_MD_CTX_new),	   DL_SYM(EVP_MD_CTX_free),  DL_SYM(EVP_sha256),
	DL_SYM(EVP_DigestInit_ex), DL_SYM(EVP_DigestUpdate), DL_SYM(EVP_DigestFinal_ex),
};

#define READ_SIZE   ((size_t)1 << 18)
#define SETTLE_NSEC INT64_C(2000000000)

struct digest {
	EVP_MD_CTX *ctx;
};

static int restart(struct digest *d, struct err *err)
{
	if (!dl_EVP_DigestInit_ex(d->ctx, dl_EVP_sha256(), NULL))
		return err_set(err, -EIO, "OpenSSL cannot do SHA-256");
	return 0;
}

int digest_new(struct digest **ret, struct err *err)
{
	static void *lib;
	int r = dl_open(&lib, "libcrypto.so.3", syms, countof(syms), err);
	struct digest *d;

	if (r < 0)
		return r;
	d = xnew(struct digest);
	d->ctx = dl_EVP_MD_CTX_new();
	r = d->ctx ? restart(d, err) : err_set(err, -EIO, "OpenSSL cannot do SHA-256");
	if (r < 0)
		digest_free(d);
	else
		*ret = d;
	return r;
}

void digest_free(struct digest *d)
{
	if (d)
		dl_EVP_MD_CTX_free(d->ctx);
	free(d);
}

static void digest_freep(struct digest **d)
{
	digest_free(*d);
}

int digest_add(struct digest *d, const void *data, size_t n, struct err *err)
{
	if (!dl_EVP_DigestUpdate(d->ctx, data, n))
		return err_set(err, -EIO, "OpenSSL could not go on with a SHA-256");
	return 0;
}

int digest_done(struct digest *d, uint8_t ret[DIGEST_BYTES], struct err *err)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	if (!dl_EVP_DigestFinal_ex(d->ctx, md, &n) || n != DIGEST_BYTES)
		return err_set(err, -EIO, "OpenSSL could not finish a SHA-256");
	memcpy(ret, md, DIGEST_BYTES);
	return restart(d, err);
}

void digest_to_hex(const uint8_t digest[DIGEST_BYTES], char ret_hex[DIGEST_HEX + 1])
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < DIGEST_BYTES; i++) {
		ret_hex[2 * i] = hex[digest[i] >> 4];
		ret_hex[2 * i + 1] = hex[digest[i] & 15];
	}
	ret_hex[DIGEST_HEX] = '\0';
}

static int finish(struct digest *d, char ret_hex[DIGEST_HEX + 1], struct err *err)
{
	uint8_t md[DIGEST_BYTES];
	int r = digest_done(d, md, err);

	if (r == 0)
		digest_to_hex(md, ret_hex);
	return r;
}

int digest_bytes(const void *data, size_t n, char ret_hex[DIGEST_HEX + 1], struct err *err)
{
	cleanup(digest_freep) struct digest *d = NULL;
	int r = digest_new(&d, err);

	if (r == 0)
		r = digest_add(d, data, n, err);
	return r < 0 ? r : finish(d, ret_hex, err);
}

int digest_text(const char *text, char ret_hex[DIGEST_HEX + 1], struct err *err)
{
	return digest_bytes(text, strlen(text), ret_hex, err);
}

/* Reads from where fd stands to its end. */
static int update_from(struct digest *d, int fd, struct err *err)
{
	auto_free char *buf = xmalloc(READ_SIZE);
	ssize_t n;
	int r = 0;

	do {
		n = read_full(fd, buf, READ_SIZE);
		if (n < 0)
			return err_code(err, (int)n, "cannot read for a digest");
		r = digest_add(d, buf, (size_t)n, err);
	} while (r == 0 && (size_t)n == READ_SIZE);
	return r;
}

int digest_fd(int fd, char ret_hex[DIGEST_HEX + 1], struct err *err)
{
	cleanup(digest_freep) struct digest *d = NULL;
	int r = digest_new(&d, err);

	if (r == 0)
		r = update_from(d, fd, err);
	return r < 0 ? r : finish(d, ret_hex, err);
}

int64_t digest_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return timespec_ns(&ts);
}

bool digest_settled(const struct file_id *id, int64_t now)
{
	return MAX(id->mtime_ns, id->ctime_ns) < now - SETTLE_NSEC;
}

/* Where the digest of this file is remembered, or NULL where there is no cache folder. */
static char *memory_of(const struct file_id *id)
{
	auto_free char *dir = NULL;
	auto_str struct str name = { 0 };

	if (dir_sub(DIR_CACHE, "digest", &dir, NULL) < 0)
		return NULL;
	str_add_file_id(&name, id);
	return path_join(dir, str_c(&name));
}

static bool recall(const char *memory, char ret_hex[DIGEST_HEX + 1])
{
	auto_str struct str text = { 0 };

	if (file_read(AT_FDCWD, memory, DIGEST_HEX, &text, NULL) < 0 || text.n != DIGEST_HEX ||
	    strspn(text.s, "0123456789abcdef") != DIGEST_HEX)
		return false;
	memcpy(ret_hex, text.s, DIGEST_HEX + 1);
	return true;
}

/* Not being able to remember is no error. */
static void remember(const char *memory, const char *hex)
{
	auto_publish struct publish p = PUBLISH_NONE;

	if (publish_begin(&p, memory, 0600, NULL) < 0)
		return;
	if (!write_all(p.fd, hex, DIGEST_HEX))
		publish_commit(&p, false, NULL);
}

int digest_fd_cached(int fd, const char *name, char ret_hex[DIGEST_HEX + 1], struct err *err)
{
	auto_free char *memory = NULL;
	struct file_id id, after;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, "cannot read '%s'", name);
	id = file_id_of(&st);
	if (S_ISREG(st.st_mode) && digest_settled(&id, digest_now_ns()))
		memory = memory_of(&id);
	if (memory && recall(memory, ret_hex))
		return 0;
	r = digest_fd(fd, ret_hex, err);
	if (r < 0)
		return err_wrap(err, r, "'%s'", name);
	if (memory && !fstat(fd, &st)) {
		after = file_id_of(&st);
		if (file_id_same(&id, &after))
			remember(memory, ret_hex);
	}
	return 0;
}

int digest_file_cached(const char *path, char ret_hex[DIGEST_HEX + 1], struct err *err)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", path);
	return digest_fd_cached(fd, path, ret_hex, err);
}
