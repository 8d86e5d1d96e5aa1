/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PID 1's own memory and text. Its allocator is compiled in here under other names. */
#include "unit.h"

#include "guest/text.c"

#define malloc	guest_malloc
#define free	guest_free
#define calloc	guest_calloc
#define realloc guest_realloc
void *malloc(size_t n);
void free(void *p);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t n);
#include "guest/heap.c"

static void the_top_is_given_back(void **state)
{
	char *a = malloc(1), *b = malloc(100), *again;

	assert_non_null(a);
	assert_int_equal((uintptr_t)a % ALIGN, 0);
	assert_int_equal((uintptr_t)b % ALIGN, 0);
	assert_true(b > a);
	free(b);
	again = malloc(5);
	assert_ptr_equal(again, b);
	/* not the top: kept */
	free(a);
	assert_true((char *)malloc(1) > b);
	free(NULL);
	used = 0;
}

static void growing_keeps_the_content(void **state)
{
	char *a = realloc(NULL, 10), *b;

	strcpy(a, "content");
	/* at the top it stays where it is */
	assert_ptr_equal(realloc(a, 1000), a);
	b = malloc(10);
	strcpy(b, "other");
	a = realloc(a, 5000);
	assert_true(a > b);
	assert_string_equal(a, "content");
	assert_string_equal(b, "other");
	assert_ptr_equal(realloc(a, 1), a);
	used = 0;
}

static void calloc_clears_what_was_used(void **state)
{
	char *a = malloc(64), *b;

	memset(a, 'x', 64);
	free(a);
	b = calloc(8, 8);
	assert_ptr_equal(a, b);
	for (int i = 0; i < 64; i++)
		assert_int_equal(b[i], 0);
	used = 0;
}

static void no_more_than_there_is(void **state)
{
	char *most = malloc(HEAP_SIZE - HEAD);

	assert_non_null(most);
	errno = 0;
	assert_null(malloc(0));
	assert_int_equal(errno, ENOMEM);
	assert_null(realloc(most, HEAP_SIZE));
	assert_ptr_equal(most, heap + HEAD);
	free(most);
	assert_null(malloc(SIZE_MAX));
	assert_null(malloc(HEAP_SIZE - HEAD + 1));
	assert_null(calloc(SIZE_MAX / 2, 3));
	assert_int_equal(used, 0);
}

static void joins_what_fits(void **state)
{
	char b[8];

	assert_true(text_join(b, sizeof(b), "ab", "", "cd", NULL));
	assert_string_equal(b, "abcd");
	assert_true(text_join(b, sizeof(b), "abcd", "efg", NULL));
	assert_string_equal(b, "abcdefg");
	assert_false(text_join(b, sizeof(b), "abcd", "efgh", NULL));
	assert_string_equal(b, "abcdefg");
	assert_false(text_join(b, sizeof(b), "abcdefgh", "", "x", NULL));
	assert_string_equal(b, "abcdefg");
	assert_true(text_join(b, sizeof(b), NULL));
	assert_string_equal(b, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_top_is_given_back),
		cmocka_unit_test(growing_keeps_the_content),
		cmocka_unit_test(calloc_clears_what_was_used),
		cmocka_unit_test(no_more_than_there_is),
		cmocka_unit_test(joins_what_fits),
	};

	return cmocka_run_group_tests_name("guest", tests, NULL, NULL);
}
