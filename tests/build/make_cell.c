/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * make-cell DIR: what the small kernel gives, in DIR/cell; for shell tests. Exit status 77 where there is none. Run by tests
 * until they have something to compare; no test itself.
 */
#include "small.h"

int main(int argc, char **argv)
{
	auto_small struct small s = { .log = -1 };
	auto_free char *to = NULL, *release = NULL;

	if (argc != 2)
		return 2;
	to = path_join(argv[1], "cell");
	if (!small_copy(&s, argv[1], "build"))
		return 77;
	small_take(&s, to, &release);
	rm_rf(s.build, NULL);
	printf("%s\n", release);
	return 0;
}
