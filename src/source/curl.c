/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rest of a file is asked for by Range with If-Range (RFC 9110, 13.1.5 and 14.2): the server sends it (206) or, where
 * the file is another by now or it knows no ranges, all of it (200). CURLOPT_RESUME_FROM would take the latter for an error.
 */
#include "source/curl.h"

#include "base/dl.h"
#include "base/str.h"

#include <errno.h>

/* CURLOPT_PROTOCOLS works in every libcurl 7 and 8; what replaces it begins with 7.85. */
#define CURL_DISABLE_DEPRECATION
#include <curl/curl.h>

DL_FUNC(curl_easy_init);
DL_FUNC(curl_easy_setopt);
DL_FUNC(curl_easy_perform);
DL_FUNC(curl_easy_getinfo);
DL_FUNC(curl_easy_cleanup);
DL_FUNC(curl_easy_strerror);
DL_FUNC(curl_slist_append);
DL_FUNC(curl_slist_free_all);

static const struct dl_sym syms[] = {
	DL_SYM(curl_easy_init),	   DL_SYM(curl_easy_setopt),	DL_SYM(curl_easy_perform),
	DL_SYM(curl_easy_getinfo), DL_SYM(curl_easy_cleanup),	DL_SYM(curl_easy_strerror),
	DL_SYM(curl_slist_append), DL_SYM(curl_slist_free_all),
};

#define REDIRECTS    10L
#define CONNECT_SECS 30L
/* Slower than that for so long is a connection that died. */
#define STALL_BYTES 1L
#define STALL_SECS  60L
#define HEADER_MAX  1024

struct transfer {
	const struct src_request *q;
	CURL *curl;
	struct curl_slist *headers;
	struct err err; /* of a callback */
	char *etag, *modified;
	uint64_t range_from;
	bool ranged; /* the answer says which part it is */
	bool begun;
	uint64_t from; /* of what comes now */
	char words[CURL_ERROR_SIZE];
};

static void transfer_release(struct transfer *t)
{
	if (t->headers)
		dl_curl_slist_free_all(t->headers);
	if (t->curl)
		dl_curl_easy_cleanup(t->curl);
	free(t->etag);
	free(t->modified);
	err_release(&t->err);
}

