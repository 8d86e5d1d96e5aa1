/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Downloads: downloads/KEY in the cache is a folder, KEY made of the URL and of what is expected of it. `data` in it is
 * whole, proved and synced; `part` is what has come so far, `meta` what tells whether the rest of the same file would fit
 * behind it. Whoever holds KEY.lock writes there.
 *
 * meta is written when part is empty and before anything enters it, so that part never holds bytes of another file than the
 * one that meta speaks of. After a loss of power part may be long enough and hold zeros: it is gone on with only if the
 * digest of the whole will be checked, or the machine has run since.
 */
#include "source/parts.h"

#include "base/boot_id.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/path.h"
#include "kernel/cache.h"
#include "source/curl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#define META_MAX       4096
#define TRIES	       3
#define RETRY_MSEC     1000
#define HTTP_PARTIAL   206
#define HTTP_NOT_FOUND 404
#define HTTP_GONE      410
#define HTTP_BAD_RANGE 416

struct job {
	const struct src_download *d;
	char *dir, *part, *meta, *data;
	char *what; /* for progress */
	int lock, hold, fd;
	uint64_t have;	/* bytes in part */
	uint64_t most;	/* there ever were */
	bool resumed;	/* some of it came before this call */
	char *if_range; /* NULL: the whole file is asked for */
};

static void job_release(struct job *j)
{
	free(j->dir);
	free(j->part);
	free(j->meta);
	free(j->data);
	free(j->what);
	free(j->if_range);
	close_fd(j->fd);
	close_fd(j->hold);
	close_fd(j->lock);
}

/* Without what is secret in it. */
static char *shown(const char *url)
{
	const char *host = strstr(url, "://"), *at;

	if (!host)
		return xstrdup(url);
	host += 3;
	at = memchr(host, '@', strcspn(host, "/?#"));
	return at ? xasprintf("%.*s%s", (int)(host - url), url, at + 1) : xstrdup(url);
}

static void read_boot_id(struct str *ret)
{
	if (boot_id(ret, NULL) < 0)
		str_adds(ret, "unknown");
	str_addc(ret, '\n');
}

/* Two lines: the boot, what If-Range is given (RFC 9110, 13.1.5). */
static int write_meta(const struct job *j, const char *validator, struct err *err)
{
	auto_str struct str text = { 0 };

	read_boot_id(&text);
	str_addf(&text, "%s\n", validator ? validator : "");
	return file_publish(j->meta, text.s, text.n, 0600, err);
}

/* What the rest can be asked for with; NULL: from the beginning. */
static char *read_meta(const struct job *j)
{
	auto_str struct str text = { 0 }, boot = { 0 };
	const char *p;

	read_boot_id(&boot);
	if (file_read(AT_FDCWD, j->meta, META_MAX, &text, NULL) < 0 ||
	    !(p = strchr(str_c(&text), '\n')))
		return NULL;
	if (!j->d->sha256 && !str_starts(text.s, boot.s))
		return NULL;
	p++;
	return *p && *p != '\n' ? xstrndup(p, strcspn(p, "\n")) : NULL;
}

/* ---- one request ---- */

static int start_over(void *ctx, const char *validator, struct err *err)
{
	struct job *j = ctx;

	j->have = 0;
	j->resumed = false;
	if (ftruncate(j->fd, 0) < 0 || lseek(j->fd, 0, SEEK_SET) < 0)
		return err_sys(err, "cannot write '%s'", j->part);
	return write_meta(j, validator, err);
}

static int put(void *ctx, const void *data, size_t n, struct err *err)
{
	struct job *j = ctx;
	int r;

	if (j->have > j->d->max || n > j->d->max - j->have)
		return err_set(err, -EFBIG, "it is larger than %llu bytes",
			       (unsigned long long)j->d->max);
	r = write_all(j->fd, data, n);
	if (r < 0)
		return err_code(err, r, "cannot write '%s'", j->part);
	j->have += n;
	return 0;
}

static void on_progress(void *ctx, uint64_t done, uint64_t total)
{
	const struct job *j = ctx;

	if (j->d->progress)
		j->d->progress->report(j->d->progress->ctx, j->what, done, total);
}

/* How far part has come, by the file itself: the last call may have been killed anywhere. */
static int find_part(struct job *j, struct err *err)
{
	off_t size = lseek(j->fd, 0, SEEK_END);

	if (size < 0)
		return err_sys(err, "cannot read '%s'", j->part);
	j->have = (uint64_t)size;
	free(j->if_range);
	/* what libcurl does with file: is no going on */
	j->if_range = size && strncasecmp(j->d->url, "file:", 5) != 0 ? read_meta(j) : NULL;
	return 0;
}

static int empty_part(struct job *j, struct err *err)
{
	j->have = 0;
	j->resumed = false;
	if (ftruncate(j->fd, 0) < 0)
		return err_sys(err, "cannot write '%s'", j->part);
	return 0;
}

static int request(struct job *j, struct src_answer *a, struct err *err)
{
	struct src_request q = { .url = j->d->url,
				 .max = j->d->max,
				 .start_over = start_over,
				 .put = put,
				 .progress = on_progress,
				 .ctx = j };
	int r = find_part(j, err);

	if (r < 0)
		return r;
	q.from = j->if_range ? j->have : 0;
	q.if_range = j->if_range;
	return src_curl_get(&q, a, err);
}

