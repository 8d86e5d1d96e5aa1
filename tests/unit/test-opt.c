/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include "base/clock.h"
#include "base/opt.h"

enum { MODE_AUTO, MODE_9P, MODE_VIRTIOFS };
static const char *const modes[] = { "auto", "9p", "virtiofs", NULL };

struct own {
	bool flag, other;
	const char *text;
	struct strv list;
	uint64_t count, memory, timeout;
	int mode;
};

struct global {
	int verbose;
	bool other;
};

#define O(m) offsetof(struct own, m)
static const struct opt own_opts[] = {
	{ "flag", 'f', OPT_FLAG, O(flag) },
	{ "other", 'o', OPT_FLAG, O(other) },
	{ "text", 't', OPT_STRING, O(text), "TEXT" },
	{ "list", 'l', OPT_LIST, O(list), "ITEM" },
	{ "count", 0, OPT_U64, O(count), "N" },
	{ "memory", 'm', OPT_SIZE, O(memory), "SIZE" },
	{ "timeout", 0, OPT_SPAN, O(timeout), "TIME" },
	{ "mode", 0, OPT_ENUM, O(mode), "MODE", .values = modes },
};
static const struct opt global_opts[] = {
	{ "verbose", 'v', OPT_COUNT, offsetof(struct global, verbose) },
	{ "other", 'o', OPT_FLAG, offsetof(struct global, other) },
};

struct parsed {
	char *argv[32]; /* copies; the last one stays NULL */
	struct own own;
	struct global global;
	char **args;
	size_t n, dashes;
	struct err err;
	struct strv words;
};

static int parse(struct parsed *p, enum opt_style style, const char *line)
{
	const struct opt_table tables[] = {
		{ own_opts, countof(own_opts), &p->own },
		{ global_opts, countof(global_opts), &p->global },
	};
	int argc = 1;

	*p = (struct parsed){ 0 };
	p->argv[0] = (char *)"kiln";
	while (*line) {
		size_t n = strcspn(line, " ");

		assert_in_range(argc, 1, countof(p->argv) - 2);
		strv_take(&p->words, xstrndup(line, n));
		p->argv[argc++] = p->words.v[p->words.n - 1];
		line += n + (line[n] == ' ');
	}
	return opt_parse(argc, p->argv, tables, countof(tables), style, &p->args, &p->n, &p->dashes,
			 &p->err);
}

static void release(struct parsed *p)
{
	strv_release(&p->own.list);
	strv_release(&p->words);
	err_release(&p->err);
}

#define auto_parsed cleanup(release)

static void all_types(void **state)
{
	auto_parsed struct parsed p;

	assert_int_equal(parse(&p, OPT_MIXED,
			       "-f --text a --text=b -lx -l y --list=z --count 0x10 -m2G "
			       "--timeout=500ms --mode 9p -vv -v"),
			 0);
	assert_true(p.own.flag);
	assert_string_equal(p.own.text, "b");
	assert_int_equal(p.own.list.n, 3);
	assert_string_equal(p.own.list.v[0], "x");
	assert_string_equal(p.own.list.v[2], "z");
	assert_int_equal(p.own.count, 16);
	assert_int_equal(p.own.memory, 2ull << 30);
	assert_int_equal(p.own.timeout, 500 * NSEC_PER_MSEC);
	assert_int_equal(p.own.mode, MODE_9P);
	assert_int_equal(p.global.verbose, 3);
	assert_int_equal(p.n, 0);
	assert_int_equal(p.dashes, 0);
}

static void bundles_and_values(void **state)
{
	auto_parsed struct parsed p;

	/* the first table wins; a value may look like an option or be empty */
	assert_int_equal(parse(&p, OPT_MIXED, "-fvot-x --list= -l --"), 0);
	assert_true(p.own.flag && p.own.other);
	assert_false(p.global.other);
	assert_int_equal(p.global.verbose, 1);
	assert_string_equal(p.own.text, "-x");
	assert_string_equal(p.own.list.v[0], "");
	assert_string_equal(p.own.list.v[1], "--");
}

static void mixed_arguments(void **state)
{
	auto_parsed struct parsed p;

	assert_int_equal(parse(&p, OPT_MIXED, "a -f b - --text t c -- -v -- d"), 0);
	assert_int_equal(p.n, 7);
	assert_string_equal(p.args[0], "a");
	assert_string_equal(p.args[2], "-");
	assert_string_equal(p.args[3], "c");
	assert_int_equal(p.dashes, 4);
	assert_string_equal(p.args[4], "-v");
	assert_string_equal(p.args[5], "--");
	assert_null(p.args[7]);
	assert_int_equal(p.global.verbose, 0);
	assert_true(p.own.flag);
}

