/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Killed at each step of what changes a store, one after the other: what is left is a clean store, in which the next call
 * does all that the first should have. Likewise on a disk that is full from a step on, and where one step fails.
 */
#include "cell.h"
#include "steps.h"

#include <signal.h>
#include <sys/wait.h>

/* Something that changes a store. */
struct deed {
	const char *name;
	void (*before)(struct sto *s); /* may be NULL */
	int (*act)(const char *home, struct err *err);
	void (*after)(struct sto *s); /* what must be so when it was done whole */
	bool damaged;		      /* verify has something to say until then */
};

static void put(struct sto *s, char digit)
{
	auto_err struct err err = { 0 };

	assert_done(put_cell(s, digit, &err), &err);
}

static void two_cells(struct sto *s)
{
	auto_err struct err err = { 0 };

	put(s, '1');
	put(s, '2');
	assert_done(sto_ref_set(s, "deep/name", id_of('2').s, &err), &err);
}

/* Also one of a dead kiln, and what it was about to be made of. */
static void a_dead_one(struct sto *s)
{
	two_cells(s);
	write_file(sto_path(s), "tmp/dead.123456/cell/a", "a", 0644);
	write_file(sto_path(s), "tmp/gc-1-2/a", "a", 0644);
}

static bool has(struct sto *s, char digit)
{
	auto_free char *path = NULL;

	return sto_cell_path(s, id_of(digit).s, &path) == 0;
}

static int open_home(const char *home, struct sto **ret, struct err *err)
{
	auto_free char *path = path_join(home, "store");

	return sto_open(path, true, ret, err);
}

static int act_open(const char *home, struct err *err)
{
	struct sto *s = NULL;
	int r = open_home(home, &s, err);

	sto_close(s);
	return r;
}

/* Not by cell.h, whose writing may not fail. */
static int stage_file(const char *dir, const char *name, const char *text, struct err *err)
{
	auto_free char *path = path_join(dir, name), *folder = path_dir(path);
	auto_close int fd = -1;
	int r = mkdir_p(folder, 0755, err);

	if (r < 0)
		return r;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(err, "open");
	r = write_all(fd, text, strlen(text));
	return r < 0 ? err_code(err, r, "write") : 0;
}

static int commit(struct sto *s, struct err *err)
{
	struct sto_stage *g = NULL;
	int r = sto_stage_begin(s, id_of('3').s, &g, err);

	if (r < 0)
		return r;
	r = stage_file(sto_stage_path(g), "boot/config", "CONFIG_X=y\n", err);
	if (r == 0)
		r = stage_file(sto_stage_path(g), "boot/image", "im3", err);
	if (r == 0)
		r = stage_file(sto_stage_path(g), "boot/same", "im3", err);
	if (r < 0) {
		sto_stage_abort(g);
		return r;
	}
	return sto_stage_commit(g, NULL, err);
}

static int act_commit(const char *home, struct err *err)
{
	struct sto *s = NULL;
	int r = open_home(home, &s, err);

	if (r == 0)
		r = commit(s, err);
	sto_close(s);
	return r;
}

static void after_commit(struct sto *s)
{
	assert_true(has(s, '3'));
}

static int act_ref(const char *home, struct err *err)
{
	struct sto *s = NULL;
	int r = open_home(home, &s, err);

	if (r == 0)
		r = sto_ref_set(s, "deep/name", id_of('1').s, err);
	if (r == 0)
		r = sto_ref_set(s, "other/name", id_of('1').s, err);
	sto_close(s);
	return r;
}

static void after_ref(struct sto *s)
{
	char id[STO_ID + 1];

	assert_int_equal(sto_find(s, "deep/name", id, NULL), 0);
	assert_string_equal(id, id_of('1').s);
	assert_int_equal(sto_find(s, "other/name", id, NULL), 0);
}

/* Of a killed one it may be gone already. */
static int act_ref_remove(const char *home, struct err *err)
{
	struct sto *s = NULL;
	int r = open_home(home, &s, err);

	if (r == 0)
		r = sto_ref_remove(s, "deep/name", err);
	sto_close(s);
	return r == -ENOENT ? 0 : r;
}

static void after_ref_remove(struct sto *s)
{
	char id[STO_ID + 1];

	assert_int_equal(sto_find(s, "deep/name", id, NULL), -ENOENT);
	assert_true(has(s, '2'));
}

static int act_gc(const char *home, struct err *err)
{
	const struct sto_gc how = { .older_than = time(NULL) + 1000 };
	struct sto_gc_result res = { 0 };
	struct sto *s = NULL;
	int r = open_home(home, &s, err);

	if (r == 0)
		r = sto_gc(s, &how, NULL, &res, err);
	sto_gc_result_release(&res);
	sto_close(s);
	return r;
}

static size_t count_objects(struct sto *s)
{
	auto_free char *objects = path_join(sto_path(s), "objects");
	size_t n = 0;

	for (int i = 0; i < 256; i++) {
		auto_free char *folder = xasprintf("%02x", i);

		n += count_in(objects, folder);
	}
	return n;
}

static void after_gc(struct sto *s)
{
	assert_false(has(s, '1'));
	assert_true(has(s, '2'));
	assert_int_equal(count_objects(s), 3);
	assert_int_equal(count_in(sto_path(s), "used"), 1);
	assert_int_equal(count_in(sto_path(s), "tmp"), 0);
}

static void damage(struct sto *s)
{
	two_cells(s);
	write_file(
		sto_path(s),
		"cells/2222222222222222222222222222222222222222222222222222222222222222/boot/image",
		"IM2", 0444);
	write_file(sto_path(s), "objects/00/stray", "stray", 0444);
	write_file(sto_path(s), "refs/bad", "bad", 0644);
}

