/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several processes at one store, doing at random what can be done to it; all of them are killed at a random moment, again
 * and again. After each time the store is clean and takes the next cell. And the same without kills, where nothing at all
 * may go wrong. The seed is printed; KILN_TEST_SEED repeats the choices, not the moments.
 */
#include "cell.h"
#include "steps.h"

#include "base/clock.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#define KILLS	   120
#define WORKERS	   3
#define CELLS	   4
#define ROUNDS	   60
#define LONGEST_US 25000
#define OPENINGS   300
/* On a slow machine fewer kills are enough. */
#define MAX_NS (15 * NSEC_PER_SEC)

static const char *home;

static unsigned next(unsigned *seed, unsigned n)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % n;
}

/* What went wrong in a worker ends it with words. */
static void need(int r, const struct err *err, const char *what)
{
	if (r == 0)
		return;
	fprintf(stderr, "%s: %s\n", what, err->msg ? err->msg : "no words");
	_exit(3);
}

static void write_small(const char *dir, const char *name, const char *text)
{
	auto_free char *path = path_join(dir, name);
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0 || write_all(fd, text, strlen(text)) < 0)
		_exit(4);
}

/* Some files that all cells have, some of its own. */
static void do_commit(struct sto *s, char digit)
{
	auto_err struct err err = { 0 };
	struct sto_stage *g = NULL;

	need(sto_stage_begin(s, id_of(digit).s, &g, &err), &err, "begin");
	for (int i = 0; i < 6; i++) {
		auto_free char *name = xasprintf("file%d", i);
		auto_free char *text = xasprintf("%d of %c", i, i % 2 ? digit : '-');

		write_small(sto_stage_path(g), name, text);
	}
	need(sto_stage_commit(g, NULL, &err), &err, "commit");
}

/* While it is held all of it is there. */
static void do_use(struct sto *s, char digit)
{
	auto_err struct err err = { 0 };
	auto_free char *cell = NULL;
	auto_close int fd = -1;
	int r = sto_use(s, id_of(digit).s, &fd, &err);

	if (r == -ENOENT)
		return;
	need(r, &err, "use");
	r = sto_cell_path(s, id_of(digit).s, &cell);
	need(r, &err, "path of a cell in use");
	for (int i = 0; i < 6; i++) {
		auto_free char *name = xasprintf("%s/file%d", cell, i);
		auto_free char *text = xasprintf("%d of %c", i, i % 2 ? digit : '-');
		auto_str struct str got = { 0 };

		need(file_read(AT_FDCWD, name, 100, &got, &err), &err, "read");
		if (!str_eq(got.s, text))
			_exit(5);
	}
}

static void do_ref(struct sto *s, char digit, unsigned how)
{
	auto_err struct err err = { 0 };
	auto_free char *name = xasprintf("deep%u/ref", how % 2);
	int r = how < 2 ? sto_ref_set(s, name, id_of(digit).s, &err)
			: sto_ref_remove(s, name, &err);

	if (r != -ENOENT)
		need(r, &err, "ref");
}

static void do_gc(struct sto *s, unsigned how)
{
	const struct sto_gc gc = { .older_than = how ? time(NULL) + 1000 : 0 };
	struct sto_gc_result res = { 0 };
	auto_err struct err err = { 0 };

	need(sto_gc(s, &gc, NULL, &res, &err), &err, "gc");
	sto_gc_result_release(&res);
}

static void do_look(struct sto *s, unsigned how)
{
	struct sto_faults faults = { 0 };
	struct sto_cells cells = { 0 };
	auto_err struct err err = { 0 };

	if (how) {
		need(sto_list(s, &cells, &err), &err, "list");
		sto_cells_release(&cells);
		return;
	}
	need(sto_verify(s, true, NULL, &faults, &err), &err, "verify");
	if (faults.n) {
		fprintf(stderr, "%s: %s\n", faults.v[0].path, faults.v[0].what);
		_exit(6);
	}
}

static void work(unsigned seed, unsigned rounds)
{
	auto_free char *path = path_join(home, "store");
	auto_err struct err err = { 0 };
	struct sto *s = NULL;

	need(sto_open(path, true, &s, &err), &err, "open");
	for (unsigned i = 0; i < rounds; i++) {
		char digit = (char)('1' + next(&seed, CELLS));

		switch (next(&seed, 8)) {
		case 0:
			do_gc(s, next(&seed, 2));
			break;
		case 1:
		case 2:
			do_use(s, digit);
			break;
		case 3:
			do_ref(s, digit, next(&seed, 4));
			break;
		case 4:
			do_look(s, next(&seed, 4));
			break;
		default:
			do_commit(s, digit);
		}
	}
	sto_close(s);
}

/* One that was not killed must have gone well. */
static void end(const pid_t pids[WORKERS])
{
	for (int i = 0; i < WORKERS; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		if (status && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL))
			fail_msg("a worker ended with %x", (unsigned)status);
	}
}

/* Each waits for the end of the pipe, so that they begin as one. */
static void open_at_once(const char *path)
{
	pid_t pids[WORKERS];
	int gate[2];

	assert_int_equal(pipe(gate), 0);
	for (int i = 0; i < WORKERS; i++) {
		auto_err struct err err = { 0 };
		struct sto *s = NULL;
		char c;

		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i])
			continue;
		close(gate[1]);
		if (read(gate[0], &c, 1) != 0)
			_exit(7);
		need(sto_open(path, true, &s, &err), &err, "open");
		_exit(0);
	}
	close(gate[0]);
	close(gate[1]);
	end(pids);
}

static void start(pid_t pids[WORKERS], unsigned *seed, unsigned rounds)
{
	for (int i = 0; i < WORKERS; i++) {
		unsigned own = next(seed, 1 << 15) + (unsigned)i;

		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (!pids[i]) {
			work(own, rounds);
			_exit(0);
		}
	}
}

static unsigned first_seed(void)
{
	const char *given = getenv("KILN_TEST_SEED");
	uint64_t seed = random_u32();

	if (given && *given)
		assert_true(str_u64(given, &seed));
	printf("KILN_TEST_SEED=%u\n", (unsigned)seed);
	return (unsigned)seed;
}

static void clean_and_going(void)
{
	struct sto *s = store_open(home);

	assert_clean(s);
	do_commit(s, '9');
	do_gc(s, 0);
	assert_clean(s);
	assert_int_equal(count_in(sto_path(s), "tmp"), 0);
	sto_close(s);
}

static void test_kills(void **state)
{
	uint64_t until = now_ns() + MAX_NS;
	unsigned seed = first_seed(), kills = 0;

	home = *state;
	while (kills < KILLS && now_ns() < until) {
		pid_t pids[WORKERS];

		start(pids, &seed, 1000000);
		poll(NULL, 0, (int)(next(&seed, LONGEST_US) / 1000));
		for (int i = 0; i < WORKERS; i++, kills++)
			assert_int_equal(kill(pids[i], SIGKILL), 0);
		end(pids);
		clean_and_going();
	}
	printf("%u kills\n", kills);
}

static void test_together(void **state)
{
	unsigned seed = first_seed();
	pid_t pids[WORKERS];

	home = *state;
	start(pids, &seed, ROUNDS);
	end(pids);
	clean_and_going();
}

/* Whoever is second finds a store that is half made, at each moment of its making. */
static void test_opened_at_once(void **state)
{
	for (int i = 0; i < OPENINGS; i++) {
		auto_free char *name = xasprintf("store%d", i);
		auto_free char *path = path_join(*state, name);

		open_at_once(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_opened_at_once),
		scratch_test(test_together),
		scratch_test(test_kills),
	};

	prefer_memory();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
