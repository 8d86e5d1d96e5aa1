/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tarball: at hand or downloaded, proved by its digest and its signature as far as these are given, and only then
 * unpacked. That a signature was good is remembered by the digests of all three (signed/KEY).
 */
#include "source/parts.h"

#include "base/digest.h"
#include "base/path.h"
#include "kernel/cache.h"

#include <errno.h>
#include <fcntl.h>

#define TARBALL_MAX (UINT64_C(8) << 30)
#define SIGN_MAX    (UINT64_C(1) << 20)

struct tarball {
	const struct src_spec *spec;
	bool offline;
	const struct src_progress *progress;
	char *path;
	int fd, hold, sign_hold;
	char sha256[65];
	char *sign; /* path of the signature */
};

static void tarball_release(struct tarball *t)
{
	free(t->path);
	free(t->sign);
	close_fd(t->fd);
	close_fd(t->hold);
	close_fd(t->sign_hold);
}

/* linux-6.1.tar.xz: linux-6.1.tar.sign; linux-6.1.tgz: linux-6.1.tar.sign. */
static char *default_sign(const char *where)
{
	static const char *const packed[] = { ".xz", ".gz", ".bz2", ".zst", ".lz4", ".lzma" };
	size_t n = strlen(where);

	if (str_ends(where, ".tgz") || str_ends(where, ".txz"))
		return xasprintf("%.*s.tar.sign", (int)(n - 4), where);
	for (size_t i = 0; i < countof(packed); i++)
		if (str_ends(where, packed[i]))
			n -= strlen(packed[i]);
	return xasprintf("%.*s.sign", (int)n, where);
}

static int get_sign(struct tarball *t, struct err *err)
{
	auto_free char *sign =
		t->spec->sign ? xstrdup(t->spec->sign) : default_sign(t->spec->where);
	struct src_download d = { .url = sign,
				  .tag = t->sha256,
				  .max = SIGN_MAX,
				  .offline = t->offline,
				  .progress = t->progress };
	int r;

	if (src_is_url(sign)) {
		r = src_download(&d, &t->sign, &t->sign_hold, err);
		return r < 0 ? err_wrap(err, r, "the signature") : 0;
	}
	t->sign = take_ptr(sign);
	if (access(t->sign, R_OK) < 0)
		return err_sys(err, "no signature is at '%s'", t->sign);
	return 0;
}

/* The record that this signature is good; by content, so that nothing else can pass for it. */
static int record_of(const struct tarball *t, char **ret, struct err *err)
{
	char keyring[65], sign[65], key[65];
	auto_free char *text = NULL;
	int r = digest_file_cached(t->spec->keyring, keyring, err);

	if (r == 0)
		r = digest_file_cached(t->sign, sign, err);
	if (r < 0)
		return r;
	text = xasprintf("%s %s %s\n", t->sha256, keyring, sign);
	r = digest_text(text, key, err);
	return r < 0 ? r : krn_cached_path("signed", key, ret, err);
}

/* What was downloaded goes aside, so that the next call gets it anew. */
static int tell_bad(struct tarball *t, struct err *err)
{
	auto_free char *bad = NULL;

	if (src_is_url(t->spec->where) && src_download_bad(t->path, &bad, NULL) == 0)
		err_hint(err, -EBADMSG, "what came is kept as '%s' and never used", bad);
	if (t->sign_hold >= 0)
		unlink(t->sign);
	return -EBADMSG;
}

static int check_sign(struct tarball *t, struct err *err)
{
	auto_free char *record = NULL;
	int r = get_sign(t, err);

	if (r == 0)
		r = record_of(t, &record, err);
	if (r < 0)
		return r;
	if (access(record, F_OK) == 0) {
		utimensat(AT_FDCWD, record, NULL, 0);
		return 0;
	}
	r = src_gpg_verify(t->fd, path_base(t->spec->where), t->sign, t->spec->keyring, t->progress,
			   err);
	if (r == -EBADMSG)
		return tell_bad(t, err);
	if (r == 0)
		file_publish(record, "", 0, 0600, NULL); /* or it is checked again */
	return r;
}

static int wrong_digest(const struct tarball *t, struct err *err)
{
	err_set(err, -EBADMSG, "'%s' has the SHA-256 %s, not %s", t->path, t->sha256,
		t->spec->sha256);
	return err_hint(err, -EBADMSG, "the file is damaged or another one; nothing of it is used");
}

static int open_file(struct tarball *t, struct err *err)
{
	struct stat st;
	int r;

	t->fd = open(t->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (t->fd < 0 || fstat(t->fd, &st) < 0)
		return err_sys(err, "cannot open '%s'", t->path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "'%s' is no file", t->path);
	if (t->progress)
		t->progress->report(t->progress->ctx, "reading the tarball", 0, 0);
	r = digest_fd_cached(t->fd, t->path, t->sha256, err);
	if (r == 0 && t->spec->sha256 && !str_eq(t->sha256, t->spec->sha256))
		r = wrong_digest(t, err);
	return r;
}

static int get_file(struct tarball *t, struct err *err)
{
	struct src_download d = { .url = t->spec->where,
				  .sha256 = t->spec->sha256,
				  .max = TARBALL_MAX,
				  .offline = t->offline,
				  .progress = t->progress };
	int r = 0;

	if (src_is_url(t->spec->where))
		r = src_download(&d, &t->path, &t->hold, err);
	else
		t->path = xstrdup(t->spec->where);
	return r < 0 ? r : open_file(t, err);
}

static int open_tree(struct tarball *t, struct src_tree *ret, struct err *err)
{
	int r;

	/* the name of the content is all that is needed, as long as no signature is asked for */
	if (t->spec->sha256 && !t->spec->keyring && src_is_url(t->spec->where) &&
	    src_cached_find("sources", t->spec->sha256, ret))
		return 0;
	r = get_file(t, err);
	if (r == 0 && t->spec->keyring)
		r = check_sign(t, err);
	if (r < 0)
		return r;
	return src_unpack(t->fd, path_base(t->spec->where), t->sha256, t->progress, ret, err);
}

int src_tarball_open(const struct src_spec *spec, bool offline, const struct src_progress *progress,
		     struct src_tree *ret, struct err *err)
{
	cleanup(tarball_release) struct tarball t = { .spec = spec,
						      .offline = offline,
						      .progress = progress,
						      .fd = -1,
						      .hold = -1,
						      .sign_hold = -1 };
	int r = open_tree(&t, ret, err);

	if (r == 0)
		ret->origin = xstrdup(path_base(spec->where));
	return r;
}
