/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions about plain C strings. Nothing here looks at the locale: numbers, sizes and orders
 * are the same for every user.
 */
#include "base/clock.h"
#include "base/str.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool str_eq(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

bool str_starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), k = strlen(suffix);

	return n >= k && !strcmp(s + n - k, suffix);
}

bool str_skip(const char **s, const char *prefix)
{
	if (!str_starts(*s, prefix))
		return false;
	*s += strlen(prefix);
	return true;
}

/* Optimal string alignment: three rows of the usual matrix are enough. */
size_t str_distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	auto_free size_t *rows = xcalloc(3 * (m + 1), sizeof(*rows));
	size_t *before = rows, *above = rows + m + 1, *row = rows + 2 * (m + 1);

	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *spare = before;

		before = above;
		above = row;
		row = spare;
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			char x = lower(a[i - 1]), y = lower(b[j - 1]);

			row[j] = MIN(above[j], row[j - 1]) + 1;
			row[j] = MIN(row[j], above[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y)
				row[j] = MIN(row[j], before[j - 2] + 1);
		}
	}
	return row[m];
}

/* Which letters and digits there are, one bit each; what else there is shares them. */
static uint32_t letters(const char *s, size_t n)
{
	uint32_t mask = 0;

	for (size_t i = 0; i < n; i++)
		mask |= UINT32_C(1) << (s[i] & 31);
	return mask;
}

/* An error changes one letter at most: the look at letters spares nearly all words the distance. */
size_t str_near(const char *a, size_t n, const char *b, size_t most)
{
	size_t m = strlen(b);
	uint32_t in_a, in_b;
	auto_free char *copy = NULL;

	if ((n > m ? n - m : m - n) > most)
		return most + 1;
	in_a = letters(a, n);
	in_b = letters(b, m);
	if ((size_t)__builtin_popcount(in_a & ~in_b) > most ||
	    (size_t)__builtin_popcount(in_b & ~in_a) > most)
		return most + 1;
	copy = xstrndup(a, n);
	return MIN(str_distance(copy, b), most + 1);
}

const char *str_nearest(const char *word, const char *const *names, size_t n)
{
	size_t len = strlen(word), best = len / 3 + 2;
	const char *found = NULL;

	if (len > 256)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t d = str_distance(word, names[i]);

		/* the beginning of a name is near, however much is missing */
		if (len >= 2 && d > 1 && str_starts(names[i], word))
			d = 1;
		if (d < best && d < MAX(len, strlen(names[i]))) {
			best = d;
			found = names[i];
		}
	}
	return found;
}

static bool digits(const char **s, uint64_t *ret)
{
	uint64_t v = 0;

	if (!is_digit(**s))
		return false;
	for (; is_digit(**s); (*s)++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(**s - '0'), &v))
			return false;
	*ret = v;
	return true;
}

