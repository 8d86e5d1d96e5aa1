/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
#include "base/out.h"

struct pad {
	struct out out;
	char *result, *message;
	size_t n_result, n_message;
};

static void open_pad(struct pad *p)
{
	*p = (struct pad){ 0 };
	p->out.result = open_memstream(&p->result, &p->n_result);
	p->out.message = open_memstream(&p->message, &p->n_message);
}

/* What was written up to now. */
static const char *result(struct pad *p)
{
	fflush(p->out.result);
	return p->result;
}

static const char *message(struct pad *p)
{
	fflush(p->out.message);
	return p->message;
}

static void close_pad(struct pad *p)
{
	fclose(p->out.result);
	fclose(p->out.message);
	free(p->result);
	free(p->message);
}

#define auto_pad cleanup(close_pad)

static void who_is_told_what(void **state)
{
	auto_pad struct pad p;

	open_pad(&p);
	out_print(&p.out, "%d\n", 42);
	out_note(&p.out, "note");
	out_detail(&p.out, "hidden");
	out_warn(&p.out, "careful");
	assert_string_equal(result(&p), "42\n");
	assert_string_equal(message(&p), "kiln: note\nkiln: warning: careful\n");
	p.out.verbose = 1;
	out_detail(&p.out, "shown");
	p.out.verbose = -1;
	out_note(&p.out, "hidden");
	out_warn(&p.out, "loud");
	assert_string_equal(message(&p), "kiln: note\nkiln: warning: careful\nkiln: shown\n"
					 "kiln: warning: loud\n");
}

static void errors_in_text_and_json(void **state)
{
	auto_err struct err err = { 0 };
	auto_pad struct pad p, q;

	err_set(&err, -ENOENT, "no '%s'", "x");
	err_hint(&err, -ENOENT, "one\ntwo");
	open_pad(&p);
	out_error(&p.out, &err);
	assert_string_equal(message(&p), "kiln: error: no 'x'\nhint: one\nhint: two\n");
	assert_string_equal(result(&p), "");
	open_pad(&q);
	q.out.json = true;
	out_error(&q.out, &err);
	assert_string_equal(result(&q),
			    "{\n  \"error\": \"no 'x'\",\n  \"hint\": \"one\\ntwo\"\n}\n");
}

static void colours_only_where_wanted(void **state)
{
	struct err err = { .msg = (char *)"bad" };
	auto_pad struct pad p;

	open_pad(&p);
	p.out.color_message = true;
	out_error(&p.out, &err);
	assert_string_equal(message(&p), "kiln: \033[1;31merror: \033[0mbad\n");
}

static void colour_modes(void **state)
{
	struct out o;

	setenv("NO_COLOR", "1", 1);
	out_init(&o, COLOR_AUTO, false, 0);
	assert_false(o.color_message);
	out_init(&o, COLOR_ALWAYS, false, 0);
	assert_true(o.color_message && o.color_result);
	unsetenv("NO_COLOR");
	out_init(&o, COLOR_NEVER, true, 2);
	assert_false(o.color_message || o.color_result);
	assert_true(o.json);
	assert_int_equal(o.verbose, 2);
}

static void json_copes_with_any_bytes(void **state)
{
	json_t *good = out_json_text("h\xc3\xa9"), *bad = out_json_text("a\xff"),
	       *none = out_json_text(NULL);

	assert_string_equal(json_string_value(good), "h\xc3\xa9");
	assert_string_equal(json_string_value(bad), "a?");
	assert_true(json_is_null(none));
	json_decref(good);
	json_decref(bad);
	json_decref(none);
}

static struct table *sample(void)
{
	static const char *const columns[] = { "name", "state", "why" };
	struct table *t = table_new(columns, 3);

