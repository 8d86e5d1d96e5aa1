/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * make-cell DIR: what the small kernel gives, in DIR/cell; for shell tests. Exit status 77 where there is none. Run by tests
 * until they have something to compare; no test itself.
 *
 * make-cell CELL STORE ID NAME: such a folder as a cell of the store.
 */
#include "small.h"

#include "build/copy.h"
#include "store/store.h"

static int put(const char *cell, const char *store, const char *id, const char *name)
{
	struct bld_copy copy = { .from = cell, .links = BLD_LINKS_INSIDE };
	auto_err struct err err = { 0 };
	struct sto_stage *stage;
	struct sto *s;

	assert_done(sto_open(store, true, &s, &err), &err);
	assert_done(sto_stage_begin(s, id, &stage, &err), &err);
	copy.to = sto_stage_path(stage);
	assert_done(bld_copy_tree(&copy, "", &err), &err);
	assert_done(sto_stage_commit(stage, NULL, &err), &err);
	assert_done(sto_ref_set(s, name, id, &err), &err);
	sto_close(s);
	return 0;
}

int main(int argc, char **argv)
{
	auto_small struct small s = { .log = -1 };
	auto_free char *to = NULL, *release = NULL;

	if (argc == 5)
		return put(argv[1], argv[2], argv[3], argv[4]);
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