static bool hex_digits(const char *s, uint64_t *ret)
{
	uint64_t v = 0;

	if (!*s || strlen(s) > 16)
		return false;
	for (; *s; s++) {
		char c = lower(*s);

		if (is_digit(c))
			v = v << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	*ret = v;
	return true;
}

bool str_u64(const char *s, uint64_t *ret)
{
	uint64_t v;

	if (str_skip(&s, "0x") || str_skip(&s, "0X"))
		return hex_digits(s, ret);
	if (!digits(&s, &v) || *s)
		return false;
	*ret = v;
	return true;
}

struct unit {
	const char *name;
	uint64_t factor;
};

static bool unit_factor(const char *s, const struct unit *units, size_t n, uint64_t *ret)
{
	for (size_t i = 0; i < n; i++)
		if (!strcasecmp(s, units[i].name)) {
			*ret = units[i].factor;
			return true;
		}
	return false;
}

/* number [ "." digits ] unit; digits behind the tenth of the fraction are too small to matter */
static bool scaled(const char *s, const struct unit *units, size_t n, uint64_t *ret)
{
	uint64_t whole, part = 0, base = 1, factor, v;
	bool fraction = false;

	if (!digits(&s, &whole))
		return false;
	if (*s == '.') {
		fraction = true;
		if (!is_digit(*++s))
			return false;
		for (; is_digit(*s); s++)
			if (base < UINT64_C(10000000000)) {
				part = part * 10 + (uint64_t)(*s - '0');
				base *= 10;
			}
	}
	if (!unit_factor(s, units, n, &factor) || (fraction && factor == 1))
		return false;
	v = (uint64_t)((unsigned __int128)part * factor / base);
	if (__builtin_mul_overflow(whole, factor, &whole) || __builtin_add_overflow(v, whole, &v))
		return false;
	*ret = v;
	return true;
}

bool str_size(const char *s, uint64_t *ret_bytes)
{
	static const struct unit units[] = {
		/* clang-format off */
		{ "", 1 }, { "B", 1 },
		{ "K", UINT64_C(1) << 10 }, { "KB", UINT64_C(1) << 10 }, { "KiB", UINT64_C(1) << 10 },
		{ "M", UINT64_C(1) << 20 }, { "MB", UINT64_C(1) << 20 }, { "MiB", UINT64_C(1) << 20 },
		{ "G", UINT64_C(1) << 30 }, { "GB", UINT64_C(1) << 30 }, { "GiB", UINT64_C(1) << 30 },
		{ "T", UINT64_C(1) << 40 }, { "TB", UINT64_C(1) << 40 }, { "TiB", UINT64_C(1) << 40 },
		/* clang-format on */
	};

	return scaled(s, units, countof(units), ret_bytes);
}

void str_add_size(struct str *b, uint64_t bytes)
{
	static const char units[] = " KMGT";
	double v = (double)bytes;
	size_t i = 0;

	/* what would be written as 1024 is 1.0 of the next */
	while (v >= 1023.5 && units[i + 1]) {
		v /= 1024;
		i++;
	}
	if (!i)
		str_addf(b, "%.0f", v);
	else
		str_addf(b, "%.*f%c", v < 9.95, v, units[i]);
}

bool str_span(const char *s, uint64_t *ret_ns)
{
	static const struct unit units[] = {
		{ "ms", NSEC_PER_MSEC },      { "s", NSEC_PER_SEC },
		{ "", NSEC_PER_SEC },	      { "m", 60 * NSEC_PER_SEC },
		{ "h", 3600 * NSEC_PER_SEC }, { "d", 86400 * NSEC_PER_SEC },
	};

	return scaled(s, units, countof(units), ret_ns);
}

static int compare_numbers(const char **a, const char **b)
{
	size_t n, m;
	int c;

	*a += strspn(*a, "0");
	*b += strspn(*b, "0");
	n = strspn(*a, "0123456789");
	m = strspn(*b, "0123456789");
	c = n != m ? (n < m ? -1 : 1) : memcmp(*a, *b, n);
	*a += n;
	*b += m;
	return c;
}

/*
 * How what begins at s sorts: a release candidate before the end, the end before everything else.
 */
static int rank(const char *s)
{
	if (*s == '~')
		return -2;
	if (str_starts(s, "-rc") || str_starts(s, "_rc"))
		return -1;
	return (unsigned char)*s;
}

int str_vercmp(const char *a, const char *b)
{
	const char *p = a, *q = b;

	while (*p || *q) {
		int c;

		if (is_digit(*p) && is_digit(*q)) {
			c = compare_numbers(&p, &q);
			if (c)
				return c;
			continue;
		}
		c = rank(p) - rank(q);
		if (c)
			return c;
		p++;
		q++;
	}
	/* only leading zeros differ; still one order, so that sorting is stable */
	return strcmp(a, b);
}

struct kernel_version {
	uint64_t n[4];
	bool candidate;
	uint64_t rc;
};

static uint64_t take_number(const char **s)
{
	uint64_t v = 0;

	for (; is_digit(**s); ++*s)
		v = MIN(v * 10 + (uint64_t)(**s - '0'), (uint64_t)UINT32_MAX);
	return v;
}

static struct kernel_version kernel_version(const char *s)
{
	struct kernel_version v = { 0 };

	for (size_t i = 0; i < countof(v.n) && is_digit(*s); i++) {
		v.n[i] = take_number(&s);
		s += *s == '.';
	}
	v.candidate = str_skip(&s, "-rc");
	if (v.candidate)
		v.rc = take_number(&s);
	return v;
}

static int compare_kernel(const char *version, const char *bound)
{
	struct kernel_version v = kernel_version(version), b = kernel_version(bound);

	for (size_t i = 0; i < countof(v.n); i++)
		if (v.n[i] != b.n[i])
			return v.n[i] < b.n[i] ? -1 : 1;
	if (!b.candidate)
		return 0;
	if (!v.candidate)
		return 1;
	return v.rc < b.rc ? -1 : v.rc > b.rc;
}

bool str_kernel_in(const char *version, const char *since, const char *until)
{
	return (!since || compare_kernel(version, since) >= 0) &&
	       (!until || compare_kernel(version, until) < 0);
}
