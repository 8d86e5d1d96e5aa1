/* SPDX-License-Identifier: GPL-2.0-or-later */
/* YAML by schema: what a file holds, and where and why it is refused. */
#include "unit.h"

#include "base/str.h"
#include "base/yaml.h"

#include <errno.h>

struct entry {
	char *name;
	char **list;
	unsigned n_list;
	int kind;
};

struct file {
	char *title;
	struct entry *entries;
	unsigned n_entries;
};

static const cyaml_schema_value_t text = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 100) };
static const cyaml_strval_t kinds[] = { { "big", 1 }, { "small", 2 } };
static const cyaml_schema_field_t entry_fields[] = {
	/* clang-format off */
	CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct entry, name, 1, 100),
	CYAML_FIELD_SEQUENCE_COUNT("list", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct entry, list, n_list, &text, 1, 3),
	CYAML_FIELD_ENUM("kind", CYAML_FLAG_STRICT | CYAML_FLAG_OPTIONAL, struct entry, kind, kinds, 2),
	CYAML_FIELD_END
	/* clang-format on */
};
static const cyaml_schema_value_t entry = { CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct entry,
								entry_fields) };
static const cyaml_schema_field_t file_fields[] = {
	/* clang-format off */
	CYAML_FIELD_STRING_PTR("title", CYAML_FLAG_POINTER, struct file, title, 1, 100),
	CYAML_FIELD_SEQUENCE_COUNT("entries", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file, entries, n_entries, &entry, 0, 100),
	CYAML_FIELD_END
	/* clang-format on */
};
static const cyaml_schema_value_t schema = { CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct file,
								 file_fields) };

static void loads(void **state)
{
	static const char yaml[] =
		"# a comment\ntitle: 'it: is'\nentries:\n  - name: one\n    list: [y, 1, \"m\"]\n"
		"  - {name: two, kind: small}\n";
	void *data = NULL;
	struct file *f;

	assert_int_equal(yaml_parse(yaml, strlen(yaml), "f", &schema, &data, NULL), 0);
	f = data;
	assert_string_equal(f->title, "it: is");
	assert_int_equal(f->n_entries, 2);
	assert_int_equal(f->entries[0].n_list, 3);
	assert_string_equal(f->entries[0].list[1], "1");
	assert_null(f->entries[1].list);
	assert_int_equal(f->entries[1].kind, 2);
	yaml_free(&schema, data);
	yaml_free(&schema, NULL);
}

static void refuses(void **state)
{
	static const struct bad {
		const char *yaml, *message;
	} all[] = {
		/* clang-format off */
		{ "", "f: holds nothing" },
		{ "# only this\n", "f: holds nothing" },
		{ "title: a\nentries:\n  - name: x\n    nam: y\n", "f:4: unknown key 'nam' (in: entries, entry 1)" },
		{ "entires: []\ntitle: a\n", "f:1: unknown key 'entires'" },
		{ "title: a\nentries:\n  - name: x\n    list: y\n", "f:4: a list is expected (in: entries, entry 1, list)" },
		{ "title: a\nentries:\n  - kind: big\n", "f:3: there is no key 'name' (in: entries, entry 1, kind)" },
		{ "title: a\nentries:\n  - name: x\n    kind: red\n", "f:4: 'red' is none of the words that may stand here (in: entries, entry 1, kind)" },
		{ "title: a\nentries:\n  - name: [x]\n", "f:3: a text is expected (in: entries, entry 1, name)" },
		{ "title: a\nentries:\n  - x\n", "f:3: keys with values are expected (in: entries, entry 1)" },
		{ "title: a\ntitle: b\n", "f:1: twice the key 'title' (in: title)" },
		{ "title: a\n---\ntitle: b\n", "f: a second document begins ('---')" },
		{ "- a\n", "f: keys with values are expected" },
		/* clang-format on */
	};

	for (size_t i = 0; i < countof(all); i++) {
		auto_err struct err err = { 0 };
		void *data = NULL;

		assert_int_equal(
			yaml_parse(all[i].yaml, strlen(all[i].yaml), "f", &schema, &data, &err),
			-EINVAL);
		assert_string_equal(err.msg, all[i].message);
		assert_null(data);
	}
}

/* The words behind are libyaml's. */
static void refuses_what_is_no_yaml(void **state)
{
	static const struct bad {
		const char *yaml;
		size_t n;
		const char *begin;
	} all[] = {
		/* clang-format off */
		{ "\0\1\2", 3, "f: not YAML: " },
		{ "title: \"a\n", 10, "f:1: not YAML: " },
		{ "title: a\n\tb: c\n", 15, "f:1: not YAML: " },
		{ "title: \xff\n", 9, "f: not YAML: " },
		{ "title: *x\n", 10, "f:1: " },
		{ "title:\n", 7, "f:1: " },
		/* clang-format on */
	};

	for (size_t i = 0; i < countof(all); i++) {
		auto_err struct err err = { 0 };
		void *data = NULL;

		assert_int_equal(yaml_parse(all[i].yaml, all[i].n, "f", &schema, &data, &err),
				 -EINVAL);
		assert_true(str_starts(err.msg, all[i].begin));
	}
}

static void files(void **state)
{
	auto_err struct err err = { 0 };
	auto_str struct str read = { 0 };
	void *data = NULL;

	assert_int_equal(yaml_read("/nowhere/f", &schema, &data, &read, &err), -ENOENT);
	assert_int_equal(yaml_read("/", &schema, &data, &read, NULL), -EISDIR);
	assert_null(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads),
		cmocka_unit_test(refuses),
		cmocka_unit_test(refuses_what_is_no_yaml),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
