/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/hide.h"

#include <ctype.h>

#define MAC_DIGITS 12

void hw_hidden_release(struct hw_hidden *h)
{
	strv_release(&h->names);
}

static size_t hex_digits(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && isxdigit((unsigned char)*q))
		q++;
	return (size_t)(q - p);
}

/* systemd.net-naming-scheme(7): type, x, the address. Its length, or 0. */
static size_t name_length(const char *p, const char *end)
{
	static const char *const types[] = { "enx", "wlx", "wwx", "ibx", "slx" };

	for (size_t i = 0; i < countof(types); i++)
		if (end - p >= 3 + MAC_DIGITS && strncmp(p, types[i], 3) == 0 &&
		    hex_digits(p + 3, end) == MAC_DIGITS)
			return 3 + MAC_DIGITS;
	return 0;
}

/* Six pairs of digits or more (InfiniBand's addresses have 20) with the same sign between them. Its length, or 0. */
static size_t address_length(const char *p, const char *end)
{
	const char *q = p;
	size_t pairs = 0;

	while (hex_digits(q, end) == 2) {
		pairs++;
		q += 2;
		if (q == end || (*q != ':' && *q != '-') || *q != p[2] ||
		    hex_digits(q + 1, end) != 2)
			break;
		q++;
	}
	return pairs >= 6 ? (size_t)(q - p) : 0;
}

static void add_name(struct hw_hidden *h, const char *p, size_t n, struct str *ret)
{
	auto_free char *name = xstrndup(p, n);
	size_t i = 0;

	while (i < h->names.n && !str_eq(h->names.v[i], name))
		i++;
	if (i == h->names.n)
		strv_add(&h->names, name);
	str_addf(ret, "%.3s%0*zu", p, MAC_DIGITS, i + 1);
}

static void add_zeros(const char *p, size_t n, struct str *ret)
{
	for (size_t i = 0; i < n; i++)
		str_addc(ret, p[i] == ':' || p[i] == '-' ? p[i] : '0');
}

void hw_hide(struct hw_hidden *h, const char *text, size_t n, struct str *ret)
{
	const char *end = text + n;
	bool in_word = false;

	for (const char *p = text; p < end;) {
		size_t name = in_word ? 0 : name_length(p, end);
		size_t address = in_word || name ? 0 : address_length(p, end);

		if (name)
			add_name(h, p, name, ret);
		else if (address)
			add_zeros(p, address, ret);
		else
			str_addc(ret, *p);
		in_word = isalnum((unsigned char)*p);
		p += name + address ? name + address : 1;
	}
}
