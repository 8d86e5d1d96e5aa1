/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands before a patch's diffs: the headers of a mail (RFC 5322, its subject by RFC 2047), and kiln's own words
 * about versions.
 */
#include "source/patch.h"

#include <ctype.h>
#include <errno.h>

/* The subject, in words. */

static int hex_digit(char c)
{
	return isdigit((unsigned char)c)    ? c - '0'
	       : isxdigit((unsigned char)c) ? tolower(c) - 'a' + 10
					    : -1;
}

static void decode_q(const char *s, const char *end, struct str *ret)
{
	for (; s < end; s++) {
		if (*s == '_')
			str_addc(ret, ' ');
		else if (*s == '=' && end - s > 2 && hex_digit(s[1]) >= 0 && hex_digit(s[2]) >= 0) {
			str_addc(ret, (char)(hex_digit(s[1]) * 16 + hex_digit(s[2])));
			s += 2;
		} else
			str_addc(ret, *s);
	}
}

static void decode_b(const char *s, const char *end, struct str *ret)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned bits = 0, n = 0;

	for (; s < end; s++) {
		const char *at = memchr(digits, *s, sizeof(digits) - 1);

		if (!at)
			continue;
		bits = bits << 6 | (unsigned)(at - digits);
		n += 6;
		if (n >= 8) {
			n -= 8;
			str_addc(ret, (char)(bits >> n));
		}
	}
}

/* "=?UTF-8?q?...?=" at s: adds what it says and returns how long it is; else 0. Other character sets stay as they are. */
static size_t encoded_word(const char *s, struct str *ret)
{
	const char *text, *end;
	char kind;

	if (strncasecmp(s, "=?utf-8?", 8) != 0)
		return 0;
	kind = (char)tolower(s[8]);
	if ((kind != 'q' && kind != 'b') || s[9] != '?')
		return 0;
	text = s + 10;
	end = strstr(text, "?=");
	if (!end)
		return 0;
	if (kind == 'q')
		decode_q(text, end, ret);
	else
		decode_b(text, end, ret);
	return (size_t)(end + 2 - s);
}

static char *decode(const char *s)
{
	auto_str struct str plain = { 0 }, shown = { 0 };

	while (*s) {
		size_t n = encoded_word(s, &plain);

		if (!n) {
			str_addc(&plain, *s++);
			continue;
		}
		s += n;
		/* blanks between two encoded words are none */
		if (str_starts(s + strspn(s, " \t"), "=?"))
			s += strspn(s, " \t");
	}
	str_add_printable(&shown, str_c(&plain), plain.n);
	return str_take(&shown);
}

/* Without "[PATCH v2 1/3]" and the like in front. */
static char *subject(const char *s)
{
	const char *end;

	while (*s == ' ' || *s == '[') {
		end = *s == '[' ? strchr(s, ']') : s;
		if (!end)
			break;
		s = end + 1;
	}
	return *s ? decode(s) : NULL;
}

/* Headers. */

struct header {
	struct src_diff *d;
	bool from, has_subject, encoded;
};

static void header_line(struct header *h, const char *line)
{
	const char *value = strchr(line, ':') + 1;

	value += strspn(value, " \t");
	if (!strncasecmp(line, "from:", 5))
		h->from = true;
	if (!strncasecmp(line, "subject:", 8) && !h->has_subject) {
		h->has_subject = true;
		h->d->subject = subject(value);
	}
	if (!strncasecmp(line, "content-transfer-encoding:", 26))
		h->encoded = !strncasecmp(value, "quoted-printable", 16) ||
			     !strncasecmp(value, "base64", 6);
}

static bool is_header(const char *line)
{
	size_t n = strcspn(line, ": \t");

	return n && line[n] == ':';
}

/* The block of headers that a mail begins with, folded lines joined. */
static void read_headers(struct header *h, const char *head)
{
	auto_str struct str line = { 0 };
	bool first = true;

	for (const char *p = head; *p; p += *p == '\n', first = false) {
		size_t n = strcspn(p, "\n");

		if (first && str_starts(p, "From ")) {
			p += n;
			continue;
		}
		if (*p != ' ' && *p != '\t') {
			if (line.n)
				header_line(h, line.s);
			str_clear(&line);
			auto_free char *copy = xstrndup(p, n);
			if (!is_header(copy))
				break;
		}
		if (line.n || (*p != ' ' && *p != '\t'))
			str_add(&line, p, n);
		p += n;
	}
	if (line.n)
		header_line(h, line.s);
}

/* Directives. */

bool src_is_version(const char *s)
{
	const char *p = s;

	do {
		if (!isdigit((unsigned char)*p))
			return false;
		p += strspn(p, "0123456789");
	} while (*p == '.' && p++);
	if (str_skip(&p, "-rc")) {
		if (!isdigit((unsigned char)*p))
			return false;
		p += strspn(p, "0123456789");
	}
	return !*p;
}

/* The next word; *s moves behind it. NULL: there is none. */
static char *take_word(const char **s)
{
	size_t n;

	*s += strspn(*s, " \t\r");
	n = strcspn(*s, " \t\r");
	*s += n;
	return n ? xstrndup(*s - n, n) : NULL;
}

static int directive(struct src_diff *d, unsigned line, const char *words, struct err *err)
{
	for (;;) {
		auto_free char *verb = take_word(&words), *version = take_word(&words);
		char **to = str_eq(verb, "since")   ? &d->since
			    : str_eq(verb, "until") ? &d->until
						    : NULL;

		if (!verb)
			return 0;
		if (!to || !version || !src_is_version(version) || *to) {
			err_set(err, -EINVAL, "line %u: '#kiln: %s%s%s' is not understood", line,
				verb, version ? " " : "", version ? version : "");
			return err_hint(err, -EINVAL,
					"#kiln: since VERSION until VERSION, or one of them");
		}
		*to = take_ptr(version);
	}
}

static int read_directives(struct src_diff *d, const char *head, struct err *err)
{
	unsigned line = 1;
	int r = 0;

	for (const char *p = head; r == 0 && *p; p += *p == '\n', line++) {
		size_t n = strcspn(p, "\n");

		if (str_starts(p, "#kiln:")) {
			auto_free char *words = xstrndup(p + 6, n - 6);

			r = directive(d, line, words, err);
		} else if (*p == '#' && str_starts(p + 1 + strspn(p + 1, " \t#"), "kiln:")) {
			err_set(err, -EINVAL,
				"line %u: a directive begins with '#kiln:', without blanks", line);
			r = -EINVAL;
		}
		p += n;
	}
	return r;
}

int src_diff_head(struct src_diff *d, struct err *err)
{
	auto_free char *head = xstrndup(str_c(&d->text), d->head_n);
	struct header h = { .d = d };
	int r;

	read_headers(&h, head);
	d->mail = h.from && h.has_subject;
	if (d->mail && h.encoded) {
		err_set(err, -EINVAL, "the mail's text is encoded (Content-Transfer-Encoding)");
		return err_hint(err, -EINVAL, "git mailinfo MESSAGE PATCH <FILE writes it plain");
	}
	r = read_directives(d, head, err);
	if (r == 0 && d->since && d->until && str_vercmp(d->since, d->until) >= 0)
		r = err_set(err, -EINVAL, "there is no version since %s and until %s", d->since,
			    d->until);
	return r;
}
