/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each kind of damage is found, and told whose it is; repair leaves what is sound. */
#include "cell.h"

#include <sys/stat.h>

#define ONES "1111111111111111111111111111111111111111111111111111111111111111"

static void in_cell(struct sto *s, const char *path, char **ret)
{
	auto_free char *cell = NULL;

	assert_int_equal(sto_cell_path(s, ONES, &cell), 0);
	*ret = path_join(cell, path);
}

static void flip(const char *path)
{
	char c;
	int fd;

	assert_int_equal(chmod(path, 0600), 0);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &c, 1, 0), 1);
	c ^= 4;
	assert_int_equal(pwrite(fd, &c, 1, 0), 1);
	assert_int_equal(fchmod(fd, 0444), 0);
	close_fd(fd);
}

static void do_flip_shared(struct sto *s)
{
	auto_free char *path = NULL;

	in_cell(s, "boot/config", &path);
	flip(path);
}

static void do_flip_own(struct sto *s)
{
	auto_free char *path = NULL;

	in_cell(s, "boot/image", &path);
	flip(path);
}

static void do_flip_manifest(struct sto *s)
{
	auto_free char *path = NULL;

	in_cell(s, ".kiln/manifest", &path);
	flip(path);
}

static void do_truncate(struct sto *s)
{
	auto_free char *path = NULL;

	in_cell(s, "boot/image", &path);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(truncate(path, 1), 0);
	assert_int_equal(chmod(path, 0444), 0);
}

static void do_lose_file(struct sto *s)
{
	auto_free char *path = NULL;

	in_cell(s, "boot/image", &path);
	assert_int_equal(unlink(path), 0);
}

static void do_other_file(struct sto *s)
{
	auto_free char *cell = NULL;

	do_lose_file(s);
	in_cell(s, "boot", &cell);
	write_file(cell, "image", "imX", 0444);
}

static void do_more(struct sto *s)
{
	auto_free char *cell = NULL;

	in_cell(s, "boot", &cell);
	write_file(cell, "more", "more", 0444);
}

static void do_link(struct sto *s)
{
	auto_free char *path = NULL;

	do_lose_file(s);
	in_cell(s, "boot/image", &path);
	assert_int_equal(symlink("config", path), 0);
}

static void do_relink(struct sto *s)
{
	auto_free char *path = NULL;

	in_cell(s, "link", &path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("elsewhere", path), 0);
}

static void do_mode(struct sto *s)
{
	auto_free char *path = NULL;

	in_cell(s, "boot/config", &path);
	assert_int_equal(chmod(path, 0644), 0);
}

static void do_folder_mode(struct sto *s)
{
	auto_free char *path = NULL;

	in_cell(s, "boot", &path);
	assert_int_equal(chmod(path, 0700), 0);
}

static void do_stranger(struct sto *s)
{
	write_file(sto_path(s), "objects/ab/stranger", "x", 0444);
}

static void do_strange_folder(struct sto *s)
{
	write_file(sto_path(s), "objects/strange/x", "x", 0444);
}

static void do_strange_cell(struct sto *s)
{
	write_file(sto_path(s), "cells/strange/x", "x", 0444);
}

static void do_bad_ref(struct sto *s)
{
	write_file(sto_path(s), "refs/some/ref", "x\n", 0644);
}

static void do_lost_ref(struct sto *s)
{
	write_file(sto_path(s), "refs/ref",
		   "3333333333333333333333333333333333333333333333333333333333333333\n", 0644);
}

static const struct damage {
	void (*damage)(struct sto *s);
	const char *path, *what; /* begin of the fault's */
	const char *cells;	 /* joined by blanks */
	bool keeps;		 /* repair leaves the cell */
} damages[] = {
	/* clang-format off */
	{ do_flip_shared,    "objects/",               "has another content: sha256 ", ONES " second" },
	{ do_flip_own,       "objects/",               "has another content: sha256 ", ONES },
	{ do_flip_manifest,  "cells/" ONES "/.kiln/manifest", "cell '111111111111': the manifest is damaged", ONES },
	{ do_truncate,       "objects/",               "has another content: sha256 ", ONES },
	{ do_lose_file,      "cells/" ONES "/boot/image", "is missing", ONES },
	{ do_other_file,     "cells/" ONES "/boot/image", "has another content", ONES },
	{ do_more,           "cells/" ONES "/boot/more", "does not belong there", ONES },
	{ do_link,           "cells/" ONES "/boot/image", "is of another type", ONES },
	{ do_relink,         "cells/" ONES "/link",    "leads to 'elsewhere' (expected 'boot/image')", ONES },
	{ do_mode,           "objects/",               "has the mode 644 (expected 444)", "", true },
	{ do_folder_mode,    "cells/" ONES "/boot",    "has the mode 700 (expected 755)", "", true },
	{ do_stranger,       "objects/ab/stranger",    "is no object", "", true },
	{ do_strange_folder, "objects/strange",        "is no object", "", true },
	{ do_strange_cell,   "cells/strange",          "is no cell", "", true },
	{ do_bad_ref,        "refs/some/ref",          "has no cell's ID", "", true },
	{ do_lost_ref,       "refs/ref",               "leads to the cell 3333", "", true },
	/* clang-format on */
};

