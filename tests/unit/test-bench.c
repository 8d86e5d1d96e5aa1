/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The report of kiln bench run. */
#include "unit.h"

#include "cmd/bench.h"

static struct vm_series make(const char *name, const char *arg, unsigned failed)
{
	struct vm_series s = { .name = xstrdup(name), .failed = failed };

	strv_add(&s.argv, arg);
	return s;
}

/* Prints a floor of 2 ms and a series that never succeeded, of a kernel whose path is Latin-1. */
static char *report(bool json)
{
	struct vm_series series[] = { make("floor", "qemu", 0), make("vng \xe9", "/k/\xe9", 3) };
	const struct bench_report r = { "/k/\xe9/bzImage", "tcg", "max", series, 2, NULL, 0 };
	char *text = NULL;
	size_t n = 0;
	struct out out = { .result = open_memstream(&text, &n), .message = stderr, .json = json };
	auto_err struct err err = { 0 };

	vm_series_add(&series[0], 2000000);
	assert_done(bench_report_print(&r, &out, &err), &err);
	assert_int_equal(out_finish(&out), 0);
	fclose(out.result);
	for (size_t i = 0; i < countof(series); i++)
		vm_series_release(&series[i]);
	return text;
}

static void what_never_succeeded_has_no_times(void **state)
{
	auto_free char *text = report(false);
	const char *line = strstr(text, "vng");

	assert_contains(text, "2.0 ms");
	assert_non_null(line);
	assert_null(strstr(line, "ms"));
	assert_contains(line, "0 of 3");
}

static void json_copes_with_any_path(void **state)
{
	auto_free char *text = report(true);
	json_t *v = json_loads(text, 0, NULL), *failed;

	assert_non_null(v);
	assert_string_equal(json_string_value(json_object_get(v, "kernel")), "/k/?/bzImage");
	failed = json_array_get(json_object_get(v, "series"), 1);
	assert_string_equal(json_string_value(json_object_get(failed, "name")), "vng ?");
	assert_true(json_is_null(json_object_get(failed, "median_ns")));
	assert_true(json_is_null(json_object_get(failed, "ratio")));
	assert_int_equal(json_integer_value(json_object_get(failed, "failed")), 3);
	assert_int_equal(json_array_size(json_object_get(failed, "times_ns")), 0);
	json_decref(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_never_succeeded_has_no_times),
		cmocka_unit_test(json_copes_with_any_path),
	};

	return cmocka_run_group_tests_name("bench", tests, NULL, NULL);
}