/* The value of "Name: value" if it is that header. */
static char *header_value(const char *line, size_t n, const char *name)
{
	size_t len = strlen(name);
	const char *p = line + len, *end = line + n;

	if (n <= len || n > HEADER_MAX || strncasecmp(line, name, len) != 0 || *p++ != ':')
		return NULL;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (end > p && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
		end--;
	return p < end ? xstrndup(p, (size_t)(end - p)) : NULL;
}

static void replace(char **to, char *value)
{
	free(*to);
	*to = value;
}

static void read_range(struct transfer *t, const char *value)
{
	char *end;

	if (!str_skip(&value, "bytes ") || *value < '0' || *value > '9')
		return;
	t->range_from = strtoull(value, &end, 10);
	t->ranged = *end == '-';
}

static size_t on_header(char *line, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	auto_free char *etag = header_value(line, n, "ETag");
	auto_free char *modified = header_value(line, n, "Last-Modified");
	auto_free char *range = header_value(line, n, "Content-Range");

	/* a redirect's answer has headers of its own */
	if (n > 5 && memcmp(line, "HTTP/", 5) == 0) {
		replace(&t->etag, NULL);
		replace(&t->modified, NULL);
		t->ranged = false;
	}
	if (etag)
		replace(&t->etag, take_ptr(etag));
	if (modified)
		replace(&t->modified, take_ptr(modified));
	if (range)
		read_range(t, range);
	return n;
}

/* A weak ETag does not promise the same bytes. */
static const char *validator(const struct transfer *t)
{
	if (t->etag && *t->etag == '"')
		return t->etag;
	return t->modified;
}

static int begin(struct transfer *t)
{
	const struct src_request *q = t->q;
	long status = 0;

	t->begun = true;
	dl_curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	/* file: has no status, and heeds no If-Range: without a validator it is never gone on with */
	if (status != 206)
		return q->start_over(q->ctx, status ? validator(t) : NULL, &t->err);
	if (!q->from || !t->ranged || t->range_from != q->from)
		return err_set(&t->err, -EPROTO, "the server sent another part than was asked for");
	t->from = q->from;
	return 0;
}

static size_t on_data(char *data, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	int r = t->begun ? 0 : begin(t);

	if (r == 0)
		r = t->q->put(t->q->ctx, data, n, &t->err);
	/* another count than n ends the transfer, which 0 would not for an empty piece */
	return r < 0 ? n + 1 : n;
}

static int on_progress(void *ctx, curl_off_t total, curl_off_t now, curl_off_t up_total,
		       curl_off_t up)
{
	const struct transfer *t = ctx;

	if (total > 0 && now > 0)
		t->q->progress(t->q->ctx, t->from + (uint64_t)now, t->from + (uint64_t)total);
	else
		t->q->progress(t->q->ctx, t->from + (uint64_t)MAX(now, 0), 0);
	return 0;
}

#define SET(option, value) dl_curl_easy_setopt(t->curl, option, value)

static void set_range(struct transfer *t)
{
	auto_free char *range = xasprintf("%llu-", (unsigned long long)t->q->from);

	if (!t->q->from)
		return;
	SET(CURLOPT_RANGE, range); /* copied */
	if (t->q->if_range) {
		auto_free char *header = xasprintf("If-Range: %s", t->q->if_range);

		t->headers = dl_curl_slist_append(NULL, header);
		SET(CURLOPT_HTTPHEADER, t->headers);
	}
}

static int set_up(struct transfer *t, struct err *err)
{
	const long web = CURLPROTO_HTTP | CURLPROTO_HTTPS;
	const bool https = strncasecmp(t->q->url, "https:", 6) == 0;

	t->curl = dl_curl_easy_init();
	if (!t->curl || SET(CURLOPT_PROTOCOLS, web | CURLPROTO_FILE) != CURLE_OK ||
	    SET(CURLOPT_REDIR_PROTOCOLS, https ? (long)CURLPROTO_HTTPS : web) != CURLE_OK ||
	    SET(CURLOPT_URL, t->q->url) != CURLE_OK)
		return err_set(err, -EIO, "libcurl cannot be set up");
	SET(CURLOPT_ERRORBUFFER, t->words);
	SET(CURLOPT_FOLLOWLOCATION, 1L);
	SET(CURLOPT_MAXREDIRS, REDIRECTS);
	SET(CURLOPT_FAILONERROR, 1L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_CONNECTTIMEOUT, CONNECT_SECS);
	SET(CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES);
	SET(CURLOPT_LOW_SPEED_TIME, STALL_SECS);
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->q->max);
	SET(CURLOPT_USERAGENT, "kiln/" KILN_VERSION);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, t);
	SET(CURLOPT_WRITEFUNCTION, on_data);
	SET(CURLOPT_WRITEDATA, t);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_XFERINFODATA, t);
	SET(CURLOPT_NOPROGRESS, 0L);
	set_range(t);
	return 0;
}

static bool may_pass(CURLcode code, long status)
{
	switch (code) {
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return true;
	case CURLE_HTTP_RETURNED_ERROR:
		return status == 408 || status == 429 || status >= 500;
	default:
		return false;
	}
}

static int tell(struct transfer *t, CURLcode code, const struct src_answer *a, struct err *err)
{
	const char *words = *t->words ? t->words : dl_curl_easy_strerror(code);

	if (t->err.code) {
		int r = t->err.code;

		err_move(err, &t->err);
		return r;
	}
	if (code == CURLE_FILESIZE_EXCEEDED)
		return err_set(err, -EFBIG, "it is larger than %llu bytes",
			       (unsigned long long)t->q->max);
	if (code == CURLE_FILE_COULDNT_READ_FILE || a->status == 404 || a->status == 410)
		return err_set(err, -ENOENT, "%s", words);
	err_set(err, -EIO, "%s", words);
	if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT ||
	    code == CURLE_COULDNT_RESOLVE_PROXY)
		err_hint(err, -EIO,
			 "is there a network? a proxy is taken from https_proxy and its kin");
	return -EIO;
}

int src_curl_get(const struct src_request *q, struct src_answer *ret, struct err *err)
{
	static void *lib;
	int r = dl_open(&lib, "libcurl.so.4", syms, countof(syms), err);
	CURLcode code;

	if (r < 0)
		return r;
	cleanup(transfer_release) struct transfer t = { .q = q };
	r = set_up(&t, err);
	if (r < 0)
		return r;
	code = dl_curl_easy_perform(t.curl);
	dl_curl_easy_getinfo(t.curl, CURLINFO_RESPONSE_CODE, &ret->status);
	ret->again = !t.err.code && may_pass(code, ret->status);
	/* an empty file has no data that would begin it */
	if (code == CURLE_OK && !t.begun && ret->status != 206)
		r = q->start_over(q->ctx, validator(&t), err);
	else if (code != CURLE_OK)
		r = tell(&t, code, ret, err);
	return r;
}
