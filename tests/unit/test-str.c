/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
#include "base/proc.h"

static void buffer_grows(void **state)
{
	auto_str struct str b = { 0 };

	assert_string_equal(str_c(&b), "");
	for (int i = 0; i < 1000; i++)
		str_addf(&b, "%d,", i);
	assert_int_equal(b.n, 3890);
	assert_int_equal(strlen(b.s), b.n);
	assert_true(str_starts(b.s, "0,1,2,"));
	assert_true(str_ends(b.s, ",998,999,"));
	str_clear(&b);
	assert_string_equal(str_c(&b), "");
	str_add(&b, "a\0b", 3);
	assert_int_equal(b.n, 3);
	assert_memory_equal(b.s, "a\0b", 4);
}

static void take_is_never_null(void **state)
{
	struct str b = { 0 };
	auto_free char *s = str_take(&b);

	assert_string_equal(s, "");
	assert_null(b.s);
}

static void room_keeps_termination(void **state)
{
	auto_str struct str b = { 0 };
	char *p = str_room(&b, 10);

	assert_string_equal(b.s, "");
	memcpy(p, "0123456789", 10);
	b.n += 10;
	str_addc(&b, '!');
	assert_string_equal(b.s, "0123456789!");
}

/* The shell itself says whether it reads back what was quoted. */
static void quoting_survives_the_shell(void **state)
{
	static const char *const words[] = {
		"",   "plain", "two words", "it's", "$HOME `x` \"", "a\nb",    "*",
		"\\", "'''",   "~",	    "-n",   "#x",	    "a;b&c|d", "\xff\x01"
	};
	auto_strv struct strv line = { 0 };
	auto_free char *quoted = NULL, *script = NULL;
	auto_str struct str expect = { 0 };
	auto_proc_result struct proc_result result = { 0 };

	for (size_t i = 0; i < countof(words); i++) {
		strv_add(&line, words[i]);
		str_addf(&expect, "<%s>", words[i]);
	}
	quoted = strv_quoted(line.v);
	script = xasprintf("printf '<%%s>' %s", quoted);
	const struct proc_spec spec = {
		.argv = (char *[]){ (char *)"/bin/sh", (char *)"-c", script, NULL },
	};
	assert_int_equal(proc_run(&spec, NULL, 0, 4096, &result, NULL), 0);
	assert_int_equal(result.status, 0);
	assert_string_equal(str_c(&result.out), expect.s);
}

static void quoting_leaves_plain_words(void **state)
{
	char *const argv[] = {
		(char *)"qemu-system-x86_64", (char *)"-m",  (char *)"size=2G,slots=1",
		(char *)"/a/b.c:%+@_",	      (char *)"a b", NULL
	};
	auto_free char *s = strv_quoted(argv);

	assert_string_equal(s, "qemu-system-x86_64 -m size=2G,slots=1 /a/b.c:%+@_ 'a b'");
}

static void vector_is_an_argv(void **state)
{
	auto_strv struct strv v = { 0 }, more = { 0 };

	strv_adds(&v, "c", "a", NULL);
	strv_addf(&v, "%d", 7);
	for (int i = 0; i < 20; i++)
		strv_add(&more, "x");
	strv_extend(&v, more.v);
	strv_extend(&v, NULL);
	assert_int_equal(v.n, 23);
	assert_null(v.v[23]);
	assert_true(strv_has(&v, "7"));
	assert_false(strv_has(&v, "8"));
	assert_string_equal(v.v[0], "c");
	assert_string_equal(v.v[2], "7");
	assert_string_equal(v.v[22], "x");
}

static void sizes(void **state)
{
	static const struct {
		const char *s;
		uint64_t value;
	} good[] = {
		{ "0", 0 },	      { "512", 512 },
		{ "512B", 512 },      { "2G", 2ull << 30 },
		{ "2g", 2ull << 30 }, { "1.5G", 3ull << 29 },
		{ "4KiB", 4096 },     { "4kb", 4096 },
		{ "3T", 3ull << 40 }, { "16777215T", 16777215ull << 40 },
	};
	static const char *const bad[] = { "",
					   "G",
					   "-1",
					   "1.5",
					   "1.G",
					   "1 G",
					   "2X",
					   "16777216T",
					   "1GG",
					   "0x10",
					   "99999999999999999999",
					   " 1",
					   "1,5G" };
	uint64_t v;

	for (size_t i = 0; i < countof(good); i++) {
		assert_true(str_size(good[i].s, &v));
		assert_int_equal(v, good[i].value);
	}
	for (size_t i = 0; i < countof(bad); i++)
		if (str_size(bad[i], &v))
			fail_msg("'%s' was taken for a size", bad[i]);
}

static void spans(void **state)
{
	static const struct {
		const char *s;
		uint64_t value;
	} good[] = {
		{ "5", 5 * NSEC_PER_SEC },
		{ "5s", 5 * NSEC_PER_SEC },
		{ "250ms", 250 * NSEC_PER_MSEC },
		{ "1.5m", 90 * NSEC_PER_SEC },
		{ "2h", 7200 * NSEC_PER_SEC },
		{ "1d", 86400 * NSEC_PER_SEC },
		{ "0.1", 100 * NSEC_PER_MSEC },
		{ "0.000000001s", 1 },
		{ "1.000000000999999s", NSEC_PER_SEC },
	};
	static const char *const bad[] = { "", "s", "1us", "-1s", "1.s", ".5", "1e3", "300000d" };
	uint64_t v;

	for (size_t i = 0; i < countof(good); i++) {
		assert_true(str_span(good[i].s, &v));
		assert_int_equal(v, good[i].value);
	}
	for (size_t i = 0; i < countof(bad); i++)
		if (str_span(bad[i], &v))
			fail_msg("'%s' was taken for a span", bad[i]);
}

