/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growing buffers. Invariant: once s is set, n < cap and s[n] is NUL. */
#include "base/str.h"

#include <stdio.h>

char *str_room(struct str *b, size_t n)
{
	size_t need;

	if (__builtin_add_overflow(b->n, n, &need) || __builtin_add_overflow(need, 1, &need))
		need = SIZE_MAX; /* xrealloc() ends the program */
	if (need > b->cap) {
		size_t cap = MAX(b->cap > SIZE_MAX / 2 ? SIZE_MAX : b->cap * 2, (size_t)64);

		b->cap = MAX(cap, need);
		b->s = xrealloc(b->s, b->cap, 1);
		b->s[b->n] = '\0';
	}
	return b->s + b->n;
}

void str_add(struct str *b, const void *data, size_t n)
{
	char *p = str_room(b, n);

	if (n)
		memcpy(p, data, n);
	b->n += n;
	b->s[b->n] = '\0';
}

void str_adds(struct str *b, const char *s)
{
	str_add(b, s, strlen(s));
}

void str_addc(struct str *b, char c)
{
	str_add(b, &c, 1);
}

void str_addf(struct str *b, const char *fmt, ...)
{
	auto_free char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	str_adds(b, s);
}

void str_cut(struct str *b, size_t n)
{
	if (n >= b->n)
		return;
	b->n = n;
	b->s[n] = '\0';
}

void str_clear(struct str *b)
{
	b->n = 0;
	if (b->s)
		b->s[0] = '\0';
}

void str_release(struct str *b)
{
	free(b->s);
	*b = (struct str){ 0 };
}

char *str_take(struct str *b)
{
	char *s = b->s ? b->s : xstrdup("");

	*b = (struct str){ 0 };
	return s;
}

/* Bytes of the UTF-8 character at p, 0 if there is none (RFC 3629). */
static size_t utf8_length(const unsigned char *p, size_t n)
{
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (len > n || p[0] > 0xf4 || (p[0] == 0xe0 && p[1] < 0xa0) ||
	    (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

void str_add_printable(struct str *b, const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + n;

	while (p < end) {
		size_t len = utf8_length(p, (size_t)(end - p));
		bool control = (len == 1 && *p != '\t' && (*p < ' ' || *p == 0x7f)) ||
			       (len == 2 && p[0] == 0xc2 && p[1] < 0xa0);

		if (!len || control)
			str_addc(b, ' ');
		else
			str_add(b, (const char *)p, len);
		p += len ? len : 1;
	}
}

void str_add_quoted(struct str *b, const char *s)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "@%+=:,./_-";

	/* "a=b" is an assignment only as a command's first word; quoting it there costs nothing */
	if (*s && !s[strspn(s, safe)]) {
		str_adds(b, s);
		return;
	}
	str_addc(b, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			str_adds(b, "'\\''");
		else
			str_addc(b, *s);
	}
	str_addc(b, '\'');
}