	table_row(t);
	table_cell(t, "qemu");
	table_cell_color(t, "ok", TABLE_GOOD);
	table_cell(t, "version 7.2");
	table_row(t); /* the rest of this row stays empty */
	table_cell(t, "kvm");
	table_row(t);
	table_cell(t, "a longer name");
	table_cell_color(t, NULL, TABLE_BAD);
	table_cell(t, "one two three four five six");
	table_cell(t, "one cell too many");
	return t;
}

static void table_as_text(void **state)
{
	struct table *t = sample();
	auto_err struct err err = { 0 };
	auto_pad struct pad p;

	open_pad(&p);
	assert_done(table_print(t, &p.out, &err), &err);
	assert_string_equal(result(&p), "name          state why\n"
					"qemu          ok    version 7.2\n"
					"kvm                 \n"
					"a longer name       one two three four five six\n");
	table_free(t);
}

static void table_wraps_the_last_column(void **state)
{
	struct table *t = sample();
	auto_err struct err err = { 0 };
	auto_pad struct pad p;

	open_pad(&p);
	p.out.columns_result = 36;
	assert_done(table_print(t, &p.out, &err), &err);
	for (const char *line = result(&p); *line;) {
		size_t n = strcspn(line, "\n");

		assert_in_range(n, 1, 36);
		line += n + (line[n] == '\n');
	}
	assert_contains(result(&p), "six\n");
	table_free(t);
}

static void table_has_colours(void **state)
{
	struct table *t = sample();
	auto_pad struct pad p;

	open_pad(&p);
	p.out.color_result = true;
	assert_int_equal(table_print(t, &p.out, NULL), 0);
	assert_contains(result(&p), "\033[32mok");
	table_free(t);
}

static void progress_on_a_terminal_is_taken_back(void **state)
{
	auto_pad struct pad p;

	open_pad(&p);
	p.out.tty_message = true;
	p.out.columns = 10;
	out_progress(&p.out, "unpacking", 1, 4);
	assert_string_equal(message(&p), "\runpacking\033[K");
	out_progress(&p.out, "unpacking", 2, 4); /* too soon to draw again */
	assert_string_equal(message(&p), "\runpacking\033[K");
	out_note(&p.out, "n");
	assert_string_equal(message(&p), "\runpacking\033[K\r\033[Kkiln: n\n");
	out_progress_end(&p.out);
	assert_string_equal(message(&p), "\runpacking\033[K\r\033[Kkiln: n\n");
}

static void progress_in_a_log_waits(void **state)
{
	auto_pad struct pad p;

	open_pad(&p);
	out_progress(&p.out, "unpacking", 1, 4);
	out_progress(&p.out, "unpacking", 2, 4);
	assert_string_equal(message(&p), "");
	p.out.progress_since_ns -= 3 * NSEC_PER_SEC;
	out_progress(&p.out, "unpacking", 3, 4);
	out_progress(&p.out, "unpacking", 4, 4);
	out_progress_end(&p.out);
	assert_string_equal(message(&p), "kiln: unpacking\n");
}

static void failed_writes_are_remembered(void **state)
{
	struct out o = { .message = stderr };

	o.result = fopen("/dev/full", "w");
	assert_non_null(o.result);
	out_print(&o, "x");
	assert_int_equal(out_finish(&o), -ENOSPC);
	assert_int_equal(out_finish(&o), -ENOSPC);
	fclose(o.result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_told_what),
		cmocka_unit_test(errors_in_text_and_json),
		cmocka_unit_test(colours_only_where_wanted),
		cmocka_unit_test(colour_modes),
		cmocka_unit_test(json_copes_with_any_bytes),
		cmocka_unit_test(table_as_text),
		cmocka_unit_test(table_wraps_the_last_column),
		cmocka_unit_test(table_has_colours),
		cmocka_unit_test(progress_on_a_terminal_is_taken_back),
		cmocka_unit_test(progress_in_a_log_waits),
		cmocka_unit_test(failed_writes_are_remembered),
	};

	return cmocka_run_group_tests_name("out", tests, NULL, NULL);
}