static void whole_numbers(void **state)
{
	static const char *const bad[] = { "",
					   "-1",
					   "+1",
					   "1 ",
					   "0x",
					   "0xg",
					   "1a",
					   "18446744073709551616",
					   "0x10000000000000000" };
	uint64_t v;

	assert_true(str_u64("18446744073709551615", &v));
	assert_int_equal(v, UINT64_MAX);
	assert_true(str_u64("0xfFfFfFfFfFfFfFfF", &v));
	assert_int_equal(v, UINT64_MAX);
	assert_true(str_u64("010", &v));
	assert_int_equal(v, 10);
	for (size_t i = 0; i < countof(bad); i++)
		if (str_u64(bad[i], &v))
			fail_msg("'%s' was taken for a number", bad[i]);
}

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

static void versions(void **state)
{
	/* each before the next */
	static const char *const rising[] = {
		"5.19",		  "6.1",  "6.1.0-9-amd64", "6.1.0-56-amd64", "6.1.0-56-cloud-amd64",
		"6.1.192",	  "6.9",  "6.18~pre",	   "6.18-rc1",	     "6.18-rc10",
		"6.18-rc10-next", "6.18", "6.18-amd64",	   "6.18.1",	     "10.0",
	};

	for (size_t i = 0; i < countof(rising); i++)
		for (size_t j = 0; j < countof(rising); j++)
			if (sign(str_vercmp(rising[i], rising[j])) != (i > j) - (i < j))
				fail_msg("'%s' against '%s'", rising[i], rising[j]);
	assert_true(str_vercmp("6.18-rc1-amd64", "6.18-amd64") < 0);
	assert_int_not_equal(str_vercmp("6.01", "6.1"), 0);
}

static void distances(void **state)
{
	assert_int_equal(str_distance("", ""), 0);
	assert_int_equal(str_distance("abc", ""), 3);
	assert_int_equal(str_distance("kitten", "sitting"), 3);
	assert_int_equal(str_distance("hlep", "help"), 1);
	assert_int_equal(str_distance("HELP", "help"), 0);
	assert_int_equal(str_distance("ca", "abc"), 3); /* one swap only where nothing is between */
}

static void nearest(void **state)
{
	static const char *const names[] = { "run", "help", "complete", "bench run" };

	assert_string_equal(str_nearest("rnu", names, countof(names)), "run");
	assert_string_equal(str_nearest("comp", names, countof(names)), "complete");
	assert_string_equal(str_nearest("bench rnu", names, countof(names)), "bench run");
	assert_null(str_nearest("xyzzy", names, countof(names)));
	assert_null(str_nearest("", names, countof(names)));
	assert_null(str_nearest("run", NULL, 0));
}

static void prefixes(void **state)
{
	const char *p = "pci:v00";

	assert_true(str_skip(&p, "pci:"));
	assert_string_equal(p, "v00");
	assert_false(str_skip(&p, "d"));
	assert_string_equal(p, "v00");
	assert_false(str_ends("o", "foo"));
	assert_true(str_eq(NULL, NULL));
	assert_false(str_eq(NULL, ""));
}

static void what_a_terminal_acts_on_is_blanked(void **state)
{
	static const char text[] = "a\tb\033[2Jc\rd\177e\xc2\x9b"
				   "f\x9bg\xc3\xa4\xf0\x9f\x94\xa5h\xed\xa0\x80\0i\xc3";
	auto_str struct str s = { 0 };

	str_add_printable(&s, text, sizeof(text) - 1);
	assert_string_equal(s.s, "a\tb [2Jc d e f g\xc3\xa4\xf0\x9f\x94\xa5h    i ");
}

static void test_add_size(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 999, "999" },
		{ 1023, "1023" },
		{ 1024, "1.0K" },
		{ 10 * 1024 - 1, "10K" },
		{ 1024 * 1024 - 1, "1.0M" },
		{ UINT64_C(3) << 29, "1.5G" },
		{ UINT64_C(5) << 50, "5120T" },
	};

	for (size_t i = 0; i < countof(cases); i++) {
		auto_str struct str b = { 0 };

		str_add_size(&b, cases[i].bytes);
		assert_string_equal(str_c(&b), cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add_size),
		cmocka_unit_test(what_a_terminal_acts_on_is_blanked),
		cmocka_unit_test(buffer_grows),
		cmocka_unit_test(take_is_never_null),
		cmocka_unit_test(room_keeps_termination),
		cmocka_unit_test(quoting_survives_the_shell),
		cmocka_unit_test(quoting_leaves_plain_words),
		cmocka_unit_test(vector_is_an_argv),
		cmocka_unit_test(sizes),
		cmocka_unit_test(spans),
		cmocka_unit_test(whole_numbers),
		cmocka_unit_test(versions),
		cmocka_unit_test(distances),
		cmocka_unit_test(nearest),
		cmocka_unit_test(prefixes),
	};

	return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