/* Again and again as long as it gets on; then a few times more. */
static int transfer(struct job *j, struct err *err)
{
	int tries = 0;

	for (;;) {
		struct src_answer a = { 0 };
		auto_err struct err why = { 0 };
		int r = request(j, &a, &why);

		if (r == 0)
			return 0;
		if (a.status == HTTP_BAD_RANGE && j->have) {
			r = empty_part(j, &why);
			a.again = r == 0;
		}
		tries = j->have > j->most ? 0 : tries + 1;
		j->most = MAX(j->most, j->have);
		if (!a.again || tries >= TRIES) {
			err_move(err, &why);
			return a.status == HTTP_NOT_FOUND || a.status == HTTP_GONE ? -ENOENT : r;
		}
		if (tries)
			poll(NULL, 0, RETRY_MSEC);
	}
}

/* ---- the file ---- */

static int put_aside(const struct job *j, const char *got, struct err *err)
{
	auto_free char *bad = xasprintf("%s.bad", j->data), *url = shown(j->d->url);

	err_set(err, -EBADMSG, "what came from '%s' has the SHA-256 %s, not %s", url, got,
		j->d->sha256);
	if (rename(j->part, bad) < 0)
		unlink(j->part);
	unlink(j->meta);
	return err_hint(err, -EBADMSG, "it is kept as '%s' and never used", bad);
}

/* A call that was killed may have had all of it. */
static bool is_whole(struct job *j)
{
	char got[DIGEST_HEX + 1];

	return j->d->sha256 && j->have && lseek(j->fd, 0, SEEK_SET) == 0 &&
	       digest_fd(j->fd, got, NULL) == 0 && str_eq(got, j->d->sha256);
}

/* What was put together from two calls gets a second chance as one. */
static int check(struct job *j, bool *ret_again, struct err *err)
{
	char got[DIGEST_HEX + 1];
	int r;

	*ret_again = false;
	if (!j->d->sha256)
		return 0;
	if (lseek(j->fd, 0, SEEK_SET) < 0)
		return err_sys(err, "cannot read '%s'", j->part);
	r = digest_fd(j->fd, got, err);
	if (r < 0 || str_eq(got, j->d->sha256))
		return r;
	if (!j->resumed)
		return put_aside(j, got, err);
	*ret_again = true;
	j->most = 0;
	return empty_part(j, err);
}

static int publish(const struct job *j, struct err *err)
{
	if (fsync(j->fd) < 0)
		return err_sys(err, "cannot write '%s'", j->part);
	if (!file_lock_holds(j->lock))
		return err_set(err, -ESTALE, "'%s' was deleted while it was made", j->dir);
	if (rename(j->part, j->data) < 0)
		return err_sys(err, "cannot put '%s' in place", j->data);
	unlink(j->meta);
	file_sync_folder(AT_FDCWD, j->dir, NULL);
	return 0;
}

static int fetch(struct job *j, struct err *err)
{
	bool again = true;
	int r = 0;

	j->fd = open(j->part, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (j->fd < 0)
		return err_sys(err, "cannot create '%s'", j->part);
	r = find_part(j, err);
	j->resumed = j->have > 0;
	if (r == 0 && is_whole(j))
		return publish(j, err);
	while (r == 0 && again) {
		r = transfer(j, err);
		if (r < 0) {
			auto_free char *url = shown(j->d->url);

			return err_wrap(err, r, "cannot download '%s'", url);
		}
		r = check(j, &again, err);
	}
	return r < 0 ? r : publish(j, err);
}

static int key_of(const struct src_download *d, char ret[65], struct err *err)
{
	auto_free char *text =
		xasprintf("%s\n%s\n%s\n", d->url, d->sha256 ? d->sha256 : "", d->tag ? d->tag : "");

	return digest_text(text, ret, err);
}

static int set_paths(struct job *j, struct err *err)
{
	char key[65];
	int r = key_of(j->d, key, err);

	if (r == 0)
		r = krn_cached_path("downloads", key, &j->dir, err);
	if (r < 0)
		return r;
	j->part = path_join(j->dir, "part");
	j->meta = path_join(j->dir, "meta");
	j->data = path_join(j->dir, "data");
	return 0;
}

static bool is_there(struct job *j)
{
	j->hold = close_fd(j->hold);
	j->hold = krn_cached_hold(j->dir);
	return j->hold >= 0 && access(j->data, R_OK) == 0;
}

static int make(struct job *j, struct err *err)
{
	auto_free char *lock = xasprintf("%s.lock", j->dir), *url = shown(j->d->url);
	struct krn_progress buf;
	int r;

	if (j->d->offline)
		return err_set(err, -ENOENT,
			       "'%s' is not in the cache, and nothing is downloaded (offline)",
			       url);
	j->what = xasprintf("downloading %.*s", (int)strcspn(path_base(url), "?#"), path_base(url));
	r = krn_lock(lock, src_krn_progress(j->d->progress, &buf), &j->lock, err);
	if (r == 0)
		r = mkdir_p(j->dir, 0700, err);
	/* another kiln may have done it while this one waited */
	if (r < 0 || is_there(j))
		return r;
	r = fetch(j, err);
	if (r == 0 && !is_there(j))
		r = err_set(err, -EIO, "'%s' vanished while it was downloaded", j->dir);
	return r;
}

int src_download(const struct src_download *d, char **ret_path, int *ret_hold, struct err *err)
{
	cleanup(job_release) struct job j = { .d = d, .lock = -1, .hold = -1, .fd = -1 };
	int r = set_paths(&j, err);

	if (r == 0 && !is_there(&j))
		r = make(&j, err);
	if (r < 0)
		return r;
	*ret_path = take_ptr(j.data);
	*ret_hold = take_fd(&j.hold);
	return 0;
}

int src_download_bad(const char *path, char **ret_bad, struct err *err)
{
	auto_free char *bad = xasprintf("%s.bad", path);

	if (rename(path, bad) < 0)
		return err_sys(err, "cannot put '%s' aside", path);
	*ret_bad = take_ptr(bad);
	return 0;
}
