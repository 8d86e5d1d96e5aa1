/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory, maps and errors. */
#include "unit.h"

#include "base/map.h"

#include <sys/resource.h>
#include <sys/wait.h>

static void map_keeps_order(void **state)
{
	struct map m = { 0 };
	char key[32];

	assert_null(map_get(&m, "0"));
	for (uintptr_t i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "key-%zu", (size_t)i);
		assert_null(map_set(&m, key, (void *)(i + 1)));
	}
	assert_int_equal(m.n, 5000);
	for (uintptr_t i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "key-%zu", (size_t)i);
		assert_ptr_equal(map_get(&m, key), (void *)(i + 1));
		assert_string_equal(m.v[i].key, key);
	}
	assert_false(map_has(&m, "key-5000"));
	map_release(&m, NULL);
	assert_null(map_get(&m, "key-1"));
}

static void map_set_returns_the_old(void **state)
{
	struct map m = { 0 };

	assert_null(map_set(&m, "a", NULL));
	assert_true(map_has(&m, "a"));
	assert_null(map_set(&m, "a", xstrdup("one")));
	auto_free char *old = map_set(&m, "a", xstrdup("two"));

	assert_string_equal(old, "one");
	assert_int_equal(m.n, 1);
	map_release(&m, free);
}

static void arena_memory_is_zeroed_and_apart(void **state)
{
	struct arena a = { 0 };
	unsigned char *p[300];

	for (size_t i = 0; i < countof(p); i++) {
		size_t n = i * 97 + 1;

		p[i] = arena_alloc(&a, n);
		assert_int_equal((uintptr_t)p[i] % _Alignof(max_align_t), 0);
		for (size_t k = 0; k < n; k++)
			assert_int_equal(p[i][k], 0);
		memset(p[i], (int)(i & 0xff), n);
	}
	for (size_t i = 0; i < countof(p); i++)
		for (size_t k = 0; k < i * 97 + 1; k++)
			assert_int_equal(p[i][k], i & 0xff);
	assert_string_equal(arena_printf(&a, "%s-%d", "x", 7), "x-7");
	assert_string_equal(arena_strndup(&a, "abcdef", 3), "abc");
	arena_release(&a);
	assert_null(a.chunk);
}

static void out_of_memory_is_125(void **state)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		close(STDERR_FILENO);
		xrealloc(NULL, SIZE_MAX / 2, 3);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 125);
}

static void err_gathers_context(void **state)
{
	auto_err struct err err = { 0 };

	assert_int_equal(err_set(&err, -ENOENT, "no '%s'", "x"), -ENOENT);
	assert_int_equal(err_hint(&err, -ENOENT, "make %d", 1), -ENOENT);
	assert_int_equal(err_wrap(&err, -ENOENT, "in %s", "a"), -ENOENT);
	assert_int_equal(err_wrap(&err, -ENOENT, "in %s", "b"), -ENOENT);
	assert_string_equal(err.msg, "in b: in a: no 'x'");
	assert_string_equal(err.hint, "make 1");
	assert_int_equal(err.code, -ENOENT);
	/* a new error takes the old hint with it */
	err_set(&err, -EINVAL, "again: %s", err.msg);
	assert_string_equal(err.msg, "again: in b: in a: no 'x'");
	assert_null(err.hint);
}

static void err_speaks_errno(void **state)
{
	auto_err struct err err = { 0 };

	errno = EACCES;
	assert_int_equal(err_sys(&err, "cannot open '%s'", "f"), -EACCES);
	assert_string_equal(err.msg, "cannot open 'f': Permission denied");
	assert_int_equal(err_code(&err, -ENOSPC, "w"), -ENOSPC);
	assert_string_equal(err.msg, "w: No space left on device");
}

static void err_may_be_null(void **state)
{
	struct err some = { 0 };

	assert_int_equal(err_set(NULL, -EIO, "x"), -EIO);
	assert_int_equal(err_code(NULL, -EIO, "x"), -EIO);
	assert_int_equal(err_wrap(NULL, -EIO, "x"), -EIO);
	assert_int_equal(err_wrap(NULL, 0, "x"), -EINVAL);
	assert_int_equal(err_hint(NULL, -EIO, "x"), -EIO);
	err_set(&some, -EIO, "x");
	err_move(NULL, &some);
	assert_null(some.msg);
	err_release(NULL);
}

static void err_moves(void **state)
{
	auto_err struct err a = { 0 }, b = { 0 };

	err_set(&a, -EIO, "old");
	err_set(&b, -EPERM, "new");
	err_move(&a, &b);
	assert_string_equal(a.msg, "new");
	assert_int_equal(a.code, -EPERM);
	assert_null(b.msg);
	assert_int_equal(b.code, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_keeps_order),
		cmocka_unit_test(map_set_returns_the_old),
		cmocka_unit_test(arena_memory_is_zeroed_and_apart),
		cmocka_unit_test(out_of_memory_is_125),
		cmocka_unit_test(err_gathers_context),
		cmocka_unit_test(err_speaks_errno),
		cmocka_unit_test(err_may_be_null),
		cmocka_unit_test(err_moves),
	};

	return cmocka_run_group_tests_name("mem", tests, NULL, NULL);
}