static int act_repair(const char *home, struct err *err)
{
	struct sto_faults faults = { 0 };
	struct sto *s = NULL;
	int r = open_home(home, &s, err);

	if (r == 0)
		r = sto_verify(s, true, NULL, &faults, err);
	sto_faults_release(&faults);
	sto_close(s);
	return r;
}

static void after_repair(struct sto *s)
{
	assert_true(has(s, '1'));
	assert_false(has(s, '2'));
	assert_int_equal(sto_ref_remove(s, "deep/name", NULL), -ENOENT);
}

static const struct deed deeds[] = {
	/* clang-format off */
	{ "open",       NULL,       act_open,       NULL,             false },
	{ "commit",     two_cells,  act_commit,     after_commit,     false },
	{ "first",      NULL,       act_commit,     after_commit,     false },
	{ "left",       a_dead_one, act_commit,     after_commit,     false },
	{ "ref",        two_cells,  act_ref,        after_ref,        false },
	{ "ref-remove", two_cells,  act_ref_remove, after_ref_remove, false },
	{ "gc",         a_dead_one, act_gc,         after_gc,         false },
	{ "repair",     damage,     act_repair,     after_repair,     true },
	/* clang-format on */
};

/* A fresh home for one try; freed by the caller. */
static char *prepare(const char *scratch, const struct deed *d)
{
	char *home = path_join(scratch, "home");
	auto_err struct err err = { 0 };
	struct sto *s = NULL;

	assert_done(rm_rf(home, &err), &err);
	assert_int_equal(mkdir(home, 0700), 0);
	if (d->before) {
		assert_done(open_home(home, &s, &err), &err);
		d->before(s);
		sto_close(s);
	}
	return home;
}

/* In a child, as it may be killed. Its status, from wait(). */
static int act_apart(const struct deed *d, const char *home, const struct steps *how)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		auto_err struct err err = { 0 };
		int r;

		steps = *how;
		r = d->act(home, &err);
		/* a failure must have words, and no other code than its own */
		_exit(r == 0 ? 0 : err.msg && *err.msg && err.code == r ? 1 : 2);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void finish(const struct deed *d, const char *home)
{
	auto_err struct err err = { 0 };
	struct sto *s = NULL;

	if (!d->damaged) {
		assert_done(open_home(home, &s, &err), &err);
		assert_clean(s);
		sto_close(s);
	}
	assert_done(d->act(home, &err), &err);
	assert_done(open_home(home, &s, &err), &err);
	assert_clean(s);
	if (d->after)
		d->after(s);
	sto_close(s);
}

static void test_kill(void **state)
{
	struct steps how = { 0 };
	unsigned long kills = 0;

	for (size_t i = 0; i < countof(deeds); i++) {
		int status = -1;

		for (how.kill_at = 1; status; how.kill_at++) {
			auto_free char *home = prepare(*state, &deeds[i]);

			status = act_apart(&deeds[i], home, &how);
			if (status && !WIFSIGNALED(status))
				fail_msg("%s, step %lu: %x", deeds[i].name, how.kill_at,
					 (unsigned)status);
			finish(&deeds[i], home);
			kills += status != 0;
		}
		assert_true(how.kill_at > 5);
	}
	printf("%lu kills\n", kills);
	assert_true(kills > 100);
}

static unsigned long steps_of(const char *scratch, const struct deed *d)
{
	auto_free char *home = prepare(scratch, d);
	auto_err struct err err = { 0 };

	steps = (struct steps){ 0 };
	assert_done(d->act(home, &err), &err);
	return steps.n;
}

/* A failure may be no failure, as where garbage could not be removed: but then all was done. */
static void fail_at_each(const char *scratch, unsigned long *at, const struct steps *how)
{
	unsigned long failed = 0;

	for (size_t i = 0; i < countof(deeds); i++) {
		unsigned long n = steps_of(scratch, &deeds[i]);

		for (*at = 1; *at <= n; ++*at) {
			auto_free char *home = prepare(scratch, &deeds[i]);
			int status = act_apart(&deeds[i], home, how);

			if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
				fail_msg("%s, step %lu: %x", deeds[i].name, *at, (unsigned)status);
			failed += WEXITSTATUS(status);
			finish(&deeds[i], home);
		}
	}
	assert_true(failed > 50);
}

static void test_full(void **state)
{
	struct steps how = { 0 };

	fail_at_each(*state, &how.full_at, &how);
}

static void test_fail(void **state)
{
	struct steps how = { 0 };

	fail_at_each(*state, &how.fail_at, &how);
}

/* File systems without hard links, and files that have as many as there may be. */
static void test_no_links(void **state)
{
	static const int errors[] = { EMLINK, EPERM, EOPNOTSUPP };

	for (size_t i = 0; i < countof(errors); i++) {
		auto_free char *home = xasprintf("%s/%zu", (char *)*state, i);
		auto_err struct err err = { 0 };
		struct sto *s = NULL;

		assert_int_equal(mkdir(home, 0700), 0);
		steps.link_error = errors[i];
		assert_done(open_home(home, &s, &err), &err);
		two_cells(s);
		assert_clean(s);
		assert_done(act_gc(home, &err), &err);
		assert_clean(s);
		after_gc(s);
		steps.link_error = 0;
		put(s, '3');
		assert_clean(s);
		/* a copy is looked at as well */
		write_file(
			sto_path(s),
			"cells/2222222222222222222222222222222222222222222222222222222222222222/boot/config",
			"CONFIG_X=n\n", 0444);
		assert_done(act_repair(home, &err), &err);
		assert_false(has(s, '2'));
		assert_true(has(s, '3'));
		sto_close(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_kill),
		scratch_test(test_full),
		scratch_test(test_fail),
		scratch_test(test_no_links),
	};

	prefer_memory();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