static void stop_at_the_first(void **state)
{
	auto_parsed struct parsed p;

	assert_int_equal(parse(&p, OPT_STOP, "-f a -v -- b"), 0);
	assert_int_equal(p.n, 4);
	assert_string_equal(p.args[2], "--");
	assert_int_equal(p.dashes, 4);
	assert_int_equal(p.global.verbose, 0);
}

static void stop_leaves_the_rest_alone(void **state)
{
	auto_parsed struct parsed p, q;

	/* "run -- CMD": the divider is the command's own */
	assert_int_equal(parse(&p, OPT_STOP, "-f a -- b -v"), 0);
	assert_int_equal(p.n, 4);
	assert_int_equal(p.dashes, 4);
	assert_string_equal(p.args[1], "--");
	assert_int_equal(parse(&q, OPT_STOP, "-- -f -- b"), 0);
	assert_int_equal(q.n, 3);
	assert_int_equal(q.dashes, 0);
	assert_string_equal(q.args[0], "-f");
	assert_string_equal(q.args[1], "--");
	assert_false(q.own.flag);
}

static void stop_at_the_second(void **state)
{
	auto_parsed struct parsed p, q, r;

	/* "KERNEL -v -- CMD -f" */
	assert_int_equal(parse(&p, OPT_STOP2, "a -v -- b -f"), 0);
	assert_int_equal(p.n, 3);
	assert_int_equal(p.dashes, 1);
	assert_int_equal(p.global.verbose, 1);
	assert_false(p.own.flag);
	/* "KERNEL CMD -f -- x" */
	assert_int_equal(parse(&q, OPT_STOP2, "a b -f -- x"), 0);
	assert_int_equal(q.n, 5);
	assert_int_equal(q.dashes, 5);
	assert_false(q.own.flag);
	/* "-- CMD" */
	assert_int_equal(parse(&r, OPT_STOP2, "-- b"), 0);
	assert_int_equal(r.dashes, 0);
	assert_string_equal(r.args[0], "b");
}

static void errors(void **state)
{
	static const struct {
		const char *line, *msg, *hint;
	} cases[] = {
		{ "--txt a", "unknown option '--txt'", "did you mean '--text'?" },
		{ "--txt=a", "unknown option '--txt'", "did you mean '--text'?" },
		{ "--verbos", "unknown option '--verbos'", "did you mean '--verbose'?" },
		{ "--zzzzzzzzz", "unknown option '--zzzzzzzzz'", NULL },
		{ "-fx", "unknown option '-x'", NULL },
		{ "--flag=yes", "option '--flag' takes no value", NULL },
		{ "--verbose=2", "option '--verbose' takes no value", NULL },
		{ "--text", "option '--text' needs a value (TEXT)", NULL },
		{ "-t", "option '--text' needs a value (TEXT)", NULL },
		{ "-fl", "option '--list' needs a value (ITEM)", NULL },
		{ "--count -1", "option '--count': '-1' is not a whole number", NULL },
		{ "-m2Q", "option '--memory': '2Q' is not a size such as 512M or 2G", NULL },
		{ "--timeout 5x", "option '--timeout': '5x' is not a time such as 500ms, 30s or 5m",
		  NULL },
		{ "--mode virtofs", "option '--mode': 'virtofs' is not one of auto, 9p, virtiofs",
		  "did you mean 'virtiofs'?" },
		{ "--mode=", "option '--mode': '' is not one of auto, 9p, virtiofs", NULL },
	};

	for (size_t i = 0; i < countof(cases); i++) {
		auto_parsed struct parsed p;

		assert_int_equal(parse(&p, OPT_MIXED, cases[i].line), -EINVAL);
		assert_string_equal(p.err.msg, cases[i].msg);
		if (cases[i].hint)
			assert_string_equal(p.err.hint, cases[i].hint);
		else
			assert_null(p.err.hint);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_types),
		cmocka_unit_test(bundles_and_values),
		cmocka_unit_test(mixed_arguments),
		cmocka_unit_test(stop_at_the_first),
		cmocka_unit_test(stop_leaves_the_rest_alone),
		cmocka_unit_test(stop_at_the_second),
		cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests_name("opt", tests, NULL, NULL);
}
