/* SPDX-License-Identifier: GPL-2.0-or-later */
/* series-apply TREE PATCH: prints the outcome, and why; where it applies TREE gets what it makes. For tests/oracle/series. */
#include "source/files.h"
#include "source/series.h"

#include <fcntl.h>
#include <stdio.h>

static int write_out(const struct src_series *s, const char *tree, struct err *err)
{
	auto_close int root = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned long moved;
	struct src_files f;
	int r = src_files_init(&f, tree, err);

	if (r == 0)
		r = src_files_apply(&f, s->v[0].diff, false, true, NULL, &moved, err);
	if (r > 0)
		r = src_files_write(&f, root, err);
	src_files_release(&f);
	return r;
}

int main(int argc, char **argv)
{
	const struct src_tree t = { .path = argv[1] };
	auto_err struct err err = { 0 };
	struct src_verdicts v = { 0 };
	struct src_series s = { 0 };
	int r;

	if (argc != 3)
		return 2;
	r = src_series_read(argv + 2, 1, &s, &err);
	if (r == 0)
		r = src_series_try(&s, &t, &v, &err);
	if (r == 0)
		printf("%s\n", src_outcome_name(v.v[0].outcome));
	for (size_t i = 0; r == 0 && i < v.v[0].failed.n; i++)
		fprintf(stderr, "%s:%u: %s\n", v.v[0].failed.v[i].file, v.v[0].failed.v[i].line,
			v.v[0].failed.v[i].why);
	if (r == 0 && v.v[0].why)
		fprintf(stderr, "%s\n", v.v[0].why);
	if (r == 0 && v.v[0].outcome == SRC_APPLIES)
		r = write_out(&s, argv[1], &err);
	if (r < 0)
		fprintf(stderr, "%s\n", err.msg);
	src_verdicts_release(&v);
	src_series_release(&s);
	return r < 0;
}
