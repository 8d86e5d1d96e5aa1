/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kiln bench run prints. Names and arguments may have a path in them, which need not be UTF-8. */
#include "cmd/bench.h"

#include "base/clock.h"

static char *milliseconds(const struct vm_series *s, uint64_t ns)
{
	return s->times.n ? xasprintf("%.1f ms", (double)ns / (double)NSEC_PER_MSEC) : xstrdup("-");
}

static void add_row(struct table *t, const struct vm_series *s, uint64_t floor)
{
	uint64_t median = vm_series_median(s);
	size_t n = s->times.n;
	char *cells[5] = {
		milliseconds(s, median),
		milliseconds(s, n ? s->times.v[0] : 0),
		milliseconds(s, n ? s->times.v[n - 1] : 0),
		floor && median ? xasprintf("%.2f", (double)median / (double)floor) : xstrdup("-"),
		xasprintf("%zu of %zu", n, n + s->failed),
	};

	table_row(t);
	table_cell(t, s->name);
	for (size_t i = 0; i < countof(cells); i++) {
		table_cell(t, cells[i]);
		free(cells[i]);
	}
}

static int print_text(const struct bench_report *r, struct out *out, struct err *err)
{
	static const char *const columns[] = {
		"WHAT", "MEDIAN", "MIN", "MAX", "RATIO", "SUCCEEDED"
	};
	struct table *t = table_new(columns, countof(columns));
	int ret;

	for (size_t i = 0; i < r->n_series; i++)
		add_row(t, &r->series[i], vm_series_median(&r->series[0]));
	for (size_t i = 0; i < r->n_parts; i++)
		add_row(t, &r->parts[i], 0);
	ret = table_print(t, out, err);
	table_free(t);
	return ret;
}

static json_t *series_json(const struct vm_series *s, uint64_t floor)
{
	json_t *times = json_array(), *argv = json_array();
	uint64_t median = vm_series_median(s);

	for (size_t i = 0; i < s->times.n; i++)
		json_array_append_new(times, json_integer((json_int_t)s->times.v[i]));
	for (size_t i = 0; i < s->argv.n; i++)
		json_array_append_new(argv, out_json_text(s->argv.v[i]));
	return json_pack("{s:o, s:o, s:o, s:i, s:o, s:o}", "name", out_json_text(s->name),
			 "median_ns", s->times.n ? json_integer((json_int_t)median) : json_null(),
			 "ratio",
			 floor && median ? json_real((double)median / (double)floor) : json_null(),
			 "failed", (int)s->failed, "times_ns", times, "argv", argv);
}

static void print_json(const struct bench_report *r, struct out *out)
{
	json_t *series = json_array(), *parts = json_array();
	uint64_t floor = r->n_series ? vm_series_median(&r->series[0]) : 0;

	for (size_t i = 0; i < r->n_series; i++)
		json_array_append_new(series, series_json(&r->series[i], floor));
	for (size_t i = 0; i < r->n_parts; i++)
		json_array_append_new(parts, series_json(&r->parts[i], 0));
	out_json(out, json_pack("{s:o, s:o, s:o, s:o, s:o}", "kernel", out_json_text(r->kernel),
				"accel", out_json_text(r->accel), "cpu", out_json_text(r->cpu),
				"series", series, "parts", parts));
}

int bench_report_print(const struct bench_report *r, struct out *out, struct err *err)
{
	if (!out->json)
		return print_text(r, out, err);
	print_json(r, out);
	return 0;
}