/* Two cells that share files, the second of which has a name. */
static struct sto *prepare(const char *home)
{
	struct sto *s = store_open(home);
	struct sto_stage *g =
		stage_with(s, '1', "boot/config", "CONFIG_X=y\n", "boot/image", "im1", NULL);
	auto_free char *link = path_join(sto_stage_path(g), "link");
	auto_err struct err err = { 0 };

	assert_int_equal(symlink("boot/image", link), 0);
	assert_done(sto_stage_commit(g, NULL, &err), &err);
	assert_done(put_cell(s, '2', &err), &err);
	assert_done(sto_ref_set(s, "second", id_of('2').s, &err), &err);
	assert_clean(s);
	return s;
}

static void assert_starts(const char *text, const char *begin)
{
	if (!str_starts(text, begin))
		fail_msg("'%s' does not begin with '%s'", text, begin);
}

static bool has(struct sto *s, char digit)
{
	auto_free char *path = NULL;

	return sto_cell_path(s, id_of(digit).s, &path) == 0;
}

static void repair(struct sto *s, const struct damage *d)
{
	struct sto_faults faults = { 0 };
	auto_err struct err err = { 0 };

	assert_done(sto_verify(s, true, NULL, &faults, &err), &err);
	assert_int_equal(faults.n, 1);
	assert_true(faults.v[0].mended);
	sto_faults_release(&faults);
	assert_clean(s);
	assert_int_equal(has(s, '1'), d->keeps);
	assert_int_equal(has(s, '2'), !strstr(d->cells, "second"));
	assert_int_equal(count_in(sto_path(s), "tmp"), 0);
	/* and are built anew */
	assert_done(put_cell(s, '2', &err), &err);
	assert_done(put_cell(s, '3', &err), &err);
	assert_clean(s);
}

static void test_damages(void **state)
{
	for (size_t i = 0; i < countof(damages); i++) {
		const struct damage *d = &damages[i];
		auto_free char *home = xasprintf("%s/%zu", (char *)*state, i), *cells = NULL;
		struct sto_faults faults = { 0 };
		auto_err struct err err = { 0 };
		struct sto *s;

		assert_int_equal(mkdir(home, 0700), 0);
		s = prepare(home);
		d->damage(s);
		assert_done(sto_verify(s, false, NULL, &faults, &err), &err);
		if (faults.n != 1)
			fail_msg("%s: %zu faults", d->what, faults.n);
		assert_starts(faults.v[0].path, d->path);
		assert_starts(faults.v[0].what, d->what);
		assert_false(faults.v[0].mended);
		cells = faults.v[0].cells.n ? strv_quoted(faults.v[0].cells.v) : xstrdup("");
		assert_string_equal(cells, d->cells);
		sto_faults_release(&faults);
		repair(s, d);
		sto_close(s);
	}
}

/* All objects of a store are gone, though the cells have them yet. */
static void test_missing_objects(void **state)
{
	struct sto *s = prepare(*state);
	auto_free char *objects = path_join(sto_path(s), "objects");
	struct sto_faults faults = { 0 };
	auto_err struct err err = { 0 };

	assert_int_equal(rm_rf(objects, NULL), 0);
	assert_done(sto_verify(s, false, NULL, &faults, &err), &err);
	assert_int_equal(faults.n, 4);
	for (size_t i = 0; i < faults.n; i++)
		assert_string_equal(faults.v[i].what, "is missing");
	assert_int_equal(faults.v[0].cells.n, 2);
	sto_faults_release(&faults);
	assert_int_equal(mkdir(objects, 0755), 0);
	assert_done(sto_verify(s, true, NULL, &faults, &err), &err);
	sto_faults_release(&faults);
	assert_clean(s);
	assert_int_equal(count_in(sto_path(s), "cells"), 0);
	sto_close(s);
}

/* Nobody's files are taken away under them. */
static void test_in_use(void **state)
{
	struct sto *s = prepare(*state);
	struct sto_faults faults = { 0 };
	auto_err struct err err = { 0 };
	int fd = -1;

	do_flip_own(s);
	assert_done(sto_use(s, ONES, &fd, &err), &err);
	assert_done(sto_verify(s, true, NULL, &faults, &err), &err);
	assert_int_equal(faults.n, 1);
	assert_false(faults.v[0].mended);
	sto_faults_release(&faults);
	assert_true(has(s, '1'));
	close_fd(fd);
	assert_done(sto_verify(s, true, NULL, &faults, &err), &err);
	assert_true(faults.v[0].mended);
	sto_faults_release(&faults);
	assert_clean(s);
	sto_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_damages),
		scratch_test(test_missing_objects),
		scratch_test(test_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
