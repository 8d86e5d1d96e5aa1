/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/bench_series.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>

int bench_series_run(struct bench_series *s, const struct proc_spec *spec, int max_status,
		     struct err *err)
{
	uint64_t begin = now_ns();
	struct rusage usage;
	int status;
	pid_t pid;
	int r = proc_spawn(spec, &pid, err);

	if (r < 0)
		return r;
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return err_sys(err, "cannot wait for '%s'", spec->argv[0]);
	if (!WIFEXITED(status) || WEXITSTATUS(status) > max_status)
		return err_set(err, -EIO, "'%s' failed with status %d", s->times.name,
			       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	s->last_ns = now_ns() - begin;
	vm_series_add(&s->times, s->last_ns);
	s->peak_kib = MAX(s->peak_kib, usage.ru_maxrss);
	return 0;
}

void bench_series_release(struct bench_series *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		vm_series_release(&v[i].times);
}

static double faster(const struct bench_series *v, const struct bench_series *s)
{
	uint64_t mine = vm_series_median(&s->times);

	if (s->peer < 0 || !mine)
		return 0;
	return (double)vm_series_median(&v[s->peer].times) / (double)mine;
}

int bench_series_table(const struct bench_series *all, size_t n_all, struct out *out,
		       struct err *err)
{
	static const char *const columns[] = { "WHAT",	 "MEDIAN", "MIN", "MAX",
					       "FASTER", "MEMORY", "RUNS" };
	struct table *t = table_new(columns, countof(columns));
	int r;

	for (size_t i = 0; i < n_all; i++) {
		const struct bench_series *s = &all[i];
		const uint64_t *v = s->times.times.v;
		size_t n = s->times.times.n;
		char *cells[] = {
			xasprintf("%.1f ms", (double)vm_series_median(&s->times) / 1e6),
			xasprintf("%.1f ms", n ? (double)v[0] / 1e6 : 0),
			xasprintf("%.1f ms", n ? (double)v[n - 1] / 1e6 : 0),
			s->peer < 0 ? xstrdup("") : xasprintf("%.2f times", faster(all, s)),
			s->peak_kib ? xasprintf("%ld MiB", s->peak_kib / 1024) : xstrdup(""),
			xasprintf("%zu", n),
		};

		table_row(t);
		table_cell(t, s->times.name);
		for (size_t k = 0; k < countof(cells); k++) {
			table_cell(t, cells[k]);
			free(cells[k]);
		}
	}
	r = table_print(t, out, err);
	table_free(t);
	return r;
}

static json_t *one_json(const struct bench_series *v, const struct bench_series *s)
{
	json_t *times = json_array();

	for (size_t i = 0; i < s->times.times.n; i++)
		json_array_append_new(times, json_integer((json_int_t)s->times.times.v[i]));
	return json_pack("{s:s, s:I, s:o, s:o, s:o}", "name", s->times.name, "median_ns",
			 (json_int_t)vm_series_median(&s->times), "times_ns", times, "faster",
			 s->peer < 0 ? json_null() : json_real(faster(v, s)), "peak_kib",
			 s->peak_kib ? json_integer(s->peak_kib) : json_null());
}

json_t *bench_series_json(const struct bench_series *v, size_t n)
{
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(all, one_json(v, &v[i]));
	return all;
}

int bench_scratch(const char *name, bool keep, char **ret_dir, int *ret_lock, struct err *err)
{
	auto_free char *cache = NULL, *lock = NULL, *dir = NULL;
	int r = dir_get(DIR_CACHE, &cache, err);

	if (r < 0)
		return r;
	lock = xasprintf("%s/%s.lock", cache, name);
	dir = path_join(cache, name);
	r = file_try_lock(lock, ret_lock, err);
	if (r == -EAGAIN)
		return err_set(err, r, "another bench is running");
	if (r == 0 && !keep)
		r = rm_rf(dir, err);
	if (r == 0)
		r = mkdir_p(dir, 0700, err);
	if (r == 0)
		*ret_dir = take_ptr(dir);
	return r;
}
