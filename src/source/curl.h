/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request by libcurl, opened on first use. Proxies are taken from the environment as curl(1) does. */
#pragma once

#include "base/err.h"

struct src_request {
	const char *
		url; /* https, http or file; redirects (ten at most) only to http and https, from https only to that */
	uint64_t max;	      /* bytes; more is -EFBIG where the server says so beforehand */
	uint64_t from;	      /* not 0: only what is behind is wanted, if ... */
	const char *if_range; /* ... the file is still the one of this ETag or date; NULL: of any */
	/*
	 * The whole file comes, from its beginning, whatever was asked for. validator: for if_range the next time; NULL:
	 * the file cannot be told from another. A negative errno ends it, as does one of put().
	 */
	int (*start_over)(void *ctx, const char *validator, struct err *err);
	int (*put)(void *ctx, const void *data, size_t n, struct err *err);
	void (*progress)(void *ctx, uint64_t done, uint64_t total);
	void *ctx;
};

struct src_answer {
	long status; /* of HTTP; 0: none */
	bool again;  /* it failed in a way that may pass */
};

/* 0 if all came. */
int src_curl_get(const struct src_request *q, struct src_answer *ret, struct err *err);
