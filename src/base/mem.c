/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocation that does not fail: the program ends with status 125 instead. */
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static const char no_memory[] = "kiln: error: out of memory\n";

static _Noreturn void die(void)
{
	/* stdio may want memory itself */
	if (write(STDERR_FILENO, no_memory, sizeof(no_memory) - 1) < 0)
		_exit(125);
	_exit(125);
}

void *xmalloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (!p)
		die();
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		die();
	return p;
}

void *xrealloc(void *p, size_t n, size_t size)
{
	void *q;

	if (__builtin_mul_overflow(n, size, &n))
		die();
	q = realloc(p, n ? n : 1);
	if (!q)
		die();
	return q;
}

char *xstrdup(const char *s)
{
	return xmemdup(s, strlen(s) + 1);
}

char *xstrndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = xmalloc(len + 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

void *xmemdup(const void *p, size_t n)
{
	void *copy = xmalloc(n);

	if (n)
		memcpy(copy, p, n);
	return copy;
}

char *xvasprintf(const char *fmt, va_list ap)
{
	char *s;

	if (vasprintf(&s, fmt, ap) < 0)
		die();
	return s;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	return s;
}
