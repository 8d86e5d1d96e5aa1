/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strings: a growing buffer, a vector of strings, and questions about plain C strings. */
#pragma once

#include "base/mem.h"

#include <string.h>

/* A growing buffer, always NUL terminated once anything was added. A zeroed struct is empty. */
struct str {
	char *s; /* NULL while empty */
	size_t n;
	size_t cap;
};

void str_add(struct str *b, const void *data, size_t n);
void str_adds(struct str *b, const char *s);
void str_addc(struct str *b, char c);
void str_addf(struct str *b, const char *fmt, ...) PRINTF(2, 3);
/* Makes room for n more bytes and returns where they begin; add them to b->n yourself. */
char *str_room(struct str *b, size_t n);
/* Keeps the memory, forgets the content. */
void str_clear(struct str *b);
/* Forgets what is behind the first n bytes. */
void str_cut(struct str *b, size_t n);
void str_release(struct str *b);
/* Hands over the string ("" if empty, never NULL) and leaves b empty. */
char *str_take(struct str *b);
/* The content as a C string, "" if empty. */
static inline const char *str_c(const struct str *b)
{
	return b->s ? b->s : "";
}
#define auto_str cleanup(str_release)

/* Appends s quoted for a POSIX shell: as it is where it is safe, else in single quotes. */
void str_add_quoted(struct str *b, const char *s);
/*
 * Adds text of unknown origin for a person to read: what a terminal acts on (C0 but the tab, DEL,
 * C1 in UTF-8 or as a byte outside of it) becomes a blank.
 */
void str_add_printable(struct str *b, const char *text, size_t n);

/* A vector of owned strings, NULL terminated whenever v is not NULL. A zeroed struct is empty. */
struct strv {
	char **v;
	size_t n;
	size_t cap;
};

void strv_add(struct strv *v, const char *s);
void strv_addf(struct strv *v, const char *fmt, ...) PRINTF(2, 3);
void strv_take(struct strv *v, char *s);		       /* s is owned by v from here on */
void strv_adds(struct strv *v, ...) __attribute__((sentinel)); /* several strings, then NULL */
void strv_extend(struct strv *v, char *const *more);	       /* copies; NULL is an empty list */
bool strv_has(const struct strv *v, const char *s);
void strv_sort(struct strv *v); /* by bytes */
void strv_release(struct strv *v);
/* One line, each word quoted for a POSIX shell. */
char *strv_quoted(char *const *v);
#define auto_strv cleanup(strv_release)

bool str_eq(const char *a, const char *b); /* NULL equals only NULL */
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
/* If *s begins with prefix, moves *s behind it and returns true. */
bool str_skip(const char **s, const char *prefix);
/* Case-insensitive edit distance (with transposition), for "did you mean". */
size_t str_distance(const char *a, const char *b);
/* The same for the first n bytes of a, quick for what is far: above most it is most + 1. */
size_t str_near(const char *a, size_t n, const char *b, size_t most);
/* The best match for word among n names, or NULL if none is near. */
const char *str_nearest(const char *word, const char *const *names, size_t n);

/* Whole-string numbers; false if s is not one, or out of range. Decimal, or hex behind 0x. */
bool str_u64(const char *s, uint64_t *ret);
/* A size: number with K, M, G, T (powers of 1024), optional B or iB; result in bytes. */
bool str_size(const char *s, uint64_t *ret_bytes);
/* The other way round, in few digits: "512", "1.5K", "23M". */
void str_add_size(struct str *b, uint64_t bytes);
/* A time span: number (fractions allowed) with ms, s (default), m, h, d; result in nanoseconds. */
bool str_span(const char *s, uint64_t *ret_ns);
/* Compares version strings as strverscmp does, but 6.9 before 6.18 and 6.18-rc1 before 6.18. */
int str_vercmp(const char *a, const char *b);
/*
 * Whether a kernel's version (as make kernelversion or uname -r have it) lies in a range: since is in it, until is not; NULL: no
 * bound. Missing numbers are 0. A release candidate has what its release has, so 6.2.0-rc3 is 6.2, but where the bound is
 * one itself: 6.2-rc3 is before 6.2-rc4. What else follows a version does not count.
 */
bool str_kernel_in(const char *version, const char *since, const char *until);

/* The value of a variable in a list like environ, which may be NULL; NULL where there is none. */
const char *env_get(char *const *env, const char *name);
