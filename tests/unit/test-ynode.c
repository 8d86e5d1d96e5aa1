/* SPDX-License-Identifier: GPL-2.0-or-later */
/* YAML as nodes with places: what is taken, and where and why it is refused. */
#include "unit.h"

#include "base/str.h"
#include "base/ynode.h"

#include <errno.h>

struct thing {
	char *name;
	struct strv list;
	bool on;
};

static const struct yn_key keys[] = {
	{ "name", yn_take_text, offsetof(struct thing, name), true },
	{ "list", yn_take_texts, offsetof(struct thing, list), false },
	{ "enabled", yn_take_bool, offsetof(struct thing, on), false },
};

static void thing_release(struct thing *t)
{
	free(t->name);
	strv_release(&t->list);
}

static int take(const char *text, struct thing *to, struct err *err)
{
	struct yn_doc *doc;
	int r = yn_parse(text, strlen(text), "f.yaml", &doc, err);

	if (r < 0)
		return r;
	r = yn_take(yn_root(doc), keys, countof(keys), to, err);
	yn_free(doc);
	return r;
}

static void takes(void **state)
{
	cleanup(thing_release) struct thing t = { 0 };
	auto_err struct err err = { 0 };

	assert_int_equal(take("# x\nname: 'a: b'\nlist: [p, q]\nenabled: true\n", &t, &err), 0);
	assert_string_equal(t.name, "a: b");
	assert_int_equal(t.list.n, 2);
	assert_string_equal(t.list.v[1], "q");
	assert_true(t.on);
}

static void one_is_a_list(void **state)
{
	cleanup(thing_release) struct thing t = { 0 };

	assert_int_equal(take("name: a\nlist: p\n", &t, NULL), 0);
	assert_int_equal(t.list.n, 1);
}

static void nothing_is_an_empty_list(void **state)
{
	cleanup(thing_release) struct thing t = { 0 };

	assert_int_equal(take("name: a\nlist:\n", &t, NULL), 0);
	assert_int_equal(t.list.n, 0);
}

static void refused(const char *text, const char *words, const char *hint)
{
	cleanup(thing_release) struct thing t = { 0 };
	auto_err struct err err = { 0 };

	assert_int_equal(take(text, &t, &err), -EINVAL);
	assert_string_equal(err.msg, words);
	if (hint)
		assert_string_equal(err.hint, hint);
}

static void refuses(void **state)
{
	refused("name: a\nenabeld: true\n", "f.yaml:2:1: unknown key 'enabeld'",
		"did you mean 'enabled'?");
	refused("name: a\nzzzzzzz: true\n", "f.yaml:2:1: unknown key 'zzzzzzz'",
		"here may stand name, list, enabled");
	refused("name: a\nname: b\n", "f.yaml:2:1: twice the key 'name'", NULL);
	refused("list: [a]\n", "f.yaml:1:1: there is no key 'name'", NULL);
	refused("name: [a]\n", "f.yaml:1:7: a text is expected", NULL);
	refused("name: a\nlist: [a, {b: c}]\n", "f.yaml:2:11: a text is expected", NULL);
	refused("name: a\nenabled: yes\n", "f.yaml:2:10: true or false is expected", NULL);
	refused("name: \"a\\nb\"\n", "f.yaml:1:7: a text is expected", NULL);
	refused("- a\n", "f.yaml:1:1: keys with values are expected ('name: value')", NULL);
	refused("name: a\n---\nname: b\n", "f.yaml: a second document begins ('---')", NULL);
	refused("", "f.yaml:1:1: there is no key 'name'", NULL);
}

static void not_yaml(void **state)
{
	auto_err struct err err = { 0 };
	cleanup(thing_release) struct thing t = { 0 };

	assert_int_equal(take("name: a\n\tlist: b\n", &t, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "f.yaml:2:1: not YAML: "));
}

/* Ten lines, each ten times the one before. */
static void aliases_are_bounded(void **state)
{
	auto_str struct str text = { 0 };
	auto_err struct err err = { 0 };
	cleanup(thing_release) struct thing t = { 0 };

	str_adds(&text, "a0: &a0 [x, x]\n");
	for (int i = 1; i < 10; i++) {
		str_addf(&text, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			str_addf(&text, "%s*a%d", k ? ", " : "", i - 1);
		str_adds(&text, "]\n");
	}
	assert_int_equal(take(str_c(&text), &t, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "aliases make too much of this"));
}

static void loops_end(void **state)
{
	cleanup(thing_release) struct thing t = { 0 };

	assert_int_equal(take("name: &a [*a]\n", &t, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes),
		cmocka_unit_test(one_is_a_list),
		cmocka_unit_test(nothing_is_an_empty_list),
		cmocka_unit_test(refuses),
		cmocka_unit_test(not_yaml),
		cmocka_unit_test(aliases_are_bounded),
		cmocka_unit_test(loops_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
